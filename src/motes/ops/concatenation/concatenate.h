/* concatenate.h: each row of y is made of one block of every x, one behind the other. */
#ifndef MOTES_CONCATENATE_H
#define MOTES_CONCATENATE_H

#include "motes.h"

typedef struct {
    int32_t parts, rows;
    const int32_t *blocks; /* bytes of each part's rows */
    int32_t row;           /* bytes of y's: the sum of the blocks */
} concatenate_params;

static inline void concatenate(const concatenate_params *p, const void *const *x, void *y) {
    uint8_t *column = (uint8_t *)y;
    for (int32_t i = 0; i < p->parts; i++) {
        const uint32_t block = (uint32_t)p->blocks[i];
        const uint8_t *from = (const uint8_t *)x[i];
        uint8_t *to = column;
        for (int32_t n = p->rows; n > 0; n--, from += block, to += p->row)
            motes_copy(to, from, block);
        column += block;
    }
}

#endif
