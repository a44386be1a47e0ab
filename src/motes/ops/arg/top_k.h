/* top_k.h: the k largest elements of each row, from the largest down, and where they were; of equal
   ones the first comes first.

   x is (rows, depth), values and indices (rows, k). Elements are put into their places one by one:
   meant for small k. */
#ifndef MOTES_TOP_K_H
#define MOTES_TOP_K_H

#include "motes.h"

typedef struct {
    int32_t rows, depth, k;
} top_k_params;
typedef top_k_params top_k_s8_params;
typedef top_k_params top_k_s16_params;
typedef top_k_params top_k_s32_params;
typedef top_k_params top_k_f32_params;

/* Defines the kernel `name` over elements T. */
#define MOTES_TOP_K(name, T)                                                                       \
    static inline void name(const name##_params *p, const T *restrict x, T *restrict values,       \
                            int32_t *restrict indices) {                                           \
        for (int32_t row = 0; row < p->rows; row++) {                                              \
            int32_t found = 0;                                                                     \
            for (int32_t i = 0; i < p->depth; i++) {                                               \
                int32_t place = found;                                                             \
                for (; place > 0 && x[i] > values[place - 1]; place--)                             \
                    if (place < p->k) {                                                            \
                        values[place] = values[place - 1];                                         \
                        indices[place] = indices[place - 1];                                       \
                    }                                                                              \
                if (place < p->k) {                                                                \
                    values[place] = x[i];                                                          \
                    indices[place] = i;                                                            \
                }                                                                                  \
                found = motes_min(found + 1, p->k);                                                \
            }                                                                                      \
            x += p->depth, values += p->k, indices += p->k;                                        \
        }                                                                                          \
    }

MOTES_TOP_K(top_k_s8, int8_t)
MOTES_TOP_K(top_k_s16, int16_t)
MOTES_TOP_K(top_k_s32, int32_t)
MOTES_TOP_K(top_k_f32, float)

#endif
