/* depthwise_conv_column_s8_dsp.h: depthwise convolution of int8 over the rows of one column, such
   as time, for Cortex-M4.

   As depthwise_conv_s8.h, for depth 1, a width of 1, two taps or more, channels in fours. Four
   channels at a time, two taps at a time: SXTB16 and PKHBT make pairs (tap, next tap) of a channel,
   which SMLAD takes. The zero point is in the bias, so that padding is zero points: a window that
   lies partly in it is put together in `scratch`, taps * channels bytes.

   stream: for each four channels
       2 words a pair of taps   weights a, b of channels 0 to 3: a0 a1 b0 b1, a2 a3 b2 b3
       1 word                   right - 1 of each channel, a byte each
       8 words                  twice the bias, multiplier of each channel
   Where taps are odd in number, the last pair begins one tap earlier, with weights of 0. An output
   is TFLM's

       (high - (high < 0) + (half << right - 1)) >> right

   with high = round((sum + bias) * multiplier / 2^31), half being twice the output's zero point and
   1. Cycles: 3.5 a MAC and 15 an output. */
#ifndef MOTES_DEPTHWISE_CONV_COLUMN_S8_DSP_H
#define MOTES_DEPTHWISE_CONV_COLUMN_S8_DSP_H

#include "motes.h"

typedef struct {
    int32_t batches, in_h, out_h, channels, taps, stride, dilation, pad;
    int32_t in_zero, low, high, half;
    const int32_t *stream;
} depthwise_conv_column_s8_dsp_params;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* Two taps of four channels: x at r0 and r4 behind, sums in r5-r8. */
#define PAIR \
    "ldr r9, [r0]\n\t" \
    "ldr r10, [r0, r4]\n\t" \
    "ldr r11, [r1], #4\n\t" \
    "ldr r12, [r1], #4\n\t" \
    "add r0, r0, r4, lsl #1\n\t" \
    "sxtb16 r2, r9\n\t" \
    "sxtb16 r3, r10\n\t" \
    "sxtb16 r9, r9, ror #8\n\t" \
    "sxtb16 r10, r10, ror #8\n\t" \
    "pkhbt lr, r2, r3, lsl #16\n\t" \
    "pkhtb r3, r3, r2, asr #16\n\t" \
    "sxtb16 r2, r11\n\t" \
    "sxtb16 r11, r11, ror #8\n\t" \
    "smlad r5, lr, r2, r5\n\t" \
    "pkhbt lr, r9, r10, lsl #16\n\t" \
    "sxtb16 r2, r12\n\t" \
    "smlad r6, lr, r11, r6\n\t" \
    "pkhtb r10, r10, r9, asr #16\n\t" \
    "sxtb16 r12, r12, ror #8\n\t" \
    "smlad r7, r3, r2, r7\n\t" \
    "smlad r8, r10, r12, r8\n\t"
/* Two sums to outputs: r12 has right - 1 in bytes, lr is half. */
#define RESCALE(a, rotated_a, b, rotated_b) \
    "ldm r1!, {r2, r3, r9, r10}\n\t" \
    "add " a ", r2, " a ", lsl #1\n\t" \
    "add " b ", r9, " b ", lsl #1\n\t" \
    "smmulr " a ", " a ", r3\n\t" \
    "smmulr " b ", " b ", r10\n\t" \
    "uxtb r3, r12" rotated_a "\n\t" \
    "uxtb r10, r12" rotated_b "\n\t" \
    "add " a ", " a ", " a ", asr #31\n\t" \
    "add " b ", " b ", " b ", asr #31\n\t" \
    "lsl r2, lr, r3\n\t" \
    "lsl r9, lr, r10\n\t" \
    "add " a ", r2\n\t" \
    "add " b ", r9\n\t" \
    "asr " a ", r3\n\t" \
    "asr " b ", r10\n\t" \
    "ssat " a ", #8, " a ", asr #1\n\t" \
    "ssat " b ", #8, " b ", asr #1\n\t"

