/* conv_strips_s8_dsp.h: two-dimensional convolution of int8 for Cortex-M4, compiled for a window:
   the weights of two output channels lie in float registers while a row of pixels goes by.

   As conv_s8.h, for one group, or for a depthwise convolution of one input channel; with dilation
   1, an even number of output channels, windows of at most 30 values, and an even number of values
   d = stride_w * in_ch from a window to the next. The arithmetic is that of conv_fours_s8_dsp.h:
   three sums for four pixels.

   A *strip* is a row of x, padded, of which each halfword holds a value and the one d behind it:
   256 * a + b + 128. Windows share it: what four pixels need lies in one strip for each row of the
   window, at d, 2 * d and 3 * d halfwords. Strips are a ring: those that the next windows share
   stay, and the rows of weights turn instead.

   A step is two values of four windows and two channels, 16 MACs: 3 loads (4 cycles), 2 VMOV and 6
   SMLAD; of two steps that share words, 4 loads (5 cycles). A block of eight outputs adds 47
   cycles, two channels of a row some 100, and a value of a strip takes 3.3, or, where d is 6, 2.8.

   stream: for each two output channels, two words for each step: the weights of channel 0, of
   channel 1; then the first sums of both, and offset 0, offset 1, multiplier 0, multiplier 1 of

       ((256 * sum * multiplier >> 32) + offset) >> shift, clamped to -128..127

   scratch: filter_h * pitch words. A row of y may lie over rows of x that are in strips already. */
#ifndef MOTES_CONV_STRIPS_S8_DSP_H
#define MOTES_CONV_STRIPS_S8_DSP_H

#include "fours_dsp.h"
#include "motes.h"

typedef struct {
    int32_t in_h, row, out_h, out_w; /* row: bytes of a row of x */
    const int32_t *stream;
    /* left: padding, in values; count: values of a strip, in `pitch` words. Of those behind the
       padding, `inside` have the one d behind them in the row, too. In `groups` fours or twelves
       values are expanded, beyond the end if a row of x comes there, else in `groups_last`. */
    int16_t stride_h, pad_top, left, d, count, pitch, inside, groups, groups_last, in_zero;
} conv_strips_s8_dsp_params;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Four values: r0 reads them, r1 those d behind, r2 writes; SEL takes bytes 0 and 2 of its first operand. */
#define FOUR \
    "ldr r4, [r0], #4\n ldr r5, [r1], #4\n eor r5, r5, #0x80808080\n" \
    "lsl r6, r4, #8\n sel r6, r5, r6\n lsr r5, r5, #8\n sel r4, r5, r4\n" \
    "pkhbt r5, r6, r4, lsl #16\n pkhtb r6, r4, r6, asr #16\n str r5, [r2], #4\n str r6, [r2], #4\n"
/* `fours` times four halfwords of a strip, one at least. */
MOTES_ASSEMBLY void conv_strips_expand(const int8_t *x, int32_t d, uint16_t *to, int32_t fours) {
    __asm__ volatile(
        "push {r4-r6, lr}\n"
        "add r1, r0\n"
        "mov r4, #0x00ff00ff\n"
        "uadd8 r4, r4, r4\n" /* the flags of SEL */
        "and r4, r3, #3\n add r3, #3\n lsr r3, #2\n" /* rounds, of which the first may be a part */
        "tbb [pc, r4]\n"
        "1:\n"
        ".byte (2f - 1b) / 2, (5f - 1b) / 2, (4f - 1b) / 2, (3f - 1b) / 2\n"
        "2:\n" FOUR
        "3:\n" FOUR
        "4:\n" FOUR
        "5:\n" FOUR
        "subs r3, #1\n bne 2b\n"
        "pop {r4-r6, pc}\n");
}
#undef FOUR

/* Six values in the order 0, 2, 1, 3, 4, 5: r0 reads those that are six further, r1 writes. Four and two of the values themselves
   are in w and h, which has them as bytes 0 and 2; v and i get the next ones. */
