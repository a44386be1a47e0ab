/* moving_average.h: the average of the last `length` vectors, zero until as many have come.

   x and y are (elements); past and past_next, which may be one buffer, are (length - 1, elements),
   the oldest first; seen and seen_next, which may be one buffer, count vectors up to `length`. */
#ifndef MOTES_MOVING_AVERAGE_H
#define MOTES_MOVING_AVERAGE_H

#include "motes.h"

typedef struct {
    int32_t elements, length;
    int32_t zero_point;
} moving_average_s8_params;

typedef struct {
    int32_t elements, length;
} moving_average_f32_params;

/* y is the sum of (x - zero_point): its scale is that of x / length. */
static inline void moving_average_s8(const moving_average_s8_params *p, const int8_t *x,
                                     const int8_t *past, const int32_t *seen, int32_t *y,
                                     int8_t *past_next, int32_t *seen_next) {
    const int32_t count = motes_min(*seen + 1, p->length), kept = (p->length - 1) * p->elements;
    for (int32_t e = 0; e < p->elements; e++) {
        int32_t sum = 0;
        for (int32_t i = e; i < kept; i += p->elements)
            sum += past[i] - p->zero_point;
        y[e] = count < p->length ? 0 : sum + x[e] - p->zero_point;
    }
    for (int32_t i = 0; i < kept; i++)
        past_next[i] = i + p->elements < kept ? past[i + p->elements] : x[i + p->elements - kept];
    *seen_next = count;
}

/* The sum runs from the oldest to the newest. */
static inline void moving_average_f32(const moving_average_f32_params *p, const float *x,
                                      const float *past, const int32_t *seen, float *y,
                                      float *past_next, int32_t *seen_next) {
    const int32_t count = motes_min(*seen + 1, p->length), kept = (p->length - 1) * p->elements;
    for (int32_t e = 0; e < p->elements; e++) {
        float sum = 0.0f;
        for (int32_t i = e; i < kept; i += p->elements)
            sum += past[i];
        y[e] = count < p->length ? 0.0f : (sum + x[e]) / (float)p->length;
    }
    for (int32_t i = 0; i < kept; i++)
        past_next[i] = i + p->elements < kept ? past[i + p->elements] : x[i + p->elements - kept];
    *seen_next = count;
}

#endif
