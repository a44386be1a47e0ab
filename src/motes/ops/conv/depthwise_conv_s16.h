/* depthwise_conv_s16.h: depthwise convolution of int16 with int8 weights. Loops and layouts:
   depthwise_loops.h.

   Sums are exact in 64 bits. */
#ifndef MOTES_DEPTHWISE_CONV_S16_H
#define MOTES_DEPTHWISE_CONV_S16_H

#include "conv_taps.h"
#include "motes.h"
#include "requantize.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t low, high;
    const int8_t *weights;
    const int64_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t depth;
} depthwise_conv_s16_params;

MOTES_INLINE int16_t depthwise_conv_s16_finish(const depthwise_conv_s16_params *p, int64_t sum,
                                               int32_t c) {
    const int64_t whole = (int64_t)((uint64_t)sum + (uint64_t)p->bias[c]);
    const int32_t scaled = motes_requantize_s64(whole, p->multipliers[c], p->shifts[c]);
    return (int16_t)motes_clamp(scaled, p->low, p->high);
}

#define DEPTHWISE(part) depthwise_conv_s16##part
#define DEPTHWISE_X int16_t
#define DEPTHWISE_W int8_t
#define DEPTHWISE_SUM int64_t
#define DEPTHWISE_PRODUCT(p, x, w) ((int64_t)(x) * (w))
#include "depthwise_loops.h"

#endif
