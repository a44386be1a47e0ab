/* average_pool.h: the mean of each window; of integers halves are rounded away from zero. */
#ifndef MOTES_AVERAGE_POOL_H
#define MOTES_AVERAGE_POOL_H

#include "pool_loops.h"

typedef pool_params average_pool_s8_params;
typedef pool_params average_pool_s16_params;
typedef pool_f32_params average_pool_f32_params;

/* C's division truncates: half the count, with the sum's sign, makes it round. */
MOTES_INLINE int32_t motes_pool_mean(int32_t sum, int32_t count, int32_t low, int32_t high) {
    return motes_clamp((sum > 0 ? sum + count / 2 : sum - count / 2) / count, low, high);
}

#define MOTES_POOL_PLUS(sum, value) ((sum) + (value))
#define MOTES_POOL_MEAN_F32(sum, count, low, high)                                                 \
    motes_clamp_f32((sum) / (float)(count), low, high)

MOTES_POOL(average_pool_s8, int8_t, int32_t, 0, MOTES_POOL_PLUS, motes_pool_mean)
MOTES_POOL(average_pool_s16, int16_t, int32_t, 0, MOTES_POOL_PLUS, motes_pool_mean)
MOTES_POOL(average_pool_f32, float, float, 0.0f, MOTES_POOL_PLUS, MOTES_POOL_MEAN_F32)

#endif
