/* l2_pool_f32.h: the root of the mean square of each window. */
#ifndef MOTES_L2_POOL_F32_H
#define MOTES_L2_POOL_F32_H

#include "pool_loops.h"

typedef pool_f32_params l2_pool_f32_params;

#define MOTES_POOL_SQUARES(sum, value) ((sum) + (value) * (value))
#define MOTES_POOL_ROOT(sum, count, low, high)                                                     \
    motes_clamp_f32(__builtin_sqrtf((sum) / (float)(count)), low, high)

MOTES_POOL(l2_pool_f32, float, float, 0.0f, MOTES_POOL_SQUARES, MOTES_POOL_ROOT)

#endif
