/* depthwise_planes_s8_dsp.h: 3x3 depthwise convolution of int8 for Cortex-M4, four channels at a
   time.

   As depthwise_conv_s8.h, for depth 1, channels in fours, stride 1 or 2 in both directions,
   dilation 1, pads up to 2. Four channels at a time are spread into planes that lie side by side:
   a word holds one column of two rows of one channel, (upper, lower), each value times 256; the
   words of four channels make a column, `wide` = (out_w - 1) * stride + 3 columns a pair of rows.
   One SMLAD multiplies two rows by two taps. As many rows are spread as scratch holds: `band` pairs
   of input rows, and the pair above them. `columns` of a plane come from the input.

   weights is (channels, columns, rows), and taps are 2^scale times them. rescale is (channels,
   words): where `exact` is 0 two words a channel, proven; where it is 1 four, TFLM's own, and taps
   are the weights; where it is 2, a channel whose last word is 0 has two proven ones before.

   A channel has ten words: for each filter column (w0, w1), then for each (w1, w2), all times 2^a;
   then for an output, clamped to -128..127, either multiplier and offset of

       ((2^(8 + a) * sum * multiplier >> 32) + offset) >> 16

   where the offset holds the bias (step.py proves that it equals TFLM's rounding); or, where a is
   0, twice the bias, multiplier, offset and right of TFLM's own

       (high - (high < 0) + offset) >> right, with high = round((sum + bias) * multiplier / 2^31)

   scratch: (band + 1) * wide * 16 bytes. In place: y may be x where out_w <= in_w, for what is
   stored lies above what is still to be read of the same channels. */
#ifndef MOTES_DEPTHWISE_PLANES_S8_DSP_H
#define MOTES_DEPTHWISE_PLANES_S8_DSP_H

#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, stride, pad_top, pad_left;
    int32_t in_zero, wide, columns, band, scale;
    const int32_t *geometry; /* as the rows want it */
    const int8_t *weights;
    const int32_t *rescale;
} depthwise_planes_params;

/* What assembly does; depthwise_rows_s8_dsp.h and depthwise_fixed_rows_s8_dsp.h say more. */
typedef void depthwise_planes_spread(const int8_t *upper, const int8_t *lower, uint32_t *to,
                                     uint32_t pairs, const int32_t *geometry);
typedef void depthwise_planes_rows(const uint32_t *planes, const uint32_t *taps, int8_t *y,
                                   uint32_t rows, uint32_t channels, uint32_t alone,
                                   const int32_t *geometry);

/* The ten words of four channels from c on; `own` says whose rescaling is TFLM's own. */
static MOTES_NOINLINE void depthwise_planes_taps(const depthwise_planes_params *p, int32_t exact,
                                                 int32_t c, uint32_t *taps, int32_t *own) {
    const int8_t *w = p->weights + 9 * c;
    const int32_t *rescale = p->rescale + (exact ? 4 : 2) * c;
    for (int32_t k = 0; k < 4; k++, w += 9, taps += 10) {
        own[k] = exact == 1 || (exact == 2 && rescale[3]);
        const int32_t scale = own[k] ? 0 : p->scale;
        for (int32_t j = 0; j < 3; j++) {
            const uint32_t w0 = (uint32_t)w[3 * j] << scale, w1 = (uint32_t)w[3 * j + 1] << scale;
            const uint32_t w2 = (uint32_t)w[3 * j + 2] << scale;
            taps[j] = (w0 & 0xFFFF) | w1 << 16;
            taps[3 + j] = (w1 & 0xFFFF) | w2 << 16;
        }
        taps[6] = (uint32_t)rescale[0], taps[7] = (uint32_t)rescale[1];
        if (exact)
            taps[8] = (uint32_t)rescale[2], taps[9] = (uint32_t)rescale[3], rescale += 2;
        rescale += 2;
    }
}

/* Columns outside the image: both rows of a pair, or one of the two. */
static MOTES_NOINLINE void depthwise_planes_clear(uint32_t *to, int32_t columns, uint32_t zero) {
    for (; columns > 0; columns--, to += 4)
        to[0] = zero, to[1] = zero, to[2] = zero, to[3] = zero;
}
static MOTES_NOINLINE void depthwise_planes_clear_row(uint16_t *to, int32_t columns,
                                                      uint16_t zero) {
    for (; columns > 0; columns--, to += 8)
        to[0] = zero, to[2] = zero, to[4] = zero, to[6] = zero;
}

