/* lstm_steps.h: the steps of an LSTM over sequences, one row of `inputs` values each.

   A row of y is what the layer remembers when it takes the next one: the first row of a sequence
   takes `hidden` and `cell`, the last leaves them in `new_hidden` and `new_cell`, which may be the
   same memory. Of the four gates, in the order input, forget, cell, output, weights and biases lie
   behind each other. */
#ifndef MOTES_LSTM_STEPS_H
#define MOTES_LSTM_STEPS_H

#include "motes.h"

/* Defines `name` over values X and cells CELL. UNIT(p, u, x, hidden, cell) gives unit u's new
   output, and leaves its new cell in *cell. */
#define MOTES_LSTM(name, X, CELL, UNIT)                                                            \
    static inline void name(const name##_params *p, const X *x, const X *hidden, const CELL *cell, \
                            X *y, X *new_hidden, CELL *new_cell) {                                 \
        for (int32_t b = 0; b < p->batch; b++) {                                                   \
            const int32_t from = b * p->units;                                                     \
            const X *before = hidden + from;                                                       \
            for (int32_t u = 0; u < p->units; u++)                                                 \
                new_cell[from + u] = cell[from + u];                                               \
            for (int32_t t = 0; t < p->steps; t++) {                                               \
                const int32_t row = b * p->batch_rows + t * p->step_rows;                          \
                X *const out = y + row * p->units;                                                 \
                for (int32_t u = 0; u < p->units; u++)                                             \
                    out[u] = UNIT(p, u, x + row * p->inputs, before, new_cell + from + u);         \
                before = out;                                                                      \
            }                                                                                      \
            motes_copy(new_hidden + from, before, (uint32_t)p->units * (uint32_t)sizeof(X));       \
        }                                                                                          \
    }

#endif
