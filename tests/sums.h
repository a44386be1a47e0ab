/* sums.h: kernels whose results are easy to tell otherwise, and which take as long as they are told
 * to. */
#ifndef SUMS_H
#define SUMS_H

#include "motes.h"

typedef struct {
    int32_t count, size, spin;
} sum_params;

/* y (1) is the sum of `count` items of `size` bytes: uint8_t, int16_t or int32_t. */
static inline void sum(const sum_params *p, const void *x, int32_t *y) {
    uint32_t found = 0;
    for (int32_t i = 0; i < p->count; i++)
        found += (uint32_t)(p->size == 1   ? ((const uint8_t *)x)[i]
                            : p->size == 2 ? ((const int16_t *)x)[i]
                                           : ((const int32_t *)x)[i]);
    for (int32_t i = 0; i < p->spin; i++)
        __asm__ volatile("" : : : "memory");
    *y = (int32_t)(found % 1000003u);
}

typedef struct {
    int32_t modulus;
} total_params;

/* y (1) is x + past, and is kept. */
static inline void total(const total_params *p, const int32_t *x, const int32_t *past, int32_t *y,
                         int32_t *next) {
    const int32_t now = (*x + *past) % p->modulus;
    *y = now;
    *next = now;
}

/* y is the decision: label 1 where x is odd, label 0 where x is a multiple of 4, else none; the
 * score is x. */
static inline void parity(const int32_t *x, int32_t *y) {
    const int32_t found = *x;
    y[0] = found % 2 ? 1 : found % 4 ? -1 : 0;
    y[1] = found;
}

#endif
