/* conv_winograd_s8_dsp.h: 3x3 convolution of int8 at stride 1 by Winograd's F(4x4, 3x3), for
   Cortex-M4.

   As conv_s8.h, for one group, a 3x3 filter, strides and dilations of 1, channels in fours, and
   outputs clamped to -128..127 alone. A tile of 4x4 outputs needs 36 products a pair of channels
   instead of 144. The arithmetic is exact: see winograd_4x4_s8_dsp.h.

   Two tiles are transformed at a time, all channels of them. A tile that reaches outside x is
   copied together first, with x's zero point for what is not there; one that reaches outside y is
   stored aside.

   depth: input channels, rounded up to sixteens; weights: (out_ch / 4, 36, depth / 2, 4) pairs of
   int16, transformed; scales: eight words an output channel.

   scratch: 144 * depth bytes of transformed values; then 1152 bytes of sums, or the 36 * in_ch of a
   tile that was copied. */
#ifndef MOTES_CONV_WINOGRAD_S8_DSP_H
#define MOTES_CONV_WINOGRAD_S8_DSP_H

#include "motes.h"
#include "winograd_4x4_s8_dsp.h"
#include "winograd_products_s8_dsp.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, pad_top, pad_left, in_zero;
    int32_t depth;
    const int32_t *weights;
    const int32_t *scales;
} conv_winograd_s8_dsp_params;

/* Copies the 6x6 pixels from (top, left) of an image together. */
static MOTES_NOINLINE void conv_winograd_s8_dsp_gather(const conv_winograd_s8_dsp_params *p,
                                                       const int8_t *x, int32_t top, int32_t left,
                                                       int8_t *to) {
    const int32_t first = motes_min(motes_max(-left, 0), 6), end = motes_min(p->in_w - left, 6);
    for (int32_t i = top; i < top + 6; i++, to += 6 * p->in_ch) {
        const int inside = i >= 0 && i < p->in_h && first < end;
        const int32_t from = inside ? first : 6, stop = inside ? end : 6;
        motes_set(to, (uint8_t)p->in_zero, (uint32_t)(from * p->in_ch));
        motes_set(to + stop * p->in_ch, (uint8_t)p->in_zero, (uint32_t)((6 - stop) * p->in_ch));
        motes_copy(to + from * p->in_ch, x + (i * p->in_w + left + from) * p->in_ch,
                   (uint32_t)((stop - from) * p->in_ch));
    }
}

/* Transforms the tile whose outputs begin at (row, column). */
static inline void conv_winograd_s8_dsp_values(const conv_winograd_s8_dsp_params *p,
                                               const int8_t *x, int32_t row, int32_t column,
                                               uint32_t *values, int8_t *gathered) {
    const int32_t top = row - p->pad_top, left = column - p->pad_left;
    const uint32_t pixel = (uint32_t)p->in_ch, position = 4 * (uint32_t)p->depth;
    if (top >= 0 && left >= 0 && top + 6 <= p->in_h && left + 6 <= p->in_w) {
        winograd_4x4_values_s8_dsp(x + (top * p->in_w + left) * p->in_ch, pixel * (uint32_t)p->in_w,
                                   pixel, values, position, pixel / 4);
        return;
    }
    conv_winograd_s8_dsp_gather(p, x, top, left, gathered);
    winograd_4x4_values_s8_dsp(gathered, 6 * pixel, pixel, values, position, pixel / 4);
}

/* Where four channels of a tile of outputs go. */
typedef struct {
    int8_t *y;
    uint32_t row;
    int32_t rows, columns; /* of the tile that lie in y */
} conv_winograd_s8_dsp_tile;

static inline conv_winograd_s8_dsp_tile
conv_winograd_s8_dsp_place(const conv_winograd_s8_dsp_params *p, int8_t *y, int32_t row,
                           int32_t column) {
    const conv_winograd_s8_dsp_tile tile = {
        y + (row * p->out_w + column) * p->out_ch, (uint32_t)(p->out_w * p->out_ch),
        motes_min(p->out_h - row, 4), motes_min(p->out_w - column, 4)};
    return tile;
}

/* Outputs of four channels from `sums`; what lies outside y is left out. */
static inline void conv_winograd_s8_dsp_outputs(const conv_winograd_s8_dsp_params *p,
                                                conv_winograd_s8_dsp_tile tile, int32_t channel,
                                                const int32_t *sums, int8_t *aside) {
    const int32_t *const scales = p->scales + 8 * channel;
    const uint32_t pixel = (uint32_t)p->out_ch;
    int8_t *y = tile.y + channel;
    if (tile.rows == 4 && tile.columns == 4) {
        winograd_4x4_outputs_s8_dsp(sums, scales, y, pixel, tile.row);
        return;
    }
    winograd_4x4_outputs_s8_dsp(sums, scales, aside, 4, 16);
    for (int32_t i = 0; i < tile.rows; i++, y += tile.row)
        for (int32_t j = 0; j < tile.columns; j++)
            *(motes_word *)(y + (uint32_t)j * pixel) =
                *(const motes_word *)(aside + 16 * i + 4 * j);
}

static inline void conv_winograd_s8_dsp(const conv_winograd_s8_dsp_params *p, const int8_t *x,
                                        int8_t *y, void *scratch) {
    uint32_t *const values = (uint32_t *)scratch, *const values_end = values + 36 * p->depth;
    int32_t *const sums = (int32_t *)values_end;
    int8_t aside[64];
    const int32_t tall = (p->out_h + 3) / 4, wide = (p->out_w + 3) / 4, tiles = tall * wide;
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t n = 0; n < tiles; n += 2) {
            const int32_t m = motes_min(n + 1, tiles - 1);
            const int32_t row0 = n / wide * 4, column0 = n % wide * 4;
            const int32_t row1 = m / wide * 4, column1 = m % wide * 4;
            conv_winograd_s8_dsp_values(p, x, row0, column0, values, (int8_t *)sums);
            conv_winograd_s8_dsp_values(p, x, row1, column1, values + 1, (int8_t *)sums);
            const int32_t *weights = p->weights;
            for (int32_t c = 0; c < p->out_ch; c += 4, weights += 72 * p->depth) {
                winograd_products_s8_dsp(values, (const uint32_t *)weights, sums,
                                         4 * (uint32_t)p->depth, values_end);
                conv_winograd_s8_dsp_outputs(p, conv_winograd_s8_dsp_place(p, y, row0, column0), c,
                                             sums, aside);
                conv_winograd_s8_dsp_outputs(p, conv_winograd_s8_dsp_place(p, y, row1, column1), c,
                                             sums + 1, aside);
            }
        }
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->out_ch;
    }
}

#endif
