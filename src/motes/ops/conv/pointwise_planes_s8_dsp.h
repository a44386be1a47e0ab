/* pointwise_planes_s8_dsp.h: convolution of int8 with windows of one pixel on Cortex-M4, straight
   into the planes of depthwise_planes_s8_dsp.h.

   The arithmetic is that of conv_fours_s8_dsp.h: three sums for four pixels, and two output
   channels at a time. The weights of these lie in float registers while all fours of a pair of rows
   go by. A four is two columns of two rows: a and b of the first column, c and d of the second, so
   that its outputs are words of two columns. Bytes between them are 0 before.

   A step, which is two values of four pixels, takes 12 cycles for 16 MACs, and each block of eight
   outputs 45 more; where there are more than `POINTWISE_FEW` steps 48. Two channels begin with some
   30 cycles and one a weight pair.

   record: of two channels, the weights of each step, of channel 0, then of channel 1, as halfwords;
   where their sums begin; offset 0, offset 1, multiplier 0, multiplier 1 of

       ((256 * sum * multiplier >> 32) + offset) >> 12, clamped to -128..127 */
#ifndef MOTES_POINTWISE_PLANES_S8_DSP_H
#define MOTES_POINTWISE_PLANES_S8_DSP_H

#include "fours_dsp.h"
#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Expands `fours` times four pixels of `depth` bytes, which is a multiple of 4: one at `a`, one at `b`, those `step` bytes
   behind them; the next four is as far behind these. */
MOTES_ASSEMBLY void pointwise_planes_expand(const int8_t *a, const int8_t *b, uint32_t depth, uint32_t step, uint32_t *to,
                                            uint32_t fours) {
    /* r0-r3 read, r11 from the end of a pixel to the next, r12 writes, lr bytes left; stack: depth. */
    __asm__ volatile(
        "push {r2, r4-r11, lr}\n"
        "ldr r12, [sp, #40]\n"
        "rsb r11, r2, r3, lsl #1\n add r2, r0, r3\n add r3, r1\n"
        FOURS_FLAGS
        "1:\n"
        "ldr lr, [sp]\n"
        "2:\n"
        "ldr r4, [r0], #4\n ldr r5, [r1], #4\n ldr r6, [r2], #4\n ldr r7, [r3], #4\n"
        FOURS_EVEN FOURS_ODD
        "subs lr, #4\n bne 2b\n"
        "add r0, r11\n add r1, r11\n add r2, r11\n add r3, r11\n"
        "ldr r4, [sp, #44]\n subs r4, #1\n str r4, [sp, #44]\n bne 1b\n"
        "add sp, #4\n pop {r4-r11, pc}\n");
}

/* Steps up to which all that a block needs lies in float registers. */
#define POINTWISE_FEW "13"
#define POINTWISE_IF_FEW(yes, no) ".if pointwise_steps <= " POINTWISE_FEW "\n" yes ".else\n" no ".endif\n"
#define POINTWISE_FIRST \
    "ldm lr!, {r6-r8}\n" POINTWISE_IF_FEW("vmov r2, s26\n vmov r5, s27\n", "ldrd r2, r5, [sp]\n") \
    "vmov r9, s0\n smlad r0, r6, r9, r2\n smlad r1, r7, r9, r2\n smlad r2, r8, r9, r2\n" \
    "vmov r9, s1\n smlad r3, r6, r9, r5\n smlad r4, r7, r9, r5\n smlad r5, r8, r9, r5\n"
#define POINTWISE_STEP(k, s0, s1) \
    ".if pointwise_steps > " k "\n ldm lr!, {r6-r8}\n" \
    "vmov r9, " s0 "\n smlad r0, r6, r9, r0\n smlad r1, r7, r9, r1\n smlad r2, r8, r9, r2\n" \
    "vmov r9, " s1 "\n smlad r3, r6, r9, r3\n smlad r4, r7, r9, r4\n smlad r5, r8, r9, r5\n .endif\n"
