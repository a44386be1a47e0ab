/* reduce.h: one value for all elements along some axes.

   Axes are merged: three loops kept0..2 give the outputs in their order, and for each of them three
   loops reduced0..2 its elements in theirs; ..._step is how many elements of x a loop moves. */
#ifndef MOTES_REDUCE_H
#define MOTES_REDUCE_H

#include "requantize.h"

typedef struct {
    int32_t kept0, kept1, kept2, kept_step0, kept_step1, kept_step2;
    int32_t reduced0, reduced1, reduced2, reduced_step0, reduced_step1, reduced_step2;
    int32_t count; /* of elements for each output */
} reduce_params;
typedef reduce_params reduce_sum_f32_params;
typedef reduce_params reduce_sum_s32_params;
typedef reduce_params reduce_mean_f32_params;
typedef reduce_params reduce_mean_s32_params;
typedef reduce_params reduce_prod_f32_params;
typedef reduce_params reduce_prod_s32_params;
typedef reduce_params reduce_max_s8_params;
typedef reduce_params reduce_max_s16_params;
typedef reduce_params reduce_max_s32_params;
typedef reduce_params reduce_max_f32_params;
typedef reduce_params reduce_min_s8_params;
typedef reduce_params reduce_min_s16_params;
typedef reduce_params reduce_min_s32_params;
typedef reduce_params reduce_min_f32_params;
typedef reduce_params reduce_any_b8_params;
typedef reduce_params reduce_all_b8_params;

typedef struct {
    int32_t kept0, kept1, kept2, kept_step0, kept_step1, kept_step2;
    int32_t reduced0, reduced1, reduced2, reduced_step0, reduced_step1, reduced_step2;
    int32_t offset; /* less the zero points of all elements */
    int32_t multiplier, shift, y_zero;
} reduce_scaled_params;
typedef reduce_scaled_params reduce_sum_s8_params;
typedef reduce_scaled_params reduce_sum_s16_params;

/* Defines the kernel `name` over elements T: from `start`, STEP(sum, value) gives the next sum, an
   S; RESULT(p, sum) is the output. */
#define MOTES_REDUCE(name, T, S, start, STEP, RESULT)                                              \
    MOTES_INLINE S motes_##name(const name##_params *p, const T *x) {                              \
        S sum = start;                                                                             \
        for (int32_t i = 0; i < p->reduced0; i++)                                                  \
            for (int32_t j = 0; j < p->reduced1; j++)                                              \
                for (int32_t k = 0; k < p->reduced2; k++)                                          \
                    sum = STEP(                                                                    \
                        sum,                                                                       \
                        x[i * p->reduced_step0 + j * p->reduced_step1 + k * p->reduced_step2]);    \
        return sum;                                                                                \
    }                                                                                              \
    static inline void name(const name##_params *p, const T *restrict x, T *restrict y) {          \
        for (int32_t i = 0; i < p->kept0; i++)                                                     \
            for (int32_t j = 0; j < p->kept1; j++)                                                 \
                for (int32_t k = 0; k < p->kept2; k++)                                             \
                    *y++ =                                                                         \
                        (T)RESULT(p, motes_##name(p, x + i * p->kept_step0 + j * p->kept_step1 +   \
                                                         k * p->kept_step2));                      \
    }

/* The output of a sum of quantized values, which wraps. */
MOTES_INLINE int32_t motes_reduce_scaled(const reduce_scaled_params *p, uint32_t sum, int32_t low,
                                         int32_t high) {
    const int32_t centred = (int32_t)(sum + (uint32_t)p->offset);
    const int32_t scaled = motes_requantize(centred, p->multiplier, p->shift);
    return motes_clamp(motes_add(scaled, p->y_zero), low, high);
}

#define MOTES_REDUCE_PLUS(sum, value) ((sum) + (value))
#define MOTES_REDUCE_PLUS_WRAPPED(sum, value) ((sum) + (uint32_t)(value))
#define MOTES_REDUCE_TIMES(sum, value) ((sum) * (value))
#define MOTES_REDUCE_TIMES_WRAPPED(sum, value) ((sum) * (uint32_t)(value))
#define MOTES_REDUCE_LARGER(sum, value) ((value) > (sum) ? (value) : (sum))
#define MOTES_REDUCE_SMALLER(sum, value) ((value) < (sum) ? (value) : (sum))
#define MOTES_REDUCE_EITHER(sum, value) ((sum) | ((value) != 0))
#define MOTES_REDUCE_BOTH(sum, value) ((sum) & ((value) != 0))
#define MOTES_REDUCE_IT(p, sum) (sum)
#define MOTES_REDUCE_MEAN(p, sum) ((sum) / (p)->count)
#define MOTES_REDUCE_MEAN_F32(p, sum) ((sum) / (float)(p)->count)
#define MOTES_REDUCE_SCALED_S8(p, sum) motes_reduce_scaled(p, sum, INT8_MIN, INT8_MAX)
#define MOTES_REDUCE_SCALED_S16(p, sum) motes_reduce_scaled(p, sum, INT16_MIN, INT16_MAX)
#define MOTES_REDUCE_LARGEST_F32 0x1.fffffep+127f

MOTES_REDUCE(reduce_sum_s8, int8_t, uint32_t, 0, MOTES_REDUCE_PLUS_WRAPPED, MOTES_REDUCE_SCALED_S8)
MOTES_REDUCE(reduce_sum_s16, int16_t, uint32_t, 0, MOTES_REDUCE_PLUS_WRAPPED,
             MOTES_REDUCE_SCALED_S16)
MOTES_REDUCE(reduce_sum_s32, int32_t, uint32_t, 0, MOTES_REDUCE_PLUS_WRAPPED, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_sum_f32, float, float, 0.0f, MOTES_REDUCE_PLUS, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_mean_s32, int32_t, int64_t, 0, MOTES_REDUCE_PLUS, MOTES_REDUCE_MEAN)
MOTES_REDUCE(reduce_mean_f32, float, float, 0.0f, MOTES_REDUCE_PLUS, MOTES_REDUCE_MEAN_F32)
MOTES_REDUCE(reduce_prod_s32, int32_t, uint32_t, 1, MOTES_REDUCE_TIMES_WRAPPED, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_prod_f32, float, float, 1.0f, MOTES_REDUCE_TIMES, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_max_s8, int8_t, int8_t, INT8_MIN, MOTES_REDUCE_LARGER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_max_s16, int16_t, int16_t, INT16_MIN, MOTES_REDUCE_LARGER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_max_s32, int32_t, int32_t, INT32_MIN, MOTES_REDUCE_LARGER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_max_f32, float, float, -MOTES_REDUCE_LARGEST_F32, MOTES_REDUCE_LARGER,
             MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_min_s8, int8_t, int8_t, INT8_MAX, MOTES_REDUCE_SMALLER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_min_s16, int16_t, int16_t, INT16_MAX, MOTES_REDUCE_SMALLER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_min_s32, int32_t, int32_t, INT32_MAX, MOTES_REDUCE_SMALLER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_min_f32, float, float, MOTES_REDUCE_LARGEST_F32, MOTES_REDUCE_SMALLER,
             MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_any_b8, uint8_t, uint8_t, 0, MOTES_REDUCE_EITHER, MOTES_REDUCE_IT)
MOTES_REDUCE(reduce_all_b8, uint8_t, uint8_t, 1, MOTES_REDUCE_BOTH, MOTES_REDUCE_IT)

#endif
