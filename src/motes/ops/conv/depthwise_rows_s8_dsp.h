/* depthwise_rows_s8_dsp.h: rows of 3x3 depthwise convolution on Cortex-M4, whatever the width.

   Words, planes, taps and rescaling (the proven one) are those of depthwise_planes_s8_dsp.h. The
   taps stay in registers, what belongs to a channel or a row in float registers.

   Of the parameters, the assembly reads the first: channels; `row`, bytes of a row of outputs;
   `pitch`, bytes of a pair of rows in the planes; `paired`, bytes of the columns that whole blocks
   of two outputs begin with; `odd`, whether an output is left over; `rest`, bytes from there to the
   next pair of rows; columns to spread; `skipped`, bytes from there to the next pair of rows of x;
   rows and columns of x; the zero point, in the upper byte of a halfword. Where one pair of rows of
   outputs is made, the lower pair of inputs may lie before the upper one: `pitch` is negative then,
   and so is `rows`.

   Two rows of two columns take 57 cycles at stride 1, two columns of a row 36.5 at stride 2; a row
   17 beside them. */
#ifndef MOTES_DEPTHWISE_ROWS_S8_DSP_H
#define MOTES_DEPTHWISE_ROWS_S8_DSP_H

#include "depthwise_planes_s8_dsp.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

#ifdef MOTES_DUAL_ISSUE
#define STORE_COLUMN "strd r4, r6, [r2], #8\n strd r5, r7, [r2], #8\n"
#else
#define STORE_COLUMN "str r4, [r2], #4\n str r6, [r2], #4\n str r5, [r2], #4\n str r7, [r2], #4\n"
#endif
/* Words of four channels, of an upper row in r4 and a lower one in r5, become a column. */
#define SPREAD \
    "pkhbt r6, r4, r5, lsl #16\n pkhtb r7, r5, r4, asr #16\n" \
    "and r4, r3, r6, lsl #8\n ands r6, r3\n and r5, r3, r7, lsl #8\n ands r7, r3\n" STORE_COLUMN