#define POINTWISE_STEPS \
    POINTWISE_FIRST POINTWISE_STEP("1", "s2", "s3") POINTWISE_STEP("2", "s4", "s5") POINTWISE_STEP("3", "s6", "s7") \
    POINTWISE_STEP("4", "s8", "s9") POINTWISE_STEP("5", "s10", "s11") POINTWISE_STEP("6", "s12", "s13") \
    POINTWISE_STEP("7", "s14", "s15") POINTWISE_STEP("8", "s16", "s17") POINTWISE_STEP("9", "s18", "s19") \
    POINTWISE_STEP("10", "s20", "s21") POINTWISE_STEP("11", "s22", "s23") POINTWISE_STEP("12", "s24", "s25") \
    POINTWISE_STEP("13", "s26", "s27") POINTWISE_STEP("14", "s28", "s29") POINTWISE_STEP("15", "s30", "s31")

/* r0-r2 sums of channel 0, r3-r5 of channel 1; r6-r8 x, r9 a weight, r10 and r11 multipliers; r12 to, lr expanded. Stack, or
   s26 to s30: where sums begin, offset 0, offset 1, where expanded pixels end; then where they begin, to, records, bytes to
   the next two channels, to those behind, pairs of channels left. `last`: of the weights of a record. */
#define POINTWISE_BLOCKS(last) \
    "push {r4-r11, lr}\n vpush {s16-s31}\n sub sp, #44\n" \
    "movw r4, #(12 * pointwise_steps)\n mla r4, r3, r4, r0\n ldrd r6, r7, [sp, #144]\n mov r5, #8\n" \
    POINTWISE_IF_FEW("vmov s30, r4\n", "str r4, [sp, #16]\n") \
    "add r1, #1\n strd r0, r1, [sp, #20]\n str r2, [sp, #28]\n strd r5, r6, [sp, #32]\n str r7, [sp, #40]\n" \
    "1:\n" \
    "ldrd r12, r7, [sp, #24]\n vldmia r7!, {s0-s" last "}\n" \
    POINTWISE_IF_FEW("vldmia r7!, {s26-s29}\n ldm r7!, {r10, r11}\n", \
                     "ldm r7!, {r0-r3, r10, r11}\n stm sp, {r0-r3}\n") \
    "ldrd r0, r1, [sp, #32]\n strd r1, r0, [sp, #32]\n add r0, r12\n strd r0, r7, [sp, #24]\n ldr lr, [sp, #20]\n" \
    "2:\n" POINTWISE_STEPS \
    FOURS_SEPARATE \
    POINTWISE_IF_FEW("vmov r8, s28\n vmov r9, s29\n", "ldrd r8, r9, [sp, #8]\n") \
    FOURS_SCALE_0("r10", "r8") \
    FOURS_SCALE_1("r11", "r9") \
    FOURS_CLAMP("12") \
    "strb r1, [r12, #2]\n strb r2, [r12, #16]\n strb r6, [r12, #18]\n" \
    "strb r3, [r12, #4]\n strb r4, [r12, #6]\n strb r5, [r12, #20]\n strb r7, [r12, #22]\n strb r0, [r12], #32\n" \
    POINTWISE_IF_FEW("vmov r8, s30\n", "ldr r8, [sp, #16]\n") \
    "cmp lr, r8\n bne.w 2b\n" \
    "ldr r0, [sp, #40]\n subs r0, #1\n str r0, [sp, #40]\n bne.w 1b\n" \
    "add sp, #44\n vpop {s16-s31}\n pop {r4-r11, pc}\n"

/* A function for so many steps, and the last of the float registers that hold weights: all pairs of channels of
   `fours` times four expanded pixels; `to` is where the first output of the upper row goes. Pairs of channels go to words 0
   and 1 of a column, to 2 and 3, then to those `behind` bytes further. */
#define POINTWISE_PLANES_BLOCKS(name, steps, last) \
    MOTES_ASSEMBLY void name(const uint32_t *expanded MOTES_UNUSED, int8_t *to MOTES_UNUSED, \
                             const uint32_t *records MOTES_UNUSED, uint32_t fours MOTES_UNUSED, \
                             uint32_t behind MOTES_UNUSED, uint32_t pairs MOTES_UNUSED) { \
        __asm__ volatile(".set pointwise_steps, " #steps "\n" POINTWISE_BLOCKS(#last)); \
    }
/* clang-format on */
#pragma GCC diagnostic pop

#endif
