/* logistic_f32.h: activations of floats that bend, element by element. y may share x's address. */
#ifndef MOTES_LOGISTIC_F32_H
#define MOTES_LOGISTIC_F32_H

#include "count.h"
#include "erf_f32.h"
#include "exp_f32.h"

#define MOTES_ACTIVATION_F32(name, value)                                                          \
    static inline void name(const motes_count *p, const float *x, float *y) {                      \
        for (int32_t i = 0; i < p->count; i++) {                                                   \
            const float a = x[i];                                                                  \
            y[i] = value;                                                                          \
        }                                                                                          \
    }

typedef motes_count logistic_f32_params;
typedef motes_count tanh_f32_params;
typedef motes_count hard_swish_f32_params;
typedef motes_count elu_f32_params;
typedef motes_count gelu_f32_params;
typedef motes_count gelu_tanh_f32_params;

MOTES_INLINE float motes_relu6(float x) {
    return x > 0.0f ? (x < 6.0f ? x : 6.0f) : 0.0f;
}

MOTES_ACTIVATION_F32(logistic_f32, motes_logistic(a))
MOTES_ACTIVATION_F32(tanh_f32, motes_tanh(a))
MOTES_ACTIVATION_F32(hard_swish_f32, a *motes_relu6(a + 3.0f) / 6.0f)
MOTES_ACTIVATION_F32(elu_f32, a < 0.0f ? motes_expm1(a) : a)
MOTES_ACTIVATION_F32(gelu_f32, 0.5f * a * motes_erfc(a * -0.707106781f))
MOTES_ACTIVATION_F32(gelu_tanh_f32,
                     0.5f * a * (1.0f + motes_tanh(0.797884561f * (a + 0.044715f * (a * a * a)))))

#endif
