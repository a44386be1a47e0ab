/* conv_3x3_s8_dsp.h: 3x3 convolution of int8 for Cortex-M4, compiled for a stride of 1 or 2 from
   column to column.

   As conv_s8.h, for one group, a 3x3 filter without dilation, input channels in fours, output
   channels in twos, four output columns at least, one column of padding at most on either side, and
   outputs clamped to -128..127 alone.

   Four pixels a to d of a row are made at a time, with three sums for four pixels, and packed
   weights, as conv_fours_s8_dsp.h tells. Here the three columns of a window share what is
   expanded: with x0, x1 .. the columns that the four windows cover, and P0 = 256 * x0 + x1 + 128,
   P1 = 256 * x1 + x2 + 128 and so on, the three halfwords of column t of the filter are Pt, Pt+1
   and Pt+2 at stride 1. At stride 2, with P0 = 256 * x0 + x2 + 128 and so on, they are Pt, Pt+2 and
   Pt+4. So five words, or seven, serve where nine did: they are fewer to make, and to load. Three
   columns of two input channels, of four pixels and two output channels, are 35 cycles for 48 MACs
   at stride 1, or 37 at stride 2, instead of 39.

   Rows outside of the input are read from a row of zero points. Of columns, only the first and
   the last of those that four windows cover can lie outside. The last four of a row overlap those
   before where their number asks for it.

   expanded: for each four input channels, for each row of the filter, the words P0, P1, P2, P3, P4
   at stride 1, P0, P2, P4, P6, P1, P3, P5 at stride 2, of the channels 0 and 2, then of 1 and 3.

   stream: for each two output channels two words where sums begin, as in conv_fours_s8_dsp.h; for
   each four input channels, for each row, for the channels 0 and 2, then 1 and 3, a word of weights
   for each column, in the order 0, 1, 2 at stride 1, 0, 2, 1 at stride 2; then, for each of the
   two, (multiplier, offset), which give an output

       ((256 * sum * multiplier >> 32) + offset) >> 12

   or, where `falls` is 1, (multiplier, offset, less), with `less` subtracted before the shift where
   the sum is negative. Both are proved by step.py.

   scratch: words * 6 * in_ch bytes expanded, with words = 5 at stride 1, 7 at stride 2; then a row
   of 6 or 9 pixels. */
#ifndef MOTES_CONV_3X3_S8_DSP_H
#define MOTES_CONV_3X3_S8_DSP_H

#include "conv_gather_s8_dsp.h"
#include "motes.h"

/* Layers are many: what is small has fewer bits. */
typedef struct {
    int32_t in_h, in_w, out_h, out_w;
    const int32_t *stream;
    int16_t batches, in_ch, out_ch;
    int8_t stride_h, pad_top, pad_left, in_zero, falls;
} conv_3x3_s8_dsp_params;

typedef struct {
    int8_t *y;
    const uint32_t *expanded_end; /* a word less where outputs may be negative */
    int32_t pixel;                /* bytes from one output pixel to the next */
    const int32_t *stream_end;
    const uint32_t *expanded;
    const int32_t *stream;
} conv_3x3_s8_dsp_job;

/* clang-format off */

/* The words of the columns in `a` and `b` to place `k`; r10 and lr are lost. SEL takes bytes 0 and 2 of its first. */
#define CONV_3X3_PAIR(a, b, k) \
    "eor r10, " b ", #0x80808080\n lsl lr, " a ", #8\n sel lr, r10, lr\n str lr, [r3, #4 * " k "]\n" \
    "lsr r10, r10, #8\n sel lr, r10, " a "\n str lr, [r3, #4 * (" k " + WORDS)]\n"