/* All channels of one output, four at a time. Taps lie `next` bytes apart, `pairs` bytes of them in whole pairs. */
MOTES_ASSEMBLY void depthwise_conv_column_s8_dsp_row(const int8_t *x, const int32_t *stream, int8_t *y, uint32_t fours,
                                                     uint32_t next, uint32_t pairs, uint32_t odd, int32_t half) {
    /* Stack: 0 end of pairs, 4 x, 8 y, 12 fours, nine registers, 52 next, 56 pairs, 60 odd, 64 half. */
    __asm__ volatile(
        "push {r2-r11, lr}\n\t"
        "sub sp, #8\n\t"
        "ldr r4, [sp, #52]\n"
        "1:\n\t"
        "ldr r9, [sp, #56]\n\t"
        "str r0, [sp, #4]\n\t"
        "add r9, r0\n\t"
        "str r9, [sp]\n\t"
        "movs r5, #0\n\t"
        "movs r6, #0\n\t"
        "movs r7, #0\n\t"
        "mov r8, #0\n"
        "2:\n\t"
        PAIR
        "ldr r9, [sp]\n\t"
        "cmp r0, r9\n\t"
        "bne 2b\n\t"
        "ldr r9, [sp, #60]\n\t"
        "cmp r9, #0\n\t"
        "beq 3f\n\t"
        "sub r0, r0, r4\n\t"
        PAIR
        "3:\n\t"
        "ldr lr, [sp, #64]\n\t"
        "ldr r12, [r1], #4\n\t"
        RESCALE("r5", "", "r6", ", ror #8")
        RESCALE("r7", ", ror #16", "r8", ", ror #24")
        "ldr r2, [sp, #8]\n\t"
        "ldr r0, [sp, #4]\n\t"
        "ldr r3, [sp, #12]\n\t"
        "strb r6, [r2, #1]\n\t"
        "strb r7, [r2, #2]\n\t"
        "strb r8, [r2, #3]\n\t"
        "strb r5, [r2], #4\n\t"
        "str r2, [sp, #8]\n\t"
        "adds r0, #4\n\t"
        "subs r3, #1\n\t"
        "str r3, [sp, #12]\n\t"
        "bne.w 1b\n\t"
        "add sp, #16\n\t"
        "pop {r4-r11, pc}\n");
}
/* clang-format on */

#undef PAIR
#undef RESCALE
#pragma GCC diagnostic pop

static inline void depthwise_conv_column_s8_dsp(const depthwise_conv_column_s8_dsp_params *p,
                                                const int8_t *restrict x, int8_t *restrict y,
                                                void *scratch) {
    const uint32_t channels = (uint32_t)p->channels, taps = (uint32_t)p->taps;
    const uint32_t next = (uint32_t)p->dilation * channels;
    int8_t *const first = y;
    for (int32_t b = 0; b < p->batches; b++, x += (uint32_t)p->in_h * channels)
        for (int32_t i = 0; i < p->out_h; i++, y += channels) {
            const int32_t top = i * p->stride - p->pad;
            const int8_t *window = x + top * p->channels;
            uint32_t step = next;
            if (top < 0 || top + (p->taps - 1) * p->dilation >= p->in_h) {
                int8_t *to = (int8_t *)scratch;
                for (int32_t t = 0; t < p->taps; t++, to += channels) {
                    const int32_t row = top + t * p->dilation;
                    if (row >= 0 && row < p->in_h)
                        motes_copy(to, x + row * p->channels, channels);
                    else
                        motes_set(to, (uint8_t)p->in_zero, channels);
                }
                window = (const int8_t *)scratch;
                step = channels;
            }
            depthwise_conv_column_s8_dsp_row(window, p->stream, y, channels / 4, step,
                                             taps / 2 * 2 * step, taps % 2, p->half);
        }
    if (p->low > -128 || p->high < 127)
        for (int8_t *to = first; to < y; to++)
            *to = (int8_t)motes_clamp(*to, p->low, p->high);
}

#endif
