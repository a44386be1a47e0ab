/* depthwise_conv_s8_scalar.h: depthwise convolution of int8 for cores without SIMD.

   As depthwise_conv_s8.h, for depth 1 and no dilation. Each channel's image is expanded to words of
   its own, padding included: the value a at its place, and b one stride behind it, make 256 * a +
   b. Then three products serve four outputs side by side: see fours_scalar.h. `Across` is that of
   the two axes along which fours waste less. */
#ifndef MOTES_DEPTHWISE_CONV_S8_SCALAR_H
#define MOTES_DEPTHWISE_CONV_S8_SCALAR_H

#include "fours_scalar.h"
#include "motes.h"

typedef struct {
    int32_t batches, channels, in_size, out_size; /* bytes of an image */
    int32_t in_down, in_across, out_down, out_across, taps_down, taps_across;
    int32_t stride_down, stride_across, pad_down, pad_across;
    int32_t x_down, x_across, y_down, y_across; /* bytes from a pixel to the next along each axis */
    int32_t height, width;                      /* of the expanded image, in words */
    int32_t in_zero, low, high, shift;
    const int8_t *weights;  /* (channels, taps down, taps across) */
    const int32_t *rescale; /* as in conv_s8_scalar.h */
} depthwise_conv_s8_scalar_params;

/* The channel that begins at x, expanded to `to`: (height, width) and a stride more. */
static MOTES_NOINLINE void depthwise_conv_scalar_expand(const depthwise_conv_s8_scalar_params *p,
                                                        const int8_t *x, int32_t *to) {
    const int32_t stride = p->stride_across, across = p->x_across, zero = p->in_zero;
    const int32_t inside = motes_min(p->in_across, p->width - p->pad_across);
    int32_t *next = to, *end = to;
    for (int32_t i = -p->pad_down; i < p->height - p->pad_down; i++) {
        end += p->width;
        if ((uint32_t)i < (uint32_t)p->in_down) {
            const int8_t *value = x + i * p->x_down;
            for (int32_t k = p->pad_across; k > 0; k--)
                *next++ = zero;
            for (int32_t k = inside; k > 0; k--, value += across)
                *next++ = *value;
        }
        while (next < end)
            *next++ = zero;
    }
    for (next = to; next < end; next++)
        *next = *next * 256 + next[stride];
}

/* Adds to three sums the products of a window from x on. */
static MOTES_NOINLINE void depthwise_conv_scalar_sums(const depthwise_conv_s8_scalar_params *p,
                                                      const int32_t *x, const int8_t *w,
                                                      uint32_t *sums) {
    const int32_t stride = p->stride_across, taps = p->taps_across, down = p->width;
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2];
    if (taps == 3 && stride == 1)
        for (int32_t i = p->taps_down; i > 0; i--, x += down, w += 3) {
            const uint32_t w0 = (uint32_t)w[0], w1 = (uint32_t)w[1], w2 = (uint32_t)w[2];
            const uint32_t second = (uint32_t)x[1], third = (uint32_t)x[2], fourth = (uint32_t)x[3];
            s0 += (uint32_t)x[0] * w0 + second * w1 + third * w2;
            s1 += second * w0 + third * w1 + fourth * w2;
            s2 += third * w0 + fourth * w1 + (uint32_t)x[4] * w2;
        }
    else
        for (int32_t i = p->taps_down; i > 0; i--, x += down - taps)
            for (int32_t k = taps; k > 0; k--, x++) {
                const uint32_t weight = (uint32_t)*w++;
                s0 += (uint32_t)x[0] * weight;
                s1 += (uint32_t)x[stride] * weight;
                s2 += (uint32_t)x[2 * stride] * weight;
            }
    sums[0] = s0, sums[1] = s1, sums[2] = s2;
}

static inline void depthwise_conv_s8_scalar(const depthwise_conv_s8_scalar_params *p,
                                            const int8_t *x, int8_t *y, void *scratch) {
    const fours_scalar_end end = {p->low, p->high, p->shift};
    int32_t *const expanded = (int32_t *)scratch;
    for (int32_t b = 0; b < p->batches; b++, x += p->in_size, y += p->out_size) {
        const int8_t *w = p->weights;
        const int32_t *rescale = p->rescale;
        for (int32_t c = 0; c < p->channels; c++) {
            depthwise_conv_scalar_expand(p, x + c, expanded);
            for (int32_t i = 0; i < p->out_down; i++) {
                const int32_t *from = expanded + i * p->stride_down * p->width;
                int8_t *to = y + i * p->y_down + c;
                for (int32_t left = p->out_across; left > 0; left -= 4) {
                    uint32_t sums[3];
                    sums[0] = sums[1] = sums[2] = (uint32_t)rescale[0];
                    depthwise_conv_scalar_sums(p, from, w, sums);
                    fours_scalar_store(&end, sums, rescale + 1, to, p->y_across,
                                       motes_min(left, 4));
                    from += 4 * p->stride_across;
                    to += 4 * p->y_across;
                }
            }
            w += p->taps_down * p->taps_across;
            rescale += p->shift ? 3 : 4;
        }
    }
}

#endif
