/* fft_s32.h: fft_stages.h for int32: every product is rounded, halves up; sums wrap. */
#ifndef MOTES_FFT_S32_H
#define MOTES_FFT_S32_H

#include "motes.h"

#define FFT(name) fft_##name##_s32
#define FFT_SCALAR int32_t
/* Twiddle 0 is 1 - 2^-31: for |x| < 2^30, round(x * (1 - 2^-31)) is x. */
#define FFT_ONE 1

typedef struct {
    int32_t r, i;
} FFT(complex);

/* x / 2^31, halves up. */
MOTES_INLINE int32_t FFT(round)(int64_t x) {
    return (int32_t)((x + (1 << 30)) >> 31);
}

MOTES_INLINE int32_t FFT(plus)(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

MOTES_INLINE int32_t FFT(minus)(int32_t x) {
    return (int32_t)(0 - (uint32_t)x);
}

MOTES_INLINE FFT(complex) FFT(add)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {FFT(plus)(a.r, b.r), FFT(plus)(a.i, b.i)};
    return c;
}

MOTES_INLINE FFT(complex) FFT(sub)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {FFT(plus)(a.r, FFT(minus)(b.r)), FFT(plus)(a.i, FFT(minus)(b.i))};
    return c;
}

MOTES_INLINE FFT(complex) FFT(scale)(FFT(complex) a, int32_t factor) {
    const FFT(complex) c = {FFT(round)((int64_t)a.r * factor), FFT(round)((int64_t)a.i * factor)};
    return c;
}

MOTES_INLINE FFT(complex) FFT(divide)(FFT(complex) a, int32_t radix) {
    return FFT(scale)(a, 2147483647 / radix);
}

MOTES_INLINE FFT(complex) FFT(mul)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {FFT(round)((int64_t)a.r * b.r - (int64_t)a.i * b.i),
                            FFT(round)((int64_t)a.r * b.i + (int64_t)a.i * b.r)};
    return c;
}

MOTES_INLINE FFT(complex) FFT(halve)(FFT(complex) a) {
    const FFT(complex) c = {a.r >> 1, a.i >> 1};
    return c;
}

MOTES_INLINE FFT(complex) FFT(narrow)(FFT(complex) a) {
    return a;
}

#include "fft_stages.h"

#undef FFT
#undef FFT_SCALAR
#undef FFT_ONE

#endif
