/* fft_s16.h: Fourier transform of 2 * points real int16 samples, as `points` complex ones, in the
   fixed-point arithmetic of KISS FFT (M. Borgerding): each stage divides by its radix, every
   product is rounded, stores wrap.

   A complex number is two int16, real and imaginary. points = 4^n or 2 * 4^n. */
#ifndef MOTES_FFT_S16_H
#define MOTES_FFT_S16_H

#include "motes.h"

typedef struct {
    int32_t r, i;
} fft_complex;

/* x / 2^15, halves up. */
MOTES_INLINE int32_t fft_round(int32_t x) {
    return (x + (1 << 14)) >> 15;
}

MOTES_INLINE fft_complex fft_load(const int16_t *x) {
    const fft_complex c = {x[0], x[1]};
    return c;
}

MOTES_INLINE void fft_store(int16_t *y, int32_t r, int32_t i) {
    y[0] = (int16_t)r;
    y[1] = (int16_t)i;
}

/* a * scale / 2^15 */
MOTES_INLINE fft_complex fft_scale(fft_complex a, int32_t scale) {
    const fft_complex c = {fft_round(a.r * scale), fft_round(a.i * scale)};
    return c;
}

MOTES_INLINE fft_complex fft_mul(fft_complex a, fft_complex b) {
    const fft_complex c = {fft_round(a.r * b.r - a.i * b.i), fft_round(a.r * b.i + a.i * b.r)};
    return c;
}

/* Four values, already divided by 4 and rotated, to the places y, y + m, y + 2m, y + 3m. */
MOTES_INLINE void fft_cross(int16_t *y, int32_t m, fft_complex a, fft_complex b, fft_complex c,
                            fft_complex d) {
    const fft_complex even = {a.r + c.r, a.i + c.i}, less = {a.r - c.r, a.i - c.i};
    const fft_complex odd = {b.r + d.r, b.i + d.i}, turn = {b.r - d.r, b.i - d.i};
    fft_store(y, even.r + odd.r, even.i + odd.i);
    fft_store(y + 2 * m, less.r + turn.i, less.i - turn.r);
    fft_store(y + 4 * m, even.r - odd.r, even.i - odd.i);
    fft_store(y + 6 * m, less.r - turn.i, less.i + turn.r);
}

/* The first stage of one group: radix 4, all twiddles 1. Multiplying by the twiddle 32767 / 2^15
   would change nothing: for |x| <= 2^14, round(x * 32767 / 2^15) is x. */
MOTES_INLINE void fft_first4(int16_t *y) {
    const int32_t quarter = 32767 / 4;
    fft_cross(y, 1, fft_scale(fft_load(y), quarter), fft_scale(fft_load(y + 2), quarter),
              fft_scale(fft_load(y + 4), quarter), fft_scale(fft_load(y + 6), quarter));
}

/* The same, radix 2. */
MOTES_INLINE void fft_first2(int16_t *y) {
    const fft_complex a = fft_scale(fft_load(y), 32767 / 2);
    const fft_complex b = fft_scale(fft_load(y + 2), 32767 / 2);
    fft_store(y, a.r + b.r, a.i + b.i);
    fft_store(y + 2, a.r - b.r, a.i - b.i);
}

/* A later stage over all points: groups of 4 * m values; `twiddles` has points * 3 / 4 entries
 * exp(-2 pi i k / points). */
MOTES_INLINE void fft_stage4(int16_t *y, int32_t points, int32_t m, const int16_t *twiddles) {
    const int32_t quarter = 32767 / 4, stride = points / (4 * m);
    for (int32_t k = 0; k < m; k++) {
        const fft_complex t1 = fft_load(twiddles + 2 * k * stride);
        const fft_complex t2 = fft_load(twiddles + 4 * k * stride);
        const fft_complex t3 = fft_load(twiddles + 6 * k * stride);
        for (int16_t *group = y + 2 * k; group < y + 2 * points; group += 8 * m) {
            const fft_complex a = fft_scale(fft_load(group), quarter);
            const fft_complex b = fft_mul(fft_scale(fft_load(group + 2 * m), quarter), t1);
            const fft_complex c = fft_mul(fft_scale(fft_load(group + 4 * m), quarter), t2);
            const fft_complex d = fft_mul(fft_scale(fft_load(group + 6 * m), quarter), t3);
            fft_cross(group, m, a, b, c, d);
        }
    }
}

/* In place: `points` values in digit-reversed order to their transform, divided by `points`. */
MOTES_INLINE void fft_complex_s16(int16_t *y, int32_t points, int32_t first_radix,
                                  const int16_t *twiddles) {
    for (int16_t *group = y; group < y + 2 * points; group += 2 * first_radix) {
        if (first_radix == 4)
            fft_first4(group);
        else
            fft_first2(group);
    }
    for (int32_t m = first_radix; m < points; m *= 4)
        fft_stage4(y, points, m, twiddles);
}

/* |X[k]|^2 for 1 <= k < points of the real signal whose even and odd samples were the real and
   imaginary parts of what `y` is the transform of. In place: energy k replaces value k. `split` has
   points / 2 entries exp(-i pi (k / points + 1/2)), k from 1. X is the transform divided by 2 *
   points. */
MOTES_INLINE void fft_energies(int16_t *y, int32_t points, const int16_t *split) {
    const int32_t half = 32767 / 2;
    for (int32_t k = 1; k <= points / 2; k++) {
        int16_t *low = y + 2 * k, *high = y + 2 * (points - k);
        const fft_complex a = fft_scale(fft_load(low), half);
        const fft_complex conjugate = {high[0], (int16_t)-high[1]};
        const fft_complex b = fft_scale(conjugate, half);
        const fft_complex sum = {a.r + b.r, a.i + b.i}, difference = {a.r - b.r, a.i - b.i};
        const fft_complex t = fft_mul(difference, fft_load(split + 2 * (k - 1)));
        const int32_t r = (sum.r + t.r) >> 1, i = (sum.i + t.i) >> 1;
        const int32_t s = (sum.r - t.r) >> 1, j = (t.i - sum.i) >> 1;
        *(motes_word *)low = (uint32_t)(r * r) + (uint32_t)(i * i);
        *(motes_word *)high = (uint32_t)(s * s) + (uint32_t)(j * j);
    }
}

#endif
