/* winograd_weights_s8_dsp.h: int8 weights transformed for F(4x4, 3x3) as they are needed, on
   Cortex-M4.

   Three weights g become 6 values along one axis:

       g0,  s + g1,  s - g1,  t + 2 g1,  t - 2 g1,  g2,   s = g0 + g2, t = g0 + 4 g2

   first of columns, then of rows. Each function makes two rows of positions of four output and 32
   input channels: rows 0 and 5, 1 and 2, 3 and 4. 44, 60 and 69 cycles for two weights of each.

   weights: for each output channel, for each four input channels, nine words: taps row by row.

   to: 12 positions of 16 steps of four words, as winograd_products_s8_dsp.h takes them. */
#ifndef MOTES_WINOGRAD_WEIGHTS_S8_DSP_H
#define MOTES_WINOGRAD_WEIGHTS_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Column j of two channels: row 0 of positions to a, row 5 to b. */
#define ENDS(j, a, b, turn) \
    "ldr " a ", [r0, #4 * " j "]\n ldr " b ", [r0, #4 * " j " + 24]\n" \
    "sxtb16 " a ", " a turn "\n sxtb16 " b ", " b turn "\n"

#define TAPS(j, turn) \
    "ldr r2, [r0, #4 * " j "]\n ldr r3, [r0, #4 * " j " + 12]\n ldr r4, [r0, #4 * " j " + 24]\n" \
    "sxtb16 r2, r2" turn "\n sxtb16 r3, r3" turn "\n sxtb16 r4, r4" turn "\n"

/* Rows 1 and 2. */
#define ONES(j, a, b, turn) \
    TAPS(j, turn) \
    "sadd16 r2, r2, r4\n sadd16 " a ", r2, r3\n ssub16 " b ", r2, r3\n"

/* Rows 3 and 4. */
#define TWOS(j, a, b, turn) \
    TAPS(j, turn) \
    "sadd16 r4, r4, r4\n sadd16 r4, r4, r4\n sadd16 r2, r2, r4\n sadd16 r3, r3, r3\n" \
    "sadd16 " a ", r2, r3\n ssub16 " b ", r2, r3\n"

/* A row of six positions from three columns. */
#define ROW(a0, a1, a2, to) \
    "str " a0 ", [r1, #" to "]\n" \
    "str " a2 ", [r1, #" to " + 1280]\n" \
    "sadd16 r2, " a0 ", " a2 "\n" \
    "sadd16 r3, r2, " a1 "\n" \
    "str r3, [r1, #" to " + 256]\n" \
    "ssub16 r3, r2, " a1 "\n" \
    "str r3, [r1, #" to " + 512]\n" \
    "sadd16 " a2 ", " a2 ", " a2 "\n" \
    "sadd16 " a2 ", " a2 ", " a2 "\n" \
    "sadd16 " a0 ", " a0 ", " a2 "\n" \
    "sadd16 " a1 ", " a1 ", " a1 "\n" \
    "sadd16 r3, " a0 ", " a1 "\n" \
    "str r3, [r1, #" to " + 768]\n" \
    "ssub16 r3, " a0 ", " a1 "\n" \
    "str r3, [r1, #" to " + 1024]\n"

#define PAIR(COLUMN, turn, upper, lower) \
    COLUMN("0", "r5", "r8", turn) COLUMN("1", "r6", "r9", turn) COLUMN("2", "r7", "r10", turn) \
    ROW("r5", "r6", "r7", upper) ROW("r8", "r9", "r10", lower)

/* r11: where the steps of an output channel end, r12: where the output channels end. */
#define WINOGRAD_WEIGHTS(name, COLUMN) \
MOTES_ASSEMBLY void name(const uint32_t *weights, uint32_t *to) { \
    __asm__ volatile( \
        "push {r4-r12, lr}\n" \
        "add r12, r1, #16\n" \
        "1:\n" /* an output channel */ \
        "add r11, r1, #256\n" \
        "2:\n" /* four input channels */ \
        PAIR(COLUMN, "", "0", "1536") \
        PAIR(COLUMN, ", ror #8", "16", "1552") \
        "add r0, #36\n" \
        "add r1, #32\n" \
        "cmp r1, r11\n" \
        "bne.w 2b\n" \
        "sub r1, #252\n" \
        "cmp r1, r12\n" \
        "bne.w 1b\n" \
        "pop {r4-r12, pc}\n"); \
}

WINOGRAD_WEIGHTS(winograd_weights_05_s8_dsp, ENDS)
WINOGRAD_WEIGHTS(winograd_weights_12_s8_dsp, ONES)
WINOGRAD_WEIGHTS(winograd_weights_34_s8_dsp, TWOS)

#undef ENDS
#undef TAPS
#undef ONES
#undef TWOS
#undef ROW
#undef PAIR
#undef WINOGRAD_WEIGHTS
/* clang-format on */
#pragma GCC diagnostic pop

#endif
