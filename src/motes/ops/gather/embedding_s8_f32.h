/* embedding_s8_f32.h: rows of int8 by their index, as real numbers; indices are clamped. */
#ifndef MOTES_EMBEDDING_S8_F32_H
#define MOTES_EMBEDDING_S8_F32_H

#include "motes.h"

typedef struct {
    int32_t count, rows, columns;
    int32_t apart; /* from a row's scale to the next: 0 where all have one, else 1 */
    const float *scales;
} embedding_s8_f32_params;

static inline void embedding_s8_f32(const embedding_s8_f32_params *p, const int32_t *indices,
                                    const int8_t *x, float *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t at = motes_clamp(indices[i], 0, p->rows - 1);
        const int8_t *row = x + at * p->columns;
        const float scale = p->scales[at * p->apart];
        for (int32_t j = 0; j < p->columns; j++)
            *y++ = scale * (float)row[j];
    }
}

#endif
