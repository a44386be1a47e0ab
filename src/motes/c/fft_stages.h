/* fft_stages.h: a Fourier transform of mixed radix, with the arithmetic of KISS FFT (M.
   Borgerding), and the step between the complex transform and that of twice as many real values.

   A header for one type includes it, after it has defined FFT(name), which appends the type's
   suffix; FFT_SCALAR, the type of a part in memory; FFT_ONE, whether a product with the first
   twiddle is the value itself; and these:

   FFT(complex)     .r and .i, in registers
   FFT(minus)       of one part
   FFT(add), FFT(sub)
   FFT(divide)      by a radix: fixed point alone divides
   FFT(scale)       by a real number
   FFT(mul)
   FFT(halve)
   FFT(narrow)      to the range of FFT_SCALAR

   A complex number in memory is two FFT_SCALAR. `points` is 5^fives * 3^threes * 2^twos * 4^n; the
   stages run in this order. `twiddles` has exp(-+2 pi i k / points), `split` has exp(-+i pi (k /
   points + 1/2)) for k from 1 to points / 2, the lower sign for the inverse. */

MOTES_INLINE FFT(complex) FFT(load)(const FFT_SCALAR *x) {
    const FFT(complex) c = {x[0], x[1]};
    return c;
}

MOTES_INLINE void FFT(store)(FFT_SCALAR *y, FFT(complex) a) {
    y[0] = (FFT_SCALAR)a.r;
    y[1] = (FFT_SCALAR)a.i;
}

/* a * -i */
MOTES_INLINE FFT(complex) FFT(turn)(FFT(complex) a) {
    const FFT(complex) c = {a.i, FFT(minus)(a.r)};
    return c;
}

/* Value j of a group of `radix` values that lie m apart, divided, and turned by the twiddle j *
   step. */
MOTES_INLINE FFT(complex) FFT(take)(const FFT_SCALAR *y, int32_t m, int32_t j, int32_t radix,
                                    int32_t step, const FFT_SCALAR *twiddles) {
    const FFT(complex) a = FFT(divide)(FFT(load)(y + 2 * j * m), radix);
    return j == 0 || (FFT_ONE && step == 0) ? a : FFT(mul)(a, FFT(load)(twiddles + 2 * j * step));
}

MOTES_INLINE void FFT(group2)(FFT_SCALAR *y, int32_t m, int32_t step, const FFT_SCALAR *twiddles) {
    const FFT(complex) a = FFT(take)(y, m, 0, 2, step, twiddles);
    const FFT(complex) b = FFT(take)(y, m, 1, 2, step, twiddles);
    FFT(store)(y, FFT(add)(a, b));
    FFT(store)(y + 2 * m, FFT(sub)(a, b));
}

MOTES_INLINE void FFT(group3)(FFT_SCALAR *y, int32_t m, int32_t step, const FFT_SCALAR *twiddles,
                              FFT_SCALAR sine) {
    const FFT(complex) a = FFT(take)(y, m, 0, 3, step, twiddles);
    const FFT(complex) b = FFT(take)(y, m, 1, 3, step, twiddles);
    const FFT(complex) c = FFT(take)(y, m, 2, 3, step, twiddles);
    const FFT(complex) sum = FFT(add)(b, c), middle = FFT(sub)(a, FFT(halve)(sum));
    const FFT(complex) turn = FFT(turn)(FFT(scale)(FFT(sub)(b, c), sine));
    FFT(store)(y, FFT(add)(a, sum));
    FFT(store)(y + 2 * m, FFT(sub)(middle, turn));
    FFT(store)(y + 4 * m, FFT(add)(middle, turn));
}

MOTES_INLINE void FFT(group4)(FFT_SCALAR *y, int32_t m, int32_t step, const FFT_SCALAR *twiddles,
                              int32_t inverse) {
    const FFT(complex) a = FFT(take)(y, m, 0, 4, step, twiddles);
    const FFT(complex) b = FFT(take)(y, m, 1, 4, step, twiddles);
    const FFT(complex) c = FFT(take)(y, m, 2, 4, step, twiddles);
    const FFT(complex) d = FFT(take)(y, m, 3, 4, step, twiddles);
    const FFT(complex) even = FFT(add)(a, c), less = FFT(sub)(a, c);
    const FFT(complex) odd = FFT(add)(b, d), turn = FFT(turn)(FFT(sub)(b, d));
    FFT(store)(y, FFT(add)(even, odd));
    FFT(store)(y + 2 * m, inverse ? FFT(sub)(less, turn) : FFT(add)(less, turn));
    FFT(store)(y + 4 * m, FFT(sub)(even, odd));
    FFT(store)(y + 6 * m, inverse ? FFT(add)(less, turn) : FFT(sub)(less, turn));
}

