/* transpose_conv_s16.h: transposed convolution of int16 with int8 weights. Loops and layouts:
   transpose_conv_loops.h.

   Sums are exact in 64 bits. */
#ifndef MOTES_TRANSPOSE_CONV_S16_H
#define MOTES_TRANSPOSE_CONV_S16_H

#include "dot.h"
#include "requantize.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
    const int8_t *weights;
    const int64_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} transpose_conv_s16_params;

MOTES_INLINE int16_t transpose_conv_s16_finish(const transpose_conv_s16_params *p, int64_t sum,
                                               int32_t c) {
    const int64_t whole = (int64_t)((uint64_t)sum + (uint64_t)p->bias[c]);
    const int32_t scaled = motes_requantize_s64(whole, p->multipliers[c], p->shifts[c]);
    return (int16_t)motes_clamp(scaled, p->low, p->high);
}

#define TRANSPOSE(part) transpose_conv_s16##part
#define TRANSPOSE_X int16_t
#define TRANSPOSE_W int8_t
#define TRANSPOSE_SUM int64_t
#define TRANSPOSE_DOT4(p, x, w, step, n, sums) motes_dot4_s16(x, w, step, n, sums)
#define TRANSPOSE_DOT1(p, x, w, n, sum) motes_dot1_s16(x, w, n, sum)
#include "transpose_conv_loops.h"

#endif
