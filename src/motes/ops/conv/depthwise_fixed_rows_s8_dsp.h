/* depthwise_fixed_rows_s8_dsp.h: rows of 3x3 depthwise convolution on Cortex-M4, for widths and
   channels that are known when it is compiled.

   Words, planes, taps and rescaling are those of depthwise_planes_s8_dsp.h. Everything that differs
   from layer to layer is an immediate: no register is lost to a stride, and a column costs no
   addition. The taps stay in registers.

   Two rows of two columns take 49 cycles at stride 1, two columns of a row 31 at stride 2; TFLM's
   own rounding adds 4.5 an output. */
#ifndef MOTES_DEPTHWISE_FIXED_ROWS_S8_DSP_H
#define MOTES_DEPTHWISE_FIXED_ROWS_S8_DSP_H

#include "motes.h"

/* clang-format off */

/* What the assembly knows: columns of an input row, channels, columns of a plane, those of them that are spread; columns of
   an output row, and whether the number of its rows is odd. Of a row two columns are a block: how many blocks there are,
   in the unrolled loop, its rounds, and what is left; the same of columns that are spread. */
#define FIXED_SYMBOLS(across, channels, wide, columns, width, odd, unrolled, together)                                 \
    ".set dw_across, " #across "\n .set dw_channels, " #channels "\n .set dw_pitch, 16 * " #wide "\n"                  \
    ".set dw_columns, " #columns "\n .set dw_width, " #width "\n .set dw_odd, " #odd "\n"                             \
    ".set dw_blocks, dw_width / 2\n .set dw_unrolled, " #unrolled "\n .set dw_rounds, dw_blocks / dw_unrolled\n"       \
    ".set dw_rest, dw_blocks - dw_rounds * dw_unrolled\n"                                                              \
    ".set dw_together, " #together "\n .set dw_groups, dw_columns / dw_together\n"
#define FIXED_EXACT(exact) ".set dw_exact, " #exact "\n"

/* P: the upper pair of rows at column c behind lr; Q: the lower one. */
#define FIXED_P(r, c) "ldr " r ", [lr, #(16 * (" c "))]\n"
#define FIXED_Q(r, c) "ldr " r ", [lr, #(dw_pitch + 16 * (" c "))]\n"
/* What words of P and Q at filter column w (taps r0-r2 and r3-r5) add to the sum of the upper row, and of the lower. */
#define FIXED_P1(a, x, w) "smlad " a ", " x ", r" w ", " a "\n"
#define FIXED_P2(a, x, w) "smlatb " a ", " x ", r" w ", " a "\n"
#define FIXED_Q1(a, x, w) "smlabt " a ", " x ", r" w ", " a "\n"
#define FIXED_Q2(a, x, w) "smlad " a ", " x ", r" w ", " a "\n"
/* A byte to r12 + at, an add of a number; r10 is lost where an immediate is too small for it. */
#define FIXED_STORE(a, at)                                                                                             \
    ".if (" at ") < 4096\n strb " a ", [r12, #(" at ")]\n"                                                             \
    ".else\n movw r10, #(" at ")\n strb " a ", [r12, r10]\n .endif\n"
#define FIXED_ADD(r, n) ".if (" n ") < 4096\n addw " r ", " r ", #(" n ")\n .else\n movw r10, #(" n ")\n add " r ", r10\n .endif\n"

/* The sums in the registers `all` become outputs; r10 and r11 are lost, r12 is y behind it. */
#define FIXED_RESCALE(all)                                                                                             \
    "vmov r10, s0\n vmov r11, s1\n"                                                                                    \
    ".if dw_exact\n"                                                                                                   \
    "vmov r12, s2\n"                                                                                                   \
    ".irp i, " all "\n add r\\i, r10, r\\i, asr #7\n .endr\n"                                                          \
    ".irp i, " all "\n smmulr r\\i, r\\i, r11\n .endr\n"                                                               \
    "vmov r10, s3\n"                                                                                                   \
    ".irp i, " all "\n add r\\i, r\\i, r\\i, asr #31\n add r\\i, r12\n asr r\\i, r10\n ssat r\\i, #8, r\\i\n .endr\n"  \
    "vmov r12, s4\n"                                                                                                   \
    ".else\n"                                                                                                          \
    "vmov r12, s4\n"                                                                                                   \
    ".irp i, " all "\n smmla r\\i, r\\i, r10, r11\n .endr\n"                                                           \
    ".irp i, " all "\n ssat r\\i, #8, r\\i, asr #16\n .endr\n"                                                         \
    ".endif\n"

