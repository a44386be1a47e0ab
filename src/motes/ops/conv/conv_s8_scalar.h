/* conv_s8_scalar.h: two-dimensional convolution of int8 for cores without SIMD.

   As conv_s8.h, for one group and a dilation of 1 across. Windows of four pixels at a time are
   expanded to words, padding included, and multiplied with the weights of two output channels at a
   time.

   Three products serve four pixels: see fours_scalar.h. */
#ifndef MOTES_CONV_S8_SCALAR_H
#define MOTES_CONV_S8_SCALAR_H

#include "fours_scalar.h"
#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h;
    int32_t stride_h, stride_w, dilation_h, pad_top, pad_left;
    int32_t in_zero, low, high, shift;
    int32_t run;            /* bytes of a row of a window */
    int32_t taps;           /* values of a window, in fours: weights are 0 behind the last */
    const int8_t *weights;  /* of each two channels (taps, 2) */
    const int32_t *rescale; /* of each channel 257 times its bias, multiplier, offset,
                               and its shift where `shift` is 0 */
} conv_s8_scalar_params;

typedef struct {
    const int8_t *image;
    int32_t top, left;
} conv_scalar_place;

/* Where row `i` of the window at a place lies: in x, in `zeros` or, if partly inside, in `edge`. */
MOTES_INLINE const int8_t *conv_scalar_row(const conv_s8_scalar_params *p,
                                           const conv_scalar_place *at, int32_t i,
                                           const int8_t *zeros, int8_t *edge) {
    const int32_t row = at->top + i * p->dilation_h, wide = p->in_w * p->in_ch;
    if ((uint32_t)row >= (uint32_t)p->in_h)
        return zeros;
    const int8_t *x = at->image + row * wide;
    const int32_t begin = at->left * p->in_ch;
    if (begin >= 0 && begin + p->run <= wide)
        return x + begin;
    for (int32_t k = 0; k < p->run; k++)
        edge[k] = (uint32_t)(begin + k) < (uint32_t)wide ? x[begin + k] : (int8_t)p->in_zero;
    return edge;
}

static inline void conv_s8_scalar(const conv_s8_scalar_params *p, const int8_t *x, int8_t *y,
                                  void *scratch) {
    uint32_t *const expanded = (uint32_t *)scratch;
    int8_t *const zeros = (int8_t *)(expanded + 3 * p->taps), *const edges = zeros + p->run;
    const fours_scalar_end end = {p->low, p->high, p->shift};
    const int32_t words = p->shift ? 3 : 4;
    conv_scalar_place next = {x, -p->pad_top, -p->pad_left}, at[4];
    int32_t column = 0, row = 0;
    motes_set(zeros, (uint8_t)p->in_zero, (uint32_t)p->run);
    for (int32_t left = p->batches * p->out_h * p->out_w; left > 0; left -= 4, y += 4 * p->out_ch) {
        for (int32_t i = 0; i < 4; i++) {
            at[i] = i < left ? next : at[0];
            next.left += p->stride_w;
            if (++column == p->out_w) {
                column = 0, next.left = -p->pad_left, next.top += p->stride_h;
                if (++row == p->out_h) {
                    row = 0, next.top = -p->pad_top;
                    next.image += p->in_h * p->in_w * p->in_ch;
                }
            }
        }
        uint32_t *to = expanded;
        for (int32_t i = 0; i < p->filter_h; i++) {
            const int8_t *rows[4];
            for (int32_t k = 0; k < 4; k++)
                rows[k] = conv_scalar_row(p, at + k, i, zeros, edges + k * p->run);
            fours_scalar_expand(rows, p->run, to);
            to += 3 * p->run;
        }
        const int8_t *w = p->weights;
        const int32_t *rescale = p->rescale;
        for (int32_t c = 0; c < p->out_ch; c += 2, w += 2 * p->taps, rescale += 2 * words) {
            uint32_t sums[6];
            const uint32_t first = (uint32_t)rescale[0], second = (uint32_t)rescale[words];
            sums[0] = sums[1] = sums[2] = first;
            sums[3] = sums[4] = sums[5] = second;
            fours_scalar_sums(expanded, w, expanded + 3 * p->taps, sums);
            const int32_t pixels = motes_min(left, 4);
            fours_scalar_store(&end, sums, rescale + 1, y + c, p->out_ch, pixels);
            if (c + 1 < p->out_ch)
                fours_scalar_store(&end, sums + 3, rescale + words + 1, y + c + 1, p->out_ch,
                                   pixels);
        }
    }
}

#endif
