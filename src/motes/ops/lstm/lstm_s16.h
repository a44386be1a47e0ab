/* lstm_s16.h: an LSTM of int16 values and cells, its weights in int8; the bias is int64 (4, units).
 */
#ifndef MOTES_LSTM_S16_H
#define MOTES_LSTM_S16_H

#include "dot.h"
#include "lstm_cell_s16.h"
#include "lstm_steps.h"

typedef lstm_params lstm_s16_params;

MOTES_INLINE int16_t lstm_unit_s16(const lstm_params *p, int32_t u, const int16_t *x,
                                   const int16_t *hidden, int16_t *cell) {
    const int32_t inputs = p->inputs, units = p->units;
    const int64_t *bias = (const int64_t *)p->bias + u;
    int64_t over_x[4], over_hidden[4] = {0, 0, 0, 0};
    int32_t sums[4];
    for (int32_t g = 0; g < 4; g++)
        over_x[g] = bias[g * units];
    motes_dot4_s16(x, p->input_weights + u * inputs, units * inputs, inputs, over_x);
    motes_dot4_s16(hidden, p->hidden_weights + u * units, units * units, units, over_hidden);
    for (int32_t g = 0; g < 4; g++)
        sums[g] =
            lstm_sum(motes_requantize_s64(over_x[g], p->multiplier[g], p->shift[g]),
                     motes_requantize_s64(over_hidden[g], p->multiplier[4 + g], p->shift[4 + g]));
    return (int16_t)lstm_output(p, sums, cell);
}

MOTES_LSTM(lstm_s16, int16_t, int16_t, lstm_unit_s16)

#endif
