/* depthwise_conv_s8_dsp.h: depthwise convolution of int8 of any window for Cortex-M4.

   As depthwise_conv_s8.h with out_ch = in_ch, at least four. Four channels at a time: SXTAB16
   widens two of them and takes the zero point off, so that taps outside x are simply left out.
   Where channels do not come in fours the last four overlap the ones before.

   rescale is (channels, 4): bias, multiplier, offset, right; an output is TFLM's

       (high - (high < 0) + offset) >> right, with high = round((sum + bias) * multiplier / 2^31)

   Cycles an output, modelled: 54 for 3x1, 64 for 5x1, 94 for 10x1, 84 for 3x3. */
#ifndef MOTES_DEPTHWISE_CONV_S8_DSP_H
#define MOTES_DEPTHWISE_CONV_S8_DSP_H

#include "conv_taps.h"
#include "motes.h"
#include <arm_acle.h>

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, low, high;
    const int8_t *weights;
    const int32_t *rescale;
} depthwise_conv_s8_dsp_params;

static inline int8_t depthwise_conv_s8_dsp_rescale(int32_t sum, const int32_t *rescale) {
    int32_t high = (int32_t)(2 * ((uint32_t)sum + (uint32_t)rescale[0]));
    __asm__("smmulr %0, %0, %1" : "+r"(high) : "r"(rescale[1]));
    return (int8_t)__ssat((high + (high >> 31) + rescale[2]) >> rescale[3], 8);
}

/* All channels of one output pixel; x and w begin at the first tap inside, of rows x columns. */
static inline void depthwise_conv_s8_dsp_pixel(const depthwise_conv_s8_dsp_params *p,
                                               const int8_t *x, const int8_t *w, int32_t rows,
                                               int32_t columns, int8_t *y) {
    const int16x2_t minus = (int16x2_t)((uint32_t)(uint16_t)-p->in_zero * 0x00010001u);
    const int32_t next = p->in_ch, across = p->dilation_w * next;
    const int32_t down = p->dilation_h * p->in_w * next - columns * across;
    const int32_t below = (p->filter_w - columns) * next;
    for (int32_t k = 0; k < next; k += 4) {
        const int32_t c = motes_min(k, next - 4);
        const int8_t *a = x + c, *b = w + c;
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (int32_t i = rows; i > 0; i--, a += down, b += below)
            for (int32_t j = columns; j > 0; j--, a += across, b += next) {
                const uint32_t four = *(const motes_word *)a, taps = *(const motes_word *)b;
                const int16x2_t x02 = __sxtab16(minus, (int8x4_t)four);
                const int16x2_t x13 = __sxtab16(minus, (int8x4_t)(four >> 8 | four << 24));
                const int16x2_t w02 = __sxtb16((int8x4_t)taps);
                const int16x2_t w13 = __sxtb16((int8x4_t)(taps >> 8 | taps << 24));
                s0 = __smlabb(x02, w02, s0);
                s1 = __smlabb(x13, w13, s1);
                s2 = __smlatt(x02, w02, s2);
                s3 = __smlatt(x13, w13, s3);
            }
        const int32_t *const rescale = p->rescale + 4 * c;
        y[c] = depthwise_conv_s8_dsp_rescale(s0, rescale);
        y[c + 1] = depthwise_conv_s8_dsp_rescale(s1, rescale + 4);
        y[c + 2] = depthwise_conv_s8_dsp_rescale(s2, rescale + 8);
        y[c + 3] = depthwise_conv_s8_dsp_rescale(s3, rescale + 12);
    }
    if (p->low > -128 || p->high < 127)
        for (int32_t c = 0; c < next; c++)
            y[c] = (int8_t)motes_clamp(y[c], p->low, p->high);
}

static inline void depthwise_conv_s8_dsp(const depthwise_conv_s8_dsp_params *p,
                                         const int8_t *restrict x, int8_t *restrict y) {
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++) {
            const int32_t top = i * p->stride_h - p->pad_top;
            const conv_taps rows = conv_taps_inside(top, p->filter_h, p->dilation_h, p->in_h);
            for (int32_t j = 0; j < p->out_w; j++, y += p->in_ch) {
                const int32_t left = j * p->stride_w - p->pad_left;
                const conv_taps columns =
                    conv_taps_inside(left, p->filter_w, p->dilation_w, p->in_w);
                const int32_t row = top + rows.begin * p->dilation_h;
                const int32_t column = left + columns.begin * p->dilation_w;
                depthwise_conv_s8_dsp_pixel(
                    p, x + (row * p->in_w + column) * p->in_ch,
                    p->weights + (rows.begin * p->filter_w + columns.begin) * p->in_ch,
                    rows.end - rows.begin, columns.end - columns.begin, y);
            }
        }
}

#endif
