/* fft_f32.h: fft_stages.h in single precision: nothing is divided. */
#ifndef MOTES_FFT_F32_H
#define MOTES_FFT_F32_H

#include "motes.h"

#define FFT(name) fft_##name##_f32
#define FFT_SCALAR float
/* A product with 1 - 0i may change the sign of a zero. */
#define FFT_ONE 0

typedef struct {
    float r, i;
} FFT(complex);

MOTES_INLINE float FFT(minus)(float x) {
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

MOTES_INLINE FFT(complex) FFT(scale)(FFT(complex) a, float factor) {
    const FFT(complex) c = {a.r * factor, a.i * factor};
    return c;
}

MOTES_INLINE FFT(complex) FFT(divide)(FFT(complex) a, int32_t radix) {
    (void)radix;
    return a;
}

MOTES_INLINE FFT(complex) FFT(mul)(FFT(complex) a, FFT(complex) b) {
    const FFT(complex) c = {a.r * b.r - a.i * b.i, a.r * b.i + a.i * b.r};
    return c;
}

MOTES_INLINE FFT(complex) FFT(halve)(FFT(complex) a) {
    const FFT(complex) c = {a.r * 0.5f, a.i * 0.5f};
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
