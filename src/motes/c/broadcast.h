/* broadcast.h: elementwise kernels over tensors that are broadcast against each other.

   `p->axes` has a row for each of six nested loops, outermost first: how often it runs, and how
   many elements it takes each input on, 0 where that one is repeated. ops/broadcast.py merges axes,
   so that the innermost loop is as long as it can be; loops that are not needed run once. Outputs
   are written in order: y may share its address with an input that is nowhere repeated and whose
   elements are not narrower. */
#ifndef MOTES_BROADCAST_H
#define MOTES_BROADCAST_H

#include "motes.h"

MOTES_INLINE int64_t motes_clamp_s64(int64_t x, int64_t low, int64_t high) {
    const int64_t least = x < low ? low : x;
    return least > high ? high : least;
}

/* The outer five loops, in a table whose rows have `width` numbers; and how many elements input i
   has moved in them, from 1 on. */
#define MOTES_ROWS(axes, width)                                                                    \
    for (int32_t i0 = 0; i0 < (axes)[0]; i0++)                                                     \
        for (int32_t i1 = 0; i1 < (axes)[(width)]; i1++)                                           \
            for (int32_t i2 = 0; i2 < (axes)[2 * (width)]; i2++)                                   \
                for (int32_t i3 = 0; i3 < (axes)[3 * (width)]; i3++)                               \
                    for (int32_t i4 = 0; i4 < (axes)[4 * (width)]; i4++)
#define MOTES_ROW(axes, width, i)                                                                  \
    (i0 * (axes)[(i)] + i1 * (axes)[(width) + (i)] + i2 * (axes)[2 * (width) + (i)] +              \
     i3 * (axes)[3 * (width) + (i)] + i4 * (axes)[4 * (width) + (i)])

/* The kernel `function`: y = expression of p, a and b, element by element; inputs of type X, an
   output of type Y. */
#define MOTES_BROADCAST(function, X, Y, expression)                                                \
    static inline void function(const function##_params *p, const X *xa, const X *xb, Y *y) {      \
        const int32_t *axes = p->axes;                                                             \
        MOTES_ROWS(axes, 3) {                                                                      \
            const X *u = xa + MOTES_ROW(axes, 3, 1), *v = xb + MOTES_ROW(axes, 3, 2);              \
            for (int32_t i5 = 0; i5 < axes[15]; i5++, u += axes[16], v += axes[17]) {              \
                const X a = *u, b = *v;                                                            \
                *y++ = (expression);                                                               \
            }                                                                                      \
        }                                                                                          \
    }

#endif
