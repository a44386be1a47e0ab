/* pool_loops.h: a window slides over height and width, and something is made of what lies under it,
   each channel by itself.

   x is (batch, in_h, in_w, channels), y (batch, out_h, out_w, channels). Elements outside x do not
   count. */
#ifndef MOTES_POOL_LOOPS_H
#define MOTES_POOL_LOOPS_H

#include "pool_window.h"

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
} pool_params;

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    float low, high;
} pool_f32_params;

/* Defines the kernel `name` over elements T. From `start`, STEP(sum, value) gives the next sum, an
   S; RESULT(sum, count, low, high) is the output of `count` elements. */
#define MOTES_POOL(name, T, S, start, STEP, RESULT)                                                \
    static inline void name(const name##_params *p, const T *restrict x, T *restrict y) {          \
        const int32_t line = p->in_w * p->channels;                                                \
        for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line) {                  \
            for (int32_t oy = 0; oy < p->out_h; oy++) {                                            \
                const motes_span rows =                                                            \
                    motes_pool_span(oy, p->stride_h, p->pad_top, p->filter_h, p->in_h);            \
                for (int32_t ox = 0; ox < p->out_w; ox++) {                                        \
                    const motes_span cols =                                                        \
                        motes_pool_span(ox, p->stride_w, p->pad_left, p->filter_w, p->in_w);       \
                    const int32_t count = (rows.end - rows.begin) * (cols.end - cols.begin);       \
                    for (int32_t c = 0; c < p->channels; c++) {                                    \
                        S sum = start;                                                             \
                        for (int32_t iy = rows.begin; iy < rows.end; iy++)                         \
                            for (int32_t ix = cols.begin; ix < cols.end; ix++)                     \
                                sum = STEP(sum, x[iy * line + ix * p->channels + c]);              \
                        *y++ = (T)RESULT(sum, count, p->low, p->high);                             \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

#endif