#ifdef MOTES_DUAL_ISSUE
#include "depthwise_fixed_dual_s8_dsp.h"
#else
/* Two rows, two columns: r6 and r7 are the sums of the first column, r8 and r9 of the second. */
#define FIXED_TWO_BY_TWO                                                                                               \
    FIXED_P("r10", "dw_c") FIXED_Q("r11", "dw_c") FIXED_P("r12", "dw_c + 1")                                           \
    "smuad r6, r10, r0\n smultb r7, r10, r0\n" FIXED_Q1("r6", "r11", "3") FIXED_Q2("r7", "r11", "3")                   \
    FIXED_P1("r6", "r12", "1") FIXED_P2("r7", "r12", "1") "smuad r8, r12, r0\n smultb r9, r12, r0\n"                   \
    FIXED_Q("r10", "dw_c + 1") FIXED_P("r11", "dw_c + 2") FIXED_Q("r12", "dw_c + 2")                                   \
    FIXED_Q1("r6", "r10", "4") FIXED_Q2("r7", "r10", "4") FIXED_Q1("r8", "r10", "3") FIXED_Q2("r9", "r10", "3")        \
    FIXED_P1("r6", "r11", "2") FIXED_P2("r7", "r11", "2") FIXED_P1("r8", "r11", "1") FIXED_P2("r9", "r11", "1")        \
    FIXED_Q1("r6", "r12", "5") FIXED_Q2("r7", "r12", "5") FIXED_Q1("r8", "r12", "4") FIXED_Q2("r9", "r12", "4")        \
    FIXED_P("r10", "dw_c + 3") FIXED_Q("r11", "dw_c + 3")                                                              \
    FIXED_P1("r8", "r10", "2") FIXED_P2("r9", "r10", "2") FIXED_Q1("r8", "r11", "5") FIXED_Q2("r9", "r11", "5")        \
    FIXED_RESCALE("6, 7, 8, 9")                                                                                        \
    FIXED_STORE("r6", "dw_channels * dw_c") FIXED_STORE("r7", "dw_channels * (dw_width + dw_c)")                       \
    FIXED_STORE("r8", "dw_channels * (dw_c + 1)") FIXED_STORE("r9", "dw_channels * (dw_width + dw_c + 1)")             \
    ".set dw_c, dw_c + 2\n"
/* Two rows, the last column. */
#define FIXED_TWO_BY_ONE                                                                                               \
    FIXED_P("r8", "dw_c") FIXED_Q("r9", "dw_c") FIXED_P("r10", "dw_c + 1") FIXED_Q("r11", "dw_c + 1")                  \
    FIXED_P("r12", "dw_c + 2")                                                                                         \
    "smuad r6, r8, r0\n smultb r7, r8, r0\n" FIXED_Q1("r6", "r9", "3") FIXED_Q2("r7", "r9", "3")                       \
    FIXED_Q("r8", "dw_c + 2")                                                                                          \
    FIXED_P1("r6", "r10", "1") FIXED_P2("r7", "r10", "1") FIXED_Q1("r6", "r11", "4") FIXED_Q2("r7", "r11", "4")        \
    FIXED_P1("r6", "r12", "2") FIXED_P2("r7", "r12", "2") FIXED_Q1("r6", "r8", "5") FIXED_Q2("r7", "r8", "5")          \
    FIXED_RESCALE("6, 7")                                                                                              \
    FIXED_STORE("r6", "dw_channels * dw_c") FIXED_STORE("r7", "dw_channels * (dw_width + dw_c)")
