/* fours_scalar.h: sums of products for four pixels with three multiplications, in 32 bits.

   With one and the same weights, sum a word for each of three pairs of pixels:

       s0 = 256 * a + b,  s1 = 256 * b + c,  s2 = 256 * c + d

   modulo 2^32, where a to d are the pixels' own sums. Then, modulo 2^24,
   d = s2 - 256 * (s1 - 256 * s0), which is d itself where |d| < 2^23; and 256 * c = s2 - d,
   256 * b = s1 - c, 256 * a = s0 - b. */
#ifndef MOTES_FOURS_SCALAR_H
#define MOTES_FOURS_SCALAR_H

#include "high_product.h"
#include "motes.h"

/* How sums become outputs. */
typedef struct {
    int32_t low, high, shift;
} fours_scalar_end;

/* The words (256 * a + b, 256 * b + c, 256 * c + d) of `n` values of four rows each. */
static MOTES_NOINLINE void fours_scalar_expand(const int8_t *const *rows, int32_t n, uint32_t *to) {
    const int8_t *const a = rows[0], *const b = rows[1], *const c = rows[2], *const d = rows[3];
    for (int32_t i = 0; i < n; i++, to += 3) {
        const int32_t second = b[i], third = c[i];
        to[0] = (uint32_t)(a[i] * 256 + second);
        to[1] = (uint32_t)(second * 256 + third);
        to[2] = (uint32_t)(third * 256 + d[i]);
    }
}

/* Adds to `sums`, three a channel, the products of three words a tap from x to `end` with the
   weights of two channels, (taps, 2). Taps come in fours. */
#if defined(__ARM_ARCH_6M__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* A tap in 21 cycles: words in r2 to r4, weights as `first` and `second` leave them in r5 and `w`; sums of channel 0
   in r8 to r10, of channel 1 in r11, r12 and lr. */
#define TAP(first, second, w) \
    "ldm r0!, {r2, r3, r4}\n" first \
    "mov r6, r5\n muls r6, r2\n add r8, r6\n" \
    "mov r6, r5\n muls r6, r3\n add r9, r6\n" \
    "muls r5, r4\n add r10, r5\n" second \
    "muls r2, " w "\n add r11, r2\n muls r3, " w "\n add r12, r3\n muls r4, " w "\n add lr, r4\n"
#define TWO_TAPS \
    "ldm r1!, {r7}\n" \
    TAP("sxtb r5, r7\n", "asrs r7, #8\n sxtb r5, r7\n", "r5") \
    TAP("asrs r7, #8\n sxtb r5, r7\n", "asrs r7, #8\n", "r7")

MOTES_ASSEMBLY void fours_scalar_sums(const uint32_t *x, const int8_t *w, const uint32_t *end,
                                      uint32_t *sums) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4-r7, lr}\n"
        "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n"
        "push {r2-r7}\n"
        "ldm r3!, {r4-r7}\n"
        "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
        "ldm r3!, {r4, r5}\n"
        "mov r12, r4\n mov lr, r5\n"
        "1:\n"
        TWO_TAPS
        TWO_TAPS
        "ldr r2, [sp]\n"
        "cmp r0, r2\n"
        "bne 1b\n"
        "ldr r3, [sp, #4]\n"
        "mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n"
        "stm r3!, {r4-r7}\n"
        "mov r4, r12\n mov r5, lr\n"
        "stm r3!, {r4, r5}\n"
        "pop {r2-r7}\n"
        "mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"
        "pop {r4-r7, pc}\n");
}
/* clang-format on */
#undef TAP
#undef TWO_TAPS
#pragma GCC diagnostic pop
#else
static MOTES_NOINLINE void fours_scalar_sums(const uint32_t *x, const int8_t *w,
                                             const uint32_t *end, uint32_t *sums) {
    uint32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], s4 = sums[4], s5 = sums[5];
    for (; x < end; x += 6, w += 4) {
        const uint32_t first = (uint32_t)w[0], second = (uint32_t)w[1];
        const uint32_t third = (uint32_t)w[2], fourth = (uint32_t)w[3];
        s0 += x[0] * first + x[3] * third;
        s1 += x[1] * first + x[4] * third;
        s2 += x[2] * first + x[5] * third;
        s3 += x[0] * second + x[3] * fourth;
        s4 += x[1] * second + x[4] * fourth;
        s5 += x[2] * second + x[5] * fourth;
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3, sums[4] = s4, sums[5] = s5;
}
#endif

/* Outputs of the first `pixels` of four, `step` apart, from three sums. `rescale` is (multiplier,
   offset), where a shift is proved for all channels; else (multiplier, offset, right), and outputs
   are rounded twice as TFLM does:

       (high - (high < 0) + offset) >> right, with high = round(sum * multiplier / 2^31). */
static MOTES_NOINLINE void fours_scalar_store(const fours_scalar_end *end, const uint32_t *sums,
                                              const int32_t *rescale, int8_t *y, int32_t step,
                                              int32_t pixels) {
    const int32_t multiplier = rescale[0], offset = rescale[1], shift = end->shift;
    int32_t scaled[4];
    scaled[3] = (int32_t)((sums[2] - ((sums[1] - (sums[0] << 8)) << 8)) << 8);
    scaled[2] = (int32_t)(sums[2] - (uint32_t)(scaled[3] >> 8));
    scaled[1] = (int32_t)(sums[1] - (uint32_t)(scaled[2] >> 8));
    scaled[0] = (int32_t)(sums[0] - (uint32_t)(scaled[1] >> 8));
    if (shift)
        for (int32_t i = 0; i < pixels; i++, y += step) {
            const int32_t high = motes_high_product(scaled[i], multiplier, 0);
            *y = (int8_t)motes_clamp((high + offset) >> shift, end->low, end->high);
        }
    else
        for (int32_t i = 0; i < pixels; i++, y += step) {
            const int32_t high = motes_high_product(scaled[i] >> 7, multiplier, UINT32_C(1) << 31);
            const int32_t output = (high - (high < 0) + offset) >> rescale[2];
            *y = (int8_t)motes_clamp(output, end->low, end->high);
        }
}

#endif
