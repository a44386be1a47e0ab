/* depthwise_fixed_dual_s8_dsp.h: the blocks of depthwise_fixed_rows_s8_dsp.h for cores that begin
   two instructions a cycle.

   A load begins together with a product, so that each word is loaded where the last product of the
   word before it in its register is, two cycles or more before its first. What rescales takes the
   place of the last words: r11 the multiplier, r10 the offset, r12 y. Two rows of two columns take
   34 cycles at stride 1, two columns of a row 21 at stride 2. */
#ifndef MOTES_DEPTHWISE_FIXED_DUAL_S8_DSP_H
#define MOTES_DEPTHWISE_FIXED_DUAL_S8_DSP_H

/* clang-format off */

/* Of a proven channel alone; others load what rescales in FIXED_RESCALE. */
#define FIXED_PROVEN(text) ".if dw_exact == 0\n" text ".endif\n"
#define FIXED_MULTIPLIER FIXED_PROVEN("vmov r11, s0\n")
#define FIXED_OFFSET FIXED_PROVEN("vmov r10, s1\n")
#define FIXED_Y FIXED_PROVEN("vmov r12, s4\n")
#define FIXED_SMMLA(r) FIXED_PROVEN("smmla " r ", " r ", r11, r10\n")
#define FIXED_SSAT(r) FIXED_PROVEN("ssat " r ", #8, " r ", asr #16\n")
#define FIXED_EXACTLY(all) ".if dw_exact\n" FIXED_RESCALE(all) ".endif\n"

#define FIXED_TWO_BY_TWO                                                                                               \
    FIXED_Q("r12", "dw_c") FIXED_P("r10", "dw_c") FIXED_P("r11", "dw_c + 1")                                           \
    "smulbt r6, r12, r3\n smuad r7, r12, r3\n" FIXED_P("r12", "dw_c + 2")                                              \
    FIXED_P1("r6", "r10", "0") FIXED_P2("r7", "r10", "0") FIXED_Q("r10", "dw_c + 1")                                   \
    FIXED_P1("r6", "r11", "1") FIXED_P2("r7", "r11", "1")                                                              \
    "smuad r8, r11, r0\n smultb r9, r11, r0\n" FIXED_Q("r11", "dw_c + 2")                                              \
    FIXED_Q1("r6", "r10", "4") FIXED_Q2("r7", "r10", "4")                                                              \
    FIXED_Q1("r8", "r10", "3") FIXED_Q2("r9", "r10", "3") FIXED_P("r10", "dw_c + 3")                                   \
    FIXED_P1("r6", "r12", "2") FIXED_P2("r7", "r12", "2")                                                              \
    FIXED_P1("r8", "r12", "1") FIXED_P2("r9", "r12", "1") FIXED_Q("r12", "dw_c + 3")                                   \
    FIXED_Q1("r6", "r11", "5") FIXED_Q2("r7", "r11", "5")                                                              \
    FIXED_Q1("r8", "r11", "4") FIXED_Q2("r9", "r11", "4") FIXED_MULTIPLIER                                             \
    FIXED_P1("r8", "r10", "2") FIXED_P2("r9", "r10", "2") FIXED_OFFSET                                                 \
    FIXED_Q1("r8", "r12", "5") FIXED_Q2("r9", "r12", "5") FIXED_Y                                                      \
    FIXED_SMMLA("r6") FIXED_SMMLA("r7") FIXED_SMMLA("r8") FIXED_SSAT("r6") FIXED_SMMLA("r9")                           \
    FIXED_EXACTLY("6, 7, 8, 9")                                                                                        \
    FIXED_SSAT("r7") FIXED_STORE("r6", "dw_channels * dw_c")                                                           \
    FIXED_SSAT("r8") FIXED_STORE("r7", "dw_channels * (dw_width + dw_c)")                                              \
    FIXED_SSAT("r9") FIXED_STORE("r8", "dw_channels * (dw_c + 1)")                                                     \
    FIXED_STORE("r9", "dw_channels * (dw_width + dw_c + 1)")                                                           \
    ".set dw_c, dw_c + 2\n"
