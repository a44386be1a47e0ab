/* unary_f32.h: functions of one float, element by element. y may share x's address. */
#ifndef MOTES_UNARY_F32_H
#define MOTES_UNARY_F32_H

#include "bits_f32.h"
#include "count.h"
#include "exp_f32.h"
#include "log_f32.h"
#include "sin_f32.h"

/* The whole number nearest to a; of two, the even one. A zero keeps its sign only where a is one:
   as floor(a), or that plus 1. */
MOTES_INLINE float motes_round_even(float a) {
    const float below = motes_floor(a), over = a - below;
    if (over < 0.5f || (over == 0.5f && !((int32_t)below & 1)))
        return below;
    return below + 1.0f;
}

#define MOTES_UNARY_F32(name, value)                                                               \
    static inline void name(const motes_count *p, const float *x, float *y) {                      \
        for (int32_t i = 0; i < p->count; i++) {                                                   \
            const float a = x[i];                                                                  \
            y[i] = value;                                                                          \
        }                                                                                          \
    }

typedef motes_count abs_f32_params;
typedef motes_count neg_f32_params;
typedef motes_count sign_f32_params;
typedef motes_count square_f32_params;
typedef motes_count sqrt_f32_params;
typedef motes_count rsqrt_f32_params;
typedef motes_count exp_f32_params;
typedef motes_count log_f32_params;
typedef motes_count sin_f32_params;
typedef motes_count cos_f32_params;
typedef motes_count ceil_f32_params;
typedef motes_count floor_f32_params;
typedef motes_count round_f32_params;

MOTES_UNARY_F32(abs_f32, motes_abs(a))
MOTES_UNARY_F32(neg_f32, -a)
MOTES_UNARY_F32(sign_f32, a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a + 0.0f) /* -0 becomes 0 */
MOTES_UNARY_F32(square_f32, a *a)
MOTES_UNARY_F32(sqrt_f32, __builtin_sqrtf(a))
MOTES_UNARY_F32(rsqrt_f32, 1.0f / __builtin_sqrtf(a))
MOTES_UNARY_F32(exp_f32, motes_exp(a))
MOTES_UNARY_F32(log_f32, motes_log_any(a))
MOTES_UNARY_F32(sin_f32, motes_sin(a))
MOTES_UNARY_F32(cos_f32, motes_cos(a))
MOTES_UNARY_F32(ceil_f32, motes_ceil(a))
MOTES_UNARY_F32(floor_f32, motes_floor(a))
MOTES_UNARY_F32(round_f32, motes_round_even(a))

#endif
