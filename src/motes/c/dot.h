/* dot.h: sums of products of `n` values with `n` weights, of four rows of weights at once or of
   one.

   Rows of weights lie `step` apart. The products are added to `sums` one by one in their order, so
   that floats come out as TFLM's own. */
#ifndef MOTES_DOT_H
#define MOTES_DOT_H

#include "motes.h"

#define MOTES_DOT_RUN 256
/* Products of int16 and int8 that a sum of 32 bits holds for certain, and more than most runs are
   long. */

/* Defines dot4 and dot1 over values X, weights W and sums SUM; TERM(x, w) is a product. Two steps a
   round: the loop would take as long as a product. */
#define MOTES_DOTS(suffix, X, W, SUM, TERM)                                                        \
    MOTES_INLINE void motes_dot4_##suffix(const X *x, const W *w, int32_t step, int32_t n,         \
                                          SUM *sums) {                                             \
        const W *w1 = w + step, *w2 = w1 + step, *w3 = w2 + step;                                  \
        SUM s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];                                \
        for (; n > 1; n -= 2, x += 2, w += 2, w1 += 2, w2 += 2, w3 += 2) {                         \
            const X first = x[0], second = x[1];                                                   \
            s0 = s0 + TERM(first, w[0]) + TERM(second, w[1]);                                      \
            s1 = s1 + TERM(first, w1[0]) + TERM(second, w1[1]);                                    \
            s2 = s2 + TERM(first, w2[0]) + TERM(second, w2[1]);                                    \
            s3 = s3 + TERM(first, w3[0]) + TERM(second, w3[1]);                                    \
        }                                                                                          \
        if (n) {                                                                                   \
            s0 += TERM(x[0], w[0]);                                                                \
            s1 += TERM(x[0], w1[0]);                                                               \
            s2 += TERM(x[0], w2[0]);                                                               \
            s3 += TERM(x[0], w3[0]);                                                               \
        }                                                                                          \
        sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;                                    \
    }                                                                                              \
    MOTES_INLINE void motes_dot1_##suffix(const X *x, const W *w, int32_t n, SUM *sum) {           \
        SUM s = *sum;                                                                              \
        for (; n > 1; n -= 2, x += 2, w += 2)                                                      \
            s = s + TERM(x[0], w[0]) + TERM(x[1], w[1]);                                           \
        *sum = n ? s + TERM(x[0], w[0]) : s;                                                       \
    }

#define MOTES_PRODUCT_F32(x, w) ((x) * (float)(w))
#define MOTES_PRODUCT_S16(x, w) ((int32_t)(x) * (w))

MOTES_DOTS(f32, float, float, float, MOTES_PRODUCT_F32)
MOTES_DOTS(hybrid_f32, float, int8_t, float, MOTES_PRODUCT_F32)
MOTES_DOTS(s16_short, int16_t, int8_t, int32_t, MOTES_PRODUCT_S16)

/* int8 with int8, `zero` taken off each value first: sums modulo 2^32. */
MOTES_INLINE void motes_dot4_s8(const int8_t *x, const int8_t *w, int32_t step, int32_t n,
                                int32_t zero, uint32_t *sums) {
    const int8_t *const w1 = w + step, *const w2 = w1 + step, *const w3 = w2 + step;
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (int32_t k = 0; k < n; k++) {
        const int32_t value = x[k] - zero;
        s0 += (uint32_t)(value * w[k]);
        s1 += (uint32_t)(value * w1[k]);
        s2 += (uint32_t)(value * w2[k]);
        s3 += (uint32_t)(value * w3[k]);
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

MOTES_INLINE void motes_dot1_s8(const int8_t *x, const int8_t *w, int32_t n, int32_t zero,
                                uint32_t *sum) {
    uint32_t s = *sum;
    for (int32_t k = 0; k < n; k++)
        s += (uint32_t)((x[k] - zero) * w[k]);
    *sum = s;
}

/* int16 with int8: exact sums of 64 bits, by way of short ones of 32. */
MOTES_INLINE void motes_dot4_s16(const int16_t *x, const int8_t *w, int32_t step, int32_t n,
                                 int64_t *sums) {
    for (; n > 0; n -= MOTES_DOT_RUN, x += MOTES_DOT_RUN, w += MOTES_DOT_RUN) {
        int32_t part[4] = {0, 0, 0, 0};
        motes_dot4_s16_short(x, w, step, motes_min(n, MOTES_DOT_RUN), part);
        sums[0] += part[0], sums[1] += part[1], sums[2] += part[2], sums[3] += part[3];
    }
}

MOTES_INLINE void motes_dot1_s16(const int16_t *x, const int8_t *w, int32_t n, int64_t *sum) {
    for (; n > 0; n -= MOTES_DOT_RUN, x += MOTES_DOT_RUN, w += MOTES_DOT_RUN) {
        int32_t part = 0;
        motes_dot1_s16_short(x, w, motes_min(n, MOTES_DOT_RUN), &part);
        *sum += part;
    }
}

#endif
