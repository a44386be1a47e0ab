/* lstm_cell_s16.h: from the gates of one unit of an integer LSTM to its new cell and output.

   Sums of gates are int16 with 3 integer bits, gates have none; the cell has a scale of its own. */
#ifndef MOTES_LSTM_CELL_S16_H
#define MOTES_LSTM_CELL_S16_H

#include "logistic_s16.h"
#include "requantize.h"

typedef struct {
    int32_t batch, steps, inputs, units;
    int32_t batch_rows, step_rows;           /* as in lstm_steps.h */
    const int8_t *input_weights;             /* (4, units, inputs) */
    const int8_t *hidden_weights;            /* (4, units, units) */
    const void *bias;                        /* (4, units), as each kernel says */
    int32_t x_zero;                          /* of x */
    const int32_t *multiplier, *shift;       /* of the sums over inputs, then over hidden: 8 */
    const uint16_t *table;                   /* of logistic_s16.h */
    int32_t forget_multiplier, forget_shift; /* forget gate * cell, to the cell */
    int32_t input_multiplier, input_shift;   /* input gate * cell gate, to the cell */
    int32_t clip;                            /* the cell stays within +-clip; 0: anywhere */
    int32_t tanh_factor, tanh_right;         /* from the cell to what tanh takes */
    int32_t output_multiplier, output_shift; /* output gate * tanh(cell), to the output */
    int32_t zero_point, low, high;           /* of the output, and so of hidden */
} lstm_params;

MOTES_INLINE int32_t lstm_clamp(int32_t x) {
    return motes_clamp(x, -32768, 32767);
}

/* The sum of a gate of which inputs and hidden values are rescaled already. */
MOTES_INLINE int32_t lstm_sum(int32_t inputs, int32_t hidden) {
    return 3 * lstm_clamp(lstm_clamp(inputs) + lstm_clamp(hidden));
}

MOTES_INLINE int32_t lstm_output(const lstm_params *p, const int32_t *sums, int16_t *cell) {
    const int32_t input = motes_logistic_s16(p->table, sums[0]);
    const int32_t forget = motes_logistic_s16(p->table, sums[1]);
    const int32_t fresh = motes_tanh_s16(p->table, sums[2]);
    const int32_t output = motes_logistic_s16(p->table, sums[3]);
    const int32_t kept = motes_requantize(forget * *cell, p->forget_multiplier, p->forget_shift);
    const int32_t added = motes_requantize(input * fresh, p->input_multiplier, p->input_shift);
    int32_t made = lstm_clamp(lstm_clamp(kept) + lstm_clamp(added));
    if (p->clip > 0)
        made = motes_clamp(made, -p->clip, p->clip);
    *cell = (int16_t)made;
    const int32_t half = p->tanh_right > 0 ? 1 << (p->tanh_right - 1) : 0;
    const int32_t bent = motes_tanh_s16(p->table, (made * p->tanh_factor + half) >> p->tanh_right);
    const int32_t scaled = motes_requantize(bent * output, p->output_multiplier, p->output_shift);
    return motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
}

#endif
