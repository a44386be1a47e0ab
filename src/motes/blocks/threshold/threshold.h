/* threshold.h: the best label that may be reported, where its score reaches the limit.

   x is (labels) scores; y is the label or -1, and the best score. */
#ifndef MOTES_THRESHOLD_H
#define MOTES_THRESHOLD_H

#include "motes.h"

typedef struct {
    int32_t labels;
    int32_t limit;
    int32_t zero_point;
    const uint8_t *reported; /* (labels) 0 for background */
} threshold_s8_params;

typedef struct {
    int32_t labels;
    int32_t limit;
    const uint8_t *reported;
} threshold_s32_params;

typedef struct {
    int32_t labels;
    int32_t limit;
    float unit; /* a power of two: scores are counted in steps of 1 / unit */
    const uint8_t *reported;
} threshold_f32_params;

/* Take `score` if it is the best so far; the first of equals stays. */
MOTES_INLINE void threshold_rank(int32_t *y, int32_t label, int32_t score) {
    if (y[0] < 0 || score > y[1]) {
        y[0] = label;
        y[1] = score;
    }
}

MOTES_INLINE void threshold_judge(int32_t *y, int32_t limit) {
    if (y[1] < limit)
        y[0] = -1;
}

static inline void threshold_s8(const threshold_s8_params *p, const int8_t *x, int32_t *y) {
    y[0] = -1;
    for (int32_t i = 0; i < p->labels; i++)
        if (p->reported[i])
            threshold_rank(y, i, x[i] - p->zero_point);
    threshold_judge(y, p->limit);
}

static inline void threshold_s32(const threshold_s32_params *p, const int32_t *x, int32_t *y) {
    y[0] = -1;
    for (int32_t i = 0; i < p->labels; i++)
        if (p->reported[i])
            threshold_rank(y, i, x[i]);
    threshold_judge(y, p->limit);
}

/* Rounded down; what is not positive, or no number, is 0. */
static inline void threshold_f32(const threshold_f32_params *p, const float *x, int32_t *y) {
    y[0] = -1;
    for (int32_t i = 0; i < p->labels; i++) {
        const float score = x[i] * p->unit;
        if (p->reported[i])
            threshold_rank(y, i,
                           score >= 2147483648.0f ? INT32_MAX
                           : score > 0.0f         ? (int32_t)score
                                                  : 0);
    }
    threshold_judge(y, p->limit);
}

#endif