#define COLUMN "ldr r4, [r0]\n ldr r5, [r0, r1]\n add r0, r8\n" SPREAD
/* Spreads columns of four channels of `pairs` pairs of rows, of which x points to the first, number `row`. */
MOTES_ASSEMBLY void depthwise_spread_pairs(const int8_t *x, int32_t row, uint32_t *to, int32_t pairs,
                                           const depthwise_planes_params *p) {
    /* r0 x, r1 from a row to the next, r3 high bytes, r8 channels, r9 bytes to spread, r10 where they end, r11 from there to
       the next pair, r12 pairs, lr row; s0 the last row, s1 from where a row ends to the next pair of rows of x; on the stack
       four zero points. A loop has four columns, and begins where whole rounds are left. Where a row is outside, it reads
       zero points: upper row r0, lower row r12, with their steps r1 and r11. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "ldr r7, [sp, #36]\n mov lr, r1\n mov r12, r3\n"
        "ldrh r4, [r7]\n ldrh r1, [r7, #18]\n muls r1, r4\n mov r8, r4\n"
        "ldrh r4, [r7, #12]\n ldrh r5, [r7, #4]\n lsl r9, r4, #4\n sub r11, r5, r9\n"
        "ldrh r4, [r7, #16]\n ldrh r5, [r7, #14]\n subs r4, #1\n vmov s0, s1, r4, r5\n"
        "ldrb r4, [r7, #21]\n mov r5, #0x01010101\n muls r4, r5\n push {r4}\n"
        "mov r3, #0xFF00FF00\n"
        "1:\n"
        "add r10, r2, r9\n"
        "vmov r4, s0\n cmp lr, r4\n bhs 7f\n"
        "ubfx r4, r9, #4, #2\n"
        "tbb [pc, r4]\n"
        "3:\n"
        ".byte (2f - 3b) / 2, (6f - 3b) / 2, (5f - 3b) / 2, (4f - 3b) / 2\n"
        "2:\n" COLUMN
        "4:\n" COLUMN
        "5:\n" COLUMN
        "6:\n" COLUMN
        "cmp r2, r10\n bne 2b\n"
        "9:\n"
        "vmov r4, s1\n add r0, r4\n add r2, r11\n add lr, #2\n"
        "subs r12, #1\n bne 1b\n"
        "pop {r3-r11, pc}\n"
        "7:\n"
        "push {r0, r1, r11, r12}\n"
        "add r12, r0, r1\n mov r1, r8\n mov r11, r8\n"
        "cmn lr, #1\n beq 7f\n"
        "cmp lr, r4\n add r12, sp, #16\n mov r11, #0\n beq 8f\n"
        "7:\n add r0, sp, #16\n movs r1, #0\n"
        "8:\n ldr r4, [r0]\n ldr r5, [r12]\n add r0, r1\n add r12, r11\n" SPREAD "cmp r2, r10\n bne 8b\n"
        "pop {r0, r1, r11, r12}\n"
        "mul r4, r8, r9\n add r0, r0, r4, lsr #4\n b 9b\n");
}

/* Columns outside the image, of all pairs of rows. */
static MOTES_NOINLINE MOTES_UNUSED void
depthwise_spread_sides(const depthwise_planes_params *p, uint32_t *to) {
    const uint32_t zero = p->in_zero * UINT32_C(0x00010001);
    const uint32_t *const end = to + (p->band + 1) * p->wide * 4, *stop = to + p->pad_left * 4;
    while (to < end) {
        for (; to < stop; to += 2)
            to[0] = zero, to[1] = zero;
        to += p->columns * 4;
        stop = to + (p->wide - p->columns) * 4; /* on the right, and on the left of the next pair */
        stop = stop < end ? stop : end;
    }
}

MOTES_INLINE void depthwise_spread_s8_dsp(const depthwise_planes_params *p, const int8_t *x, int32_t row, int32_t pairs,
                                          int32_t known, uint32_t *to) {
    if (known)
        pairs = motes_min(pairs, (p->in_h - row + 1) / 2);
    to += 4 * p->pad_left;
    depthwise_spread_pairs((const int8_t *)((uintptr_t)x + (uintptr_t)(row * p->in_w * p->in_ch)), row, to, pairs, p);
}

#ifdef MOTES_DUAL_ISSUE
/* For cores that begin two instructions a cycle: a load, or a VMOV, goes with a product. P and Q: the next column of the
   upper pair of rows, and of the lower one; P_AT, Q_AT: the one `at` bytes further. r12 can serve once its last word is
   loaded; s14 brings it back. Blocks of two columns leave in r6 where they end. Two rows of two columns take 36 cycles at
   stride 1, two columns of a row 20 at stride 2. */
#define END_1 "r6"
#define END_2 "r6"
#define AT_END(end) "cmp lr, " end "\n"
#define NEXT_ROW_OF_Y "add r9, r8\n vmov s4, r9\n"
#define FIRST
#define FIRST_BYTES "0"
#define P(r) "ldr " r ", [lr], #16\n"
#define Q(r) "ldr " r ", [r12], #16\n"
#define P_AT(r, at) "ldr " r ", [lr, #" at "]\n"
#define Q_AT(r, at) "ldr " r ", [r12, #" at "]\n"
#define ADD_UPPER(p, w, a, b) "smlad " a ", " p ", " w ", " a "\n smlatb " b ", " p ", " w ", " b "\n"
#define ADD_LOWER(q, w, a, b) "smlabt " a ", " q ", " w ", " a "\n smlad " b ", " q ", " w ", " b "\n"
#define SMMLA(r) "smmla " r ", " r ", r8, r9\n"
#define SSAT(r) "ssat " r ", #8, " r ", asr #16\n"
#define TWO_BY_TWO \
    P("r10") Q("r11") P("r8") "smuad r6, r10, r0\n" Q("r9") "smultb r7, r10, r0\n" \
    "smlabt r6, r11, r3, r6\n smlad r7, r11, r3, r7\n smlad r6, r8, r1, r6\n smlatb r7, r8, r1, r7\n" \
    "smuad r10, r8, r0\n smultb r11, r8, r0\n" P_AT("r8", "0") ADD_LOWER("r9", "r4", "r6", "r7") \
    ADD_LOWER("r9", "r3", "r10", "r11") Q_AT("r9", "0") ADD_UPPER("r8", "r2", "r6", "r7") \
    ADD_UPPER("r8", "r1", "r10", "r11") P_AT("r8", "16") ADD_LOWER("r9", "r5", "r6", "r7") \
    ADD_LOWER("r9", "r4", "r10", "r11") Q_AT("r9", "16") ADD_UPPER("r8", "r2", "r10", "r11") \
    "vmov r8, s0\n" ADD_LOWER("r9", "r5", "r10", "r11") "vmov r9, s1\n" \
    SMMLA("r6") "vmov r12, s4\n" SMMLA("r7") SMMLA("r10") SSAT("r6") SMMLA("r11") \
    SSAT("r7") "vmov r8, s13\n" SSAT("r10") "vmov r9, s12\n" SSAT("r11") "strb r7, [r12, r8]\n" \
    "strb r6, [r12]\n vmov r6, s10\n add r7, r12, r9\n vmov r12, s14\n" \
    "strb r11, [r7, r8]\n add r9, r7\n strb r10, [r7]\n vmov s4, r9\n add r12, lr\n"
#define TWO_BY_ONE \
    P("r10") Q("r11") P_AT("r8", "0") "smuad r6, r10, r0\n" Q_AT("r9", "0") "smultb r7, r10, r0\n" \
    P_AT("r10", "16") ADD_LOWER("r11", "r3", "r6", "r7") Q_AT("r11", "16") ADD_UPPER("r8", "r1", "r6", "r7") \
    "vmov r8, s0\n" ADD_LOWER("r9", "r4", "r6", "r7") "vmov r9, s1\n" ADD_UPPER("r10", "r2", "r6", "r7") \
    "vmov r10, s4\n" ADD_LOWER("r11", "r5", "r6", "r7") SMMLA("r6") SMMLA("r7") \
    "vmov r8, s13\n vmov r9, s12\n add r9, r10\n" \
    SSAT("r7") "strb r7, [r10, r8]\n" SSAT("r6") "strb r6, [r10]\n"
#define ONE_BY_TWO \
    P("r8") Q("r9") P("r10") "smuad r6, r8, r0\n" Q("r11") "smlabt r6, r9, r3, r6\n" \
    P("r8") "smlad r6, r10, r1, r6\n" Q("r9") "smlabt r6, r11, r4, r6\n" \
    P("r10") "smlad r6, r8, r2, r6\n" Q("r11") "smuad r7, r8, r0\n" \
    P_AT("r8", "0") "smlabt r6, r9, r5, r6\n smlabt r7, r9, r3, r7\n" Q_AT("r9", "0") \
    "smlad r7, r10, r1, r7\n vmov r10, s0\n smlabt r7, r11, r4, r7\n vmov r11, s1\n smmla r6, r6, r10, r11\n" \
    "smlad r7, r8, r2, r7\n vmov r8, s4\n smlabt r7, r9, r5, r7\n vmov r9, s12\n" \
    SSAT("r6") "smmla r7, r7, r10, r11\n strb r6, [r8]\n vmov r6, s10\n add r10, r8, r9, lsl #1\n vmov s4, r10\n" \
    SSAT("r7") "strb r7, [r8, r9]\n"
#define ONE_BY_ONE \
    P("r8") Q("r9") P_AT("r10", "0") "smuad r6, r8, r0\n" Q_AT("r11", "0") "smlabt r6, r9, r3, r6\n" \
    P_AT("r8", "16") "smlad r6, r10, r1, r6\n" Q_AT("r9", "16") "smlabt r6, r11, r4, r6\n" \
    "vmov r10, s4\n vmov r11, s12\n" "smlad r6, r8, r2, r6\n vmov r8, s0\n smlabt r6, r9, r5, r6\n vmov r9, s1\n" \
    SMMLA("r6") "add r11, r10\n vmov s4, r11\n" SSAT("r6") "strb r6, [r10]\n"
#else
/* The next column of the upper pair of rows, lr, and of the lower one, r12; or the one `at` bytes further. */
#define NEXT(p, q) "ldr " p ", [lr], #16\n ldr " q ", [r12], #16\n"
#define AT(p, q, at) "ldr " p ", [lr, #" at "]\n ldr " q ", [r12, #" at "]\n"
/* What such words give with a filter column: to the sum `a` of a row, and `b` of the row below it. */
#define BEGIN(p, q, w01, w12, a, b) \
    "smuad " a ", " p ", " w01 "\n smultb " b ", " p ", " w01 "\n" \
    "smlabt " a ", " q ", " w12 ", " a "\n smlad " b ", " q ", " w12 ", " b "\n"
#define ADD(p, q, w01, w12, a, b) \
    "smlad " a ", " p ", " w01 ", " a "\n smlatb " b ", " p ", " w01 ", " b "\n" \
    "smlabt " a ", " q ", " w12 ", " a "\n smlad " b ", " q ", " w12 ", " b "\n"
#define BEGIN_ROW(p, q, w01, w12, a) "smuad " a ", " p ", " w01 "\n smlabt " a ", " q ", " w12 ", " a "\n"
#define ADD_ROW(p, q, w01, w12, a) "smlad " a ", " p ", " w01 ", " a "\n smlabt " a ", " q ", " w12 ", " a "\n"
#define RESCALE(all, multiplier, offset) \
    "vmov " multiplier ", s0\n vmov " offset ", s1\n" \
    ".irp i, " all "\n smmla r\\i, r\\i, " multiplier ", " offset "\n .endr\n" \
    ".irp i, " all "\n ssat r\\i, #8, r\\i, asr #16\n .endr\n"

/* The register that keeps where whole blocks end, at either stride. */
#define END_1 "r8"
#define END_2 "r10"
#define AT_END(end) "vmov " end ", s10\n cmp lr, " end "\n"
#define NEXT_ROW_OF_Y "add r6, r9\n vmov s4, r6\n"

/* Two rows: of two columns, of one. */
#define TWO_BY_TWO \
    NEXT("r10", "r11") NEXT("r8", "r9") \
    BEGIN("r10", "r11", "r0", "r3", "r6", "r7") ADD("r8", "r9", "r1", "r4", "r6", "r7") \
    BEGIN("r8", "r9", "r0", "r3", "r10", "r11") \
    AT("r8", "r9", "0") ADD("r8", "r9", "r2", "r5", "r6", "r7") ADD("r8", "r9", "r1", "r4", "r10", "r11") \
    AT("r8", "r9", "16") ADD("r8", "r9", "r2", "r5", "r10", "r11") \
    RESCALE("6, 7, 10, 11", "r8", "r9") \
    "vmov r8, s4\n vmov r9, s13\n strb r7, [r8, r9]\n strb r6, [r8]\n" \
    "vmov r7, s12\n add r8, r7\n strb r11, [r8, r9]\n add r6, r8, r7\n vmov s4, r6\n strb r10, [r8]\n"
#define TWO_BY_ONE \
    NEXT("r10", "r11") AT("r8", "r9", "0") \
    BEGIN("r10", "r11", "r0", "r3", "r6", "r7") ADD("r8", "r9", "r1", "r4", "r6", "r7") \
    AT("r8", "r9", "16") ADD("r8", "r9", "r2", "r5", "r6", "r7") \
    RESCALE("6, 7", "r8", "r9") \
    "vmov r8, s4\n vmov r9, s13\n strb r7, [r8, r9]\n strb r6, [r8]\n vmov r6, s12\n add r6, r8\n"
/* One row at stride 2: of two outputs, of one. The first column is in r8 and r9 already. */
#define FIRST NEXT("r8", "r9")
#define FIRST_BYTES "16"
#define ONE_BY_TWO \
    BEGIN_ROW("r8", "r9", "r0", "r3", "r6") \
    NEXT("r10", "r11") NEXT("r8", "r9") \
    ADD_ROW("r10", "r11", "r1", "r4", "r6") ADD_ROW("r8", "r9", "r2", "r5", "r6") \
    BEGIN_ROW("r8", "r9", "r0", "r3", "r7") \
    NEXT("r10", "r11") NEXT("r8", "r9") \
    ADD_ROW("r10", "r11", "r1", "r4", "r7") ADD_ROW("r8", "r9", "r2", "r5", "r7") \
    RESCALE("6, 7", "r10", "r11") \
    "vmov r10, s4\n vmov r11, s12\n strb r7, [r10, r11]\n add r11, r10, r11, lsl #1\n vmov s4, r11\n strb r6, [r10]\n"
#define ONE_BY_ONE \
    NEXT("r10", "r11") AT("r6", "r7", "0") \
    "smuad r8, r8, r0\n smlabt r8, r9, r3, r8\n" ADD_ROW("r10", "r11", "r1", "r4", "r8") \
    ADD_ROW("r6", "r7", "r2", "r5", "r8") \
    RESCALE("8", "r6", "r7") \
    "vmov r6, s4\n vmov r7, s12\n add r7, r6\n vmov s4, r7\n strb r8, [r6]\n"
#endif

/* Of each channel `rows` times a row, then `last`. A row is blocks of `two` outputs, and `one` where one is left over, which
   lies apart. A round of the loop is two blocks; it begins with the second where the number of blocks is odd. `block` is the
   logarithm of the bytes of planes that a block takes. What a row begins with is `first`, which takes `first_bytes` of them;
   `next_row` moves y over the other row that is made.

   s0, s1 rescaling, s2 bytes from where a row ends to the next pair of rows, s3 whether an output is left over, s4 y, s5
   where rows end, s6 plane, s7 y of the channel, s8 taps, s9 bytes of rows, s10 where whole blocks end, s11 channels left,
   s12 channels, s13 bytes of a row of y, s14 of a pair of rows, s15 blocks; stack from 36: bytes of whole blocks, alone,
   parameters.
   r0-r5 taps, lr and r12 planes; `end` has s10 behind a row. */
#define ROWS(end, block, two, one, next_row, first, first_bytes, last) \
    "push {r4-r11, lr}\n" \
    "ldr r7, [sp, #44]\n" \
    "ldrh r4, [r7]\n ldrh r5, [r7, #2]\n vmov s12, s13, r4, r5\n" \
    "ldrh r4, [r7, #10]\n ldrh r5, [r7, #8]\n subs r4, #" first_bytes "\n vmov s2, s3, r4, r5\n" \
    "ldrsh r4, [r7, #4]\n ldrh r5, [r7, #6]\n muls r3, r4\n ldr r6, [sp, #36]\n str r5, [sp, #36]\n" \
    "lsrs r5, #" block "\n vmov s14, s15, r4, r5\n" \
    "vmov s6, s7, r0, r2\n vmov s8, s9, r1, r3\n vmov s11, r6\n" \
    "1:\n" \
    "vmov r6, s8\n ldm r6!, {r0-r5}\n vldmia r6!, {s0, s1}\n adds r6, #8\n vmov s8, r6\n" \
    "vmov lr, s6\n add r6, lr, #4\n vmov s6, r6\n" \
    "vmov r7, s7\n vmov s4, r7\n adds r7, #1\n vmov s7, r7\n" \
    "vmov r7, s9\n cmp r7, #0\n add r7, lr\n vmov s5, r7\n vmov r9, s14\n add r12, lr, r9\n ldr r9, [sp, #36]\n add " end ", lr, r9\n" \
    ".if " first_bytes "\n add " end ", #" first_bytes "\n .endif\n" \
    "bne 2f\n b 3f\n" \
    "11:\n" two "12:\n" two AT_END(end) "bne 11b\n" \
    "13:\n" \
    "vmov r7, s3\n cbnz r7, 15f\n" \
    "14:\n" next_row \
    "vmov r7, s2\n add lr, r7\n add r12, r7\n vmov r7, s14\n add " end ", r7\n" \
    "vmov r7, s5\n cmp lr, r7\n beq 3f\n" \
    "2:\n" first "vmov s10, " end "\n vmov r7, s15\n lsrs r7, #1\n bcs 12b\n bne 11b\n" \
    "15:\n" one "vmov " end ", s10\n b 14b\n" \
    "3:\n" last \
    "vmov r6, s11\n subs r6, #1\n vmov s11, r6\n bne 1b\n" \
    "pop {r4-r11, pc}\n"
/* A row that is alone is a pair whose rows have one place: what belongs to the upper one is stored last. */
#define ALONE \
    "ldr r7, [sp, #40]\n cbz r7, 5f\n vmov r7, s13\n cbz r7, 4f\n" \
    "movs r7, #0\n vmov s13, r7\n" \
    "vmov r7, s14\n cmp r7, #0\n it mi\n rsbmi r7, #0\n add r7, lr\n vmov s5, r7\n b 2b\n" \
    "4:\n ldr r7, [sp, #44]\n ldrh r7, [r7, #2]\n vmov s13, r7\n" \
    "5:\n"

/* Stride 1: pairs of rows of outputs, then a row that is alone. */
MOTES_ASSEMBLY void depthwise_rows_1_s8_dsp(const uint32_t *planes, const uint32_t *taps, int8_t *y, uint32_t rows,
                                            uint32_t channels, uint32_t alone, const depthwise_planes_params *p) {
    __asm__ volatile(ROWS(END_1, "5", TWO_BY_TWO, TWO_BY_ONE, NEXT_ROW_OF_Y, "", "0", ALONE));
}

/* Stride 2: rows of outputs. */
MOTES_ASSEMBLY void depthwise_rows_2_s8_dsp(const uint32_t *planes, const uint32_t *taps, int8_t *y, uint32_t rows,
                                            uint32_t channels, uint32_t alone, const depthwise_planes_params *p) {
    __asm__ volatile(ROWS(END_2, "6", ONE_BY_TWO, ONE_BY_ONE, "", FIRST, FIRST_BYTES, ""));
}

MOTES_INLINE void depthwise_rows_s8_dsp(const uint32_t *planes, const uint32_t *taps, int8_t *y, uint32_t rows,
                                        uint32_t channels, uint32_t alone, const depthwise_planes_params *p) {
    if (p->stride == 1)
        depthwise_rows_1_s8_dsp(planes, taps, y, rows, channels, alone, p);
    else
        depthwise_rows_2_s8_dsp(planes, taps, y, rows, channels, alone, p);
}

#undef SPREAD
#undef COLUMN
#undef STORE_COLUMN
#undef AT_END
#undef P
#undef Q
#undef P_AT
#undef Q_AT
#undef ADD_UPPER
#undef ADD_LOWER
#undef SMMLA
#undef SSAT
#undef NEXT
#undef AT
#undef BEGIN
#undef ADD
#undef BEGIN_ROW
#undef ADD_ROW
#undef RESCALE
#undef TWO_BY_TWO
#undef TWO_BY_ONE
#undef ONE_BY_TWO
#undef ONE_BY_ONE
#undef ROWS
#undef ALONE
#undef END_1
#undef END_2
#undef NEXT_ROW_OF_Y
#undef FIRST
#undef FIRST_BYTES
/* clang-format on */
#pragma GCC diagnostic pop

#endif
