/* lstm_f32.h: an LSTM in single precision, its sums in TFLM's order; its weights floats, or int8
   that a scale is for. */
#ifndef MOTES_LSTM_F32_H
#define MOTES_LSTM_F32_H

#include "dot.h"
#include "exp_f32.h"
#include "lstm_steps.h"

typedef struct {
    int32_t batch, steps, inputs, units;
    int32_t batch_rows, step_rows; /* as in lstm_steps.h */
    const void *input_weights;     /* (4, units, inputs) */
    const void *hidden_weights;    /* (4, units, units) */
    const float *scale; /* of the gates' input weights, then of their hidden weights: 8 */
    const float *bias;  /* (4, units) */
    float clip;         /* the cell stays within +-clip; 0: anywhere */
} lstm_f32_params;

typedef lstm_f32_params lstm_hybrid_f32_params;

MOTES_INLINE float lstm_output_f32(const lstm_f32_params *p, const float *sums, float *cell) {
    const float kept = motes_logistic(sums[1]) * *cell;
    *cell = kept + motes_logistic(sums[0]) * motes_tanh(sums[2]);
    if (p->clip > 0.0f)
        *cell = motes_clamp_f32(*cell, -p->clip, p->clip);
    return motes_tanh(*cell) * motes_logistic(sums[3]);
}

#define MOTES_LSTM_UNIT_F32(name, W, dot4)                                                         \
    MOTES_INLINE float name(const lstm_f32_params *p, int32_t u, const float *x,                   \
                            const float *hidden, float *cell) {                                    \
        const int32_t inputs = p->inputs, units = p->units;                                        \
        const W *input_weights = (const W *)p->input_weights + u * inputs;                         \
        const W *hidden_weights = (const W *)p->hidden_weights + u * units;                        \
        float over_x[4] = {0.0f, 0.0f, 0.0f, 0.0f}, over_hidden[4] = {0.0f, 0.0f, 0.0f, 0.0f};     \
        dot4(x, input_weights, units * inputs, inputs, over_x);                                    \
        dot4(hidden, hidden_weights, units * units, units, over_hidden);                           \
        for (int32_t g = 0; g < 4; g++)                                                            \
            over_x[g] = (over_x[g] * p->scale[g] + p->bias[u + g * units]) +                       \
                        over_hidden[g] * p->scale[4 + g];                                          \
        return lstm_output_f32(p, over_x, cell);                                                   \
    }

MOTES_LSTM_UNIT_F32(lstm_unit_f32, float, motes_dot4_f32)
MOTES_LSTM_UNIT_F32(lstm_unit_hybrid_f32, int8_t, motes_dot4_hybrid_f32)
MOTES_LSTM(lstm_f32, float, float, lstm_unit_f32)
MOTES_LSTM(lstm_hybrid_f32, float, float, lstm_unit_hybrid_f32)

#endif
