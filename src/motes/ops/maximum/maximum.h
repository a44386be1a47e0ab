/* maximum.h: y = the larger of a and b, or the smaller. Where they do not differ, or one is no
 * number, it is b. */
#ifndef MOTES_MAXIMUM_H
#define MOTES_MAXIMUM_H

#include "broadcast.h"
#include "largest.h"

typedef largest_params maximum_s8_params;
typedef largest_params maximum_u8_params;
typedef largest_params maximum_s16_params;
typedef largest_params maximum_s32_params;
typedef largest_params maximum_s64_params;
typedef largest_params maximum_f32_params;

#define MOTES_MAXIMUM(function, T)                                                                 \
    MOTES_BROADCAST(function, T, T, (p->largest ? a > b : a < b) ? a : b)

MOTES_MAXIMUM(maximum_s8, int8_t)
MOTES_MAXIMUM(maximum_u8, uint8_t)
MOTES_MAXIMUM(maximum_s16, int16_t)
MOTES_MAXIMUM(maximum_s32, int32_t)
MOTES_MAXIMUM(maximum_s64, int64_t)
MOTES_MAXIMUM(maximum_f32, float)

#endif
