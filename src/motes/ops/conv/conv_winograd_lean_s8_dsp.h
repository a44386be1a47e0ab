/* conv_winograd_lean_s8_dsp.h: 3x3 convolution of int8 at stride 1 by Winograd's F(4x4, 3x3), with
   int8 weights in flash, for Cortex-M4.

   As conv_s8.h, for one group, a 3x3 filter, strides and dilations of 1, channels in fours, and
   outputs clamped to -128..127 alone. The arithmetic is exact: see winograd_4x4_s8_dsp.h. Macros
   and tiles: conv_winograd_tiles_dsp.h.

   Weights are transformed anew for each `pairs` times two tiles: of four output and 32 input
   channels, two rows of positions at a time.

   depth: input channels, rounded up to 32, 64, 96 and so on; weights: (out_ch / 4, depth / 32, 4,
   8, 3, 3) words of four input channels.

   scratch: pairs * 144 * depth bytes of transformed values; then 3072 of weights and pairs * 1152
   of sums, or the 36 * in_ch of a tile that was copied, and 288 for its transform. */
#ifndef MOTES_CONV_WINOGRAD_LEAN_S8_DSP_H
#define MOTES_CONV_WINOGRAD_LEAN_S8_DSP_H

#include "motes.h"
#include "winograd_4x4_s8_dsp.h"
#include "winograd_gather_s8_dsp.h"
#include "winograd_products_s8_dsp.h"
#include "winograd_weights_s8_dsp.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, pad_top, pad_left, in_zero;
    int32_t depth, pairs;
    const int32_t *weights;
    const int32_t *scales;
} conv_winograd_lean_s8_dsp_params;

#define WINOGRAD(part) conv_winograd_lean_s8_dsp##part
#define WINOGRAD_SIDE 4
#define WINOGRAD_SCALES 8
#define WINOGRAD_VALUES winograd_4x4_values_s8_dsp
#define WINOGRAD_OUTPUTS winograd_4x4_plain_outputs_s8_dsp
#define WINOGRAD_CHUNK(p) 32
#include "conv_winograd_tiles_dsp.h"

/* The sums of four output channels in `pairs` pairs of tiles. */
static inline void conv_winograd_lean_s8_dsp_sums(const conv_winograd_lean_s8_dsp_params *p,
                                                  const uint32_t *values, const uint32_t *weights,
                                                  uint32_t *transformed, int32_t *sums,
                                                  int32_t pairs) {
    for (int32_t c = 0; c < p->depth; c += 32, weights += 288)
        for (int32_t rows = 0; rows < 3; rows++) {
            if (rows == 0)
                winograd_weights_05_s8_dsp(weights, transformed);
            else if (rows == 1)
                winograd_weights_12_s8_dsp(weights, transformed);
            else
                winograd_weights_34_s8_dsp(weights, transformed);
            for (int32_t i = 0; i < pairs; i++) {
                const uint32_t *const from = values + 36 * (i * p->depth + c) + 12 * 32 * rows;
                int32_t *const to = sums + 288 * i + 96 * rows;
                winograd_products_32_s8_dsp(from, transformed, to, from + 12 * 32, c > 0);
            }
        }
}

/* Tiles n to n + 2 * pairs - 1 of an image of `tiles`; the last one again where there are no more.
 */
static inline void conv_winograd_lean_s8_dsp_band(const conv_winograd_lean_s8_dsp_params *p,
                                                  const int8_t *x, int8_t *y, int32_t n,
                                                  int32_t tiles, uint32_t *values) {
    uint32_t *const transformed = values + 36 * p->depth * p->pairs;
    int32_t *const sums = (int32_t *)(transformed + 768);
    const int32_t pairs = motes_min(p->pairs, (tiles - n + 1) / 2), last = tiles - 1;
    for (int32_t i = 0; i < 2 * pairs; i++)
        conv_winograd_lean_s8_dsp_values(p, x, motes_min(n + i, last),
                                         values + 36 * p->depth * (i / 2) + i % 2,
                                         (int8_t *)transformed);
    const uint32_t *weights = (const uint32_t *)p->weights;
    for (int32_t c = 0; c < p->out_ch; c += 4, weights += 9 * p->depth) {
        conv_winograd_lean_s8_dsp_sums(p, values, weights, transformed, sums, pairs);
        for (int32_t i = 0; i < 2 * pairs; i += 2) {
            const conv_winograd_lean_s8_dsp_place places[2] = {
                conv_winograd_lean_s8_dsp_find(p, y, motes_min(n + i, last)),
                conv_winograd_lean_s8_dsp_find(p, y, motes_min(n + i + 1, last))};
            conv_winograd_lean_s8_dsp_outputs(p, places, c, sums + 144 * i, (int8_t *)transformed);
        }
    }
}

static inline void conv_winograd_lean_s8_dsp(const conv_winograd_lean_s8_dsp_params *p,
                                             const int8_t *x, int8_t *y, void *scratch) {
    const int32_t tiles = conv_winograd_lean_s8_dsp_tiles(p);
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t n = 0; n < tiles; n += 2 * p->pairs)
            conv_winograd_lean_s8_dsp_band(p, x, y, n, tiles, (uint32_t *)scratch);
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->out_ch;
    }
}

#undef WINOGRAD
#undef WINOGRAD_SIDE
#undef WINOGRAD_SCALES
#undef WINOGRAD_VALUES
#undef WINOGRAD_OUTPUTS
#undef WINOGRAD_CHUNK

#endif
