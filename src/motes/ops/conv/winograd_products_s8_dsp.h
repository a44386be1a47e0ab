/* winograd_products_s8_dsp.h: the products of Winograd convolution on Cortex-M4: a matrix product
   at each position of two transformed tiles.

   At a position, four output channels of a tile are sums over input channels of transformed weights
   times transformed values, both int16, modulo 2^32. Two tiles go together, so that a word of
   weights serves twice. All fourteen registers are taken: eight sums, two words of values, two of
   weights, two pointers. A step is two channels: six loads (8 cycles) and eight SMLAD make 16
   cycles for 16 MACs; a position adds 16 cycles, or 26 where channels go round a loop.

   values: for each position, for each step, the word of tile 0, then that of tile 1; the two
   channels of a step are those that SXTB16 gives of four bytes: 0 and 2, then 1 and 3.

   weights: for each position, for each step, a word of each of four output channels.

   sums: for each position, for each of four output channels, that of tile 0, then that of tile 1.
 */
#ifndef MOTES_WINOGRAD_PRODUCTS_S8_DSP_H
#define MOTES_WINOGRAD_PRODUCTS_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* AHEAD, FIRST_STEP or STEP, then STEPS, which also loads sums and values_end to r8 and r9. */
#ifdef MOTES_DUAL_ISSUE
/* For cores that begin two instructions a cycle: a load goes with an SMLAD, 8 cycles. Values and the first word of weights
   are loaded ahead. */
#define BEGIN(r, x, w) "smuad " r ", " x ", " w "\n"
#define ADD(r, x, w) "smlad " r ", " x ", " w ", " r "\n"
#define WORD(w) "ldr " w ", [lr], #4\n"
#define DUAL(MAC, w, x0, x1) \
    WORD("r11") MAC("r0", "r8", "r10") MAC("r1", "r9", "r10") \
    WORD("r10") MAC("r2", "r8", "r11") MAC("r3", "r9", "r11") \
    WORD("r11") MAC("r4", "r8", "r10") MAC("r5", "r9", "r10") w \
    MAC("r6", "r8", "r11") x0 MAC("r7", "r9", "r11") x1
#define VALUE(x) "ldr " x ", [r12], #4\n"
#define AHEAD WORD("r10") VALUE("r8") VALUE("r9")
#define FIRST_STEP DUAL(BEGIN, WORD("r10"), VALUE("r8"), VALUE("r9"))
#define STEP DUAL(ADD, WORD("r10"), VALUE("r8"), VALUE("r9"))
#define STEPS(n) ".rept " #n " - 1\n" STEP ".endr\n" DUAL(ADD, "", "ldr r8, [sp]\n", "ldr r9, [sp, #4]\n")
#define STORE_SUMS "stm r8!, {r0-r7}\n"
#else
#define STORE_SUMS ".irp i, 1, 2, 3, 4, 5, 6, 7\n str r\\i, [r8, #4 * \\i]\n .endr\n str r0, [r8], #32\n"
#define AHEAD
#define STEP \
    "ldr r8, [r12], #4\n ldr r9, [r12], #4\n ldr r10, [lr], #4\n ldr r11, [lr], #4\n" \
    "smlad r0, r8, r10, r0\n smlad r1, r9, r10, r1\n smlad r2, r8, r11, r2\n smlad r3, r9, r11, r3\n" \
    "ldr r10, [lr], #4\n ldr r11, [lr], #4\n" \
    "smlad r4, r8, r10, r4\n smlad r5, r9, r10, r5\n smlad r6, r8, r11, r6\n smlad r7, r9, r11, r7\n"

#define FIRST_STEP \
    "ldr r8, [r12], #4\n ldr r9, [r12], #4\n ldr r10, [lr], #4\n ldr r11, [lr], #4\n" \
    "smuad r0, r8, r10\n smuad r1, r9, r10\n smuad r2, r8, r11\n smuad r3, r9, r11\n" \
    "ldr r10, [lr], #4\n ldr r11, [lr], #4\n" \
    "smuad r4, r8, r10\n smuad r5, r9, r10\n smuad r6, r8, r11\n smuad r7, r9, r11\n"
