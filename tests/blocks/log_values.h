/* log_values.h: for tests, motes_log of an array. */
#ifndef MOTES_LOG_VALUES_H
#define MOTES_LOG_VALUES_H

#include "log_f32.h"
#include "motes.h"

typedef struct {
    int32_t count;
} log_values_params;

static inline void log_values(const log_values_params *p, const float *x, float *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = motes_log(x[i]);
}

#endif
