/* conv_s16.h: two-dimensional convolution of int16 with int8 weights. Loops and layouts:
   conv_loops.h.

   wide: sums of 64 bits are rescaled as TFLM does it; otherwise the bias came as int32, and sums
   wrap modulo 2^32 before they are rescaled as those of int8. */
#ifndef MOTES_CONV_S16_H
#define MOTES_CONV_S16_H

#include "conv_taps.h"
#include "dot.h"
#include "requantize.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t wide, low, high;
    const int8_t *weights;
    const int64_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t group_in, group_out;
} conv_s16_params;

MOTES_INLINE int16_t conv_s16_finish(const conv_s16_params *p, int64_t sum, int32_t c) {
    const int64_t whole = (int64_t)((uint64_t)sum + (uint64_t)p->bias[c]);
    const int32_t scaled = p->wide
                               ? motes_requantize_s64(whole, p->multipliers[c], p->shifts[c])
                               : motes_requantize((int32_t)whole, p->multipliers[c], p->shifts[c]);
    return (int16_t)motes_clamp(scaled, p->low, p->high);
}

#define CONV(part) conv_s16##part
#define CONV_X int16_t
#define CONV_W int8_t
#define CONV_SUM int64_t
#define CONV_DOT4(p, x, w, step, n, sums) motes_dot4_s16(x, w, step, n, sums)
#define CONV_DOT1(p, x, w, n, sum) motes_dot1_s16(x, w, n, sum)
#include "conv_loops.h"

#endif
