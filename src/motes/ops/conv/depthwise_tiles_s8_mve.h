/* depthwise_tiles_s8_mve.h: depthwise convolution of int8 with Helium, for windows of few taps.

   A tile is up to 16 pixels that several outputs see: of 3x3 windows a square of 4x4 for 2x2
   outputs. Of one channel it is one vector, and VMLADAV multiplies it with the weights of an
   output, which are 0 where it has no tap. Four channels at a time are gathered by words and taken
   apart by VLD4; then each channel's weights meet all tiles, and last the outputs of four channels
   are put together to words again.

   What lies outside the input is read from `padding`, what lies outside the output is written to
   `sink`. */
#ifndef MOTES_DEPTHWISE_TILES_S8_MVE_H
#define MOTES_DEPTHWISE_TILES_S8_MVE_H

#include "mve.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w;
    int32_t stride_h, stride_w, pad_top, pad_left;
    int32_t in_zero, out_zero, low, high;
    int32_t outputs;         /* of a tile: 2 or 4 */
    int32_t tile_h, tile_w;  /* outputs of a tile along each axis */
    int32_t across, at_once; /* tiles of a row of tiles; an even number of tiles together */
    int32_t taps;
    const uint8_t *pixels; /* (2, 16): rows and columns of a tile's pixels */
    const uint8_t *made;   /* (2, 4): rows and columns of four outputs */
    const uint8_t *places; /* (outputs, 16): which tap meets each pixel; 255: none */
    const int8_t *weights; /* (in_ch, taps) */
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} depthwise_tiles_s8_mve_params;

/* Where the tiles of a strip begin: rows and columns of the output. */
typedef struct {
    int32_t row, column;
} depthwise_mve_tile;

MOTES_INLINE void depthwise_mve_next(const depthwise_tiles_s8_mve_params *p,
                                     depthwise_mve_tile *at) {
    at->column += p->tile_w;
    if (at->column >= p->across * p->tile_w)
        at->column = 0, at->row += p->tile_h;
}

/* Offsets of four pixels (rows, columns) of an image, and `outside` of those that are not in it. */
MOTES_INLINE uint32x4_t depthwise_mve_offsets(uint32x4_t rows, uint32x4_t columns, int32_t height,
                                              int32_t width, int32_t channels, uint32_t outside) {
    const mve_pred16_t inside = vcmphiq_m_u32(vdupq_n_u32((uint32_t)height), rows,
                                              vcmphiq_u32(vdupq_n_u32((uint32_t)width), columns));
    const uint32x4_t pixels = vmlaq_n_u32(columns, rows, (uint32_t)width);
    return vpselq_u32(vmulq_n_u32(pixels, (uint32_t)channels), vdupq_n_u32(outside), inside);
}

/* The offsets of the 16 pixels of each tile, and of the outputs. */
static MOTES_NOINLINE void depthwise_mve_places(const depthwise_tiles_s8_mve_params *p,
                                                depthwise_mve_tile at, uint32_t padding,
                                                uint32_t sink, uint32_t *from, uint32_t *to) {
    for (int32_t t = 0; t < p->at_once; t++, from += 16, to += p->outputs) {
        const uint32_t top = (uint32_t)(at.row * p->stride_h - p->pad_top);
        const uint32_t left = (uint32_t)(at.column * p->stride_w - p->pad_left);
        for (int32_t i = 0; i < 16; i += 4)
            vstrwq_u32(from + i,
                       depthwise_mve_offsets(vaddq_n_u32(vldrbq_u32(p->pixels + i), top),
                                             vaddq_n_u32(vldrbq_u32(p->pixels + 16 + i), left),
                                             p->in_h, p->in_w, p->in_ch, padding));
        /* Of a tile of two outputs the other half is written over by the next one. */
        const uint32x4_t rows = vaddq_n_u32(vldrbq_u32(p->made), (uint32_t)at.row);
        const uint32x4_t columns = vaddq_n_u32(vldrbq_u32(p->made + 4), (uint32_t)at.column);
        vstrwq_u32(to, depthwise_mve_offsets(rows, columns, p->out_h, p->out_w, p->in_ch, sink));
        depthwise_mve_next(p, &at);
    }
}