/* `first` and `second` are the fifth roots of one. */
MOTES_INLINE void FFT(group5)(FFT_SCALAR *y, int32_t m, int32_t step, const FFT_SCALAR *twiddles,
                              FFT(complex) first, FFT(complex) second) {
    const FFT(complex) a = FFT(take)(y, m, 0, 5, step, twiddles);
    const FFT(complex) b = FFT(take)(y, m, 1, 5, step, twiddles);
    const FFT(complex) c = FFT(take)(y, m, 2, 5, step, twiddles);
    const FFT(complex) d = FFT(take)(y, m, 3, 5, step, twiddles);
    const FFT(complex) e = FFT(take)(y, m, 4, 5, step, twiddles);
    const FFT(complex) outer = FFT(add)(b, e), inner = FFT(add)(c, d);
    const FFT(complex) far = FFT(sub)(b, e), near = FFT(sub)(c, d);
    const FFT(complex) one =
        FFT(add)(FFT(add)(a, FFT(scale)(outer, first.r)), FFT(scale)(inner, second.r));
    const FFT(complex) two =
        FFT(add)(FFT(add)(a, FFT(scale)(outer, second.r)), FFT(scale)(inner, first.r));
    const FFT(complex) turn_one =
        FFT(add)(FFT(turn)(FFT(scale)(far, first.i)), FFT(turn)(FFT(scale)(near, second.i)));
    const FFT(complex) turn_two =
        FFT(sub)(FFT(turn)(FFT(scale)(near, first.i)), FFT(turn)(FFT(scale)(far, second.i)));
    FFT(store)(y, FFT(add)(a, FFT(add)(outer, inner)));
    FFT(store)(y + 2 * m, FFT(sub)(one, turn_one));
    FFT(store)(y + 4 * m, FFT(add)(two, turn_two));
    FFT(store)(y + 6 * m, FFT(sub)(two, turn_two));
    FFT(store)(y + 8 * m, FFT(add)(one, turn_one));
}

/* One stage each over all points: groups of values m apart. */
MOTES_INLINE void FFT(stage2)(FFT_SCALAR *y, int32_t points, int32_t m,
                              const FFT_SCALAR *twiddles) {
    for (int32_t k = 0; k < m; k++)
        for (FFT_SCALAR *group = y + 2 * k; group < y + 2 * points; group += 4 * m)
            FFT(group2)(group, m, k * (points / (2 * m)), twiddles);
}

MOTES_INLINE void FFT(stage3)(FFT_SCALAR *y, int32_t points, int32_t m,
                              const FFT_SCALAR *twiddles) {
    for (int32_t k = 0; k < m; k++)
        for (FFT_SCALAR *group = y + 2 * k; group < y + 2 * points; group += 6 * m)
            FFT(group3)(group, m, k * (points / (3 * m)), twiddles, twiddles[2 * (points / 3) + 1]);
}

MOTES_INLINE void FFT(stage4)(FFT_SCALAR *y, int32_t points, int32_t m, const FFT_SCALAR *twiddles,
                              int32_t inverse) {
    if (FFT_ONE) /* the groups whose twiddles are one */
        for (FFT_SCALAR *group = y; group < y + 2 * points; group += 8 * m)
            FFT(group4)(group, m, 0, twiddles, inverse);
    for (int32_t k = FFT_ONE; k < m; k++)
        for (FFT_SCALAR *group = y + 2 * k; group < y + 2 * points; group += 8 * m)
            FFT(group4)(group, m, k * (points / (4 * m)), twiddles, inverse);
}

MOTES_INLINE void FFT(stage5)(FFT_SCALAR *y, int32_t points, int32_t m,
                              const FFT_SCALAR *twiddles) {
    const FFT(complex) root = FFT(load)(twiddles + 2 * (points / 5));
    const FFT(complex) square = FFT(load)(twiddles + 4 * (points / 5));
    for (int32_t k = 0; k < m; k++)
        for (FFT_SCALAR *group = y + 2 * k; group < y + 2 * points; group += 10 * m)
            FFT(group5)(group, m, k * (points / (5 * m)), twiddles, root, square);
}

/* In place: `points` values, digits of their indices reversed, to their transform. In fixed point
 * it is divided by `points`. */
