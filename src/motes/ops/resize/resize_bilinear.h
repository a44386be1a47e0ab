/* resize_bilinear.h: an image of another size, each element the weighted mean of four around it.

   x is (batch, in_h, in_w, channels), y (batch, out_h, out_w, channels). */
#ifndef MOTES_RESIZE_BILINEAR_H
#define MOTES_RESIZE_BILINEAR_H

#include "motes.h"

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    const uint16_t *rows;      /* the upper one that each row of y sees; the lower is the next */
    const uint16_t *row_parts; /* weight of the lower one, in 1/1024; 0: there may be none */
    const uint16_t *columns;   /* the same from left to right */
    const uint16_t *column_parts;
} resize_bilinear_params;
typedef resize_bilinear_params resize_bilinear_s8_params;
typedef resize_bilinear_params resize_bilinear_s16_params;

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    const uint16_t *rows;
    const float *row_parts; /* may lie outside 0..1 where there is no neighbour */
    const uint16_t *columns;
    const float *column_parts;
} resize_bilinear_f32_params;

/* Weights of integers along both axes: in 1/1024 of 1/1024. */
#define MOTES_RESIZE_ONE 1024

/* A sum's mean, halves away from zero. C's division truncates. */
MOTES_INLINE int32_t motes_resize_mean(int32_t sum) {
    return (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20);
}
MOTES_INLINE int32_t motes_resize_mean_s64(int64_t sum) {
    return (int32_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}
/* As TFLM rounds floats, by adding nothing: -0 becomes 0. */
MOTES_INLINE float motes_resize_mean_f32(float sum) {
    return sum + 0.0f;
}

/* Of integers the two weights of a corner are multiplied once for all channels. */
#define MOTES_RESIZE_WHOLE(name, T, S, MEAN)                                                       \
    MOTES_INLINE void name##_four(const T *const *x, int32_t v, int32_t u, int32_t channels,       \
                                  T *y) {                                                          \
        const S a = (MOTES_RESIZE_ONE - v) * (MOTES_RESIZE_ONE - u);                               \
        const S b = v * (MOTES_RESIZE_ONE - u), c = (MOTES_RESIZE_ONE - v) * u, d = v * u;         \
        for (int32_t i = 0; i < channels; i++)                                                     \
            y[i] = (T)MEAN(x[0][i] * a + x[1][i] * b + x[2][i] * c + x[3][i] * d);                 \
    }

MOTES_RESIZE_WHOLE(resize_bilinear_s8, int8_t, int32_t, motes_resize_mean)
MOTES_RESIZE_WHOLE(resize_bilinear_s16, int16_t, int64_t, motes_resize_mean_s64)

/* Floats in TFLM's order. */
MOTES_INLINE void resize_bilinear_f32_four(const float *const *x, float v, float u,
                                           int32_t channels, float *y) {
    for (int32_t i = 0; i < channels; i++)
        y[i] = motes_resize_mean_f32(x[0][i] * (1.0f - v) * (1.0f - u) + x[1][i] * v * (1.0f - u) +
                                     x[2][i] * (1.0f - v) * u + x[3][i] * v * u);
}

/* Defines the kernel `name` over elements T: x are the upper left, lower left, upper right and
   lower right neighbours of all channels. */
#define MOTES_RESIZE_BILINEAR(name, T, W)                                                          \
    static inline void name(const name##_params *p, const T *restrict x, T *restrict y) {          \
        const int32_t line = p->in_w * p->channels;                                                \
        for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line)                    \
            for (int32_t i = 0; i < p->out_h; i++) {                                               \
                const W v = p->row_parts[i];                                                       \
                const T *upper = x + p->rows[i] * line;                                            \
                const T *lower = v > 0 && p->rows[i] + 1 < p->in_h ? upper + line : upper;         \
                for (int32_t j = 0; j < p->out_w; j++, y += p->channels) {                         \
                    const W u = p->column_parts[j];                                                \
                    const int32_t left = p->columns[j] * p->channels;                              \
                    const int32_t right =                                                          \
                        u > 0 && p->columns[j] + 1 < p->in_w ? left + p->channels : left;          \
                    const T *const four[4] = {upper + left, lower + left, upper + right,           \
                                              lower + right};                                      \
                    name##_four(four, v, u, p->channels, y);                                       \
                }                                                                                  \
            }                                                                                      \
    }

MOTES_RESIZE_BILINEAR(resize_bilinear_s8, int8_t, int32_t)
MOTES_RESIZE_BILINEAR(resize_bilinear_s16, int16_t, int32_t)
MOTES_RESIZE_BILINEAR(resize_bilinear_f32, float, float)

#endif
