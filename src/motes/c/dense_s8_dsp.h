/* dense_s8_dsp.h: rows of int8 weights times a vector on Cortex-M4, eight sums at a time.

   x is expanded to int16 first. A word of weights serves two sums: each halfword is 256 * w0 + w1.
   SMLAD with the word sums 256 * s0 + s1, SMLAD with SXTB16 of it sums s1 alone; the difference is
   256 * s0, exact modulo 2^32. */
#ifndef MOTES_DENSE_S8_DSP_H
#define MOTES_DENSE_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* The `words` words of x before `end`, one or more, to twice as many of int16 before `to`: bytes 0 and 2, then 1 and 3. */
MOTES_ASSEMBLY void dense_expand_s8_dsp(const int8_t *end, uint32_t *to, uint32_t words) {
    __asm__ volatile(
        "push {r4-r10, lr}\n"
        "subs r2, #4\n"
        "blt 2f\n"
        "1:\n"
        "ldr r9, [r0, #-4]!\n ldr r7, [r0, #-4]!\n ldr r5, [r0, #-4]!\n ldr r3, [r0, #-4]!\n"
        "sxtb16 r4, r3, ror #8\n sxtb16 r3, r3\n sxtb16 r6, r5, ror #8\n sxtb16 r5, r5\n"
        "sxtb16 r8, r7, ror #8\n sxtb16 r7, r7\n sxtb16 r10, r9, ror #8\n sxtb16 r9, r9\n"
        "stmdb r1!, {r3-r10}\n"
        "subs r2, #4\n"
        "bge 1b\n"
        "2:\n"
        "adds r2, #4\n"
        "beq 4f\n"
        "3:\n"
        "ldr r3, [r0, #-4]!\n sxtb16 r4, r3, ror #8\n sxtb16 r3, r3\n stmdb r1!, {r3, r4}\n"
        "subs r2, #1\n"
        "bne 3b\n"
        "4:\n"
        "pop {r4-r10, pc}\n");
}

#define DENSE_NEXT(w) "ldr " w ", [r12], #4\n"
/* DENSE_ROUND: `n` times four values of x by eight outputs, 136 bytes of code each; a pair of sums is 256 * s0 + s1, and s1.
   DENSE_AHEAD: what goes before it, and before a jump into it by DENSE_INDEX. */
#ifdef MOTES_DUAL_ISSUE
/* For cores that begin two instructions a cycle: a load or an SXTB16 goes with an SMLAD, 18 cycles. Words are loaded ahead:
   x is in r8, the first two words of weights in a and b, and behind two values of x in b and a. */
#define DENSE_MAC(sum, w) "smlad " sum ", r8, " w ", " sum "\n"
#define DENSE_LOW(w) "sxtb16 " w ", " w "\n"
#define DENSE_TWO(a, b, first, x, second) \
    DENSE_NEXT("r11") DENSE_MAC("r0", a) DENSE_LOW(a) DENSE_MAC("r2", b) DENSE_MAC("r1", a) DENSE_NEXT(a) \
    DENSE_LOW(b) DENSE_MAC("r4", "r11") DENSE_LOW("r11") DENSE_MAC("r3", b) first DENSE_MAC("r6", a) \
    DENSE_LOW(a) DENSE_MAC("r5", "r11") DENSE_MAC("r7", a) x second
#define DENSE_X "ldr r8, [lr], #4\n"
#define DENSE_AHEAD DENSE_X DENSE_NEXT("r9") DENSE_NEXT("r10")
#define DENSE_INDEX "r11"
#define DENSE_ROUND(n) \
    ".rept " n " - 1\n" \
    DENSE_TWO("r9", "r10", DENSE_NEXT("r10"), DENSE_X, DENSE_NEXT("r9")) \
    DENSE_TWO("r10", "r9", DENSE_NEXT("r9"), DENSE_X, DENSE_NEXT("r10")) \
    ".endr\n" \
    DENSE_TWO("r9", "r10", DENSE_NEXT("r10"), DENSE_X, DENSE_NEXT("r9")) \
    DENSE_TWO("r10", "r9", "", "", "")
