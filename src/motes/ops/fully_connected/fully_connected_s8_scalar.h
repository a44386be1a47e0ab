/* fully_connected_s8_scalar.h: y = weights * x + bias for cores without SIMD, four outputs at a
   time.

   As fully_connected_s8.h, but weights are (units / 4, depth, 4), units filled up with 0: a word
   holds what one value of x is multiplied with. */
#ifndef MOTES_FULLY_CONNECTED_S8_SCALAR_H
#define MOTES_FULLY_CONNECTED_S8_SCALAR_H

#include "requantize.h"

typedef struct {
    int32_t rows, depth, units;
    const int32_t *weights; /* bytes */
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t zero_point, low, high;
} fully_connected_s8_scalar_params;

/* The products of n values with four rows of weights, (n, 4). */
#if defined(__ARM_ARCH_6M__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* A value at [r0, r2], sums in r6, r7, r8 and r12. */
#define VALUE \
    "ldm r1!, {r3}\n ldrsb r4, [r0, r2]\n" \
    "sxtb r5, r3\n muls r5, r4\n adds r6, r5\n asrs r3, #8\n" \
    "sxtb r5, r3\n muls r5, r4\n adds r7, r5\n asrs r3, #8\n" \
    "sxtb r5, r3\n muls r5, r4\n add r8, r5\n asrs r3, #8\n" \
    "muls r3, r4\n add r12, r3\n" \
    "adds r2, #1\n"

/* r2 counts up to 0, behind x: first those that make no whole round of four. */
MOTES_ASSEMBLY void fully_connected_scalar_sums(const int8_t *x, const int8_t *w, int32_t n,
                                                uint32_t *sums) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r3-r7, lr}\n"
        "mov lr, r8\n"
        "adds r0, r0, r2\n"
        "rsbs r2, r2, #0\n"
        "movs r6, #0\n movs r7, #0\n mov r8, r6\n mov r12, r6\n"
        "1:\n"
        "lsls r3, r2, #30\n"
        "beq 2f\n"
        VALUE
        "b 1b\n"
        "2:\n"
        "cmp r2, #0\n"
        "beq 4f\n"
        "3:\n"
        VALUE VALUE VALUE VALUE
        "bne 3b\n"
        "4:\n"
        "ldr r3, [sp]\n"
        "mov r4, r8\n mov r5, r12\n"
        "stm r3!, {r6, r7}\n"
        "stm r3!, {r4, r5}\n"
        "mov r8, lr\n"
        "pop {r3-r7, pc}\n");
}
/* clang-format on */
#undef VALUE
#pragma GCC diagnostic pop
#else
static MOTES_NOINLINE void fully_connected_scalar_sums(const int8_t *x, const int8_t *w, int32_t n,
                                                       uint32_t *sums) {
    uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (; n > 1; n -= 2, x += 2, w += 8) {
        const int32_t first = x[0], second = x[1];
        s0 += (uint32_t)(first * w[0]) + (uint32_t)(second * w[4]);
        s1 += (uint32_t)(first * w[1]) + (uint32_t)(second * w[5]);
        s2 += (uint32_t)(first * w[2]) + (uint32_t)(second * w[6]);
        s3 += (uint32_t)(first * w[3]) + (uint32_t)(second * w[7]);
    }
    if (n) {
        s0 += (uint32_t)(x[0] * w[0]), s1 += (uint32_t)(x[0] * w[1]);
        s2 += (uint32_t)(x[0] * w[2]), s3 += (uint32_t)(x[0] * w[3]);
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}
#endif

static inline void fully_connected_s8_scalar(const fully_connected_s8_scalar_params *p,
                                             const int8_t *x, int8_t *y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = (const int8_t *)p->weights;
        for (int32_t unit = 0; unit < p->units; w += 4 * p->depth) {
            uint32_t sums[4];
            fully_connected_scalar_sums(x, w, p->depth, sums);
            for (int32_t i = 0; i < 4 && unit < p->units; i++, unit++) {
                const int32_t sum = (int32_t)(sums[i] + (uint32_t)p->bias[unit]),
                              k = unit * p->step;
                const int32_t scaled = motes_requantize(sum, p->multiplier[k], p->shift[k]);
                *y++ = (int8_t)motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
            }
        }
    }
}

#endif
