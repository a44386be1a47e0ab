/* conv_fours_dual_s8_dsp.h: the blocks of conv_fours_s8_dsp.h for cores that begin two instructions
   a cycle.

   A load, or an SXTB16, begins together with the SMLAD behind it, so that a step takes the 6 cycles
   of its six SMLAD. For that, loads run ahead: a step begins with x in r6 and r7, the word of
   weights in r10, and those of channel 0 unpacked in r11; behind it are those of the next step. The
   last step of a round asks whether there is one before it loads for it. Multipliers are loaded
   while the sums are separated. Each line is one cycle. */
#ifndef MOTES_CONV_FOURS_DUAL_S8_DSP_H
#define MOTES_CONV_FOURS_DUAL_S8_DSP_H

/* clang-format off */

/* Sums begin with the words of the stream, in r2 and r5. Behind it r9 has the steps to skip. */
#define DUAL_FIRST_STEP \
    "ldr lr, [sp, #32]\n" \
    "ldr r5, [r12, #4]\n ldr r2, [r12], #8\n" \
    "ldr r9, [r12], #4\n" \
    "sxtb16 r11, r9\n ldr r7, [lr, #4]\n" \
    "sxtb16 r9, r9, ror #8\n ldr r6, [lr], #8\n" \
    "ldr r8, [lr], #4\n smlad r4, r7, r9, r5\n" \
    "ldr r10, [r12], #4\n smlad r3, r6, r9, r5\n" \
    "smlad r5, r8, r9, r5\n ldr r9, [sp, #24]\n" \
    "smlad r0, r6, r11, r2\n ldr r6, [lr], #4\n" \
    "smlad r1, r7, r11, r2\n ldr r7, [lr], #4\n" \
    "smlad r2, r8, r11, r2\n" \
    "sxtb16 r11, r10\n"

/* 48 bytes of code. */
#define DUAL_STEP \
    "sxtb16 r9, r10, ror #8\n smlad r0, r6, r11, r0\n" \
    "ldr r8, [lr], #4\n smlad r3, r6, r9, r3\n" \
    "ldr r6, [lr], #4\n smlad r1, r7, r11, r1\n" \
    "ldr r10, [r12], #4\n smlad r4, r7, r9, r4\n" \
    "ldr r7, [lr], #4\n smlad r2, r8, r11, r2\n" \
    "sxtb16 r11, r10\n smlad r5, r8, r9, r5\n"

/* Jumps to `end`, where two products are left, or to `next`. */
#define DUAL_LAST_STEP(next, end) \
    "sxtb16 r9, r10, ror #8\n smlad r0, r6, r11, r0\n" \
    "ldr r8, [lr], #4\n smlad r3, r6, r9, r3\n" \
    "ldr r10, [sp, #4]\n smlad r1, r7, r11, r1\n" \
    "cmp lr, r10\n smlad r4, r7, r9, r4\n" \
    "bhs " end "\n" \
    "ldr r10, [r12], #4\n smlad r2, r8, r11, r2\n" \
    "ldr r6, [lr], #4\n smlad r5, r8, r9, r5\n" \
    "sxtb16 r11, r10\n ldr r7, [lr], #4\n" \
    "b.w " next "\n"

/* The last products, then the sums of d in r6 and r7, 256 times; multipliers in r8 and r10, offsets in r11 and r9; lr is y. */
#define DUAL_LAST_PIXEL \
    "smlad r2, r8, r11, r2\n sub r6, r1, r0, lsl #8\n" \
    "smlad r5, r8, r9, r5\n ldr r8, [r12], #4\n" \
    "sub r7, r4, r3, lsl #8\n ldr r10, [r12], #4\n" \
    "sub.w r6, r2, r6, lsl #8\n ldr r9, [r12], #4\n" \
    "sub.w r7, r5, r7, lsl #8\n ldr r11, [sp, #16]\n" \
    "lsl.w r6, r6, #8\n lsl.w r7, r7, #8\n" \
    "uxtah r11, r11, r9\n ldr lr, [sp]\n" \
    "sxtah r9, r11, r9, ror #16\n"

/* The sums of c, b and a, rescaled; those of d become bytes. */
#define DUAL_SMMLA(r, multiplier, offset) "smmla " r ", " r ", " multiplier ", " offset "\n"
#define DUAL_SSAT(r) "ssat " r ", #8, " r ", asr #12\n"
#define DUAL_NO_SMMLA(r, multiplier, offset)
#define DUAL_NO_SSAT(r)
#define DUAL_OTHER_PIXELS(rescale, byte) \
    "sub.w r2, r2, r6, asr #8\n" rescale("r6", "r8", "r11") \
    "sub.w r5, r5, r7, asr #8\n" rescale("r7", "r10", "r9") \
    "sub.w r1, r1, r2, asr #8\n" rescale("r2", "r8", "r11") \
    "sub.w r4, r4, r5, asr #8\n" rescale("r5", "r10", "r9") \
    "sub.w r0, r0, r1, asr #8\n" rescale("r1", "r8", "r11") \
    "sub.w r3, r3, r4, asr #8\n" rescale("r4", "r10", "r9") \
    byte("r6") rescale("r0", "r8", "r11") \
    byte("r7") rescale("r3", "r10", "r9")

/* The other bytes, and all of channel 0 to y, which becomes r8; r9 and r11 say where those of b, c and d are. */
#define DUAL_STORES \
    DUAL_SSAT("r2") "ldr r9, [sp, #8]\n" \
    DUAL_SSAT("r1") "ldr r11, [sp, #12]\n" \
    DUAL_SSAT("r0") "strb r1, [lr, r9]\n" \
    DUAL_SSAT("r5") "strb r2, [lr, r9, lsl #1]\n" \
    DUAL_SSAT("r4") \
    DUAL_SSAT("r3") "strb r6, [lr, r11]\n" \
    "strb r0, [lr], #1\n ldr r1, [sp, #20]\n" \
    "mov r8, lr\n cmp r12, r1\n"

/* clang-format on */
#endif
