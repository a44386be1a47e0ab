/* lstm_s8_dsp.h: an LSTM of int8 values and weights for Cortex-M4, its cells in int16.

   As lstm_s8.h. The sums of the four gates of two units are made together, see dense_s8_dsp.h; all
   zero points are in their biases. Sums and products of gates are rescaled by

       (high - (high < 0) + 2^(right - 1)) >> right, with high = round(sum * multiplier / 2^31)

   which is TFLM's own rounding where right is 1 or more; where a sum is shifted left first, there
   is no second rounding.

   stream: for each two units the block of dense_s8_dsp.h over inputs, then that over hidden values;
   sums in the order input, forget, cell, output gate of the first unit, then of the second.

   scratch: 8 * (input_fours + hidden_fours) bytes of expanded values. */
#ifndef MOTES_LSTM_S8_DSP_H
#define MOTES_LSTM_S8_DSP_H

#include "dense_s8_dsp.h"
#include "logistic_s16.h"
#include <arm_acle.h>

typedef struct {
    int32_t batch, steps, inputs, units;
    int32_t batch_rows, step_rows; /* as in lstm_steps.h */
    int32_t input_fours, hidden_fours;
    const int32_t *stream;
    const int32_t *rescale; /* left + 1, multiplier, right, its sign, of the sums over inputs of
                               each gate, then over hidden values: (8, 4) */
    const uint16_t *table;  /* of logistic_s16.h */
    int32_t forget_multiplier, forget_right, input_multiplier, input_right; /* to the cell */
    int32_t clip;                            /* the cell stays within +-clip; 0: anywhere */
    int32_t tanh_factor, tanh_right;         /* from the cell to what tanh takes */
    int32_t output_multiplier, output_right; /* to the output */
    int32_t zero_point;
} lstm_s8_dsp_params;

MOTES_INLINE int32_t lstm_rescale_s8_dsp(int32_t sum, int32_t multiplier, int32_t right) {
    int32_t high = 2 * sum;
    __asm__("smmulr %0, %0, %1" : "+r"(high) : "r"(multiplier));
    return (high + (high >> 31) + (1 << (right - 1))) >> right;
}

/* The same of a sum of a gate, by four numbers; the sign is 0 where nothing is shifted right. */
MOTES_INLINE int32_t lstm_gate_s8_dsp(int32_t sum, const int32_t *rescale) {
    int32_t high = (int32_t)((uint32_t)sum << rescale[0]);
    __asm__("smmulr %0, %0, %1" : "+r"(high) : "r"(rescale[1]));
    const int32_t half = (1 << rescale[2]) >> 1;
    return __ssat((high + ((high & rescale[3]) >> 31) + half) >> rescale[2], 16);
}

/* The new output of a unit, from its four sums over inputs and over hidden values. */
MOTES_INLINE int8_t lstm_output_s8_dsp(const lstm_s8_dsp_params *p, const int32_t *over_x,
                                       const int32_t *over_hidden, int16_t *cell) {
    int32_t sums[4];
    for (int32_t g = 0; g < 4; g++)
        sums[g] = 3 * __ssat(lstm_gate_s8_dsp(over_x[g], p->rescale + 4 * g) +
                                 lstm_gate_s8_dsp(over_hidden[g], p->rescale + 16 + 4 * g),
                             16);
    const int32_t input = motes_logistic_s16(p->table, sums[0]);
    const int32_t forget = motes_logistic_s16(p->table, sums[1]);
    const int32_t fresh = motes_tanh_s16(p->table, sums[2]);
    const int32_t output = motes_logistic_s16(p->table, sums[3]);
    const int32_t kept = lstm_rescale_s8_dsp(forget * *cell, p->forget_multiplier, p->forget_right);
    const int32_t added = lstm_rescale_s8_dsp(input * fresh, p->input_multiplier, p->input_right);
    int32_t made = __ssat(__ssat(kept, 16) + __ssat(added, 16), 16);
    if (p->clip > 0)
        made = motes_clamp(made, -p->clip, p->clip);
    *cell = (int16_t)made;
    const int32_t half = p->tanh_right > 0 ? 1 << (p->tanh_right - 1) : 0;
    const int32_t bent = motes_tanh_s16(p->table, (made * p->tanh_factor + half) >> p->tanh_right);
    const int32_t scaled =
        lstm_rescale_s8_dsp(bent * output, p->output_multiplier, p->output_right);
    return (int8_t)__ssat(scaled + p->zero_point, 8);
}

static inline void lstm_s8_dsp(const lstm_s8_dsp_params *p, const int8_t *x, const int8_t *hidden,
                               const int16_t *cell, int8_t *y, int8_t *new_hidden,
                               int16_t *new_cell, void *scratch) {
    const int32_t units = p->units;
    const uint32_t fours = (uint32_t)p->input_fours, hidden_fours = (uint32_t)p->hidden_fours;
    uint32_t *const inputs = (uint32_t *)scratch, *const before = inputs + 2 * fours;
    for (int32_t b = 0; b < p->batch;
         b++, hidden += units, new_hidden += units, new_cell += units) {
        const int8_t *last = hidden;
        for (int32_t u = 0; u < units; u++)
            new_cell[u] = *cell++;
        for (int32_t t = 0; t < p->steps; t++) {
            const int32_t row = b * p->batch_rows + t * p->step_rows;
            int8_t *const out = y + row * units;
            const int32_t *stream = p->stream;
            dense_expand_all_s8_dsp(x + row * p->inputs, p->inputs, inputs);
            dense_expand_all_s8_dsp(last, units, before);
            for (int32_t u = 0; u < units; u += 2) {
                int32_t over_x[8], over_hidden[8];
                stream = dense_sums_s8_dsp(inputs, stream, over_x, fours, -fours % 8);
                stream =
                    dense_sums_s8_dsp(before, stream, over_hidden, hidden_fours, -hidden_fours % 8);
                for (int32_t i = 0; i < 2 && u + i < units; i++)
                    out[u + i] = lstm_output_s8_dsp(p, over_x + 4 * i, over_hidden + 4 * i,
                                                    new_cell + u + i);
            }
            last = out;
        }
        motes_copy(new_hidden, last, (uint32_t)units);
    }
}

#endif
