/* squared_difference.h: y = (a - b)^2; integers without scales wrap. */
#ifndef MOTES_SQUARED_DIFFERENCE_H
#define MOTES_SQUARED_DIFFERENCE_H

#include "broadcast.h"
#include "rescaled_difference.h"

typedef rescaled_difference_params squared_difference_s8_params;
typedef rescaled_difference_params squared_difference_s16_params;

typedef struct {
    const int32_t *axes;
} squared_difference_s32_params;

typedef struct {
    const int32_t *axes;
} squared_difference_f32_params;

MOTES_INLINE int32_t motes_square(uint32_t x) {
    return (int32_t)(x * x);
}

MOTES_BROADCAST(squared_difference_s8, int8_t, int8_t, (int8_t)motes_squared(p, a, b))
MOTES_BROADCAST(squared_difference_s16, int16_t, int16_t, (int16_t)motes_squared(p, a, b))
MOTES_BROADCAST(squared_difference_s32, int32_t, int32_t, motes_square((uint32_t)a - (uint32_t)b))
MOTES_BROADCAST(squared_difference_f32, float, float, (a - b) * (a - b))

#endif
