/* dense_mve.h: sums of products of bytes with Helium, of rows of weights and vectors of as many
   bytes.

   VMLADAVA multiplies 16 pairs and adds all products to an even core register; the last vector of a
   row may be part of one. Sums wrap modulo 2^32. */
#ifndef MOTES_DENSE_MVE_H
#define MOTES_DENSE_MVE_H

#include "mve.h"

/* What is multiplied with every row of weights. */
typedef struct {
    const int8_t *x[3];
    int32_t depth; /* bytes of each */
    int32_t back;  /* -depth, in whole vectors */
} mve_dense;

MOTES_INLINE int32_t mve_dense_back(int32_t depth) {
    return -((depth + 15) & ~15);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Of two rows of weights, at r7 and r9, with all of x; sums go to `at`, `at` + 16 and `at` + 32 behind r12. Then
   x begins again, and r7 and r9 are two rows further. */
#define PAIR(at)                                                                                   \
    "movs r0, #0\n movs r2, #0\n movs r4, #0\n movs r6, #0\n mov.w r8, #0\n mov.w r10, #0\n"       \
    "dlstp.8 lr, r11\n"                                                                            \
    "2:\n"                                                                                         \
    "vldrb.u8 q0, [r7], #16\n"                                                                     \
    "vldrb.u8 q2, [r1], #16\n"                                                                     \
    "vmladava.s8 r0, q0, q2\n"                                                                     \
    "vldrb.u8 q1, [r9], #16\n"                                                                     \
    "vmladava.s8 r6, q1, q2\n"                                                                     \
    "vldrb.u8 q3, [r3], #16\n"                                                                     \
    "vmladava.s8 r2, q0, q3\n"                                                                     \
    "vldrb.u8 q2, [r5], #16\n"                                                                     \
    "vmladava.s8 r8, q1, q3\n"                                                                     \
    "vmladava.s8 r4, q0, q2\n"                                                                     \
    "vmladava.s8 r10, q1, q2\n"                                                                    \
    "letp lr, 2b\n"                                                                                \
    "strd r0, r6, [r12, #" #at "]\n"                                                               \
    "strd r2, r8, [r12, #16 + " #at "]\n"                                                          \
    "strd r4, r10, [r12, #32 + " #at "]\n"                                                         \
    "vmov r1, r3, d8\n vmov r5, r0, d9\n"                                                          \
    "add r7, r9, r0\n add.w r9, r7, r11\n"

/* Of rows of weights in fours, until sums reach `end`: of each four (3 vectors, 4 rows). */
MOTES_ASSEMBLY void mve_dense_three(const mve_dense *p, const int8_t *w, int32_t *sums,
                                    const int32_t *end) {
    __asm__ volatile(
        "push {r3-r11, lr}\n"
        "vpush {d8, d9}\n"
        "mov r12, r2\n"
        "mov r7, r1\n"
        "ldm r0, {r1, r3, r5, r11}\n"
        "ldr r0, [r0, #16]\n"
        "add r0, r11\n"
        "vmov d8, r1, r3\n"
        "vmov d9, r5, r0\n"
        "add.w r9, r7, r11\n"
        "1:\n"
        PAIR(0)
        PAIR(8)
        "ldr r0, [sp, #16]\n"
        "add.w r12, r12, #48\n"
        "cmp r12, r0\n"
        "bne 1b\n"
        "vpop {d8, d9}\n"
        "pop {r3-r11, pc}\n");
}
#undef PAIR

/* Of a row of up to 16 weights, in `w`, with x in q1 to q3; the next row is loaded meanwhile. */
#define LOAD(w) "vpst\n vldrbt.u8 " w ", [r1]\n add r1, r11\n"
#define ROW(a, b, c, w, next)                                                                      \
    "vmlav.s8 " a ", " w ", q1\n" next "vmlav.s8 " b ", " w ", q2\n vmlav.s8 " c ", " w ", q3\n"
#define STORE(at)                                                                                  \
    "strd r0, r6, [r12, #" #at "]\n"                                                               \
    "strd r2, r8, [r12, #16 + " #at "]\n"                                                          \
    "strd r4, r10, [r12, #32 + " #at "]\n"

/* The same for up to 16 bytes each: x stays in vectors. */
MOTES_ASSEMBLY void mve_dense_16(const mve_dense *p, const int8_t *w, int32_t *sums,
                                 const int32_t *end) {
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "vpush {d8, d9}\n"
        "mov r12, r2\n"
        "ldm r0, {r5, r7, r9, r11}\n"
        "vctp.8 r11\n"
        "vpsttt\n"
        "vldrbt.u8 q1, [r5]\n"
        "vldrbt.u8 q2, [r7]\n"
        "vldrbt.u8 q3, [r9]\n"
        "1:\n"
        LOAD("q0")
        ROW("r0", "r2", "r4", "q0", LOAD("q4"))
        ROW("r6", "r8", "r10", "q4", LOAD("q0"))
        STORE(0)
        ROW("r0", "r2", "r4", "q0", LOAD("q4"))
        ROW("r6", "r8", "r10", "q4", "")
        STORE(8)
        "add.w r12, r12, #48\n"
        "cmp r12, r3\n"
        "bne 1b\n"
        "vpop {d8, d9}\n"
        "pop {r4-r11, pc}\n");
}
#undef LOAD
#undef ROW
#undef STORE

