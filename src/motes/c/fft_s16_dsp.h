/* fft_s16_dsp.h: fft_s16.h with a complex number in one word, real part below: the same bits in
 * half the instructions. */
#ifndef MOTES_FFT_S16_DSP_H
#define MOTES_FFT_S16_DSP_H

#include "motes.h"
#include <arm_acle.h>

/* The upper halves of two words, `low` shifted down to the lower half. */
MOTES_INLINE uint32_t fft_dsp_pack(int32_t low, int32_t high) {
    return ((uint32_t)high & UINT32_C(0xFFFF0000)) | ((uint32_t)low >> 16);
}

/* Both parts times scale / 2^16, halves up. */
MOTES_INLINE uint32_t fft_dsp_scale(uint32_t a, int32_t scale) {
    return fft_dsp_pack(__smlabb((int32_t)a, scale, 1 << 15), __smlatb((int32_t)a, scale, 1 << 15));
}

/* a * b / 2^15, halves up. */
MOTES_INLINE uint32_t fft_dsp_mul(uint32_t a, uint32_t b) {
    const int32_t r = __smlsd((int16x2_t)a, (int16x2_t)b, 1 << 14);
    const int32_t i = __smladx((int16x2_t)a, (int16x2_t)b, 1 << 14);
    return fft_dsp_pack((int32_t)((uint32_t)r << 1), (int32_t)((uint32_t)i << 1));
}

/* See fft_group4_s16. */
MOTES_INLINE void fft_dsp_cross(uint32_t *y, int32_t m, uint32_t a, uint32_t b, uint32_t c,
                                uint32_t d) {
    const int16x2_t even = __sadd16((int16x2_t)a, (int16x2_t)c),
                    less = __ssub16((int16x2_t)a, (int16x2_t)c);
    const int16x2_t odd = __sadd16((int16x2_t)b, (int16x2_t)d),
                    turn = __ssub16((int16x2_t)b, (int16x2_t)d);
    y[0] = (uint32_t)__sadd16(even, odd);
    y[m] = (uint32_t)__ssax(less, turn);
    y[2 * m] = (uint32_t)__ssub16(even, odd);
    y[3 * m] = (uint32_t)__sasx(less, turn);
}

/* A later stage, radix 4: see fft_stage4_s16. */
MOTES_INLINE void fft_dsp_stage(uint32_t *y, int32_t points, int32_t m, const uint32_t *twiddles) {
    const int32_t quarter = 2 * (32767 / 4), stride = points / (4 * m);
    for (int32_t k = 0; k < m; k++) {
        const uint32_t t1 = twiddles[k * stride], t2 = twiddles[2 * k * stride],
                       t3 = twiddles[3 * k * stride];
        for (uint32_t *group = y + k; group < y + points; group += 4 * m) {
            const uint32_t x0 = group[0], x1 = group[m], x2 = group[2 * m], x3 = group[3 * m];
            fft_dsp_cross(group, m, fft_dsp_scale(x0, quarter),
                          fft_dsp_mul(fft_dsp_scale(x1, quarter), t1),
                          fft_dsp_mul(fft_dsp_scale(x2, quarter), t2),
                          fft_dsp_mul(fft_dsp_scale(x3, quarter), t3));
        }
    }
}

/* All stages behind the first, each with its distances as constants. */
MOTES_INLINE void fft_dsp_stages(uint32_t *y, int32_t points, const uint32_t *twiddles) {
    if (points > 4)
        fft_dsp_stage(y, points, 4, twiddles);
    if (points > 16)
        fft_dsp_stage(y, points, 16, twiddles);
    if (points > 64)
        fft_dsp_stage(y, points, 64, twiddles);
    if (points > 256)
        fft_dsp_stage(y, points, 256, twiddles);
}

/* The first stage, radix 4, without twiddles; it scales its input up by `shift`. */
MOTES_INLINE void fft_dsp_first(uint32_t *y, int32_t points, int32_t shift) {
    const int32_t scale = 2 * (32767 / 4);
    for (uint32_t *group = y; group < y + points; group += 4) {
        uint32_t x[4];
        for (int32_t i = 0; i < 4; i++)
            x[i] = fft_dsp_pack(__smlatb((int32_t)(group[i] << 16 << shift), scale, 1 << 15),
                                __smlatb((int32_t)(group[i] >> 16 << 16 << shift), scale, 1 << 15));
        fft_dsp_cross(group, 1, x[0], x[1], x[2], x[3]);
    }
}

/* Value k of a real signal's spectrum is returned, value points - k is *above: see fft_part_s16. */
MOTES_INLINE int16x2_t fft_dsp_part(uint32_t low, uint32_t high, uint32_t split, int16x2_t *above) {
    const int32_t half = 2 * (32767 / 2);
    const uint32_t conjugate =
        (high & 0xFFFF) | ((uint32_t)__ssub16(0, (int16x2_t)high) & UINT32_C(0xFFFF0000));
    const int16x2_t a = (int16x2_t)fft_dsp_scale(low, half),
                    b = (int16x2_t)fft_dsp_scale(conjugate, half);
    const int16x2_t sum = __sadd16(a, b);
    const int16x2_t t = (int16x2_t)fft_dsp_mul((uint32_t)__ssub16(a, b), split);
    *above = (int16x2_t)(((uint32_t)__shsub16(sum, t) & 0xFFFF) |
                         ((uint32_t)__shsub16(t, sum) & UINT32_C(0xFFFF0000)));
    return __shadd16(sum, t);
}

/* See fft_energies_s16. */
MOTES_INLINE void fft_dsp_energies(uint32_t *y, int32_t points, const uint32_t *split) {
    for (int32_t k = 1; k <= points / 2; k++) {
        int16x2_t above;
        const int16x2_t below = fft_dsp_part(y[k], y[points - k], split[k - 1], &above);
        y[k] = (uint32_t)__smuad(below, below);
        y[points - k] = (uint32_t)__smuad(above, above);
    }
}

/* See fft_to_spectrum_s16: all but values 0 and `points`. */
MOTES_INLINE void fft_dsp_to_spectrum(uint32_t *y, int32_t points, const uint32_t *split) {
    for (int32_t k = 1; k <= points / 2; k++) {
        int16x2_t above;
        y[k] = (uint32_t)fft_dsp_part(y[k], y[points - k], split[k - 1], &above);
        y[points - k] = (uint32_t)above;
    }
}

#endif