/* Tiles (at_once, 4 channels, 16 pixels) of four channels from x on. */
static MOTES_NOINLINE void depthwise_mve_gather(const int8_t *x, const uint32_t *from,
                                                int32_t tiles, int8_t *to) {
    const int32_t *const words = (const int32_t *)(const void *)x;
    for (; tiles > 0; tiles--, from += 16, to += 64) {
        int32_t *const out = (int32_t *)(void *)to;
        vstrwq_s32(out, vldrwq_gather_offset_s32(words, vldrwq_u32(from)));
        vstrwq_s32(out + 4, vldrwq_gather_offset_s32(words, vldrwq_u32(from + 4)));
        vstrwq_s32(out + 8, vldrwq_gather_offset_s32(words, vldrwq_u32(from + 8)));
        vstrwq_s32(out + 12, vldrwq_gather_offset_s32(words, vldrwq_u32(from + 12)));
        const int8x16x4_t channels = vld4q_s8(to);
        vstrbq_s8(to, channels.val[0]);
        vstrbq_s8(to + 16, channels.val[1]);
        vstrbq_s8(to + 32, channels.val[2]);
        vstrbq_s8(to + 48, channels.val[3]);
    }
}

/* The weights of an output for a tile: of channel `w`, 0 where it has no tap. */
MOTES_INLINE int8x16_t depthwise_mve_weights(const int8_t *w, const uint8_t *places) {
    const uint8x16_t taps = vldrbq_u8(places);
    return vldrbq_gather_offset_z_s8(w, taps, vcmpgeq_n_s8(vreinterpretq_s8_u8(taps), 0));
}

/* What makes outputs of a channel's sums. */
typedef struct {
    int32_t bias, multiplier;
    int32x4_t shift;
} depthwise_mve_rescale;

MOTES_INLINE int32x4_t depthwise_mve_sums(int32_t a, int32_t b, int32_t c, int32_t d) {
    int32x4_t sums = vdupq_n_s32(0);
    sums = vsetq_lane_s32(a, sums, 0);
    sums = vsetq_lane_s32(c, sums, 2);
    sums = vsetq_lane_s32(b, sums, 1);
    return vsetq_lane_s32(d, sums, 3);
}

/* Sums in the first tile of each group of tiles become outputs. */
MOTES_INLINE void depthwise_mve_scaled(int8_t *tile, int32x4_t sums,
                                       const depthwise_mve_rescale *by, int rising) {
    const int32x4_t high = vqrdmulhq_n_s32(vaddq_n_s32(sums, by->bias), by->multiplier);
    vstrwq_s32((int32_t *)(void *)tile, mve_round_shift(high, by->shift, rising));
}

/* In a channel's tiles, 64 bytes apart: pixels become the outputs of each four, scaled, int32, in
   the first tile of them. */
MOTES_INLINE void depthwise_mve_scale(const depthwise_tiles_s8_mve_params *p, int32_t c,
                                      int8_t *tiles, int rising) {
    const int8_t *const w = p->weights + c * p->taps;
    const depthwise_mve_rescale by = {p->bias[c], p->multipliers[c], vdupq_n_s32(p->shifts[c])};
    const int8x16_t w0 = depthwise_mve_weights(w, p->places);
    const int8x16_t w1 = depthwise_mve_weights(w, p->places + 16);
    if (p->outputs == 2) {
        for (int32_t left = p->at_once; left > 0; left -= 2, tiles += 128) {
            const int8x16_t x = vldrbq_s8(tiles), next = vldrbq_s8(tiles + 64);
            const int32x4_t sums = depthwise_mve_sums(vmladavq_s8(x, w0), vmladavq_s8(x, w1),
                                                      vmladavq_s8(next, w0), vmladavq_s8(next, w1));
            depthwise_mve_scaled(tiles, sums, &by, rising);
        }
        return;
    }
    const int8x16_t w2 = depthwise_mve_weights(w, p->places + 32);
    const int8x16_t w3 = depthwise_mve_weights(w, p->places + 48);
    /* Two at a time: what makes outputs of the first waits while the second is multiplied. */
    for (int32_t left = p->at_once; left > 0; left -= 2, tiles += 128) {
        const int8x16_t x = vldrbq_s8(tiles);
        const int32x4_t first = depthwise_mve_sums(vmladavq_s8(x, w0), vmladavq_s8(x, w1),
                                                   vmladavq_s8(x, w2), vmladavq_s8(x, w3));
        const int8x16_t next = vldrbq_s8(tiles + 64);
        const int32x4_t second = depthwise_mve_sums(vmladavq_s8(next, w0), vmladavq_s8(next, w1),
                                                    vmladavq_s8(next, w2), vmladavq_s8(next, w3));
        depthwise_mve_scaled(tiles, first, &by, rising);
        depthwise_mve_scaled(tiles + 64, second, &by, rising);
    }
}

