/* spectrum.h: power spectrum of n real samples in single precision, in place, n a power of two from
   8 on.

   The samples are taken as n / 2 complex values (even ones real, odd ones imaginary), transformed
   with radix 4, and told apart again. `cosines` holds cos(2 pi j / n) for j in 0 .. n / 4. */
#ifndef MOTES_SPECTRUM_H
#define MOTES_SPECTRUM_H

#include "motes.h"

typedef struct {
    float r, i;
} motes_complex;

/* cos(2 pi j / n) for 0 <= j < n. */
MOTES_INLINE float motes_cosine(const float *cosines, int32_t n, int32_t j) {
    j = j > n / 2 ? n - j : j;
    return j > n / 4 ? -cosines[n / 2 - j] : cosines[j];
}

/* exp(-2 pi i j / n) for 0 <= j < n. */
MOTES_INLINE motes_complex motes_rotation(const float *cosines, int32_t n, int32_t j) {
    const motes_complex w = {motes_cosine(cosines, n, j),
                             motes_cosine(cosines, n, j < n * 3 / 4 ? j + n / 4 : j - n * 3 / 4)};
    return w;
}

MOTES_INLINE motes_complex motes_complex_mul(motes_complex a, motes_complex b) {
    const motes_complex c = {a.r * b.r - a.i * b.i, a.r * b.i + a.i * b.r};
    return c;
}

/* The index behind `i` when both run through 0 .. count - 1 with their bits reversed. */
MOTES_INLINE int32_t motes_next_reversed(int32_t i, int32_t count) {
    int32_t bit = count >> 1;
    for (; i & bit; bit >>= 1)
        i ^= bit;
    return i | bit;
}

/* Four values to their sums over the fourth roots of one. They come in order of decimation by two,
 * twice. */
MOTES_INLINE void motes_cross(motes_complex *y, int32_t m, motes_complex a, motes_complex b,
                              motes_complex c, motes_complex d) {
    const motes_complex even = {a.r + c.r, a.i + c.i}, less = {a.r - c.r, a.i - c.i};
    const motes_complex odd = {b.r + d.r, b.i + d.i}, turn = {b.r - d.r, b.i - d.i};
    y[0].r = even.r + odd.r, y[0].i = even.i + odd.i;
    y[m].r = less.r + turn.i, y[m].i = less.i - turn.r;
    y[2 * m].r = even.r - odd.r, y[2 * m].i = even.i - odd.i;
    y[3 * m].r = less.r - turn.i, y[3 * m].i = less.i + turn.r;
}

/* In place, from bit-reversed order: y[k] = sum over j of x[j] exp(-2 pi i j k / points). */
static inline void motes_transform(motes_complex *y, int32_t points, int32_t n,
                                   const float *cosines) {
    int32_t m = 1;
    if ((uint32_t)points & UINT32_C(0xAAAAAAAA)) { /* an odd power of two */
        for (int32_t k = 0; k < points; k += 2) {
            const motes_complex a = y[k], b = y[k + 1];
            y[k].r = a.r + b.r, y[k].i = a.i + b.i;
            y[k + 1].r = a.r - b.r, y[k + 1].i = a.i - b.i;
        }
        m = 2;
    }
    for (; m < points; m *= 4) {
        const int32_t step = n / (4 * m);
        for (int32_t k = 0; k < m; k++) {
            const motes_complex w1 = motes_rotation(cosines, n, k * step);
            const motes_complex w2 = motes_rotation(cosines, n, 2 * k * step);
            const motes_complex w3 = motes_rotation(cosines, n, 3 * k * step);
            for (motes_complex *group = y + k; group < y + points; group += 4 * m) {
                const motes_complex b = motes_complex_mul(group[2 * m], w1);
                const motes_complex c = motes_complex_mul(group[m], w2);
                const motes_complex d = motes_complex_mul(group[3 * m], w3);
                motes_cross(group, m, group[0], b, c, d);
            }
        }
    }
}

/* `y` holds the n samples, pair i at the bit-reversed place of i. After it, y[k].r = |X[k]|^2 for 0
 * <= k < n / 2. */
static inline void motes_spectrum(motes_complex *y, int32_t n, const float *cosines) {
    const int32_t points = n / 2;
    motes_transform(y, points, n, cosines);
    y[0].r = (y[0].r + y[0].i) * (y[0].r + y[0].i);
    for (int32_t k = 1; k <= points / 2; k++) {
        const motes_complex a = y[k], b = y[points - k];
        const motes_complex sum = {0.5f * (a.r + b.r), 0.5f * (a.i - b.i)};
        const motes_complex difference = {0.5f * (a.i + b.i), 0.5f * (b.r - a.r)};
        const motes_complex t = motes_complex_mul(difference, motes_rotation(cosines, n, k));
        const float r = sum.r + t.r, i = sum.i + t.i, s = sum.r - t.r, j = sum.i - t.i;
        y[k].r = r * r + i * i;
        y[points - k].r = s * s + j * j;
    }
}

#endif