/* A row of four windows. r0: the first column, r1: the second, r2: the last, r3 writes, r12: bytes from column to column. */
#define CONV_3X3_EXPAND_1 \
    ".set WORDS, 5\n" \
    "push {r4-r11, lr}\n" \
    "ldr r12, [sp, #36]\n" \
    "mov r4, #0x00ff00ff\n" \
    "uadd8 r4, r4, r4\n" /* the flags of SEL */ \
    "add r4, r0, r12\n" /* end */ \
    "push {r4}\n" \
    "add r11, r1, r12, lsl #1\n" /* the fourth */ \
    "1:\n" \
    "ldr r4, [r0], #4\n ldr r6, [r1, r12]\n ldr r5, [r1], #4\n" \
    "ldr r8, [r11, r12]\n ldr r7, [r11], #4\n ldr r9, [r2], #4\n" \
    CONV_3X3_PAIR("r4", "r5", "0") CONV_3X3_PAIR("r5", "r6", "1") CONV_3X3_PAIR("r6", "r7", "2") CONV_3X3_PAIR("r7", "r8", "3") CONV_3X3_PAIR("r8", "r9", "4") \
    "add r3, r3, #24 * WORDS\n" \
    "ldr lr, [sp]\n" \
    "cmp r0, lr\n" \
    "bne 1b\n" \
    "add sp, #4\n" \
    "pop {r4-r11, pc}\n"
#define CONV_3X3_EXPAND_2 \
    ".set WORDS, 7\n" \
    "push {r4-r11, lr}\n" \
    "ldr r12, [sp, #36]\n" \
    "mov r4, #0x00ff00ff\n" \
    "uadd8 r4, r4, r4\n" \
    "add r4, r0, r12\n" \
    "push {r4}\n" \
    "add r11, r1, r12, lsl #1\n" /* the fifth */ \
    "add r11, r11, r12\n" \
    "add r9, r11, r12, lsl #1\n" /* the eighth */ \
    "add r9, r9, r12\n" \
    "1:\n" \
    "ldr r4, [r0], #4\n ldr r5, [r1, r12]\n ldr r6, [r11]\n ldr r7, [r11, r12, lsl #1]\n ldr r8, [r2], #4\n" \
    CONV_3X3_PAIR("r4", "r5", "0") CONV_3X3_PAIR("r5", "r6", "1") CONV_3X3_PAIR("r6", "r7", "2") CONV_3X3_PAIR("r7", "r8", "3") \
    "ldr r5, [r1, r12, lsl #1]\n ldr r4, [r1], #4\n ldr r6, [r11, r12]\n ldr r7, [r9], #4\n" \
    "add r11, r11, #4\n" \
    CONV_3X3_PAIR("r4", "r5", "4") CONV_3X3_PAIR("r5", "r6", "5") CONV_3X3_PAIR("r6", "r7", "6") \
    "add r3, r3, #24 * WORDS\n" \
    "ldr lr, [sp]\n" \
    "cmp r0, lr\n" \
    "bne.w 1b\n" \
    "add sp, #4\n" \
    "pop {r4-r11, pc}\n"

/* A column of the filter: words in a, b, c, weights to come; `load` brings what is new of the words. */
#define CONV_3X3_COLUMN(load, a, b, c) \
    load "ldr r9, [r12], #4\n" \
    "sxtb16 r11, r9\n sxtb16 r9, r9, ror #8\n" \
    "smlad r0, " a ", r11, r0\n smlad r1, " b ", r11, r1\n smlad r2, " c ", r11, r2\n" \
    "smlad r3, " a ", r9, r3\n smlad r4, " b ", r9, r4\n smlad r5, " c ", r9, r5\n"
#define CONV_3X3_ALL_THREE "ldr r6, [lr], #4\n ldr r7, [lr], #4\n ldr r8, [lr], #4\n"
/* Two input channels of a row of the filter. */
#define CONV_3X3_COLUMNS_1 \
    CONV_3X3_COLUMN(CONV_3X3_ALL_THREE, "r6", "r7", "r8") \
    CONV_3X3_COLUMN("ldr r6, [lr], #4\n", "r7", "r8", "r6") \
    CONV_3X3_COLUMN("ldr r7, [lr], #4\n", "r8", "r6", "r7")
