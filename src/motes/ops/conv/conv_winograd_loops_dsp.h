/* conv_winograd_loops_dsp.h: 3x3 convolution of int8 at stride 1 in tiles, for Cortex-M4.

   As conv_s8.h, for one group, a 3x3 filter, strides and dilations of 1, channels in fours, and
   outputs clamped to -128..127 alone. Macros and tiles: conv_winograd_tiles_dsp.h. Two tiles are
   transformed at a time, all channels of them.

   depth: input channels, rounded up to 16, 32, 64, 96 and so on; weights: (out_ch / 4, positions,
   depth / 2, 4) pairs of int16, transformed.

   scratch: positions * 4 * depth bytes of transformed values; then 32 * positions of sums and the
   outputs of four channels, or the positions * in_ch of a tile that was copied, and 288 for the
   transform of tiles of 4x4. */

/* Makes a kernel for a depth of 16, of 32, or for all above: 64. */
#ifndef WINOGRAD_COPY
#define WINOGRAD_COPY(kernel, name, channels)                                                      \
    static MOTES_NOINLINE MOTES_FLATTEN void name(const kernel##_params *p, const int8_t *x,       \
                                                  int8_t *y, void *scratch) {                      \
        kernel##_images(p, x, y, scratch, channels);                                               \
    }
#endif

#define WINOGRAD_CHUNK(p) ((p)->depth)
#include "conv_winograd_tiles_dsp.h"

/* Tiles n and m of an image. */
MOTES_INLINE void WINOGRAD(_pair)(const WINOGRAD(_params) * p, const int8_t *x, int8_t *y,
                                  int32_t n, int32_t m, uint32_t *values, int32_t channels) {
    const int32_t depth = p->depth, positions = WINOGRAD(_positions);
    uint32_t *const end = values + positions * depth;
    int32_t *const sums = (int32_t *)end;
    int8_t *const aside = (int8_t *)(sums + 8 * positions);
    WINOGRAD(_place) places[2];
    for (int32_t i = 0; i < 2; i++) {
        WINOGRAD(_values)(p, x, i ? m : n, values + i, (int8_t *)sums);
        places[i] = WINOGRAD(_find)(p, y, i ? m : n);
    }
    const uint32_t *weights = (const uint32_t *)p->weights;
    for (int32_t c = 0; c < p->out_ch; c += 4, weights += 2 * positions * depth) {
        if (channels == 16)
            winograd_products_16_s8_dsp(values, weights, sums, end);
        else if (channels == 32)
            winograd_products_32_s8_dsp(values, weights, sums, end, 0);
        else
            winograd_products_64_s8_dsp(values, weights, sums, end, 4 * (uint32_t)depth);
        WINOGRAD(_outputs)(p, places, c, sums, aside);
    }
}

/* channels: 16, 32, or 64 for all above. */
MOTES_INLINE void WINOGRAD(_images)(const WINOGRAD(_params) * p, const int8_t *x, int8_t *y,
                                    void *scratch, int32_t channels) {
    const int32_t tiles = WINOGRAD(_tiles)(p);
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t n = 0; n < tiles; n += 2)
            WINOGRAD(_pair)(p, x, y, n, motes_min(n + 1, tiles - 1), (uint32_t *)scratch, channels);
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
