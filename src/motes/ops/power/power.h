/* power.h: y = a to the power of b. Integers wrap; with a negative exponent, where LiteRT stops,
   they are 0. */
#ifndef MOTES_POWER_H
#define MOTES_POWER_H

#include "broadcast.h"
#include "pow_f32.h"

typedef struct {
    const int32_t *axes;
} power_s32_params;

typedef struct {
    const int32_t *axes;
} power_f32_params;

MOTES_INLINE int32_t motes_power_s32(int32_t a, int32_t b) {
    uint32_t power = b >= 0, square = (uint32_t)a;
    for (; b > 0; b >>= 1, square *= square)
        power *= b & 1 ? square : 1;
    return (int32_t)power;
}

MOTES_BROADCAST(power_s32, int32_t, int32_t, motes_power_s32(a, b))
MOTES_BROADCAST(power_f32, float, float, motes_pow(a, b))

#endif
