/* fft_s16.h: fft_stages.h for int16: every product is rounded, halves up; what is stored wraps. */
#ifndef MOTES_FFT_S16_H
#define MOTES_FFT_S16_H

#include "motes.h"

#define FFT(name) fft_##name##_s16
#define FFT_SCALAR int16_t
/* Twiddle 0 is 32767 / 2^15: for |x| <= 2^14, round(x * 32767 / 2^15) is x. */
#define FFT_ONE 1

/* Only what `narrow` returns is sure to be within 16 bits: sums of four and products are not. */
typedef struct {
    int32_t r, i;
} FFT(complex);

/* x / 2^15, halves up. */
MOTES_INLINE int32_t FFT(round)(int32_t x) {
    return (x + (1 << 14)) >> 15;
}

MOTES_INLINE int32_t FFT(minus)(int32_t x) {
    return -x;
}

MOTES_INLINE FFT(complex) FFT(add)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {a.r + b.r, a.i + b.i};
    return c;
}

MOTES_INLINE FFT(complex) FFT(sub)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {a.r - b.r, a.i - b.i};
    return c;
}

MOTES_INLINE FFT(complex) FFT(scale)(FFT(complex) a, int32_t factor) {
    const FFT(complex) c = {FFT(round)(a.r * factor), FFT(round)(a.i * factor)};
    return c;
}

MOTES_INLINE FFT(complex) FFT(divide)(FFT(complex) a, int32_t radix) {
    return FFT(scale)(a, 32767 / radix);
}

MOTES_INLINE FFT(complex) FFT(mul)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {FFT(round)(a.r * b.r - a.i * b.i), FFT(round)(a.r * b.i + a.i * b.r)};
    return c;
}

MOTES_INLINE FFT(complex) FFT(halve)(FFT(complex) a) {
    const FFT(complex) c = {a.r >> 1, a.i >> 1};
    return c;
}

MOTES_INLINE FFT(complex) FFT(narrow)(FFT(complex) a) {
    const FFT(complex) c = {(int16_t)a.r, (int16_t)a.i};
    return c;
}

#include "fft_stages.h"

/* |X[k]|^2 for 1 <= k < points of the real signal whose samples in pairs `y` is the transform of.
 * In place: energy k replaces value k. X is the transform divided by 2 * points. */
MOTES_INLINE void FFT(energies)(int16_t *y, int32_t points, const int16_t *split) {
    for (int32_t k = 1; k <= points / 2; k++) {
        int16_t *low = y + 2 * k, *high = y + 2 * (points - k);
        const FFT(halves) h = FFT(part)(low, high, split + 2 * (k - 1));
        const FFT(complex) below = FFT(below)(h), above = FFT(above)(h);
        *(motes_word *)low = (uint32_t)(below.r * below.r) + (uint32_t)(below.i * below.i);
        *(motes_word *)high = (uint32_t)(above.r * above.r) + (uint32_t)(above.i * above.i);
    }
}

#undef FFT
#undef FFT_SCALAR
#undef FFT_ONE

#endif
