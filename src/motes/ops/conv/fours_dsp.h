/* fours_dsp.h: what kernels have in common that tell four pixels apart by three sums. The words and
   the arithmetic are those that conv_fours_s8_dsp.h explains. */
#ifndef MOTES_FOURS_DSP_H
#define MOTES_FOURS_DSP_H

/* clang-format off */

/* Four values of the pixels a to d in r4 to r7 become words at r12: of values 0 and 2, then of 1 and 3. SEL takes bytes 0 and
   2 of its first operand by the flags that FOURS_FLAGS sets. Changes r8 to r10. */
#define FOURS_FLAGS "mov r4, #0x00ff00ff\n uadd8 r4, r4, r4\n"
#define FOURS_EVEN \
    "eor r8, r5, #0x80808080\n eor r9, r6, #0x80808080\n eor r7, r7, #0x80808080\n" \
    "lsl r10, r4, #8\n sel r10, r8, r10\n str r10, [r12], #4\n" \
    "lsl r10, r5, #8\n sel r10, r9, r10\n str r10, [r12], #4\n" \
    "lsl r10, r6, #8\n sel r10, r7, r10\n str r10, [r12], #4\n"
#define FOURS_ODD \
    "lsr r8, r8, #8\n lsr r9, r9, #8\n lsr r7, r7, #8\n" \
    "sel r4, r8, r4\n str r4, [r12], #4\n" \
    "sel r5, r9, r5\n str r5, [r12], #4\n" \
    "sel r6, r7, r6\n str r6, [r12], #4\n"

/* The three sums of channel 0 in r0 to r2, of channel 1 in r3 to r5, become 256 times those of the pixels: of a, b, c and d in
   r0, r1, r2 and r6, in r3, r4, r5 and r7. */
#define FOURS_SEPARATE \
    "sub r6, r1, r0, lsl #8\n sub r7, r4, r3, lsl #8\n sub r6, r2, r6, lsl #8\n sub r7, r5, r7, lsl #8\n" \
    "lsl r6, r6, #8\n lsl r7, r7, #8\n" \
    "sub r2, r2, r6, asr #8\n sub r5, r5, r7, asr #8\n sub r1, r1, r2, asr #8\n sub r4, r4, r5, asr #8\n" \
    "sub r0, r0, r1, asr #8\n sub r3, r3, r4, asr #8\n"
/* Those of a channel, scaled: their upper words and an offset. Then the outputs of both. */
#define FOURS_SCALE_0(multiplier, offset) \
    ".irp i, 0, 1, 2, 6\n smmla r\\i, r\\i, " multiplier ", " offset "\n .endr\n"
#define FOURS_SCALE_1(multiplier, offset) \
    ".irp i, 3, 4, 5, 7\n smmla r\\i, r\\i, " multiplier ", " offset "\n .endr\n"
#define FOURS_CLAMP(shift) ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n ssat r\\i, #8, r\\i, asr #" shift "\n .endr\n"
/* clang-format on */

#endif
