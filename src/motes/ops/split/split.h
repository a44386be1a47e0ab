/* split.h: each row of x is made of one block of every y, one behind the other. */
#ifndef MOTES_SPLIT_H
#define MOTES_SPLIT_H

#include "motes.h"

typedef struct {
    int32_t parts, rows;
    const int32_t *blocks; /* bytes of each part's rows */
    int32_t row;           /* bytes of x's: the sum of the blocks */
} split_params;

static inline void split(const split_params *p, const void *x, void *const *y) {
    const uint8_t *column = (const uint8_t *)x;
    for (int32_t i = 0; i < p->parts; i++) {
        const uint32_t block = (uint32_t)p->blocks[i];
        const uint8_t *from = column;
        uint8_t *to = (uint8_t *)y[i];
        for (int32_t n = p->rows; n > 0; n--, from += p->row, to += block)
            motes_copy(to, from, block);
        column += block;
    }
}

#endif
