/* signal_window.h: frames times a window, and frames added where they overlap. */
#ifndef MOTES_SIGNAL_WINDOW_H
#define MOTES_SIGNAL_WINDOW_H

#include "motes.h"

typedef struct {
    int32_t frames, size, shift;
} signal_window_params;

/* x, y: (frames, size); the product is shifted right. y may be x. */
static inline void signal_window(const signal_window_params *p, const int16_t *x,
                                 const int16_t *window, int16_t *y) {
    for (int32_t frame = 0; frame < p->frames; frame++) {
        MOTES_VECTORS
        for (int32_t i = 0; i < p->size; i++)
            *y++ = (int16_t)motes_clamp((*x++ * window[i]) >> p->shift, -32768, 32767);
    }
}

typedef struct {
    int32_t outer, frames, size, step;
} signal_overlap_add_s16_params;

typedef signal_overlap_add_s16_params signal_overlap_add_f32_params;

/* x: (outer, frames, size); y: (outer, frames * step). The memory holds, for each signal, the sums
   that frames behind may still add to: size - step. */
static inline void signal_overlap_add_s16(const signal_overlap_add_s16_params *p, const int16_t *x,
                                          const int16_t *before, int16_t *y, int16_t *after) {
    const int32_t open = p->size - p->step;
    for (int32_t o = 0; o < p->outer; o++, before += open, after += open) {
        const int16_t *sums = before;
        for (int32_t frame = 0; frame < p->frames; frame++, x += p->size, sums = after)
            for (int32_t i = 0; i < p->size; i++) {
                const int32_t sum = x[i] + (i < open ? sums[i] : 0);
                int16_t *to = i < p->step ? y++ : after + i - p->step;
                *to = (int16_t)motes_clamp(sum, -32768, 32767);
            }
    }
}

static inline void signal_overlap_add_f32(const signal_overlap_add_f32_params *p, const float *x,
                                          const float *before, float *y, float *after) {
    const int32_t open = p->size - p->step;
    for (int32_t o = 0; o < p->outer; o++, before += open, after += open) {
        const float *sums = before;
        for (int32_t frame = 0; frame < p->frames; frame++, x += p->size, sums = after)
            for (int32_t i = 0; i < p->size; i++) {
                float *to = i < p->step ? y++ : after + i - p->step;
                *to = (i < open ? sums[i] : 0.0f) + x[i];
            }
    }
}

#endif