/* Of a row of 17 to 32 weights, in q0 and q7, with x in q1 to q6; the next row is loaded meanwhile, and sums of
   the row before that are complete are stored. */
#define FRONT "vldrb.u8 q0, [r1]\n"
#define BACK "vpst\n vldrbt.u8 q7, [r1, #16]\n"
#define NEXT "add r1, r11\n"
#define ROW(a, b, c, front, first, second)                                                         \
    "vmlav.s8 " a ", q0, q1\n" NEXT "vmlav.s8 " b ", q0, q2\n vmlav.s8 " c ", q0, q3\n" front      \
    "vmladava.s8 " a ", q7, q4\n vmladava.s8 " b ", q7, q5\n" first                                \
    "vmladava.s8 " c ", q7, q6\n" second

/* The same for 17 to 32 bytes each. */
MOTES_ASSEMBLY void mve_dense_32(const mve_dense *p, const int8_t *w, int32_t *sums,
                                 const int32_t *end) {
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "vpush {d8-d15}\n"
        "mov r12, r2\n"
        "ldm r0, {r5, r7, r9, r11}\n"
        "sub.w r4, r11, #16\n"
        "vctp.8 r4\n"
        "vldrb.u8 q1, [r5]\n"
        "vldrb.u8 q2, [r7]\n"
        "vldrb.u8 q3, [r9]\n"
        "vpsttt\n"
        "vldrbt.u8 q4, [r5, #16]\n"
        "vldrbt.u8 q5, [r7, #16]\n"
        "vldrbt.u8 q6, [r9, #16]\n"
        "1:\n"
        FRONT
        BACK
        ROW("r0", "r2", "r4", FRONT, "", BACK)
        ROW("r6", "r8", "r10", FRONT, "strd r0, r6, [r12]\n", BACK "strd r2, r8, [r12, #16]\n")
        "strd r4, r10, [r12, #32]\n"
        ROW("r0", "r2", "r4", FRONT, "", BACK)
        ROW("r6", "r8", "r10", "", "strd r0, r6, [r12, #8]\n", "strd r2, r8, [r12, #24]\n")
        "strd r4, r10, [r12, #40]\n"
        "add.w r12, r12, #48\n"
        "cmp r12, r3\n"
        "bne 1b\n"
        "vpop {d8-d15}\n"
        "pop {r4-r11, pc}\n");
}
#undef FRONT
#undef BACK
#undef NEXT
#undef ROW

/* Of one x, with rows of weights in fours. */
MOTES_ASSEMBLY void mve_dense_one(const mve_dense *p, const int8_t *w, int32_t *sums,
                                  const int32_t *end) {
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "mov r12, r2\n"
        "mov r10, r3\n"
        "mov r3, r1\n"
        "ldr r1, [r0]\n"
        "ldrd r11, r8, [r0, #12]\n"
        "1:\n"
        "add.w r5, r3, r11\n add.w r7, r5, r11\n add.w r9, r7, r11\n"
        "movs r0, #0\n movs r2, #0\n movs r4, #0\n movs r6, #0\n"
        "dlstp.8 lr, r11\n"
        "2:\n"
        "vldrb.u8 q0, [r1], #16\n"
        "vldrb.u8 q1, [r3], #16\n"
        "vmladava.s8 r0, q0, q1\n"
        "vldrb.u8 q2, [r5], #16\n"
        "vmladava.s8 r2, q0, q2\n"
        "vldrb.u8 q3, [r7], #16\n"
        "vmladava.s8 r4, q0, q3\n"
        "vldrb.u8 q1, [r9], #16\n"
        "vmladava.s8 r6, q0, q1\n"
        "letp lr, 2b\n"
        "stm r12!, {r0, r2, r4, r6}\n"
        "add r1, r8\n"
        "add.w r3, r9, r8\n"
        "add r3, r11\n"
        "cmp r12, r10\n"
        "bne 1b\n"
        "pop {r4-r11, pc}\n");
}
/* clang-format on */
#pragma GCC diagnostic pop

#endif
