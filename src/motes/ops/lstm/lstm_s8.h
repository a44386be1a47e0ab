/* lstm_s8.h: an LSTM of int8 values and weights, its cells in int16.

   The bias is int32 (4, units). Sums wrap modulo 2^32. */
#ifndef MOTES_LSTM_S8_H
#define MOTES_LSTM_S8_H

#include "dot.h"
#include "lstm_cell_s16.h"
#include "lstm_steps.h"

typedef lstm_params lstm_s8_params;

MOTES_INLINE int8_t lstm_unit_s8(const lstm_params *p, int32_t u, const int8_t *x,
                                 const int8_t *hidden, int16_t *cell) {
    const int32_t inputs = p->inputs, units = p->units;
    const int32_t *bias = (const int32_t *)p->bias + u;
    uint32_t over_x[4], over_hidden[4] = {0, 0, 0, 0};
    int32_t sums[4];
    for (int32_t g = 0; g < 4; g++)
        over_x[g] = (uint32_t)bias[g * units];
    motes_dot4_s8(x, p->input_weights + u * inputs, units * inputs, inputs, p->x_zero, over_x);
    motes_dot4_s8(hidden, p->hidden_weights + u * units, units * units, units, p->zero_point,
                  over_hidden);
    for (int32_t g = 0; g < 4; g++)
        sums[g] = lstm_sum(
            motes_requantize((int32_t)over_x[g], p->multiplier[g], p->shift[g]),
            motes_requantize((int32_t)over_hidden[g], p->multiplier[4 + g], p->shift[4 + g]));
    return (int8_t)lstm_output(p, sums, cell);
}

MOTES_LSTM(lstm_s8, int8_t, int16_t, lstm_unit_s8)

#endif
