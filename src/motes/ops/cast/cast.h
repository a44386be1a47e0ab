/* cast.h: the same numbers in another type. y may share x's address where its elements are not
   wider. */
#ifndef MOTES_CAST_H
#define MOTES_CAST_H

#include "elements.h"
#include "whole_f32.h"

/* Integers of up to 4 bytes; what is too wide loses its upper bits. */
typedef struct {
    int32_t count;
    int32_t x_size, x_signed, y_size;
} cast_integers_params;

static inline void cast_integers(const cast_integers_params *p, const void *x, void *y) {
    for (int32_t i = 0; i < p->count; i++)
        motes_set_element(y, i, p->y_size, motes_element(x, i, p->x_size, p->x_signed));
}

/* From and to int64; unsigned integers of 4 bytes have no sign to extend. */
typedef cast_integers_params cast_from_s64_params;
typedef cast_integers_params cast_to_s64_params;

static inline void cast_from_s64(const cast_from_s64_params *p, const int64_t *x, void *y) {
    for (int32_t i = 0; i < p->count; i++)
        motes_set_element(y, i, p->y_size, (int32_t)(uint32_t)(uint64_t)x[i]);
}

static inline void cast_to_s64(const cast_to_s64_params *p, const void *x, int64_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t value = motes_element(x, i, p->x_size, p->x_signed);
        y[i] = p->x_signed ? value : (int64_t)(uint32_t)value;
    }
}

/* Whether a number is not 0; of x_size 8, bytes come in eights. */
typedef cast_integers_params cast_b8_params;

static inline void cast_b8(const cast_b8_params *p, const void *x, uint8_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = p->x_size == 8 ? ((const int64_t *)x)[i] != 0
                              : motes_element(x, i, p->x_size, p->x_signed) != 0;
}

typedef cast_integers_params cast_f32_b8_params;

static inline void cast_f32_b8(const cast_f32_b8_params *p, const float *x, uint8_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = x[i] != 0.0f;
}

/* To the nearest float. */
typedef cast_integers_params cast_to_f32_params;

static inline void cast_to_f32(const cast_to_f32_params *p, const void *x, float *y) {
    for (int32_t i = 0; i < p->count; i++) {
        if (p->x_size == 8) {
            y[i] = motes_from_s64(((const int64_t *)x)[i]);
            continue;
        }
        const int32_t value = motes_element(x, i, p->x_size, p->x_signed);
        y[i] = p->x_signed ? (float)value : (float)(uint32_t)value;
    }
}

/* Towards 0; saturated to 32 bits with a sign, or to 64 bits where y needs more, and then to y's
   lower bits. */
typedef cast_integers_params cast_from_f32_params;

static inline void cast_from_f32(const cast_from_f32_params *p, const float *x, void *y) {
    for (int32_t i = 0; i < p->count; i++)
        motes_set_element(y, i, p->y_size, motes_to_s32(x[i]));
}

typedef cast_integers_params cast_f32_u32_params;

static inline void cast_f32_u32(const cast_f32_u32_params *p, const float *x, uint32_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = (uint32_t)(uint64_t)motes_to_s64(x[i]);
}

typedef cast_integers_params cast_f32_s64_params;

static inline void cast_f32_s64(const cast_f32_s64_params *p, const float *x, int64_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = motes_to_s64(x[i]);
}

/* No change. */
typedef struct {
    uint32_t bytes;
} cast_same_params;

static inline void cast_same(const cast_same_params *p, const void *restrict x, void *restrict y) {
    motes_copy(y, x, p->bytes);
}

#endif
