/* depthwise_conv_3x3_s8_dsp.h: depthwise convolution of int8 for Cortex-M4, 3x3, stride 1 or 2,
   depth 1.

   As depthwise_conv_s8.h, for channels in fours, dilation 1, one stride for rows and columns, pads
   up to 2. Four channels at a time are spread into planes (see depthwise_rows_s8_dsp.h), as many
   rows as scratch holds: `band` pairs of input rows of (out_w - 1) * stride + 3 columns, and the
   pair above them. Spreading costs about 2.5 cycles a value.

   scratch: (band + 1) * wide * 16 bytes. In place: y may be x where out_w <= in_w, for a channel is
   read, all of a pixel and below it, before anything is stored there. packed: for each channel the
   multiplier, the offset, and for each filter column the bytes (w0, w1, w1, w2); taps are these
   times 2^(8 - halvings). */
#ifndef MOTES_DEPTHWISE_CONV_3X3_S8_DSP_H
#define MOTES_DEPTHWISE_CONV_3X3_S8_DSP_H

#include "depthwise_rows_s8_dsp.h"
#include "motes.h"
#include <arm_acle.h>

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, stride, pad_top, pad_left;
    int32_t in_zero, wide, band, halvings;
    const uint32_t *packed;
} depthwise_conv_3x3_s8_dsp_params;

/* The eight words that depthwise_rows takes. */
static inline void depthwise_conv_3x3_s8_dsp_taps(const uint32_t *packed, int32_t halvings,
                                                  uint32_t *taps) {
    for (int32_t j = 0; j < 3; j++) {
        int16x2_t w01 = (int16x2_t)(packed[2 + j] << 8 & 0xFF00FF00u);
        int16x2_t w12 = (int16x2_t)(packed[2 + j] & 0xFF00FF00u);
        for (int32_t k = 0; k < halvings; k++) {
            w01 = __shadd16(w01, 0);
            w12 = __shadd16(w12, 0);
        }
        taps[j] = (uint32_t)w01;
        taps[3 + j] = (uint32_t)w12;
    }
    taps[6] = packed[0];
    taps[7] = packed[1];
}

/* Spreads four channels of two rows: n words from a and b, each `step` bytes behind the last, into
   planes of `wide`. A row outside the input is its zero point over and over: step 0. */
static inline void depthwise_conv_3x3_s8_dsp_spread(const int8_t *a, int32_t step_a,
                                                    const int8_t *b, int32_t step_b, int32_t n,
                                                    uint32_t *to, int32_t wide) {
    uint32_t *const second = to + 2 * wide;
    for (int32_t i = 0; i < n; i++, a += step_a, b += step_b) {
        const uint32_t upper = *(const motes_word *)a, lower = *(const motes_word *)b;
        const uint32_t upper02 = upper << 8 & 0xFF00FF00u, lower02 = lower << 8 & 0xFF00FF00u;
        const uint32_t upper13 = upper & 0xFF00FF00u, lower13 = lower & 0xFF00FF00u;
        to[i] = (upper02 & 0xFFFF) | lower02 << 16;
        to[i + wide] = (upper13 & 0xFFFF) | lower13 << 16;
        second[i] = upper02 >> 16 | (lower02 & 0xFFFF0000u);
        second[i + wide] = upper13 >> 16 | (lower13 & 0xFFFF0000u);
    }
}

/* Spreads input rows `row` and row + 1 of four channels. */
static inline void depthwise_conv_3x3_s8_dsp_rows(const depthwise_conv_3x3_s8_dsp_params *p,
                                                  const int8_t *x, int32_t row, uint32_t *to) {
    const uint32_t zero = (uint8_t)p->in_zero * 0x01010101u;
    const int8_t *const outside = (const int8_t *)&zero;
    const int32_t pixel = p->in_ch, pitch = p->in_w * p->in_ch;
    const int above = row >= 0 && row < p->in_h, below = row >= -1 && row < p->in_h - 1;
    depthwise_conv_3x3_s8_dsp_spread(above ? x + row * pitch : outside, above ? pixel : 0,
                                     below ? x + (row + 1) * pitch : outside, below ? pixel : 0,
                                     motes_min(p->in_w, p->wide - p->pad_left), to + p->pad_left,
                                     p->wide);
}

/* Four channels of one image. */
static inline void depthwise_conv_3x3_s8_dsp_four(const depthwise_conv_3x3_s8_dsp_params *p,
                                                  const int8_t *x, const uint32_t *packed,
                                                  int8_t *y, uint32_t *planes) {
    const uint32_t pairs = (uint32_t)p->out_w / 2, odd = (uint32_t)p->out_w % 2;
    const uint32_t pitch = 16 * (uint32_t)p->wide, channels = (uint32_t)p->in_ch;
    const uint32_t row_bytes = (uint32_t)(p->out_w * p->in_ch);
    uint32_t taps[4][8];
    for (int32_t k = 0; k < 4; k++)
        depthwise_conv_3x3_s8_dsp_taps(packed + 5 * k, p->halvings, taps[k]);
    int32_t row = -p->pad_top;
    depthwise_conv_3x3_s8_dsp_rows(p, x, row, planes);
    for (int32_t left = p->stride == 1 ? (p->out_h + 1) / 2 : p->out_h; left > 0;) {
        /* A last row of outputs that is alone is a band of its own. */
        const int alone = p->stride == 1 && p->out_h % 2 && left == 1;
        const int32_t whole = p->stride == 1 && p->out_h % 2 ? left - 1 : left;
        const int32_t rows = alone ? 1 : motes_min(whole, p->band);
        for (int32_t i = 1; i <= rows; i++)
            depthwise_conv_3x3_s8_dsp_rows(p, x, row += 2, planes + i * 4 * p->wide);
        for (int32_t k = 0; k < 4; k++)
            if (p->stride == 1)
                depthwise_rows_1_s8_dsp(planes + k * p->wide, taps[k], y + k, pairs, odd, pitch,
                                        channels, alone ? 0 : row_bytes, (uint32_t)rows);
            else
                depthwise_rows_2_s8_dsp(planes + k * p->wide, taps[k], y + k, pairs, odd, pitch,
                                        channels, (uint32_t)rows);
        y += (uint32_t)rows * (p->stride == 1 ? 2 : 1) * row_bytes;
        left -= rows;
        motes_copy(planes, planes + rows * 4 * p->wide, pitch);
    }
}

static inline void depthwise_conv_3x3_s8_dsp(const depthwise_conv_3x3_s8_dsp_params *p,
                                             const int8_t *x, int8_t *y, void *scratch) {
    uint32_t *const planes = (uint32_t *)scratch;
    const uint32_t zero = (uint16_t)(p->in_zero * 256) * 0x00010001u;
    for (int32_t i = 0; i < (p->band + 1) * 4 * p->wide; i++)
        planes[i] = zero;
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t c = 0; c < p->in_ch; c += 4)
            depthwise_conv_3x3_s8_dsp_four(p, x + c, p->packed + 5 * c, y + c, planes);
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->in_ch;
    }
}

#endif