#define CONV_3X3_COLUMNS_2 \
    CONV_3X3_COLUMN(CONV_3X3_ALL_THREE, "r6", "r7", "r8") \
    CONV_3X3_COLUMN("ldr r6, [lr], #4\n", "r7", "r8", "r6") \
    CONV_3X3_COLUMN(CONV_3X3_ALL_THREE, "r6", "r7", "r8")

/* A rescaled sum, with a number taken off where it is negative. */
#define CONV_3X3_SIGNED(r) \
    "and r11, r10, " r ", asr #31\n smmla " r ", " r ", r8, r9\n sub " r ", " r ", r11\n"

/* All output channels of four pixels. Stack: the job, short of the stream.
   r0-r2 sums of the first channel, r3-r5 of the second; r6-r8 words, r9 and r11 weights, r10 the end; lr reads words,
   r12 the stream. */
#define CONV_3X3_BLOCKS(columns) \
    "push {r4-r11, lr}\n" \
    "sub sp, #20\n" \
    "ldm r0!, {r1-r5}\n" \
    "stm sp, {r1-r5}\n" \
    "ldr r12, [r0]\n" \
    "1:\n" /* two output channels */ \
    "ldr lr, [sp, #16]\n" \
    "ldr r10, [sp, #4]\n" \
    "ldr r2, [r12], #4\n" \
    "ldr r5, [r12], #4\n" \
    "mov r0, r2\n" \
    "mov r1, r2\n" \
    "mov r3, r5\n" \
    "mov r4, r5\n" \
    "2:\n" /* three of the six groups of columns that four input channels have */ \
    ".rept 3\n" \
    columns \
    ".endr\n" \
    "cmp lr, r10\n" \
    "blo.w 2b\n" \
    "sub r6, r1, r0, lsl #8\n" \
    "sub r7, r4, r3, lsl #8\n" \
    "sub.w r6, r2, r6, lsl #8\n" \
    "sub.w r7, r5, r7, lsl #8\n" \
    "lsl.w r6, r6, #8\n" /* 256 times the sums of d, then of c, b, a */ \
    "lsl.w r7, r7, #8\n" \
    "sub.w r2, r2, r6, asr #8\n" \
    "sub.w r5, r5, r7, asr #8\n" \
    "sub.w r1, r1, r2, asr #8\n" \
    "sub.w r4, r4, r5, asr #8\n" \
    "sub.w r0, r0, r1, asr #8\n" \
    "sub.w r3, r3, r4, asr #8\n" \
    "bhi 4f\n" /* of the last comparison */ \
    "ldm r12!, {r8-r11}\n" \
    ".irp i, 0, 1, 2, 6\n" \
    "smmla r\\i, r\\i, r8, r9\n" \
    ".endr\n" \
    ".irp i, 3, 4, 5, 7\n" \
    "smmla r\\i, r\\i, r10, r11\n" \
    ".endr\n" \
    "3:\n" \
    ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n" \
    "ssat r\\i, #8, r\\i, asr #12\n" \
    ".endr\n" \
    "ldr r8, [sp]\n" \
    "ldr r9, [sp, #8]\n" \
    "ldr lr, [sp, #12]\n" \
    "add r10, r8, r9\n" \
    "strb r1, [r8, r9]\n" \
    "strb r2, [r8, r9, lsl #1]\n" \
    "strb r6, [r10, r9, lsl #1]\n" \
    "strb r0, [r8], #1\n" \
    "strb r4, [r8, r9]\n" \
    "strb r5, [r8, r9, lsl #1]\n" \
    "add r10, #1\n" \
    "strb r7, [r10, r9, lsl #1]\n" \
    "strb r3, [r8], #1\n" \
    "str r8, [sp]\n" \
    "cmp r12, lr\n" \
    "bne.w 1b\n" \
    "add sp, #20\n" \
    "pop {r4-r11, pc}\n" \
    "4:\n" /* of outputs that may be negative */ \
    "ldm r12!, {r8-r10}\n" \
    CONV_3X3_SIGNED("r0") CONV_3X3_SIGNED("r1") CONV_3X3_SIGNED("r2") CONV_3X3_SIGNED("r6") \
    "ldm r12!, {r8-r10}\n" \
    CONV_3X3_SIGNED("r3") CONV_3X3_SIGNED("r4") CONV_3X3_SIGNED("r5") CONV_3X3_SIGNED("r7") \
    "b 3b\n"