#define FIXED_TWO_BY_ONE                                                                                               \
    FIXED_P("r8", "dw_c") FIXED_Q("r9", "dw_c")                                                                        \
    FIXED_P("r11", "dw_c + 1") "smuad r6, r8, r0\n" FIXED_Q("r10", "dw_c + 1") "smultb r7, r8, r0\n"                   \
    FIXED_P("r8", "dw_c + 2") FIXED_Q1("r6", "r9", "3") FIXED_Q2("r7", "r9", "3") FIXED_Q("r9", "dw_c + 2")            \
    FIXED_P1("r6", "r11", "1") FIXED_P2("r7", "r11", "1") FIXED_MULTIPLIER                                             \
    FIXED_Q1("r6", "r10", "4") FIXED_Q2("r7", "r10", "4") FIXED_OFFSET                                                 \
    FIXED_P1("r6", "r8", "2") FIXED_P2("r7", "r8", "2") FIXED_Y                                                        \
    FIXED_Q1("r6", "r9", "5") FIXED_Q2("r7", "r9", "5")                                                                \
    FIXED_SMMLA("r6") FIXED_SMMLA("r7") FIXED_EXACTLY("6, 7")                                                          \
    FIXED_SSAT("r6") FIXED_STORE("r6", "dw_channels * dw_c")                                                           \
    FIXED_SSAT("r7") FIXED_STORE("r7", "dw_channels * (dw_width + dw_c)")
#define FIXED_ONE_BY_TWO(step)                                                                                         \
    FIXED_P("r8", step " * dw_c") FIXED_Q("r9", step " * dw_c")                                                        \
    FIXED_P("r11", step " * dw_c + 1") "smuad r6, r8, r0\n"                                                            \
    FIXED_Q("r10", step " * dw_c + 1") FIXED_Q1("r6", "r9", "3")                                                       \
    FIXED_P("r12", step " * dw_c + 2") FIXED_P1("r6", "r11", "1")                                                      \
    FIXED_Q("r8", step " * dw_c + 2") FIXED_Q1("r6", "r10", "4")                                                       \
    FIXED_P("r9", step " * dw_c + 3") FIXED_P1("r6", "r12", "2")                                                       \
    ".if " step " == 1\n"                                                                                              \
    "smuad r7, r11, r0\n" FIXED_MULTIPLIER FIXED_Q1("r7", "r10", "3") FIXED_OFFSET                                     \
    FIXED_P1("r7", "r12", "1") FIXED_Q("r12", "dw_c + 3") FIXED_Q1("r6", "r8", "5")                                    \
    FIXED_Q1("r7", "r8", "4") FIXED_SMMLA("r6") FIXED_P1("r7", "r9", "2") FIXED_Q1("r7", "r12", "5") FIXED_Y           \
    ".else\n"                                                                                                          \
    "smuad r7, r12, r0\n" FIXED_Q("r12", "2 * dw_c + 3") FIXED_Q1("r6", "r8", "5") FIXED_MULTIPLIER                    \
    FIXED_Q1("r7", "r8", "3") FIXED_P("r8", "2 * dw_c + 4") FIXED_P1("r7", "r9", "1") FIXED_Q("r9", "2 * dw_c + 4")    \
    FIXED_OFFSET FIXED_Q1("r7", "r12", "4") FIXED_Y FIXED_SMMLA("r6")                                                  \
    FIXED_P1("r7", "r8", "2") FIXED_Q1("r7", "r9", "5")                                                                \
    ".endif\n"                                                                                                         \
    FIXED_SSAT("r6") FIXED_SMMLA("r7") FIXED_EXACTLY("6, 7")                                                           \
    FIXED_STORE("r6", "dw_channels * dw_c")                                                                            \
    FIXED_SSAT("r7") FIXED_STORE("r7", "dw_channels * (dw_c + 1)")                                                     \
    ".set dw_c, dw_c + 2\n"
#define FIXED_ONE_BY_ONE(step)                                                                                         \
    FIXED_P("r7", step " * dw_c") FIXED_Q("r8", step " * dw_c")                                                        \
    FIXED_P("r9", step " * dw_c + 1") "smuad r6, r7, r0\n"                                                             \
    FIXED_Q("r7", step " * dw_c + 1") FIXED_Q1("r6", "r8", "3")                                                        \
    FIXED_P("r8", step " * dw_c + 2") FIXED_P1("r6", "r9", "1")                                                        \
    FIXED_Q("r9", step " * dw_c + 2") FIXED_Q1("r6", "r7", "4")                                                        \
    FIXED_MULTIPLIER FIXED_P1("r6", "r8", "2") FIXED_OFFSET FIXED_Q1("r6", "r9", "5") FIXED_Y                          \
    FIXED_SMMLA("r6") FIXED_EXACTLY("6")                                                                               \
    FIXED_SSAT("r6") FIXED_STORE("r6", "dw_channels * dw_c")

/* clang-format on */
#endif
