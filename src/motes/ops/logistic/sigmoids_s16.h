/* sigmoids_s16.h: the logistic function and the hyperbolic tangent of int16. y may share x's
   address. */
#ifndef MOTES_SIGMOIDS_S16_H
#define MOTES_SIGMOIDS_S16_H

#include "logistic_s16.h"

typedef struct {
    int32_t count;
    int32_t multiplier, shift; /* x * multiplier / 2^shift is in steps of 1 / (3 * 2^12) */
    const uint16_t *table;
} sigmoids_s16_params;

typedef sigmoids_s16_params logistic_s16_params;
typedef sigmoids_s16_params tanh_s16_params;

MOTES_INLINE int32_t motes_sigmoid_steps(const sigmoids_s16_params *p, int32_t x) {
    const int64_t half = p->shift > 0 ? INT64_C(1) << (p->shift - 1) : 0;
    const int64_t steps = ((int64_t)x * p->multiplier + half) >> p->shift, most = 1 << 20;
    return (int32_t)(steps > most ? most : steps < -most ? -most : steps);
}

static inline void logistic_s16(const logistic_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = motes_logistic_s16(p->table, motes_sigmoid_steps(p, x[i]));
}

static inline void tanh_s16(const tanh_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = motes_tanh_s16(p->table, motes_sigmoid_steps(p, x[i]));
}

#endif
