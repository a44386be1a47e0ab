/* conv_f32.h: two-dimensional convolution of float32. Loops and layouts: conv_loops.h.

   Cycles/MAC on Cortex-M4, modelled: 1x1 of 64 to 64 6.0, 3x3 of 16 to 16 5.3. */
#ifndef MOTES_CONV_F32_H
#define MOTES_CONV_F32_H

#include "conv_taps.h"
#include "dot.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    float low, high;
    const float *weights;
    const float *bias;
    int32_t group_in, group_out;
} conv_f32_params;

MOTES_INLINE float conv_f32_finish(const conv_f32_params *p, float sum, int32_t c) {
    return motes_clamp_f32(sum + p->bias[c], p->low, p->high);
}

#define CONV(part) conv_f32##part
#define CONV_X float
#define CONV_W float
#define CONV_SUM float
#define CONV_DOT4(p, x, w, step, n, sums) motes_dot4_f32(x, w, step, n, sums)
#define CONV_DOT1(p, x, w, n, sum) motes_dot1_f32(x, w, n, sum)
#include "conv_loops.h"

#endif