#define SIX(w, h, v, i) \
    "ldr " v ", [r0], #4\n ldrh " i ", [r0], #2\n eor r7, " v ", #0x80808080\n lsl r12, " w ", #8\n sel r12, r7, r12\n" \
    "lsr r7, r7, #8\n sel " w ", r7, " w "\n str r12, [r1], #4\n str " w ", [r1], #4\n" \
    "orr " i ", " i ", " i ", lsl #8\n eor r7, " i ", #0x80808080\n lsl r12, " h ", #8\n sel r12, r7, r12\n str r12, [r1], #4\n"
/* `twelves` times twelve halfwords of a strip, one at least, where d is 6. */
MOTES_ASSEMBLY void conv_strips_sixes(const int8_t *x, uint16_t *to, int32_t twelves) {
    __asm__ volatile(
        "push {r4-r7, lr}\n"
        "mov r3, #0x00ff00ff\n uadd8 r3, r3, r3\n" /* the flags of SEL */
        "ldr r3, [r0], #4\n ldrh r4, [r0], #2\n orr r4, r4, r4, lsl #8\n"
        "1:\n" SIX("r3", "r4", "r5", "r6") SIX("r5", "r6", "r3", "r4")
        "subs r2, #1\n bne 1b\n"
        "pop {r4-r7, pc}\n");
}
#undef SIX

#pragma GCC diagnostic pop

/* Step k, of words `at` of strips from lr on. It has a partner, half a window's step of words further, where that is in the
   window, too: what one reads of windows b, c and d the other reads of a, b and c. Partners are neighbours in a row. */
#define STRIPS_AT "(strips_pitch * (strips_k / strips_width) + 4 * (strips_k % strips_width))"
#define STRIPS_SECOND "(strips_k % strips_width / (strips_d / 2) % 2)"
#define STRIPS_FIRST "(!" STRIPS_SECOND " && strips_k % strips_width + strips_d / 2 < strips_width)"
/* The words x of windows a, b and c, and c and d, times weights: `vmov r9, s(2 * k)`, `vmov r9, s(2 * k + 1)`. */
#define STRIPS_TIMES(k, x0, x1, x2) \
    ".inst.w 0xee109a10 + ((" k ") << 16)\n" \
    ".if strips_begun\n smlad r0, " x0 ", r9, r0\n smlad r1, " x1 ", r9, r1\n" \
    ".else\n smlad r0, " x0 ", r9, r2\n smlad r1, " x1 ", r9, r2\n .endif\n smlad r2, " x2 ", r9, r2\n" \
    ".inst.w 0xee109a90 + ((" k ") << 16)\n" \
    ".if strips_begun\n smlad r3, " x0 ", r9, r3\n smlad r4, " x1 ", r9, r4\n" \
    ".else\n smlad r3, " x0 ", r9, r5\n smlad r4, " x1 ", r9, r5\n .endif\n smlad r5, " x2 ", r9, r5\n" \
    ".set strips_begun, 1\n"
#define STRIPS_STEP \
    ".if !" STRIPS_SECOND "\n" \
    "ldr r7, [lr, #(" STRIPS_AT " + 2 * strips_d)]\n ldr r8, [lr, #(" STRIPS_AT " + 4 * strips_d)]\n" \
    ".if " STRIPS_FIRST "\n ldr r10, [lr, #(" STRIPS_AT " + 6 * strips_d)]\n .endif\n" \
    ".if !strips_begun\n ldr r2, [sp]\n ldr r5, [sp, #4]\n .endif\n" \
    ".if strips_k == 0 && strips_d < 32\n ldr r6, [lr], #(8 * strips_d)\n .else\n ldr r6, [lr, #" STRIPS_AT "]\n .endif\n" \
    STRIPS_TIMES("strips_k", "r6", "r7", "r8") \
    ".if " STRIPS_FIRST "\n" STRIPS_TIMES("strips_k + strips_d / 2", "r7", "r8", "r10") ".endif\n .endif\n" \
    ".set strips_k, strips_k - 1\n"

