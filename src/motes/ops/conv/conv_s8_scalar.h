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
    const int32_t *weights; /* bytes, of each two channels (taps, 2) */
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

/* The words (256 * a + b, 256 * b + c, 256 * c + d) of `n` values of four rows each. */
static MOTES_NOINLINE void conv_scalar_expand(const int8_t *const *rows, int32_t n, uint32_t *to) {
    const int8_t *const a = rows[0], *const b = rows[1], *const c = rows[2], *const d = rows[3];
    for (int32_t i = 0; i < n; i++, to += 3) {
        const int32_t second = b[i], third = c[i];
        to[0] = (uint32_t)(a[i] * 256 + second);
        to[1] = (uint32_t)(second * 256 + third);
        to[2] = (uint32_t)(third * 256 + d[i]);
    }
}

/* Adds to `sums`, three a channel, the products of three words a tap from x to `end` with the
   weights of two channels, (taps, 2). Taps come in fours. */
#if defined(__ARM_ARCH_6M__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* A tap in 21 cycles: words in r2 to r4, weights as `first` and `second` leave them in r5 and `w`; sums of channel 0
   in r8 to r10, of channel 1 in r11, r12 and lr. */
#define TAP(first, second, w) \
    "ldm r0!, {r2, r3, r4}\n" first \
    "mov r6, r5\n muls r6, r2\n add r8, r6\n" \
    "mov r6, r5\n muls r6, r3\n add r9, r6\n" \
    "muls r5, r4\n add r10, r5\n" second \
    "muls r2, " w "\n add r11, r2\n muls r3, " w "\n add r12, r3\n muls r4, " w "\n add lr, r4\n"
#define TWO_TAPS \
    "ldm r1!, {r7}\n" \
    TAP("sxtb r5, r7\n", "asrs r7, #8\n sxtb r5, r7\n", "r5") \
    TAP("asrs r7, #8\n sxtb r5, r7\n", "asrs r7, #8\n", "r7")

MOTES_ASSEMBLY void conv_scalar_sums(const uint32_t *x, const int8_t *w, const uint32_t *end,
                                      uint32_t *sums) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r7, lr}\n"
        "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n"
        "push {r2-r7}\n"
        "ldm r3!, {r4-r7}\n"
        "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
        "ldm r3!, {r4, r5}\n"
        "mov r12, r4\n mov lr, r5\n"
        "1:\n"
        TWO_TAPS
        TWO_TAPS
        "ldr r2, [sp]\n"
        "cmp r0, r2\n"
        "bne 1b\n"
        "ldr r3, [sp, #4]\n"
        "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n"
        "stm r3!, {r4-r7}\n"
        "mov r4, r12\n mov r5, lr\n"
        "stm r3!, {r4, r5}\n"
        "pop {r2-r7}\n"
        "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
        "pop {r4-r7, pc}\n");
}
/* clang-format on */
#undef TAP
#undef TWO_TAPS
#pragma GCC diagnostic pop
#else
static MOTES_NOINLINE void conv_scalar_sums(const uint32_t *x, const int8_t *w, const uint32_t *end,
                                            uint32_t *sums) {
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], s4 = sums[4], s5 = sums[5];
    for (; x < end; x += 6, w += 4) {
        const uint32_t first = (uint32_t)w[0], second = (uint32_t)w[1];
        const uint32_t third = (uint32_t)w[2], fourth = (uint32_t)w[3];
        s0 += x[0] * first + x[3] * third;
        s1 += x[1] * first + x[4] * third;
        s2 += x[2] * first + x[5] * third;
        s3 += x[0] * second + x[3] * fourth;
        s4 += x[1] * second + x[4] * fourth;
        s5 += x[2] * second + x[5] * fourth;
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3, sums[4] = s4, sums[5] = s5;
}
#endif

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
            conv_scalar_expand(rows, p->run, to);
            to += 3 * p->run;
        }
        const int8_t *w = (const int8_t *)p->weights;
        const int32_t *rescale = p->rescale;
        for (int32_t c = 0; c < p->out_ch; c += 2, w += 2 * p->taps, rescale += 2 * words) {
            uint32_t sums[6];
            const uint32_t first = (uint32_t)rescale[0], second = (uint32_t)rescale[words];
            sums[0] = sums[1] = sums[2] = first;
            sums[3] = sums[4] = sums[5] = second;
            conv_scalar_sums(expanded, w, expanded + 3 * p->taps, sums);
            const int32_t pixels = motes_min(left, 4);
            fours_scalar_store(&end, sums, rescale + 1, y + c, p->out_ch, pixels);
            if (c + 1 < p->out_ch)
                fours_scalar_store(&end, sums + 3, rescale + words + 1, y + c + 1, p->out_ch,
                                   pixels);
        }
    }
}

#endif
