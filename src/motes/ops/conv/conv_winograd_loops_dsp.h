/* conv_winograd_loops_dsp.h: 3x3 convolution of int8 at stride 1 in tiles, for Cortex-M4.

   WINOGRAD(part) makes a name of the kernel's own, WINOGRAD_SIDE is the side of a tile of outputs,
   WINOGRAD_VALUES and WINOGRAD_OUTPUTS are its transforms, WINOGRAD_SCALES words rescale a channel.

   As conv_s8.h, for one group, a 3x3 filter, strides and dilations of 1, channels in fours, and
   outputs clamped to -128..127 alone.

   Two tiles are transformed at a time, all channels of them. A tile that reaches outside x is
   copied together first, with x's zero point for what is not there; one that reaches outside y is
   stored aside.

   depth: input channels, rounded up to 16, 32, 64, 96 and so on; weights: (out_ch / 4, positions,
   depth / 2, 4) pairs of int16, transformed; positions are (side + 2)^2.

   scratch: positions * 4 * depth bytes of transformed values; then 32 * positions of sums, or the
   positions * in_ch of a tile that was copied. */

enum {
    WINOGRAD(_side) = WINOGRAD_SIDE,
    WINOGRAD(_around) = WINOGRAD_SIDE + 2,
    WINOGRAD(_positions) = (WINOGRAD_SIDE + 2) * (WINOGRAD_SIDE + 2)
};

/* Copies the pixels of a tile from (top, left) of an image together. */
static MOTES_NOINLINE void WINOGRAD(_gather)(const WINOGRAD(_params) * p, const int8_t *x,
                                             int32_t top, int32_t left, int8_t *to) {
    const int32_t side = WINOGRAD(_around), pixel = p->in_ch, row = side * pixel;
    const int32_t first = motes_max(-left, 0), end = motes_min(p->in_w - left, side);
    winograd_fill_s8_dsp(to, (uint8_t)p->in_zero, side * row);
    if (first < end)
        for (int32_t i = 0; i < side; i++, to += row)
            if (top + i >= 0 && top + i < p->in_h)
                winograd_copy_s8_dsp(to + first * pixel,
                                     x + ((top + i) * p->in_w + left + first) * pixel,
                                     (end - first) * pixel);
}

/* Transforms the tile whose outputs begin at (row, column). */
static inline void WINOGRAD(_values)(const WINOGRAD(_params) * p, const int8_t *x, int32_t row,
                                     int32_t column, uint32_t *values, int8_t *gathered) {
    const int32_t top = row - p->pad_top, left = column - p->pad_left, side = WINOGRAD(_around);
    const uint32_t pixel = (uint32_t)p->in_ch, position = 4 * (uint32_t)p->depth;
    if (top >= 0 && left >= 0 && top + side <= p->in_h && left + side <= p->in_w) {
        WINOGRAD_VALUES(x + (top * p->in_w + left) * p->in_ch, pixel * (uint32_t)p->in_w, pixel,
                        values, position, pixel / 4);
        return;
    }
    WINOGRAD(_gather)(p, x, top, left, gathered);
    WINOGRAD_VALUES(gathered, (uint32_t)side * pixel, pixel, values, position, pixel / 4);
}

/* Outputs of a tile at (row, column) and of four channels; what lies outside y is left out. */
static inline void WINOGRAD(_outputs)(const WINOGRAD(_params) * p, int8_t *y, int32_t row,
                                      int32_t column, int32_t channel, const int32_t *sums) {
    const int32_t *const scales = p->scales + WINOGRAD_SCALES * channel;
    const uint32_t pixel = (uint32_t)p->out_ch, across = pixel * (uint32_t)p->out_w;
    const int32_t side = WINOGRAD(_side);
    const int32_t rows = motes_min(p->out_h - row, side);
    const int32_t columns = motes_min(p->out_w - column, side);
    y += (row * p->out_w + column) * p->out_ch + channel;
    if (rows == side && columns == side) {
        WINOGRAD_OUTPUTS(sums, scales, y, pixel, across);
        return;
    }
    int8_t aside[4 * WINOGRAD_SIDE * WINOGRAD_SIDE];
    WINOGRAD_OUTPUTS(sums, scales, aside, 4, 4 * WINOGRAD_SIDE);
    for (int32_t i = 0; i < rows; i++, y += across)
        for (int32_t j = 0; j < columns; j++)
            *(motes_word *)(y + (uint32_t)j * pixel) =
                *(const motes_word *)(aside + 4 * (i * side + j));
}

/* Tiles n and m of an image. */
static inline void WINOGRAD(_pair)(const WINOGRAD(_params) * p, const int8_t *x, int8_t *y,
                                   int32_t n, int32_t m, int32_t wide, uint32_t *values) {
    uint32_t *const end = values + WINOGRAD(_positions) * p->depth;
    int32_t *const sums = (int32_t *)end;
    const int32_t side = WINOGRAD(_side), depth = p->depth;
    const int32_t row0 = n / wide * side, column0 = n % wide * side;
    const int32_t row1 = m / wide * side, column1 = m % wide * side;
    WINOGRAD(_values)(p, x, row0, column0, values, (int8_t *)sums);
    WINOGRAD(_values)(p, x, row1, column1, values + 1, (int8_t *)sums);
    const int32_t *weights = p->weights;
    for (int32_t c = 0; c < p->out_ch; c += 4, weights += 2 * WINOGRAD(_positions) * depth) {
        if (depth == 16)
            winograd_products_16_s8_dsp(values, (const uint32_t *)weights, sums, end);
        else
            winograd_products_32_s8_dsp(values, (const uint32_t *)weights, sums, end,
                                        4 * (uint32_t)depth);
        WINOGRAD(_outputs)(p, y, row0, column0, c, sums);
        WINOGRAD(_outputs)(p, y, row1, column1, c, sums + 1);
    }
}

static inline void WINOGRAD()(const WINOGRAD(_params) * p, const int8_t *x, int8_t *y,
                              void *scratch) {
    const int32_t side = WINOGRAD(_side), wide = (p->out_w + side - 1) / side;
    const int32_t tiles = (p->out_h + side - 1) / side * wide;
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t n = 0; n < tiles; n += 2)
            WINOGRAD(_pair)(p, x, y, n, motes_min(n + 1, tiles - 1), wide, (uint32_t *)scratch);
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->out_ch;
    }
}

#undef WINOGRAD
#undef WINOGRAD_SIDE
#undef WINOGRAD_SCALES
#undef WINOGRAD_VALUES
#undef WINOGRAD_OUTPUTS