/* Weights of a row: `vldmia r[n]!, {s(2 * k)-...}`. */
#define STRIPS_WEIGHTS(n) \
    ".inst.w 0xecb00a00 + (" n " << 16) + (strips_k << 12) + 2 * strips_width\n .set strips_k, strips_k + strips_width\n"
/* A function (strips, y, stream, fours, turn): all channels of `fours` times four pixels; the first strip is that of row
   `turn` of the window. r0-r2 sums of channel 0, r3-r5 of channel 1; r6-r8 and r10 x, r9 a weight; r11 where strips end, r12 y,
   lr strips; s0-s29 weights, s30 and s31 multipliers. Stack: first sums, offset 0, offset 1, strips, y, stream, pairs of
   channels left. */
#define STRIPS_BLOCKS \
    "push {r4-r11, lr}\n vpush {s16-s31}\n sub sp, #36\n" \
    "movw r4, #(8 * strips_d)\n mla r11, r3, r4, r0\n movw r3, #(strips_channels / 2)\n" \
    "add r4, sp, #16\n stm r4, {r0-r3}\n" \
    "1:\n" \
    "ldr lr, [sp, #16]\n ldr r12, [sp, #20]\n ldr r7, [sp, #24]\n" \
    ".set strips_k, 0\n .if strips_steps == strips_width\n" STRIPS_WEIGHTS("7") ".else\n" \
    "ldr r0, [sp, #136]\n mov r2, r7\n movs r1, #(8 * strips_width)\n mla r1, r0, r1, r7\n add r7, #(8 * strips_steps)\n" \
    ".rept strips_steps / strips_width\n" STRIPS_WEIGHTS("1") "cmp r1, r7\n it eq\n moveq r1, r2\n .endr\n .endif\n" \
    "ldm r7!, {r0-r3}\n vldmia r7!, {s30, s31}\n stm sp, {r0-r3}\n" \
    "add r0, r12, #2\n str r0, [sp, #20]\n str r7, [sp, #24]\n" \
    "2:\n .set strips_begun, 0\n .set strips_k, strips_steps - 1\n .rept strips_steps\n" STRIPS_STEP ".endr\n" \
    FOURS_SEPARATE \
    "ldrd r8, r9, [sp, #8]\n" \
    "vmov r10, s30\n" FOURS_SCALE_0("r10", "r8") \
    "vmov r10, s31\n" FOURS_SCALE_1("r10", "r9") \
    FOURS_CLAMP("strips_shift") \
    "strb r3, [r12, #1]\n strb r1, [r12, #(strips_channels)]\n strb r4, [r12, #(strips_channels + 1)]\n" \
    "strb r2, [r12, #(2 * strips_channels)]\n strb r5, [r12, #(2 * strips_channels + 1)]\n" \
    "strb r6, [r12, #(3 * strips_channels)]\n strb r7, [r12, #(3 * strips_channels + 1)]\n" \
    ".if strips_channels < 64\n strb r0, [r12], #(4 * strips_channels)\n" \
    ".else\n strb r0, [r12]\n addw r12, r12, #(4 * strips_channels)\n .endif\n" \
    ".if strips_d >= 32\n addw lr, lr, #(8 * strips_d)\n .endif\n" \
    "cmp lr, r11\n bne.w 2b\n" \
    "ldr r0, [sp, #28]\n subs r0, #1\n str r0, [sp, #28]\n bne.w 1b\n" \
    "add sp, #36\n vpop {s16-s31}\n pop {r4-r11, pc}\n"
/* clang-format on */

