/* conv_s8.h: two-dimensional convolution of int8, the portable meaning of CONV_2D.

   x is (batches, in_h, in_w, in_ch), y is (batches, out_h, out_w, out_ch); they do not overlap.
   weights is (out_ch, filter_h, filter_w, group_in); output channel c sees the group_in input
   channels of group c / group_out. Rows and columns outside x hold its zero point and so add
   nothing. Sums wrap modulo 2^32. */
#ifndef MOTES_CONV_S8_H
#define MOTES_CONV_S8_H

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

/* The sum of one output channel; its window begins at (top, left), its group at channel `first`. */
static inline uint32_t conv_s8_sum(const conv_s8_params *p, const int8_t *x, const int8_t *w,
                                   int32_t top, int32_t left, int32_t first) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < p->filter_h; i++) {
        const int32_t row = top + i * p->dilation_h;
        for (int32_t j = 0; j < p->filter_w; j++, w += p->group_in) {
            const int32_t column = left + j * p->dilation_w;
            if (row < 0 || row >= p->in_h || column < 0 || column >= p->in_w)
                continue;
            const int8_t *at = x + (row * p->in_w + column) * p->in_ch + first;
            for (int32_t c = 0; c < p->group_in; c++)
                sum += (uint32_t)((at[c] - p->in_zero) * w[c]);
        }
    }
    return sum;
}

static inline void conv_s8(const conv_s8_params *p, const int8_t *restrict x, int8_t *restrict y) {
    const int32_t window = p->filter_h * p->filter_w * p->group_in;
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++)
            for (int32_t j = 0; j < p->out_w; j++)
                for (int32_t c = 0; c < p->out_ch; c++) {
                    const uint32_t sum =
                        conv_s8_sum(p, x, p->weights + c * window, i * p->stride_h - p->pad_top,
                                    j * p->stride_w - p->pad_left, c / p->group_out * p->group_in);
                    const int32_t scaled = motes_requantize((int32_t)(sum + (uint32_t)p->bias[c]),
                                                            p->multipliers[c], p->shifts[c]);
                    *y++ = (int8_t)motes_clamp((int32_t)((uint32_t)scaled + (uint32_t)p->out_zero),
                                               p->low, p->high);
                }
}

#endif