static MOTES_NOINLINE void depthwise_planes_move(uint32_t *to, const uint32_t *from,
                                                 int32_t columns) {
    for (; columns > 0; columns--, from += 4, to += 4) {
        const uint32_t w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];
        to[0] = w0, to[1] = w1, to[2] = w2, to[3] = w3;
    }
}

/* Spreads input rows `row` and row + 1, and pairs - 1 pairs behind them. */
MOTES_INLINE void depthwise_planes_pairs(const depthwise_planes_params *p, const int8_t *x,
                                         int32_t row, int32_t pairs, uint32_t *to, uint32_t zero,
                                         depthwise_planes_spread *spread) {
    const int32_t pitch = p->in_w * p->in_ch;
    to += 4 * p->pad_left;
    while (pairs > 0) {
        const int above = row >= 0 && row < p->in_h, below = row >= -1 && row < p->in_h - 1;
        const int8_t *const upper = x + (above ? row : row + 1) * pitch;
        const int32_t inside = above && below ? motes_min(pairs, (p->in_h - row) / 2) : 1;
        if (above || below)
            spread(upper, above && below ? upper + pitch : upper, to, (uint32_t)inside,
                   p->geometry);
        if (!above && !below)
            depthwise_planes_clear(to, p->columns, zero);
        else if (!above || !below) /* the row inside counted for both */
            depthwise_planes_clear_row((uint16_t *)to + (above ? 1 : 0), p->columns,
                                       (uint16_t)zero);
        row += 2 * inside, pairs -= inside, to += inside * 4 * p->wide;
    }
}

/* Channels c to c + 3 of one image; x and y begin at channel c. */
MOTES_INLINE void depthwise_planes_four(const depthwise_planes_params *p, int32_t exact,
                                        const int8_t *x, int32_t c, int8_t *y, uint32_t *planes,
                                        uint32_t zero, depthwise_planes_spread *spread,
                                        depthwise_planes_rows *rows,
                                        depthwise_planes_rows *rows_own) {
    const int32_t height = p->stride == 1 ? 2 : 1;
    uint32_t taps[4][10];
    int32_t own[4];
    depthwise_planes_taps(p, exact, c, taps[0], own);
    /* The pair above the first band, and then the first band with it. */
    uint32_t *to = planes;
    for (int32_t left = p->out_h, row = -p->pad_top, above = 1; left > 0; above = 0) {
        const int32_t pairs = motes_min((left + height - 1) / height, p->band);
        const uint32_t whole = (uint32_t)motes_min(left / height, pairs);
        const uint32_t alone = (uint32_t)pairs - whole;
        depthwise_planes_pairs(p, x, row, pairs + above, to, zero, spread);
        row += 2 * (pairs + above);
        for (int32_t k = 0; exact == 2 && k < 4; k++)
            if (own[k])
                rows_own(planes + k, taps[k], y + k, whole, 1, alone, p->geometry);
            else
                rows(planes + k, taps[k], y + k, whole, 1, alone, p->geometry);
        if (exact == 1)
            rows_own(planes, taps[0], y, whole, 4, alone, p->geometry);
        if (exact == 0)
            rows(planes, taps[0], y, whole, 4, alone, p->geometry);
        y += pairs * height * p->out_w * p->in_ch;
        left -= pairs * height;
        /* The last pair is the one above the next band. */
        if (left > 0)
            depthwise_planes_move(planes, planes + pairs * 4 * p->wide, p->wide);
        to = planes + 4 * p->wide;
    }
}

MOTES_INLINE void depthwise_planes_image(const depthwise_planes_params *p, int32_t exact,
                                         const int8_t *x, int8_t *y, void *scratch,
                                         depthwise_planes_spread *spread,
                                         depthwise_planes_rows *rows,
                                         depthwise_planes_rows *rows_own) {
    uint32_t *const planes = (uint32_t *)scratch;
    const uint32_t zero = (uint16_t)(p->in_zero * 256) * 0x00010001u;
    depthwise_planes_clear(planes, (p->band + 1) * p->wide, zero);
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t c = 0; c < p->in_ch; c += 4)
            depthwise_planes_four(p, exact, x + c, c, y + c, planes, zero, spread, rows, rows_own);
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->in_ch;
    }
}

#endif
