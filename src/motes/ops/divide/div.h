/* div.h: y = a / b. What TFLM does not define: an integer over 0 is 0, and the one quotient of
   int32 that does not fit wraps. */
#ifndef MOTES_DIV_H
#define MOTES_DIV_H

#include "broadcast.h"
#include "reciprocal.h"

typedef struct {
    const int32_t *axes;
    int32_t a_zero, b_zero, y_zero;
    int32_t multiplier, shift; /* a's scale over b's and y's */
    int32_t low, high;
} div_s8_params;

typedef struct {
    const int32_t *axes;
    int32_t low, high;
} div_s32_params;

typedef struct {
    const int32_t *axes;
    float low, high;
} div_f32_params;

/* x / 2^exponent, halves away from zero, for any exponent: beyond 31 it is what an x86 makes of
   TFLM's shift, which takes the lower five bits of the exponent for x and more for the mask. */
MOTES_INLINE int32_t motes_round_shift_any(int32_t x, int32_t exponent) {
    const int32_t mask = (int32_t)(uint32_t)((UINT64_C(1) << (exponent & 63)) - 1);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> (exponent & 31)) + ((x & mask) > threshold);
}

MOTES_INLINE int32_t motes_div_s8(const div_s8_params *p, int32_t a, int32_t b) {
    const int32_t sign = b < p->b_zero ? -1 : 1;
    const int32_t over = sign * (a - p->a_zero), under = sign * (b - p->b_zero);
    if (under == 0)
        return motes_clamp(p->y_zero, p->low, p->high);
    const int32_t bits = 31 - __builtin_clz((uint32_t)under); /* under = 2^bits * (1 + fraction) */
    const int32_t fraction = (int32_t)(((uint32_t)under << (31 - bits)) & INT32_MAX);
    const uint32_t size = 2 * (uint32_t)(over < 0 ? ~over : over) + 1;
    const int32_t room = __builtin_clz(size); /* how far over can be shifted left */
    const int32_t raised = (int32_t)((uint32_t)over << room);
    const int32_t quotient = motes_high_mul(raised, motes_one_over_one_plus(fraction));
    const int32_t scaled =
        motes_round_shift_any(motes_high_mul(quotient, p->multiplier), bits + room - p->shift);
    return motes_clamp(motes_add(scaled, p->y_zero), p->low, p->high);
}

MOTES_INLINE int32_t motes_div_s32(int32_t a, int32_t b) {
    return b == 0 ? 0 : b == -1 ? (int32_t)-(uint32_t)a : a / b;
}

MOTES_BROADCAST(div_s8, int8_t, int8_t, (int8_t)motes_div_s8(p, a, b))
MOTES_BROADCAST(div_s32, int32_t, int32_t, motes_clamp(motes_div_s32(a, b), p->low, p->high))
MOTES_BROADCAST(div_f32, float, float, motes_clamp_f32(a / b, p->low, p->high))

#endif
