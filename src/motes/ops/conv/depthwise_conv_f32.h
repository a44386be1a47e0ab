/* depthwise_conv_f32.h: depthwise convolution of float32. Loops and layouts: depthwise_loops.h. */
#ifndef MOTES_DEPTHWISE_CONV_F32_H
#define MOTES_DEPTHWISE_CONV_F32_H

#include "conv_taps.h"
#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    float low, high;
    const float *weights;
    const float *bias;
    int32_t depth;
} depthwise_conv_f32_params;

MOTES_INLINE float depthwise_conv_f32_finish(const depthwise_conv_f32_params *p, float sum,
                                             int32_t c) {
    return motes_clamp_f32(sum + p->bias[c], p->low, p->high);
}

#define DEPTHWISE(part) depthwise_conv_f32##part
#define DEPTHWISE_X float
#define DEPTHWISE_W float
#define DEPTHWISE_SUM float
#define DEPTHWISE_PRODUCT(p, x, w) ((x) * (w))
#include "depthwise_loops.h"

#endif
