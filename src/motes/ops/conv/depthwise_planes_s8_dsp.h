/* depthwise_planes_s8_dsp.h: 3x3 depthwise convolution of int8 for Cortex-M4, four channels at a
   time.

   As depthwise_conv_s8.h, for depth 1, channels in fours, stride 1 or 2 in both directions,
   dilation 1, pads up to 2. Four channels at a time are spread into planes that lie side by side:
   a word holds one column of two rows of one channel, (upper, lower), each value times 256; the
   words of four channels make a column, `wide` = (out_w - 1) * stride + 3 columns a pair of rows.
   One SMLAD multiplies two rows by two taps. As many rows are spread as scratch holds: `band` pairs
   of input rows, and the pair above them. `columns` of a plane come from the input.

   weights is (channels, columns, rows), and taps are `factor` times them. rescale is (channels,
   words): where `exact` is 0 two words a channel, proven, or three halfwords that they are made of;
   where it is 1 four, TFLM's own, and taps are the weights; where it is 2, a channel whose last
   word is 0 has two proven ones before.

   A channel has ten words: for each filter column (w0, w1), then for each (w1, w2), all times a
   factor f; then for an output, clamped to -128..127, either multiplier and offset of

       ((256 * f * sum * multiplier >> 32) + offset) >> 16

   where the offset holds the bias (step.py proves that it equals TFLM's rounding); or, where f is
   1, twice the bias, multiplier, offset and right of TFLM's own

       (high - (high < 0) + offset) >> right, with high = round((sum + bias) * multiplier / 2^31)

   scratch: (band + 1) * wide * 16 bytes. In place: y may be x where out_w <= in_w, for what is
   stored lies above what is still to be read of the same channels. */
#ifndef MOTES_DEPTHWISE_PLANES_S8_DSP_H
#define MOTES_DEPTHWISE_PLANES_S8_DSP_H

#include "motes.h"
#include "move_words_dsp.h"

/* Layers are many: numbers have 16 bits. The first are for depthwise_rows_s8_dsp.h. */
typedef struct {
    uint16_t in_ch, row;
    int16_t pitch;
    uint16_t paired, odd, rest, columns, skipped, in_h, in_w, in_zero;
    uint16_t batches, out_h, out_w, stride, wide, band, factor;
    int8_t pad_top, pad_left, out_zero, coarse;
    const int8_t *stream;
} depthwise_planes_params;

/* Spreads columns of `pairs` pairs of input rows, the first of which is `row`; x is where the first
   row of these channels begins. Where `known`, pairs outside at the end are in place already. */
typedef void depthwise_planes_spread(const depthwise_planes_params *p, const int8_t *x, int32_t row,
                                     int32_t pairs, int32_t known, uint32_t *to);
/* What assembly does; depthwise_rows_s8_dsp.h and depthwise_fixed_rows_s8_dsp.h say more. */
typedef void depthwise_planes_rows(const uint32_t *planes, const uint32_t *taps, int8_t *y,
                                   uint32_t rows, uint32_t channels, uint32_t alone,
                                   const depthwise_planes_params *p);

/* (low, high) as halfwords. */
MOTES_INLINE uint32_t depthwise_planes_pair(int32_t low, int32_t high) {
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(low), "r"(high));
    return pair;
}

/* Columns outside the image, of both rows of a pair. */
static MOTES_NOINLINE MOTES_UNUSED void depthwise_planes_clear(uint32_t *to, int32_t columns,
                                                               uint32_t zero) {
    for (; columns > 0; columns--, to += 4)
        to[0] = zero, to[1] = zero, to[2] = zero, to[3] = zero;
}

/* A filter column. */
MOTES_INLINE void depthwise_planes_column(const int8_t *w, int32_t factor, uint32_t *taps) {
    const int32_t w0 = w[0] * factor, w1 = w[1] * factor, w2 = w[2] * factor;
    taps[0] = depthwise_planes_pair(w0, w1), taps[3] = depthwise_planes_pair(w1, w2);
}

