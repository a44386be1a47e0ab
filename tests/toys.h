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

typedef struct {
    int32_t kind;
} toy_undefined_params;

/* What C does not define, one kind of it; with x = {bad, ...} it is bad, with zeros it is not. */
static inline void toy_undefined(const toy_undefined_params *p, const int32_t *x, int32_t *y) {
    static const int32_t four[4] = {1, 2, 3, 4};
    const int32_t bad = x[0];
    switch (p->kind) {
    case 0:
        y[0] = INT32_MAX + bad;
        break;
    case 1:
        y[0] = INT32_MIN - bad;
        break;
    case 2:
        y[0] = (bad + 1) * INT32_MAX;
        break;
    case 3:
        y[0] = -(bad ? INT32_MIN : 0);
        break;
    case 4:
        y[0] = 1 / (1 - bad);
        break;
    case 5:
        y[0] = 1 << (31 * bad + bad);
        break;
    case 6:
        y[0] = four[4 * bad];
        break;
    case 7:
        y[0] = *(const int32_t *)(const void *)((const uint8_t *)x + bad);
        break;
    case 8:
        y[0] = (int32_t)(3e9f * (float)bad);
        break;
    default:
        break;
    }
}

#endif
