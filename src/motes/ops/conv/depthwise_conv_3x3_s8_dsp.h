/* depthwise_conv_3x3_s8_dsp.h: 3x3 depthwise convolution of int8 for Cortex-M4.

   As depthwise_conv_s8.h, for depth 1, channels in fours, stride 1 or 2 in both directions,
   dilation 1, pads up to 2. Four channels at a time are spread into planes (see
   depthwise_rows_s8_dsp.h), as many rows as scratch holds: `band` pairs of input rows of `wide` =
   (out_w - 1) * stride + 3 columns, and the pair above them.

   weights is (channels, columns, rows), and taps are 2^scale times them; rescale is (channels, 2):
   multiplier, offset.

   scratch: (band + 1) * wide * 16 bytes. In place: y may be x where out_w <= in_w, for what is
   stored lies above what is still to be read of the same channels.

   Cycles an output, modelled: 23 at 48x48x8, 22 at 24x24x32, 28 at 25x5x64, 31 at 6x6x128, 76 at
   3x3x256; at stride 2 49 from 48x48x16, 43 from 24x24x32. */
#ifndef MOTES_DEPTHWISE_CONV_3X3_S8_DSP_H
#define MOTES_DEPTHWISE_CONV_3X3_S8_DSP_H

#include "depthwise_rows_s8_dsp.h"
#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, stride, pad_top, pad_left;
    int32_t in_zero, wide, band, scale;
    const int8_t *weights;
    const int32_t *rescale;
} depthwise_conv_3x3_s8_dsp_params;

/* The eight words that depthwise_rows takes. */
static inline void depthwise_conv_3x3_s8_dsp_taps(const depthwise_conv_3x3_s8_dsp_params *p,
                                                  int32_t c, uint32_t *taps) {
    const int8_t *w = p->weights + 9 * c;
    for (int32_t j = 0; j < 3; j++, w += 3) {
        const uint32_t w0 = (uint32_t)w[0] << p->scale, w1 = (uint32_t)w[1] << p->scale;
        const uint32_t w2 = (uint32_t)w[2] << p->scale;
        taps[j] = (w0 & 0xFFFF) | w1 << 16;
        taps[3 + j] = (w1 & 0xFFFF) | w2 << 16;
    }
    taps[6] = (uint32_t)p->rescale[2 * c];
    taps[7] = (uint32_t)p->rescale[2 * c + 1];
}

/* Spreads input rows `row` and row + 1 of four channels; one outside is its zero point over and
 * over: step 0. */
static inline void depthwise_conv_3x3_s8_dsp_rows(const depthwise_conv_3x3_s8_dsp_params *p,
                                                  const int8_t *x, int32_t row, uint32_t *to) {
    const uint32_t zero = (uint8_t)p->in_zero * 0x01010101u;
    const int8_t *const outside = (const int8_t *)&zero;
    const uint32_t pixel = (uint32_t)p->in_ch;
    const int32_t pitch = p->in_w * p->in_ch;
    const int above = row >= 0 && row < p->in_h, below = row >= -1 && row < p->in_h - 1;
    depthwise_spread_s8_dsp(above ? x + row * pitch : outside, above ? pixel : 0,
                            below ? x + (row + 1) * pitch : outside, below ? pixel : 0,
                            to + p->pad_left, 4 * (uint32_t)p->wide,
                            (uint32_t)motes_min(p->in_w, p->wide - p->pad_left));
}

/* Channels c to c + 3 of one image; x and y begin at channel c. */
static inline void depthwise_conv_3x3_s8_dsp_four(const depthwise_conv_3x3_s8_dsp_params *p,
                                                  const int8_t *x, int32_t c, int8_t *y,
                                                  uint32_t *planes) {
    const uint32_t pairs = (uint32_t)p->out_w / 2, odd = (uint32_t)p->out_w % 2;
    const uint32_t pitch = 16 * (uint32_t)p->wide, channels = (uint32_t)p->in_ch;
    const uint32_t row_bytes = (uint32_t)(p->out_w * p->in_ch);
    uint32_t taps[4][8];
    for (int32_t k = 0; k < 4; k++)
        depthwise_conv_3x3_s8_dsp_taps(p, c + k, taps[k]);
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
        /* The last two rows are the first of the next band. */
        uint32_t *to = planes;
        for (const uint32_t *from = planes + rows * 4 * p->wide; to < planes + 4 * p->wide;
             from += 4, to += 4) {
            const uint32_t w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];
            to[0] = w0, to[1] = w1, to[2] = w2, to[3] = w3;
        }
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
            depthwise_conv_3x3_s8_dsp_four(p, x + c, c, y + c, planes);
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->in_ch;
    }
}

#endif
