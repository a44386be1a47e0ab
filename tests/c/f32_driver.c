/* f32_driver.c: the float functions over arrays, for the tests. */
#include "bits_f32.h"
#include "erf_f32.h"
#include "exp_f32.h"
#include "log_f32.h"
#include "pow_f32.h"
#include "sin_f32.h"
#include "whole_f32.h"

#define OVER(name)                                                                                 \
    void driver_##name(const float *x, float *y, uint32_t count);                                  \
    void driver_##name(const float *x, float *y, uint32_t count) {                                 \
        for (uint32_t i = 0; i < count; i++)                                                       \
            y[i] = motes_##name(x[i]);                                                             \
    }

OVER(exp)
OVER(expm1)
OVER(tanh)
OVER(logistic)
OVER(log_any)
OVER(sin)
OVER(cos)
OVER(erfc)
OVER(floor)
OVER(ceil)

void driver_pow(const float *x, const float *power, float *y, uint32_t count);
void driver_pow(const float *x, const float *power, float *y, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        y[i] = motes_pow(x[i], power[i]);
}

void driver_from_s64(const int64_t *x, float *y, uint32_t count);
void driver_from_s64(const int64_t *x, float *y, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        y[i] = motes_from_s64(x[i]);
}

void driver_to_s64(const float *x, int64_t *y, uint32_t count);
void driver_to_s64(const float *x, int64_t *y, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        y[i] = motes_to_s64(x[i]);
}
