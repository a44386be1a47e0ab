/* floor_mod.h: y = a - b * floor(a / b), with the sign of b. What TFLM does not define: an integer
   over 0 leaves 0. */
#ifndef MOTES_FLOOR_MOD_H
#define MOTES_FLOOR_MOD_H

#include "broadcast.h"
#include "float_parts.h"

typedef struct {
    const int32_t *axes;
} floor_mod_s32_params;

typedef struct {
    const int32_t *axes;
} floor_mod_s64_params;

typedef struct {
    const int32_t *axes;
} floor_mod_f32_params;

MOTES_INLINE int32_t motes_floor_mod_s32(int32_t a, int32_t b) {
    const int32_t rest = b == 0 || b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

MOTES_INLINE int64_t motes_floor_mod_s64(int64_t a, int64_t b) {
    const int64_t rest = b == 0 || b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Exact by long division, as C's fmod is; its rest has the sign of a, and b is added where that is
   not b's. */
MOTES_INLINE float motes_floor_mod_f32(float a, float b) {
    const motes_parts x = motes_parts_of(a), y = motes_parts_of(b);
    float rest = a;
    if (!x.finite || y.mantissa == 0 || b != b) {
        rest = MOTES_NAN;
    } else if (y.finite && x.exponent >= y.exponent) {
        uint32_t left = x.mantissa;
        for (int32_t i = x.exponent - y.exponent; i >= 0; i--) {
            left = left >= y.mantissa ? left - y.mantissa : left;
            left <<= i > 0;
        }
        rest = motes_signed(motes_float_from(left, y.exponent), a);
    }
    return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

MOTES_BROADCAST(floor_mod_s32, int32_t, int32_t, motes_floor_mod_s32(a, b))
MOTES_BROADCAST(floor_mod_s64, int64_t, int64_t, motes_floor_mod_s64(a, b))
MOTES_BROADCAST(floor_mod_f32, float, float, motes_floor_mod_f32(a, b))

#endif