#define STEPS(n) ".rept " #n "\n" STEP ".endr\n ldr r8, [sp]\n ldr r9, [sp, #4]\n"
#endif

/* Of sixteen input channels. values_end: behind those of the last position. */
MOTES_ASSEMBLY void winograd_products_16_s8_dsp(const uint32_t *values, const uint32_t *weights, int32_t *sums,
                                                const uint32_t *values_end) {
    /* Stack: 0 sums, 4 values_end. r0-r7 sums, r8 r9 values, r10 r11 weights, r12 reads values, lr weights. */
    __asm__ volatile(
        "push {r2-r11, lr}\n"
        "mov r12, r0\n"
        "mov lr, r1\n"
        "1:\n" /* a position */
        AHEAD
        FIRST_STEP
        STEPS(7)
        STORE_SUMS
        "str r8, [sp]\n"
        "cmp r12, r9\n"
        "bne.w 1b\n"
        "add sp, #8\n"
        "pop {r4-r11, pc}\n");
}

/* Of 32; `more` is 1 where the products are added to `sums`, or 0. */
MOTES_ASSEMBLY void winograd_products_32_s8_dsp(const uint32_t *values, const uint32_t *weights, int32_t *sums,
                                                const uint32_t *values_end, uint32_t more) {
    /* Stack: 0 sums; 4 values_end, or 0 for `more`: each position leaves the loop then; 8 values_end; from 48: more.
       Registers as above. */
    __asm__ volatile(
        "push {r3-r11, lr}\n"
        "sub sp, #8\n"
        "ldr r4, [sp, #48]\n"
        "mov r12, r0\n"
        "mov lr, r1\n"
        "cmp r4, #0\n"
        "it ne\n"
        "movne r3, #0\n"
        "strd r2, r3, [sp]\n"
        "bne.w 3f\n"
        "1:\n" /* a position */
        AHEAD
        FIRST_STEP
        "2:\n"
        STEPS(15)
        STORE_SUMS
        "str r8, [sp]\n"
        "cmp r12, r9\n"
        "blo.w 1b\n"
        "ldr r9, [sp, #8]\n"
        "cmp r12, r9\n"
        "beq 4f\n"
        "3:\n" /* a position on top of what there is */
        "ldr r8, [sp]\n"
        "ldm r8, {r0-r7}\n"
        AHEAD
        STEP
        "b.w 2b\n"
        "4:\n"
        "add sp, #12\n"
        "pop {r4-r11, pc}\n");
}

/* Of 64, 96 and so on: position is the bytes of the values of a position, 256 and so on. */
MOTES_ASSEMBLY void winograd_products_64_s8_dsp(const uint32_t *values, const uint32_t *weights, int32_t *sums,
                                                const uint32_t *values_end, uint32_t position) {
    /* Stack: 0 sums, 4 values_end, 8 end of the position; from 48: position. Registers as above. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "sub sp, #12\n"
        "mov r12, r0\n"
        "mov lr, r1\n"
        "ldr r4, [sp, #48]\n"
        "str r2, [sp]\n"
        "str r3, [sp, #4]\n"
        "add r0, r4\n"
        "str r0, [sp, #8]\n"
        "1:\n" /* a position */
        AHEAD
        FIRST_STEP
        "b.w 3f\n"
        "2:\n" /* 32 channels more */
        AHEAD
        STEP
        "3:\n"
        STEPS(15)
        "ldr r10, [sp, #8]\n"
        "ldr r11, [sp, #48]\n"
        "cmp r12, r10\n"
        "bne.w 2b\n"
        STORE_SUMS
        "add r10, r11\n"
        "str r8, [sp]\n"
        "str r10, [sp, #8]\n"
        "cmp r12, r9\n"
        "bne.w 1b\n"
        "add sp, #12\n"
        "pop {r4-r11, pc}\n");
}

#undef STORE_SUMS
#undef BEGIN
#undef ADD
#undef WORD
#undef DUAL
#undef VALUE
#undef AHEAD
#undef FIRST_STEP
#undef STEP
#undef STEPS
/* clang-format on */
#pragma GCC diagnostic pop

#endif
