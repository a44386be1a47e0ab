/* lstm_f32.h: an LSTM in single precision, its sums in TFLM's order. */
#ifndef MOTES_LSTM_F32_H
#define MOTES_LSTM_F32_H

#include "dot.h"
#include "exp_f32.h"
#include "lstm_steps.h"

typedef struct {
    int32_t batch, steps, inputs, units;
    int32_t batch_rows, step_rows; /* as in lstm_steps.h */
    const float *input_weights;    /* (4, units, inputs) */
    const float *hidden_weights;   /* (4, units, units) */
    const float *bias;             /* (4, units) */
    float clip;                    /* the cell stays within +-clip; 0: anywhere */
} lstm_f32_params;

MOTES_INLINE float lstm_unit_f32(const lstm_f32_params *p, int32_t u, const float *x,
                                 const float *hidden, float *cell) {
    const int32_t inputs = p->inputs, units = p->units;
    float over_x[4] = {0.0f, 0.0f, 0.0f, 0.0f}, over_hidden[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    motes_dot4_f32(x, p->input_weights + u * inputs, units * inputs, inputs, over_x);
    motes_dot4_f32(hidden, p->hidden_weights + u * units, units * units, units, over_hidden);
    for (int32_t g = 0; g < 4; g++)
        over_x[g] = (over_x[g] + p->bias[u + g * units]) + over_hidden[g];
    const float kept = motes_logistic(over_x[1]) * *cell;
    *cell = kept + motes_logistic(over_x[0]) * motes_tanh(over_x[2]);
    if (p->clip > 0.0f)
        *cell = motes_clamp_f32(*cell, -p->clip, p->clip);
    return motes_tanh(*cell) * motes_logistic(over_x[3]);
}

MOTES_LSTM(lstm_f32, float, float, lstm_unit_f32)

#endif