/* One row, `step` columns from output to output: two of them, or the last one. */
#define FIXED_ONE_BY_TWO(step)                                                                                         \
    FIXED_P("r8", step " * dw_c") FIXED_Q("r9", step " * dw_c") FIXED_P("r10", step " * dw_c + 1")                     \
    FIXED_Q("r11", step " * dw_c + 1") FIXED_P("r12", step " * dw_c + 2")                                              \
    "smuad r6, r8, r0\n" FIXED_Q1("r6", "r9", "3") FIXED_P1("r6", "r10", "1") FIXED_Q1("r6", "r11", "4")               \
    FIXED_P1("r6", "r12", "2")                                                                                         \
    ".if " step " == 1\n"                                                                                              \
    "smuad r7, r10, r0\n" FIXED_Q1("r7", "r11", "3") FIXED_P1("r7", "r12", "1")                                        \
    FIXED_Q("r8", "dw_c + 2") FIXED_P("r9", "dw_c + 3") FIXED_Q("r10", "dw_c + 3")                                     \
    FIXED_Q1("r6", "r8", "5") FIXED_Q1("r7", "r8", "4") FIXED_P1("r7", "r9", "2") FIXED_Q1("r7", "r10", "5")           \
    ".else\n"                                                                                                          \
    "smuad r7, r12, r0\n"                                                                                              \
    FIXED_Q("r8", "2 * dw_c + 2") FIXED_P("r9", "2 * dw_c + 3") FIXED_Q("r10", "2 * dw_c + 3")                         \
    FIXED_P("r11", "2 * dw_c + 4") FIXED_Q("r12", "2 * dw_c + 4")                                                      \
    FIXED_Q1("r6", "r8", "5") FIXED_Q1("r7", "r8", "3") FIXED_P1("r7", "r9", "1") FIXED_Q1("r7", "r10", "4")           \
    FIXED_P1("r7", "r11", "2") FIXED_Q1("r7", "r12", "5")                                                              \
    ".endif\n"                                                                                                         \
    FIXED_RESCALE("6, 7")                                                                                              \
    FIXED_STORE("r6", "dw_channels * dw_c") FIXED_STORE("r7", "dw_channels * (dw_c + 1)")                              \
    ".set dw_c, dw_c + 2\n"
#define FIXED_ONE_BY_ONE(step)                                                                                         \
    FIXED_P("r7", step " * dw_c") FIXED_Q("r8", step " * dw_c") FIXED_P("r9", step " * dw_c + 1")                      \
    FIXED_Q("r10", step " * dw_c + 1") FIXED_P("r11", step " * dw_c + 2") FIXED_Q("r12", step " * dw_c + 2")           \
    "smuad r6, r7, r0\n" FIXED_Q1("r6", "r8", "3") FIXED_P1("r6", "r9", "1") FIXED_Q1("r6", "r10", "4")                \
    FIXED_P1("r6", "r11", "2") FIXED_Q1("r6", "r12", "5")                                                              \
    FIXED_RESCALE("6")                                                                                                 \
    FIXED_STORE("r6", "dw_channels * dw_c")
#endif

/* A row of blocks `two`, and where the width is odd `one`: rounds of the unrolled loop, then what is left of them. `at` is a
   label. lr and y, s4, move by the columns in the loop: dw_moved. */
#define FIXED_ROW(at, step, two, one)                                                                                  \
    ".set dw_moved, 0\n .set dw_c, 0\n"                                                                                \
    ".if dw_rounds > 1\n"                                                                                              \
    ".set dw_moved, 2 * dw_unrolled * dw_rounds\n"                                                                     \
    "addw r10, lr, #(16 * " step " * dw_moved)\n vmov s10, r10\n"                                                       \
    at ":\n .set dw_c, 0\n .rept dw_unrolled\n" two ".endr\n"                                                          \
    "addw lr, lr, #(32 * " step " * dw_unrolled)\n" FIXED_ADD("r12", "2 * dw_unrolled * dw_channels")                   \
    "vmov s4, r12\n vmov r10, s10\n cmp lr, r10\n bne.w " at "b\n"                                                     \
    ".set dw_c, 0\n .rept dw_rest\n" two ".endr\n"                                                                     \
    ".else\n .rept dw_blocks\n" two ".endr\n .endif\n"                                                                 \
    ".if dw_width & 1\n" one ".endif\n"

/* A function (planes, taps, y, rows, channels, alone): of each channel `rows` times `row`, each of `height` output rows, and
   then `last`, where `alone` is not 0. s0-s3 rescaling, s4 y, s5 where rows end, s6 plane, s7 y of the channel, s8 taps, s9
   bytes of rows, s10 where the unrolled loop ends, s11 channels left, s12 alone; r0-r5 taps, lr plane. */
#define FIXED_ROWS(height, step, row, last)                                                                            \
    "push {r4-r11, lr}\n"                                                                                              \
    "movw r4, #dw_pitch\n mul r3, r3, r4\n ldr r4, [sp, #36]\n ldr r5, [sp, #40]\n"                                    \
    "vmov s6, r0\n vmov s8, r1\n vmov s7, r2\n vmov s9, r3\n vmov s11, r4\n vmov s12, r5\n"                            \
    "1:\n"                                                                                                             \
    "vmov r6, s8\n ldm r6!, {r0-r5}\n vldmia r6!, {s0-s3}\n vmov s8, r6\n"                                             \
    "vmov lr, s6\n add r6, lr, #4\n vmov s6, r6\n"                                                                     \
    "vmov r12, s7\n vmov s4, r12\n add r12, #1\n vmov s7, r12\n"                                                       \
    "vmov r6, s9\n cmp r6, #0\n beq.w 4f\n add r6, lr\n vmov s5, r6\n"                                                 \
    "2:\n" row                                                                                                         \
    "addw lr, lr, #(dw_pitch - 16 * " step " * dw_moved)\n"                                                            \
    FIXED_ADD("r12", "dw_channels * (" height " * dw_width - dw_moved)")                                               \
    "vmov s4, r12\n vmov r10, s5\n cmp lr, r10\n bne.w 2b\n"                                                           \
    "4:\n" last                                                                                                        \
    "7:\n vmov r6, s11\n subs r6, #1\n vmov s11, r6\n bne.w 1b\n"                                                      \
    "pop {r4-r11, pc}\n"