/* The function `name` for a stride of 1 or 2. */
#define conv_3x3_s8_dsp_COPY(name, stride) \
    MOTES_ASSEMBLY void name##_expand(const int8_t *first MOTES_UNUSED, const int8_t *second MOTES_UNUSED, \
                                      const int8_t *last MOTES_UNUSED, uint32_t *to MOTES_UNUSED, \
                                      uint32_t column MOTES_UNUSED) { \
        __asm__ volatile(CONV_3X3_EXPAND_##stride); \
    } \
    MOTES_ASSEMBLY void name##_blocks(const conv_3x3_s8_dsp_job *job MOTES_UNUSED) { \
        __asm__ volatile(CONV_3X3_BLOCKS(CONV_3X3_COLUMNS_##stride)); \
    } \
    static MOTES_NOINLINE MOTES_FLATTEN void name(const conv_3x3_s8_dsp_params *p, const int8_t *x, int8_t *y, \
                                                  void *scratch) { \
        conv_3x3_s8_dsp_images(p, x, y, scratch, stride, name##_expand, name##_blocks); \
    }
/* clang-format on */

typedef void conv_3x3_s8_dsp_expand(const int8_t *first, const int8_t *second, const int8_t *last,
                                    uint32_t *to, uint32_t column);
typedef void conv_3x3_s8_dsp_blocks(const conv_3x3_s8_dsp_job *job);

/* The windows of four pixels, of which the first begins in row `top` and column `left`. */
MOTES_INLINE void conv_3x3_s8_dsp_windows(const conv_3x3_s8_dsp_params *p, const int8_t *x,
                                          int32_t top, int32_t left, int32_t stride, uint32_t *to,
                                          const int8_t *zeros, conv_3x3_s8_dsp_expand *expand) {
    const int32_t column = p->in_ch, behind = 3 * stride + 2, words = stride == 1 ? 10 : 14;
    const int8_t *row = x + (top * p->in_w + left) * column;
    const uint8_t *const end = motes_opaque((uint8_t *)(to + 3 * words));
    for (; (uint8_t *)to < end; to += words, top++, row += p->in_w * column) {
        const int8_t *const from = top >= 0 && top < p->in_h ? row : zeros;
        expand(left >= 0 ? from : zeros, from + column,
               left + behind < p->in_w ? from + behind * column : zeros, to, (uint32_t)column);
    }
}

MOTES_INLINE void conv_3x3_s8_dsp_images(const conv_3x3_s8_dsp_params *p, const int8_t *x,
                                         int8_t *y, void *scratch, int32_t stride,
                                         conv_3x3_s8_dsp_expand *expand,
                                         conv_3x3_s8_dsp_blocks *blocks) {
    uint32_t *const expanded = (uint32_t *)scratch;
    uint32_t *const end = expanded + 3 * (stride == 1 ? 5 : 7) * p->in_ch / 2;
    conv_fill_s8_dsp((int8_t *)end, (uint8_t)p->in_zero * UINT32_C(0x01010101),
                     3 * (stride + 1) * p->in_ch);
    conv_3x3_s8_dsp_job job;
    job.expanded_end = end - p->falls;
    job.pixel = p->out_ch;
    job.stream = p->stream;
    job.stream_end = p->stream + p->out_ch / 2 * (2 + 9 * p->in_ch / 2 + 4 + 2 * p->falls);
    job.expanded = expanded;
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++, y += p->out_w * p->out_ch)
            for (int32_t j = 0; j < p->out_w; j += 4) {
                const int32_t left = motes_min(j, p->out_w - 4);
                conv_3x3_s8_dsp_windows(p, x, i * p->stride_h - p->pad_top,
                                        left * stride - p->pad_left, stride, expanded,
                                        (const int8_t *)end, expand);
                job.y = y + left * p->out_ch;
                blocks(&job);
            }
}

#endif
