/* conv_winograd_tiles_dsp.h: tiles of a 3x3 convolution of int8 at stride 1, for Cortex-M4.

   WINOGRAD(part) makes a name of the kernel's own, WINOGRAD_SIDE is the side of a tile of outputs,
   WINOGRAD_VALUES and WINOGRAD_OUTPUTS are its transforms, WINOGRAD_SCALES words rescale a channel,
   WINOGRAD_CHUNK(p) is how many channels are transformed together; positions are (side + 2)^2.

   A tile that reaches outside x is copied together first, with x's zero point for what is not
   there; one that reaches outside y is stored aside. */

enum {
    WINOGRAD(_side) = WINOGRAD_SIDE,
    WINOGRAD(_around) = WINOGRAD_SIDE + 2,
    WINOGRAD(_positions) = (WINOGRAD_SIDE + 2) * (WINOGRAD_SIDE + 2)
};

/* How many tiles an image has. */
static inline int32_t WINOGRAD(_tiles)(const WINOGRAD(_params) * p) {
    const int32_t side = WINOGRAD(_side);
    return (p->out_h + side - 1) / side * ((p->out_w + side - 1) / side);
}

/* Transforms tile n of an image, every second word of `values`: one chunk of channels behind the
   other. `gathered` has room for positions * in_ch bytes, and for what the transform
   needs. */
static inline void WINOGRAD(_values)(const WINOGRAD(_params) * p, const int8_t *x, int32_t n,
                                     uint32_t *values, int8_t *gathered) {
    const int32_t side = WINOGRAD(_around), wide = (p->out_w + WINOGRAD_SIDE - 1) / WINOGRAD_SIDE;
    const int32_t top = n / wide * WINOGRAD_SIDE - p->pad_top;
    const int32_t left = n % wide * WINOGRAD_SIDE - p->pad_left;
    int32_t row = p->in_w * p->in_ch;
    if (top >= 0 && left >= 0 && top + side <= p->in_h && left + side <= p->in_w) {
        x += top * row + left * p->in_ch;
    } else {
        winograd_gather_s8_dsp(gathered, x, p->in_h, p->in_w, p->in_ch, p->in_zero, top, left,
                               side);
        x = gathered;
        row = side * p->in_ch;
    }
    for (int32_t c = 0; c < p->in_ch; c += WINOGRAD_CHUNK(p))
        WINOGRAD_VALUES(x + c, (uint32_t)row, (uint32_t)p->in_ch, values + WINOGRAD(_positions) * c,
                        4 * (uint32_t)WINOGRAD_CHUNK(p),
                        (uint32_t)motes_min(p->in_ch - c, WINOGRAD_CHUNK(p)) / 4,
                        (uint32_t *)(gathered + WINOGRAD(_positions) * p->in_ch));
}

/* Where the outputs of a tile go, and how many rows and columns of them there are. */
typedef struct {
    int8_t *y;
    int16_t rows, columns;
} WINOGRAD(_place);

/* That of tile n. */
MOTES_INLINE WINOGRAD(_place) WINOGRAD(_find)(const WINOGRAD(_params) * p, int8_t *y, int32_t n) {
    const int32_t side = WINOGRAD(_side), wide = (p->out_w + side - 1) / side;
    const int32_t row = n / wide * side, column = n % wide * side;
    WINOGRAD(_place) found;
    found.y = y + (row * p->out_w + column) * p->out_ch;
    found.rows = (int16_t)motes_min(p->out_h - row, side);
    found.columns = (int16_t)motes_min(p->out_w - column, side);
    return found;
}

/* Outputs of two tiles and of four channels; what lies outside y is left out. `aside` has room for
 * those of one. */
static inline void WINOGRAD(_outputs)(const WINOGRAD(_params) * p, const WINOGRAD(_place) * to,
                                      int32_t channel, const int32_t *sums, int8_t *aside) {
    const int32_t *const scales = p->scales + WINOGRAD_SCALES * channel;
    const uint32_t pixel = (uint32_t)p->out_ch, across = pixel * (uint32_t)p->out_w;
    if ((to[0].rows & to[0].columns & to[1].rows & to[1].columns) == WINOGRAD_SIDE) {
        WINOGRAD_OUTPUTS(sums, scales, to[0].y + channel, pixel, across, to[1].y + channel);
        return;
    }
    for (const int32_t *const end = sums + 2; sums < end; sums++, to++) {
        WINOGRAD_OUTPUTS(sums, scales, aside, 4, 4 * WINOGRAD_SIDE, 0);
        winograd_put_s8_dsp(to->y + channel, pixel, across, aside, 4 * WINOGRAD_SIDE, to->rows,
                            to->columns);
    }
}