#else
/* 37 cycles. w is lost. */
#define DENSE_MAC(x, w, h, l) "smlad " h ", " x ", " w ", " h "\n sxtb16 " w ", " w "\n smlad " l ", " x ", " w ", " l "\n"
#define DENSE_FOUR \
    "ldr r8, [lr], #4\n" DENSE_NEXT("r9") DENSE_NEXT("r10") DENSE_NEXT("r11") \
    DENSE_MAC("r8", "r9", "r0", "r1") DENSE_MAC("r8", "r10", "r2", "r3") DENSE_MAC("r8", "r11", "r4", "r5") \
    DENSE_NEXT("r9") "ldr r10, [lr], #4\n" DENSE_NEXT("r11") \
    DENSE_MAC("r8", "r9", "r6", "r7") DENSE_MAC("r10", "r11", "r0", "r1") \
    DENSE_NEXT("r8") DENSE_NEXT("r9") DENSE_NEXT("r11") \
    DENSE_MAC("r10", "r8", "r2", "r3") DENSE_MAC("r10", "r9", "r4", "r5") DENSE_MAC("r10", "r11", "r6", "r7")
#define DENSE_AHEAD
#define DENSE_INDEX "r8"
#define DENSE_ROUND(n) ".rept " n "\n" DENSE_FOUR ".endr\n"
#endif

/* Eight sums over `fours` times four values of expanded x. stream: eight words 256 * b0 + b1, b1, ..., then for each four
   values eight words of weights; what comes behind it is returned. skipped: so many fours, of eight, that the unrolled
   loop leaves out at first. */
MOTES_ASSEMBLY const int32_t *dense_sums_s8_dsp(const uint32_t *x, const int32_t *stream, int32_t *sums, uint32_t fours,
                                                uint32_t skipped) {
    /* Stack: 0 sums, 4 where x ends, 8 three more, from 44: skipped. */
    __asm__ volatile(
        "push {r2-r11, lr}\n"
        "mov lr, r0\n mov r12, r1\n"
        "add r3, r0, r3, lsl #3\n str r3, [sp, #4]\n"
        "ldr " DENSE_INDEX ", [sp, #44]\n"
        "ldm r12!, {r0-r7}\n"
        DENSE_AHEAD
        "tbh [pc, " DENSE_INDEX ", lsl #1]\n"
        "1:\n"
        ".irp skipped, 0, 1, 2, 3, 4, 5, 6, 7\n .hword (2f - 1b + 136 * \\skipped) / 2\n .endr\n"
        "3:\n"
        DENSE_AHEAD
        "2:\n"
        DENSE_ROUND("8")
        "ldr r8, [sp, #4]\n"
        "cmp lr, r8\n"
        "bne.w 3b\n"
        "ldr r8, [sp]\n"
        "sub r0, r1\n sub r2, r3\n sub r4, r5\n sub r6, r7\n"
        "asr r0, #8\n asr r2, #8\n asr r4, #8\n asr r6, #8\n"
        "stm r8, {r0-r7}\n"
        "mov r0, r12\n"
        "add sp, #8\n"
        "pop {r4-r11, pc}\n");
}

/* clang-format on */
#pragma GCC diagnostic pop

/* `n` values at any address as int16, with nothing read behind them. */
MOTES_INLINE void dense_expand_all_s8_dsp(const int8_t *x, int32_t n, uint32_t *to) {
    const int32_t whole = n / 4, rest = n % 4;
    if (whole)
        dense_expand_s8_dsp(x + 4 * whole, to + 2 * whole, (uint32_t)whole);
    if (rest) {
        x += 4 * whole, to += 2 * whole;
        to[0] = (uint16_t)x[0] | (rest > 2 ? (uint32_t)x[2] << 16 : 0);
        to[1] = rest > 1 ? (uint16_t)x[1] : 0;
    }
}

#endif