MOTES_INLINE void FFT(transform)(FFT_SCALAR *y, int32_t points, int32_t fives, int32_t threes,
                                 int32_t twos, const FFT_SCALAR *twiddles, int32_t inverse) {
    int32_t m = 1;
    for (int32_t i = 0; i < fives; i++, m *= 5)
        FFT(stage5)(y, points, m, twiddles);
    for (int32_t i = 0; i < threes; i++, m *= 3)
        FFT(stage3)(y, points, m, twiddles);
    for (int32_t i = 0; i < twos; i++, m *= 2)
        FFT(stage2)(y, points, m, twiddles);
    for (; m < points; m *= 4)
        FFT(stage4)(y, points, m, twiddles, inverse);
}

/* Of value k and value points - k of a transform of samples in pairs, divided, the second one
   mirrored: their sum, and their difference, turned. */
typedef struct {
    FFT(complex) sum, turned;
} FFT(halves);

MOTES_INLINE FFT(halves)
    FFT(part)(const FFT_SCALAR *low, const FFT_SCALAR *high, const FFT_SCALAR *split) {
    const FFT(complex) mirrored = {high[0], (FFT_SCALAR)FFT(minus)(high[1])};
    const FFT(complex) a = FFT(divide)(FFT(load)(low), 2), b = FFT(divide)(mirrored, 2);
    const FFT(halves) h = {FFT(add)(a, b), FFT(narrow)(FFT(mul)(FFT(sub)(a, b), FFT(load)(split)))};
    return h;
}

/* Value k of the spectrum of the real signal, and value points - k. */
MOTES_INLINE FFT(complex) FFT(below)(FFT(halves) h) {
    return FFT(halve)(FFT(add)(h.sum, h.turned));
}

MOTES_INLINE FFT(complex) FFT(above)(FFT(halves) h) {
    const FFT(complex) c = {FFT(sub)(h.sum, h.turned).r, FFT(sub)(h.turned, h.sum).i};
    return FFT(halve)(c);
}

/* `length` samples, and zeros behind them, as `points` complex values to where the first stage
 * wants them. */
MOTES_INLINE void FFT(pairs)(const FFT_SCALAR *x, int32_t length, FFT_SCALAR *y, int32_t points,
                             const uint16_t *places) {
    for (int32_t i = 0; i < points; i++) {
        y[2 * places[i]] = 2 * i < length ? x[2 * i] : 0;
        y[2 * places[i] + 1] = 2 * i + 1 < length ? x[2 * i + 1] : 0;
    }
}

/* In place, y being of points + 1 values: the transform of samples in pairs to the spectrum. */
MOTES_INLINE void FFT(to_spectrum)(FFT_SCALAR *y, int32_t points, const FFT_SCALAR *split) {
    const FFT(complex) mean = FFT(divide)(FFT(load)(y), 2), other = {mean.i, mean.r};
    y[0] = (FFT_SCALAR)FFT(add)(mean, other).r;
    y[2 * points] = (FFT_SCALAR)FFT(sub)(mean, other).r;
    y[1] = y[2 * points + 1] = 0;
    for (int32_t k = 1; k <= points / 2; k++) {
        FFT_SCALAR *low = y + 2 * k, *high = y + 2 * (points - k);
        const FFT(halves) h = FFT(part)(low, high, split + 2 * (k - 1));
        FFT(store)(low, FFT(below)(h));
        FFT(store)(high, FFT(above)(h)); /* in the middle, this one stays */
    }
}

/* The spectrum x, of points + 1 values, to what the inverse transform makes samples in pairs from;
 * value k goes to `places[k]`. */
MOTES_INLINE void FFT(from_spectrum)(const FFT_SCALAR *x, FFT_SCALAR *y, int32_t points,
                                     const FFT_SCALAR *split, const uint16_t *places) {
    const FFT(complex) first = {x[0], 0}, last = {x[2 * points], 0};
    const FFT(complex)
        mean = {(FFT_SCALAR)FFT(add)(first, last).r, (FFT_SCALAR)FFT(sub)(first, last).r};
    FFT(store)(y, FFT(divide)(mean, 2));
    for (int32_t k = 1; k <= points / 2; k++) {
        const FFT(halves) h = FFT(part)(x + 2 * k, x + 2 * (points - k), split + 2 * (k - 1));
        const FFT(complex) above = FFT(sub)(h.sum, h.turned);
        const FFT(complex) mirrored = {above.r, FFT(minus)(above.i)};
        FFT(store)(y + 2 * places[k], FFT(add)(h.sum, h.turned));
        FFT(store)(y + 2 * places[points - k], mirrored);
    }
}
