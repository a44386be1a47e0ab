/* depthwise_conv_s8_mve.h: depthwise convolution of int8 of any window with Helium.

   As depthwise_conv_s8.h with out_ch = in_ch. Eight channels at a time: VMULL multiplies the even
   ones and the odd ones of 16 bits, of which the zero point is off, so that taps outside x are
   simply left out. */
#ifndef MOTES_DEPTHWISE_CONV_S8_MVE_H
#define MOTES_DEPTHWISE_CONV_S8_MVE_H

#include "conv_taps.h"
#include "mve.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, out_zero, low, high;
    const int8_t *weights; /* (filter_h, filter_w, in_ch) */
    const int32_t *bias;   /* of channels in eights, as the multipliers and the shifts */
    const int32_t *multipliers;
    const int8_t *shifts;
} depthwise_conv_s8_mve_params;

/* Up to eight channels of a pixel, of rows x columns taps; x and w begin at the first of them. */
MOTES_INLINE int16x8_t depthwise_mve_eight(const depthwise_conv_s8_mve_params *p, const int8_t *x,
                                           const int8_t *w, int32_t rows, int32_t columns,
                                           int32_t c, mve_pred16_t some) {
    const int32_t across = p->dilation_w * p->in_ch, channels = p->in_ch;
    const int32_t down = p->dilation_h * p->in_w * p->in_ch - columns * across;
    const int32_t below = (p->filter_w - columns) * p->in_ch;
    const int16_t zero = (int16_t)p->in_zero;
    int32x4x2_t sums = vld2q_s32(p->bias + c);
    for (int32_t i = rows; i > 0; i--, x += down, w += below)
        for (int32_t j = columns; j > 0; j--, x += across, w += channels) {
            const int16x8_t value = vsubq_n_s16(vldrbq_z_s16(x, some), zero);
            const int16x8_t weight = vldrbq_z_s16(w, some);
            sums.val[0] = vaddq_s32(sums.val[0], vmullbq_int_s16(value, weight));
            sums.val[1] = vaddq_s32(sums.val[1], vmulltq_int_s16(value, weight));
        }
    const int32x4x2_t multipliers = vld2q_s32(p->multipliers + c);
    const int16x8_t shifts = vldrbq_s16(p->shifts + c);
    const int32x4_t even =
        mve_round_shift(vqrdmulhq_s32(sums.val[0], multipliers.val[0]), vmovlbq_s16(shifts), 0);
    const int32x4_t odd =
        mve_round_shift(vqrdmulhq_s32(sums.val[1], multipliers.val[1]), vmovltq_s16(shifts), 0);
    const int16x8_t both = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
    return vqaddq_n_s16(both, (int16_t)p->out_zero);
}

static inline void depthwise_conv_s8_mve(const depthwise_conv_s8_mve_params *p, const int8_t *x,
                                         int8_t *y) {
    const int16x8_t low = vdupq_n_s16((int16_t)p->low), high = vdupq_n_s16((int16_t)p->high);
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++) {
            const int32_t top = i * p->stride_h - p->pad_top;
            const conv_taps rows = conv_taps_inside(top, p->filter_h, p->dilation_h, p->in_h);
            const int32_t row = top + rows.begin * p->dilation_h;
            for (int32_t j = 0; j < p->out_w; j++, y += p->in_ch) {
                const int32_t left = j * p->stride_w - p->pad_left;
                const conv_taps columns =
                    conv_taps_inside(left, p->filter_w, p->dilation_w, p->in_w);
                const int32_t column = left + columns.begin * p->dilation_w;
                const int8_t *const from = x + (row * p->in_w + column) * p->in_ch;
                const int8_t *const w =
                    p->weights + (rows.begin * p->filter_w + columns.begin) * p->in_ch;
                for (int32_t c = 0; c < p->in_ch; c += 8) {
                    const mve_pred16_t some = vctp16q((uint32_t)(p->in_ch - c));
                    const int16x8_t made =
                        depthwise_mve_eight(p, from + c, w + c, rows.end - rows.begin,
                                            columns.end - columns.begin, c, some);
                    vstrbq_p_s16(y + c, vminq_s16(vmaxq_s16(made, low), high), some);
                }
            }
        }
}

#endif
