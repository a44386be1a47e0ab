/* conv_s8_mve.h: two-dimensional convolution of int8 with Helium, for one group of channels.

   Three windows at a time, padding included, are multiplied with the weights of two output
   channels: VMLADAVA adds 16 products of bytes to a core register. A window that lies in x as one
   run of bytes is read there; any other is copied together first. The zero point is in the bias. */
#ifndef MOTES_CONV_S8_MVE_H
#define MOTES_CONV_S8_MVE_H

#include "mve.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, out_zero, low, high;
    int32_t runs, run;     /* of a row of a window: pieces side by side in x, and pixels of each */
    int32_t whole;         /* 1: a window inside x is one run of bytes */
    int32_t depth;         /* bytes of a window */
    const int8_t *weights; /* (out_ch, depth) */
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} conv_s8_mve_params;

typedef struct {
    const int8_t *image;
    int32_t top, left;
} conv_mve_place;

typedef struct {
    const int8_t *windows[3];
    int32_t depth, rounded; /* bytes of a window; in whole vectors */
} conv_mve_block;

/* The window at a place: in x, or put together in `copy`. */
static MOTES_NOINLINE const int8_t *conv_mve_window(const conv_s8_mve_params *p,
                                                    const conv_mve_place *at, int8_t *copy) {
    const int32_t reach = (p->filter_h - 1) * p->dilation_h + 1;
    if (p->whole && at->top >= 0 && at->top + reach <= p->in_h && at->left >= 0 &&
        at->left + p->run <= p->in_w)
        return at->image + (at->top * p->in_w + at->left) * p->in_ch;
    int8_t *to = copy;
    for (int32_t i = 0, row = at->top; i < p->filter_h; i++, row += p->dilation_h)
        for (int32_t j = 0, column = at->left; j < p->runs; j++, column += p->dilation_w) {
            int32_t before = motes_clamp(-column, 0, p->run);
            int32_t behind = motes_clamp(p->in_w - column, before, p->run);
            if ((uint32_t)row >= (uint32_t)p->in_h)
                before = behind = p->run;
            const int8_t *x = at->image + (row * p->in_w + column + before) * p->in_ch;
            mve_set(to, p->in_zero, before * p->in_ch);
            mve_copy(to + before * p->in_ch, x, (behind - before) * p->in_ch);
            mve_set(to + behind * p->in_ch, p->in_zero, (p->run - behind) * p->in_ch);
            to += p->run * p->in_ch;
        }
    return copy;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* Of two channels, weights at r7 and r9, and three windows at r1, r3 and r5: sums go to `at`, `at` + 16 and
   `at` + 32 behind r12. Then all five point to where the next two channels begin. */
#define PAIR(at)                                                                                   \
    "movs r0, #0\n movs r2, #0\n movs r4, #0\n movs r6, #0\n mov.w r8, #0\n mov.w r10, #0\n"       \
    "dlstp.8 lr, r11\n"                                                                            \
    "2:\n"                                                                                         \
    "vldrb.u8 q0, [r7], #16\n"                                                                     \
    "vldrb.u8 q2, [r1], #16\n"                                                                     \
    "vldrb.u8 q1, [r9], #16\n"                                                                     \
    "vmladava.s8 r0, q0, q2\n"                                                                     \
    "vldrb.u8 q3, [r3], #16\n"                                                                     \
    "vmladava.s8 r6, q1, q2\n"                                                                     \
    "vldrb.u8 q2, [r5], #16\n"                                                                     \
    "vmladava.s8 r2, q0, q3\n"                                                                     \
    "vmladava.s8 r8, q1, q3\n"                                                                     \
    "vmladava.s8 r4, q0, q2\n"                                                                     \
    "vmladava.s8 r10, q1, q2\n"                                                                    \
    "letp lr, 2b\n"                                                                                \
    "strd r0, r6, [r12, #" #at "]\n"                                                               \
    "ldr r0, [sp, #4]\n"                                                                           \
    "strd r2, r8, [r12, #16 + " #at "]\n"                                                          \
    "strd r4, r10, [r12, #32 + " #at "]\n"                                                         \
    "subs r1, r1, r0\n subs r3, r3, r0\n subs r5, r5, r0\n"                                        \
    "subs r7, r11, r0\n add r7, r9\n add.w r9, r7, r11\n"

/* The sums of all channels from `w` on to `end`, in fours: of each four (3 windows, 4 channels). */
MOTES_ASSEMBLY void conv_mve_sums(const conv_mve_block *block, const int8_t *w, int32_t *sums,
                                  const int32_t *end) {
    __asm__ volatile(
        "mov r12, r2\n"
        "ldr r2, [r0, #16]\n"
        "push {r1-r11, lr}\n"
        "mov r7, r1\n"
        "ldr.w r11, [r0, #12]\n"
        "ldm r0, {r1, r3, r5}\n"
        "add.w r9, r7, r11\n"
        "1:\n"
        PAIR(0)
        PAIR(8)
        "ldr r0, [sp, #8]\n"
        "add.w r12, r12, #48\n"
        "cmp r12, r0\n"
        "bne 1b\n"
        "pop {r1-r11, pc}\n");
}
/* clang-format on */
#undef PAIR
#pragma GCC diagnostic pop

/* Outputs of four channels in fours from `begin` to `end`, and of three pixels. */
static MOTES_NOINLINE void conv_mve_store(const conv_s8_mve_params *p, const int32_t *sums,
                                          int32_t begin, int32_t end, int8_t *const *y) {
    const mve_range to = {p->out_zero, p->low, p->high};
    int8_t *const y0 = y[0], *const y1 = y[1], *const y2 = y[2];
    for (int32_t c = begin; c < end; c += 4, sums += 12) {
        const int32x4_t bias = vldrwq_s32(p->bias + c), m = vldrwq_s32(p->multipliers + c);
        const int32x4_t shift = vldrbq_s32(p->shifts + c);
        vstrbq_s32(y0 + c, mve_output(vaddq_s32(vldrwq_s32(sums), bias), m, shift, to));
        vstrbq_s32(y1 + c, mve_output(vaddq_s32(vldrwq_s32(sums + 4), bias), m, shift, to));
        vstrbq_s32(y2 + c, mve_output(vaddq_s32(vldrwq_s32(sums + 8), bias), m, shift, to));
    }
}

/* The last four channels may be some of the four before. */
static inline void conv_s8_mve(const conv_s8_mve_params *p, const int8_t *x, int8_t *y,
                               void *scratch) {
    const int32_t rounded = (p->depth + 15) & ~15, fours = p->out_ch / 4 * 12;
    int32_t *const sums = (int32_t *)scratch;
    int8_t *const copies = (int8_t *)(sums + fours + (p->out_ch % 4 ? 12 : 0));
    const int32_t last = p->out_ch - 4;
    conv_mve_place next = {x, -p->pad_top, -p->pad_left};
    conv_mve_block block;
    block.depth = p->depth;
    block.rounded = rounded;
    int32_t column = 0, row = 0;
    for (int32_t left = p->batches * p->out_h * p->out_w; left > 0; left -= 3, y += 3 * p->out_ch) {
        int8_t *to[3] = {y, y, y};
        for (int32_t i = 0; i < 3; i++) {
            if (i >= left) { /* once more what is first: its outputs are the same */
                block.windows[i] = block.windows[0];
                continue;
            }
            to[i] = y + i * p->out_ch;
            block.windows[i] = conv_mve_window(p, &next, copies + i * rounded);
            next.left += p->stride_w;
            if (++column == p->out_w) {
                column = 0, next.left = -p->pad_left, next.top += p->stride_h;
                if (++row == p->out_h) {
                    row = 0, next.top = -p->pad_top;
                    next.image += p->in_h * p->in_w * p->in_ch;
                }
            }
        }
        conv_mve_sums(&block, p->weights, sums, sums + fours);
        if (p->out_ch % 4)
            conv_mve_sums(&block, p->weights + last * p->depth, sums + fours, sums + fours + 12);
        conv_mve_store(p, sums, 0, p->out_ch - p->out_ch % 4, to);
        if (p->out_ch % 4)
            conv_mve_store(p, sums + fours, last, p->out_ch, to);
    }
}

#endif