/* The ten words of four channels from c on; `own` says whose rescaling is TFLM's own. */
static MOTES_NOINLINE void depthwise_planes_taps(const depthwise_planes_params *p, int32_t exact,
                                                 int32_t c, uint32_t *taps, int32_t *own) {
    const int32_t factor = p->factor, coarse = p->coarse, zero = p->out_zero * 65536 + 32768 - 4;
    const int32_t first = 38 - __builtin_clz((uint32_t)factor); /* bits that become a half */
    const int32_t bytes = exact ? 25 : coarse < 0 ? 17 : 15;    /* of a channel */
    const int8_t *from = p->stream + bytes * c;
    for (int32_t k = 0; k < 4; k++, from += bytes, taps += 10) {
        int32_t scale = factor;
        if (exact) {
            taps[8] = *(const motes_word *)(from + 17), taps[9] = *(const motes_word *)(from + 21);
            own[k] = exact == 1 || taps[9];
            scale = own[k] ? 1 : factor;
        }
        depthwise_planes_column(from, scale, taps);
        depthwise_planes_column(from + 3, scale, taps + 1);
        depthwise_planes_column(from + 6, scale, taps + 2);
        const uint32_t word = *(const motes_word *)(from + 9);
        if (exact || coarse < 0) {
            taps[6] = word, taps[7] = *(const motes_word *)(from + 13);
            continue;
        }
        const uint32_t multiplier = word >> 5 << coarse;
        const int32_t rest = (int32_t)(word << 27) >> 11 | *(const motes_half *)(from + 13);
        const int64_t bias = (rest & ~7) * 32 * factor;
        taps[6] = multiplier;
        taps[7] = (uint32_t)((int32_t)(UINT32_C(1) << first >> __builtin_clz(multiplier)) + zero +
                             (rest & 7) + (int32_t)(bias * (int32_t)multiplier >> 32));
    }
}

/* Channels c to c + 3 of one image; x and y begin at channel c. Where scratch is `cleared`, no pair
   outside need be spread at all if all rows are at once, else none but by the first channels. */
MOTES_INLINE void depthwise_planes_four(const depthwise_planes_params *p, int32_t exact,
                                        int32_t cleared, const int8_t *x, int32_t c, int8_t *y,
                                        uint32_t *planes, depthwise_planes_spread *spread,
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
        const int32_t known = above && (cleared || c > 0) && left <= pairs * height;
        spread(p, x, row, pairs + above, known, to);
        row += 2 * (pairs + above);
        for (int32_t k = 0; exact == 2 && k < 4; k++)
            if (own[k])
                rows_own(planes + k, taps[k], y + k, whole, 1, alone, p);
            else
                rows(planes + k, taps[k], y + k, whole, 1, alone, p);
        if (exact == 1)
            rows_own(planes, taps[0], y, whole, 4, alone, p);
        if (exact == 0)
            rows(planes, taps[0], y, whole, 4, alone, p);
        y += pairs * height * p->out_w * p->in_ch;
        left -= pairs * height;
        /* The last pair is the one above the next band. */
        if (left > 0)
            move_words_dsp(planes, planes + pairs * 4 * p->wide, 4 * p->wide);
        to = planes + 4 * p->wide;
    }
}

MOTES_INLINE void depthwise_planes_image(const depthwise_planes_params *p, int32_t exact,
                                         int32_t cleared, const int8_t *x, int8_t *y, void *scratch,
                                         depthwise_planes_spread *spread,
                                         depthwise_planes_rows *rows,
                                         depthwise_planes_rows *rows_own) {
    uint32_t *const planes = (uint32_t *)scratch;
    for (int32_t b = 0; b < p->batches; b++) {
        for (int32_t c = 0; c < p->in_ch; c += 4)
            depthwise_planes_four(p, exact, cleared, x + c, c, y + c, planes, spread, rows,
                                  rows_own);
        x += p->in_h * p->in_w * p->in_ch;
        y += p->out_h * p->out_w * p->in_ch;
    }
}

#endif
