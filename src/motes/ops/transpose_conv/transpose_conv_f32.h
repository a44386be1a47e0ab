/* transpose_conv_f32.h: transposed convolution of float32. Loops and layouts:
 * transpose_conv_loops.h. */
#ifndef MOTES_TRANSPOSE_CONV_F32_H
#define MOTES_TRANSPOSE_CONV_F32_H

#include "dot.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h, filter_w;
    int32_t stride_h, stride_w, pad_top, pad_left;
    float low, high;
    const float *weights;
    const float *bias;
} transpose_conv_f32_params;

MOTES_INLINE float transpose_conv_f32_finish(const transpose_conv_f32_params *p, float sum,
                                             int32_t c) {
    return motes_clamp_f32(sum + p->bias[c], p->low, p->high);
}

#define TRANSPOSE(part) transpose_conv_f32##part
#define TRANSPOSE_X float
#define TRANSPOSE_W float
#define TRANSPOSE_SUM float
#define TRANSPOSE_DOT4(p, x, w, step, n, sums) motes_dot4_f32(x, w, step, n, sums)
#define TRANSPOSE_DOT1(p, x, w, n, sum) motes_dot1_f32(x, w, n, sum)
#include "transpose_conv_loops.h"

#endif
