/* toys.h: kernels small enough to know what they do, one of them on purpose wrong. */
#ifndef TOYS_H
#define TOYS_H

#include "motes.h"

typedef struct {
    int32_t count, gain;
} toy_gain_params;

/* y = gain * x. */
static inline void toy_gain(const toy_gain_params *p, const int32_t *restrict x,
                            int32_t *restrict y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = p->gain * x[i];
}

typedef struct {
    int32_t count, extra;
} toy_spill_params;

/* y = x, and `extra` elements too many. */
static inline void toy_spill(const toy_spill_params *p, const int32_t *x, int32_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = x[i];
    for (int32_t i = 0; i < p->extra; i++)
        y[p->count + i] = 0;
}

typedef struct {
    int32_t count;
} toy_add_params;

/* sum = x + y. */
static inline void toy_add(const toy_add_params *p, const int32_t *restrict x,
                           const int32_t *restrict y, int32_t *restrict sum) {
    for (int32_t i = 0; i < p->count; i++)
        sum[i] = x[i] + y[i];
}

typedef struct {
    int32_t count;
    float factor;
    const float *offsets;
} toy_line_params;

/* y = factor * x + offset, each operation rounded. */
static inline void toy_line(const toy_line_params *p, const float *restrict x, float *restrict y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = p->factor * x[i] + p->offsets[i];
}

#endif
