/* conv_s8.h: two-dimensional convolution of int8. Loops and layouts: conv_loops.h.

   Sums wrap modulo 2^32. */
#ifndef MOTES_CONV_S8_H
#define MOTES_CONV_S8_H

#include "conv_taps.h"
#include "dot.h"
#include "requantize.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, out_zero, low, high;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t group_in, group_out;
} conv_s8_params;

MOTES_INLINE int8_t conv_s8_finish(const conv_s8_params *p, uint32_t sum, int32_t c) {
    const int32_t whole = (int32_t)(sum + (uint32_t)p->bias[c]);
    const int32_t scaled = motes_requantize(whole, p->multipliers[c], p->shifts[c]);
    return (int8_t)motes_clamp(motes_add(scaled, p->out_zero), p->low, p->high);
}

#define CONV(part) conv_s8##part
#define CONV_X int8_t
#define CONV_W int8_t
#define CONV_SUM uint32_t
#define CONV_DOT4(p, x, w, step, n, sums) motes_dot4_s8(x, w, step, n, (p)->in_zero, sums)
#define CONV_DOT1(p, x, w, n, sum) motes_dot1_s8(x, w, n, (p)->in_zero, sum)
#include "conv_loops.h"

#endif
