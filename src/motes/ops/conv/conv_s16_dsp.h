/* conv_s16_dsp.h: two-dimensional convolution of int16 with int8 weights for Cortex-M4. As
   conv_s16.h, for group_in in fours.

   Four weights lie in a word in the order 0, 2, 1, 3, so that SXTB16 makes pairs of them that SMLAD
   multiplies with pairs of values.

   Cycles/MAC, modelled: 1x1 of 64 to 64 2.7, 3x3 of 16 to 16 2.4; without it 5.0 and 4.4. */
#ifndef MOTES_CONV_S16_DSP_H
#define MOTES_CONV_S16_DSP_H

#include "conv_s16.h"
#include <arm_acle.h>

typedef conv_s16_params conv_s16_dsp_params;

/* Adds the products of four values, in two words, with four weights. */
MOTES_INLINE int32_t conv_s16_dsp_four(uint32_t x01, uint32_t x23, uint32_t w, int32_t sum) {
    const int16x2_t w01 = __sxtb16((int8x4_t)w), w23 = __sxtb16((int8x4_t)(w >> 8 | w << 24));
    return __smlad((int16x2_t)x23, w23, __smlad((int16x2_t)x01, w01, sum));
}

MOTES_INLINE void conv_s16_dsp_dot4(const int16_t *x, const int8_t *w, int32_t step, int32_t n,
                                    int64_t *sums) {
    for (; n > 0; n -= MOTES_DOT_RUN) {
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        const int8_t *const end = w + motes_min(n, MOTES_DOT_RUN);
        const int8_t *w1 = w + step, *w2 = w1 + step, *w3 = w2 + step;
        for (; w < end; x += 4, w += 4, w1 += 4, w2 += 4, w3 += 4) {
            const uint32_t x01 = *(const motes_word *)x, x23 = *(const motes_word *)(x + 2);
            s0 = conv_s16_dsp_four(x01, x23, *(const motes_word *)w, s0);
            s1 = conv_s16_dsp_four(x01, x23, *(const motes_word *)w1, s1);
            s2 = conv_s16_dsp_four(x01, x23, *(const motes_word *)w2, s2);
            s3 = conv_s16_dsp_four(x01, x23, *(const motes_word *)w3, s3);
        }
        sums[0] += s0, sums[1] += s1, sums[2] += s2, sums[3] += s3;
    }
}

MOTES_INLINE void conv_s16_dsp_dot1(const int16_t *x, const int8_t *w, int32_t n, int64_t *sum) {
    for (; n > 0; n -= MOTES_DOT_RUN) {
        int32_t s = 0;
        for (const int8_t *const end = w + motes_min(n, MOTES_DOT_RUN); w < end; x += 4, w += 4)
            s = conv_s16_dsp_four(*(const motes_word *)x, *(const motes_word *)(x + 2),
                                  *(const motes_word *)w, s);
        *sum += s;
    }
}

MOTES_INLINE int16_t conv_s16_dsp_finish(const conv_s16_params *p, int64_t sum, int32_t c) {
    return conv_s16_finish(p, sum, c);
}

#define CONV(part) conv_s16_dsp##part
#define CONV_X int16_t
#define CONV_W int8_t
#define CONV_SUM int64_t
#define CONV_DOT4(p, x, w, step, n, sums) conv_s16_dsp_dot4(x, w, step, n, sums)
#define CONV_DOT1(p, x, w, n, sum) conv_s16_dsp_dot1(x, w, n, sum)
#include "conv_loops.h"

#endif
