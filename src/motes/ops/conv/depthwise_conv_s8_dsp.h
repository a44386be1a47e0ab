/* depthwise_conv_s8_dsp.h: depthwise convolution of int8 of any window for Cortex-M4.

   As depthwise_conv_s8.h with out_ch = in_ch, at least four. Four channels at a time: SXTAB16
   widens two of them and takes the zero point off, so that taps outside x are simply left out.
   Where channels do not come in fours the last four overlap the ones before.

   weights is (fours, filter_h, filter_w, 4). rescale is (channels, 4): twice the bias, multiplier,
   offset, right; an output is TFLM's

       (high - (high < 0) + offset) >> right, with high = round((sum + bias) * multiplier / 2^31)

   A tap of four channels takes 15 cycles, a row of taps 8, rescaling 50. */
#ifndef MOTES_DEPTHWISE_CONV_S8_DSP_H
#define MOTES_DEPTHWISE_CONV_S8_DSP_H

#include "conv_taps.h"
#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, filter_h, filter_w;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, low, high;
    const int8_t *weights;
    const int32_t *rescale;
} depthwise_conv_s8_dsp_params;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* One tap of four channels: x at r4, weights at r5; sums r0-r3. */
#define TAP \
    "ldr r8, [r4]\n ldr r10, [r5], #4\n" \
    "add r4, r7\n" \
    "sxtab16 r9, r6, r8\n sxtb16 r11, r10\n" \
    "sxtab16 r8, r6, r8, ror #8\n sxtb16 r10, r10, ror #8\n" \
    "smlabb r0, r9, r11, r0\n smlatt r2, r9, r11, r2\n smlabb r1, r8, r10, r1\n smlatt r3, r8, r10, r3\n"
/* A sum to an output at r12 + at. The sign of the sum serves for that of `high`: where that is 0 it is shifted out. */
#define OUTPUT(s, at) \
    "ldm r4!, {r8-r11}\n add " s ", r8, " s ", lsl #1\n smmlar r8, " s ", r9, r10\n" \
    "sub r8, r8, " s ", lsr #31\n asr r8, r11\n ssat r8, #8, r8\n strb r8, [r12, #" at "]\n"

/* `fours` times four channels of a pixel, from rows * columns taps, one or more. across: from tap to tap of x; down, below:
   from a row's end to the next row of x, of weights; minus: the zero point's negative, twice; block: from the weights of
   four channels to those of the next. */
MOTES_ASSEMBLY void depthwise_conv_s8_dsp_fours(const int8_t *x, const int8_t *w, int8_t *y, const int32_t *rescale,
                                                int32_t rows, int32_t columns, int32_t across, int32_t down,
                                                int32_t below, uint32_t minus, int32_t block, int32_t fours) {
    /* Stack: 0 x, 4 weights, 8 y, 12 rescale, nine more, from 52: rows, columns, across, down, below, minus, block,
       fours. r12 rows, lr columns left. */
    __asm__ volatile(
        "push {r0-r11, lr}\n"
        "ldr r7, [sp, #60]\n ldr r6, [sp, #72]\n"
        "0:\n"
        "ldr r4, [sp]\n ldr r5, [sp, #4]\n ldr r12, [sp, #52]\n"
        "mov r0, #0\n mov r1, #0\n mov r2, #0\n mov r3, #0\n"
        "1:\n"
        "ldr lr, [sp, #56]\n"
        "2:\n" TAP
        "subs lr, #1\n beq 3f\n" TAP
        "subs lr, #1\n bne 2b\n"
        "3:\n"
        "ldr r8, [sp, #64]\n ldr r9, [sp, #68]\n"
        "add r4, r8\n add r5, r9\n"
        "subs r12, #1\n bne 1b\n"
        "ldr r12, [sp, #8]\n ldr r4, [sp, #12]\n"
        OUTPUT("r0", "0") OUTPUT("r1", "1") OUTPUT("r2", "2") OUTPUT("r3", "3")
        "add r12, #4\n str r12, [sp, #8]\n str r4, [sp, #12]\n"
        "ldr r0, [sp]\n ldr r1, [sp, #4]\n ldr r2, [sp, #76]\n ldr r3, [sp, #80]\n"
        "add r0, #4\n add r1, r2\n strd r0, r1, [sp]\n"
        "subs r3, #1\n str r3, [sp, #80]\n bne 0b\n"
        "add sp, #16\n"
        "pop {r4-r11, pc}\n");
}

#undef TAP
#undef OUTPUT
/* clang-format on */
#pragma GCC diagnostic pop

/* All channels of one output pixel: `at` is its first tap inside x, `first` counts the taps of the
 * window before it, and rows * columns are inside. */
static inline void depthwise_conv_s8_dsp_pixel(const depthwise_conv_s8_dsp_params *p,
                                               const int8_t *x, int32_t at, int32_t first,
                                               int32_t rows, int32_t columns, int8_t *y) {
    static const int8_t nothing[4] = {0, 0, 0, 0};
    const uint32_t minus = (uint32_t)(uint16_t)-p->in_zero * 0x00010001u;
    const int32_t next = p->in_ch, across = p->dilation_w * next;
    const int inside = rows > 0 && columns > 0; /* else one tap of zeros */
    const int32_t block = inside ? 4 * p->filter_h * p->filter_w : 0;
    const int8_t *w = inside ? p->weights + 4 * first : nothing;
    x += inside ? at : 0, rows = inside ? rows : 1, columns = inside ? columns : 1;
    const int32_t down = p->dilation_h * p->in_w * next - columns * across;
    const int32_t below = inside ? 4 * (p->filter_w - columns) : 0;
    const int32_t fours = next / 4;
    depthwise_conv_s8_dsp_fours(x, w, y, p->rescale, rows, columns, across, down, below, minus,
                                block, fours);
    if (next % 4)
        depthwise_conv_s8_dsp_fours(x + next - 4, w + fours * block, y + next - 4,
                                    p->rescale + 4 * (next - 4), rows, columns, across, down, below,
                                    minus, block, 1);
    if (p->low > -128 || p->high < 127)
        for (int32_t c = 0; c < next; c++)
            y[c] = (int8_t)motes_clamp(y[c], p->low, p->high);
}

static inline void depthwise_conv_s8_dsp(const depthwise_conv_s8_dsp_params *p,
                                         const int8_t *restrict x, int8_t *restrict y) {
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++) {
            const int32_t top = i * p->stride_h - p->pad_top;
            const conv_taps rows = conv_taps_inside(top, p->filter_h, p->dilation_h, p->in_h);
            const int32_t row = (top + rows.begin * p->dilation_h) * p->in_w;
            for (int32_t j = 0; j < p->out_w; j++, y += p->in_ch) {
                const int32_t left = j * p->stride_w - p->pad_left;
                const conv_taps columns =
                    conv_taps_inside(left, p->filter_w, p->dilation_w, p->in_w);
                const int32_t column = left + columns.begin * p->dilation_w;
                depthwise_conv_s8_dsp_pixel(p, x, (row + column) * p->in_ch,
                                            rows.begin * p->filter_w + columns.begin,
                                            rows.end - rows.begin, columns.end - columns.begin, y);
            }
        }
}

#endif
