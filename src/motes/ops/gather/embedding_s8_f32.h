/* embedding_s8_f32.h: rows of int8 by their index, as real numbers; indices are clamped. */
#ifndef MOTES_EMBEDDING_S8_F32_H
#define MOTES_EMBEDDING_S8_F32_H

#include "motes.h"

typedef struct {
    int32_t count, rows, columns;
    float scale;
} embedding_s8_f32_params;

static inline void embedding_s8_f32(const embedding_s8_f32_params *p, const int32_t *indices,
                                    const int8_t *x, float *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int8_t *row = x + motes_clamp(indices[i], 0, p->rows - 1) * p->columns;
        for (int32_t j = 0; j < p->columns; j++)
            *y++ = p->scale * (float)row[j];
    }
}

#endif