static MOTES_NOINLINE void depthwise_mve_channel(const depthwise_tiles_s8_mve_params *p, int32_t c,
                                                 int8_t *tiles) {
    if (mve_rising(p->out_zero, p->low))
        depthwise_mve_scale(p, c, tiles, 1);
    else
        depthwise_mve_scale(p, c, tiles, 0);
}

/* Words of four channels to their pixels, from sums that are scaled. */
static MOTES_NOINLINE void depthwise_mve_store(const depthwise_tiles_s8_mve_params *p,
                                               const int8_t *tiles, const uint32_t *to, int8_t *y) {
    const int8x16_t low = vdupq_n_s8((int8_t)p->low), high = vdupq_n_s8((int8_t)p->high);
    const int16_t zero = (int16_t)p->out_zero;
    const int32_t tiles_each = 4 / p->outputs;
    for (int32_t left = p->at_once; left > 0; left -= tiles_each, to += 4) {
        const int32_t *const x = (const int32_t *)(const void *)tiles;
        int16x8_t even = vqmovnbq_s32(vdupq_n_s16(0), vldrwq_s32(x));
        int16x8_t odd = vqmovnbq_s32(vdupq_n_s16(0), vldrwq_s32(x + 4));
        even = vqaddq_n_s16(vqmovntq_s32(even, vldrwq_s32(x + 8)), zero);
        odd = vqaddq_n_s16(vqmovntq_s32(odd, vldrwq_s32(x + 12)), zero);
        int8x16_t bytes = vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);
        bytes = vminq_s8(vmaxq_s8(bytes, low), high);
        vstrwq_scatter_offset_s32((int32_t *)(void *)y, vldrwq_u32(to),
                                  vreinterpretq_s32_s8(bytes));
        tiles += 64 * tiles_each;
    }
}

static inline void depthwise_tiles_s8_mve(const depthwise_tiles_s8_mve_params *p, const int8_t *x,
                                          int8_t *y, void *scratch) {
    uint32_t *const from = (uint32_t *)scratch, *const to = from + 16 * p->at_once;
    int8_t *const tiles = (int8_t *)(to + p->outputs * p->at_once + 4);
    int8_t *const padding = tiles + 64 * p->at_once, *const sink = padding + p->in_ch;
    const int32_t all = (p->out_h + p->tile_h - 1) / p->tile_h * p->across;
    mve_set(padding, p->in_zero, p->in_ch);
    for (int32_t b = 0; b < p->batches; b++) {
        depthwise_mve_tile at = {0, 0};
        for (int32_t begin = 0; begin < all; begin += p->at_once) {
            depthwise_mve_places(p, at, (uint32_t)(uintptr_t)padding - (uint32_t)(uintptr_t)x,
                                 (uint32_t)(uintptr_t)sink - (uint32_t)(uintptr_t)y, from, to);
            for (int32_t c = 0; c < p->in_ch; c += 4) {
                depthwise_mve_gather(x + c, from, p->at_once, tiles);
                for (int32_t i = 0; i < 4; i++)
                    depthwise_mve_channel(p, c + i, tiles + 16 * i);
                depthwise_mve_store(p, tiles, to, y + c);
            }
            for (int32_t i = 0; i < p->at_once; i++)
                depthwise_mve_next(p, &at);
        }
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->in_ch;
    }
}

#endif
