/* depthwise_conv_s8.h: depthwise convolution of int8. Loops and layouts: depthwise_loops.h.

   Sums wrap modulo 2^32. */
#ifndef MOTES_DEPTHWISE_CONV_S8_H
#define MOTES_DEPTHWISE_CONV_S8_H

#include "conv_taps.h"
#include "motes.h"
#include "requantize.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, out_zero, low, high;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t depth;
} depthwise_conv_s8_params;

MOTES_INLINE int8_t depthwise_conv_s8_finish(const depthwise_conv_s8_params *p, uint32_t sum,
                                             int32_t c) {
    const int32_t whole = (int32_t)(sum + (uint32_t)p->bias[c]);
    const int32_t scaled = motes_requantize(whole, p->multipliers[c], p->shifts[c]);
    return (int8_t)motes_clamp(motes_add(scaled, p->out_zero), p->low, p->high);
}

#define DEPTHWISE(part) depthwise_conv_s8##part
#define DEPTHWISE_X int8_t
#define DEPTHWISE_W int8_t
#define DEPTHWISE_SUM uint32_t
#define DEPTHWISE_PRODUCT(p, x, w) ((uint32_t)(((x) - (p)->in_zero) * (w)))
#include "depthwise_loops.h"

#endif