/* At stride 1 pairs of rows, and one row where the height is odd; at stride 2 single rows. */
#define FIXED_ROWS_1                                                                                                   \
    FIXED_ROWS("2", "1", FIXED_ROW("3", "1", FIXED_TWO_BY_TWO, FIXED_TWO_BY_ONE),                                      \
               ".if dw_odd\n vmov r6, s12\n cmp r6, #0\n beq.w 7f\n"                                                  \
               FIXED_ROW("6", "1", FIXED_ONE_BY_TWO("1"), FIXED_ONE_BY_ONE("1")) ".endif\n")
#define FIXED_ROWS_2 FIXED_ROWS("1", "2", FIXED_ROW("3", "2", FIXED_ONE_BY_TWO("2"), FIXED_ONE_BY_ONE("2")), "")

/* A function (upper, lower, to, pairs): spreads `columns` columns of four channels of `pairs` pairs of rows, words of the
   upper row at `upper` and of the lower one at `lower`. r3 high bytes; s0 pairs left, s1 to s3 columns left and pointers. */
#define FIXED_STORE_WORDS(a, b, at) "str " a ", [r2, #(16 * dw_c + " at ")]\n str " b ", [r2, #(16 * dw_c + " at " + 4)]\n"
#ifdef MOTES_DUAL_ISSUE /* two words a cycle */
#define FIXED_STORE_TWO(a, b, at) \
    ".if dw_c < 63\n strd " a ", " b ", [r2, #(16 * dw_c + " at ")]\n .else\n" FIXED_STORE_WORDS(a, b, at) ".endif\n"
#else
#define FIXED_STORE_TWO FIXED_STORE_WORDS
#endif
#define FIXED_SPREAD_COLUMN                                                                                            \
    "ldr r4, [r0, #(dw_channels * dw_c)]\n ldr r5, [r1, #(dw_channels * dw_c)]\n"                                      \
    "pkhbt r6, r4, r5, lsl #16\n pkhtb r7, r5, r4, asr #16\n"                                                          \
    "and r4, r12, r6, lsl #8\n and r6, r12\n and r5, r12, r7, lsl #8\n and r7, r12\n"                                  \
    FIXED_STORE_TWO("r4", "r6", "0") FIXED_STORE_TWO("r5", "r7", "8") ".set dw_c, dw_c + 1\n"
#define FIXED_SPREAD                                                                                                   \
    "push {r4-r8, r10, lr}\n mov r12, #0xFF00FF00\n"                                                                   \
    "1:\n .set dw_c, 0\n .set dw_moved, 0\n"                                                                           \
    ".if dw_groups > 1\n .set dw_moved, dw_groups * dw_together\n"                                                     \
    "addw r8, r2, #(16 * dw_moved)\n"                                                                                  \
    "2:\n .set dw_c, 0\n .rept dw_together\n" FIXED_SPREAD_COLUMN ".endr\n"                                            \
    FIXED_ADD("r0", "dw_together * dw_channels") FIXED_ADD("r1", "dw_together * dw_channels")                          \
    "add r2, #(16 * dw_together)\n cmp r2, r8\n bne.w 2b\n"                                                            \
    ".set dw_c, 0\n .rept dw_columns - dw_moved\n" FIXED_SPREAD_COLUMN ".endr\n"                                      \
    ".else\n .rept dw_columns\n" FIXED_SPREAD_COLUMN ".endr\n .endif\n"                                               \
    "subs r3, #1\n beq 3f\n"                                                                                           \
    FIXED_ADD("r0", "dw_channels * (2 * dw_across - dw_moved)")                                                        \
    FIXED_ADD("r1", "dw_channels * (2 * dw_across - dw_moved)")                                                        \
    "addw r2, r2, #(dw_pitch - 16 * dw_moved)\n b.w 1b\n"                                                             \
    "3:\n pop {r4-r8, r10, pc}\n"

#endif
