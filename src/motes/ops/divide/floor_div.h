/* floor_div.h: y = the largest integer that is at most a / b. What TFLM does not define: an integer
   over 0 is 0, a float over 0 infinite, and the one quotient of int32 that does not fit wraps. */
#ifndef MOTES_FLOOR_DIV_H
#define MOTES_FLOOR_DIV_H

#include "broadcast.h"
#include "float_parts.h"

typedef struct {
    const int32_t *axes;
} floor_div_s32_params;

typedef struct {
    const int32_t *axes;
} floor_div_f32_params;

MOTES_INLINE int32_t motes_floor_div_s32(int32_t a, int32_t b) {
    if (b == 0)
        return 0;
    if (b == -1)
        return (int32_t)-(uint32_t)a;
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* x < 2^54 as a float, rounded to the nearest, ties to even. */
MOTES_INLINE float motes_float_of(uint64_t x) {
    int32_t shift = 0;
    while (x >> shift >= UINT64_C(1) << 24)
        shift++;
    const uint32_t top = (uint32_t)(x >> shift), unit = UINT32_C(1) << shift;
    const uint32_t rest = (uint32_t)x & (unit - 1), half = unit >> 1;
    const uint32_t up = rest > half || (rest == half && shift > 0 && (top & 1));
    return (float)(top + up) * (float)unit;
}

/* floor(a / b), where TFLM divides in double precision and rounds the floor to a float. The long
   division below gives the quotient's integer part; what is left of it tells whether a double, of
   53 bits, would be rounded to this integer, to the next one, or in between. */
MOTES_INLINE float motes_floor_div_f32(float a, float b) {
    const motes_parts x = motes_parts_of(a), y = motes_parts_of(b);
    const int32_t apart = x.exponent - y.exponent;
    if (!x.finite || !y.finite || x.mantissa == 0 || y.mantissa == 0 || apart > 52)
        return a / b; /* an integer, or no number; rounding to 53 bits and then to 24 is one */
    uint64_t whole = 0;
    uint32_t rest = x.mantissa;
    for (int32_t i = apart; i >= 0; i--) {
        const uint32_t bit = rest >= y.mantissa;
        rest = (rest - bit * y.mantissa) << (i > 0);
        whole = whole << 1 | bit;
    }
    if (whole >> 52)
        return a / b;
    const int32_t is_negative = (a < 0.0f) != (b < 0.0f);
    if (whole == 0)
        return is_negative ? -1.0f : 0.0f;
    /* Half a unit in the double's last place is 2^-place. */
    const int32_t place = __builtin_clzll(whole) - 10;
    const uint64_t below = place > 24 ? UINT64_MAX : (uint64_t)rest << place;
    const uint64_t above = place > 24 ? UINT64_MAX : (uint64_t)(y.mantissa - rest) << place;
    if (rest != 0 && (above <= y.mantissa || (is_negative && below > y.mantissa)))
        whole++;
    return is_negative ? -motes_float_of(whole) : motes_float_of(whole);
}

MOTES_BROADCAST(floor_div_s32, int32_t, int32_t, motes_floor_div_s32(a, b))
MOTES_BROADCAST(floor_div_f32, float, float, motes_floor_div_f32(a, b))

#endif
