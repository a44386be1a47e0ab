/* resize_nearest.h: an image of another size, each element a copy of the one that lies nearest.

   x is (batch, in_h, in_w, block), y (batch, out_h, out_w, block), with blocks of bytes. */
#ifndef MOTES_RESIZE_NEAREST_H
#define MOTES_RESIZE_NEAREST_H

#include "motes.h"

typedef struct {
    int32_t batch, in_h, in_w, out_h, out_w;
    int32_t block;           /* bytes of all channels */
    const uint16_t *rows;    /* the row of x that each of y is */
    const uint16_t *columns; /* and the column */
} resize_nearest_params;

static inline void resize_nearest(const resize_nearest_params *p, const void *x, void *y) {
    const uint8_t *from = (const uint8_t *)x;
    uint8_t *to = (uint8_t *)y;
    const int32_t line = p->in_w * p->block, made = p->out_w * p->block;
    for (int32_t batch = 0; batch < p->batch; batch++, from += p->in_h * line)
        for (int32_t i = 0; i < p->out_h; i++, to += made) {
            if (i > 0 && p->rows[i] == p->rows[i - 1]) {
                motes_copy(to, to - made, (uint32_t)made);
                continue;
            }
            const uint8_t *row = from + p->rows[i] * line;
            for (int32_t j = 0; j < p->out_w; j++)
                motes_copy(to + j * p->block, row + p->columns[j] * p->block, (uint32_t)p->block);
        }
}

#endif