/* A strip of row `row` of x, in which padding is the zero point. */
MOTES_INLINE void conv_strips_row(const conv_strips_s8_dsp_params *p, const int8_t *x, int32_t row,
                                  uint32_t *strip, int32_t sixes) {
    const int32_t d = p->d, zero = p->in_zero, left = p->left, length = p->row;
    if (row < 0 || row >= p->in_h) {
        const uint32_t pair = (uint16_t)(257 * zero + 128) * UINT32_C(0x00010001);
        for (int32_t i = p->pitch; i-- > 0;)
            strip[i] = pair;
        return;
    }
    uint16_t *const to = (uint16_t *)strip;
    const int8_t *const from = x + row * length;
    const int32_t groups = row + 1 < p->in_h ? p->groups : p->groups_last;
    const int32_t expanded = groups * (sixes ? 12 : 4);
    if (groups && sixes)
        conv_strips_sixes(from, to, groups);
    if (groups && !sixes)
        conv_strips_expand(from, d, to + left, groups);
    for (int32_t i = left ? 0 : motes_min(expanded, p->inside), end = p->count; i < end; i++) {
        const int32_t a = i - left, b = a + d, k = sixes ? i % 6 : 0;
        const int32_t upper = (uint32_t)a < (uint32_t)length ? from[a] : zero;
        const int32_t lower = (uint32_t)b < (uint32_t)length ? from[b] : zero;
        to[i + (k == 1) - (k == 2)] = (uint16_t)(256 * upper + lower + 128);
        if (a == -1)
            i += expanded;
    }
}

/* Makes the strips of row `row` of outputs that are not there yet, where `first` was the strip of
 * the first row of x for the row before; returns which it is now. */
MOTES_INLINE int32_t conv_strips_rows(const conv_strips_s8_dsp_params *p, const int8_t *x,
                                      int32_t row, int32_t first, uint32_t *strips, int32_t rows,
                                      int32_t sixes) {
    const int32_t kept = row ? motes_max(rows - p->stride_h, 0) : 0;
    if (kept)
        first += first + p->stride_h < rows ? p->stride_h : p->stride_h - rows;
    const int32_t top = row * p->stride_h - p->pad_top;
    for (int32_t i = kept; i < rows; i++) {
        const int32_t k = first + i < rows ? first + i : first + i - rows;
        conv_strips_row(p, x, top + i, strips + k * p->pitch, sixes);
    }
    return first;
}

/* clang-format off */
/* The function `name` for so many words of a window in a strip, strips, bytes of a strip, values from a window to the next,
   output channels, the shift; whether strips are made by sixes. */
#define conv_strips_s8_dsp_COPY(name, width, rows, pitch, d, channels, shift, sixes) \
    MOTES_ASSEMBLY void name##_blocks(const uint32_t *strips MOTES_UNUSED, int8_t *y MOTES_UNUSED, \
                                      const int32_t *stream MOTES_UNUSED, int32_t fours MOTES_UNUSED, \
                                      int32_t turn MOTES_UNUSED) { \
        __asm__ volatile(".set strips_width, " #width "\n .set strips_steps, " #width " * " #rows "\n" \
                         ".set strips_pitch, " #pitch "\n .set strips_d, " #d "\n .set strips_channels, " #channels "\n" \
                         ".set strips_shift, " #shift "\n" STRIPS_BLOCKS); \
    } \
    static MOTES_NOINLINE void name(const conv_strips_s8_dsp_params *p, const int8_t *x, int8_t *y, void *scratch) { \
        uint32_t *const strips = (uint32_t *)scratch; \
        const int32_t pixels = p->out_w; \
        int32_t first = 0; \
        for (int32_t row = 0; row < p->out_h; row++, y += pixels * channels) { \
            first = conv_strips_rows(p, x, row, first, strips, rows, sixes); \
            const int32_t turn = first ? rows - first : 0; \
            name##_blocks(strips, y, p->stream, pixels / 4, turn); \
            if (pixels & 3) /* the last four once more */ \
                name##_blocks(strips + (pixels - 4) * d / 2, y + (pixels - 4) * channels, p->stream, 1, turn); \
        } \
    }
/* clang-format on */

#endif
