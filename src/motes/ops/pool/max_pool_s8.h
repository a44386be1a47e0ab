/* max_pool_s8.h: the largest value of each window.

   x is (batch, in_h, in_w, channels), y (batch, out_h, out_w, channels). Elements outside x do not
   count. */
#ifndef MOTES_MAX_POOL_S8_H
#define MOTES_MAX_POOL_S8_H

#include "pool_window.h"

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
} max_pool_s8_params;

static inline void max_pool_s8(const max_pool_s8_params *p, const int8_t *restrict x,
                               int8_t *restrict y) {
    const int32_t line = p->in_w * p->channels;
    for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line) {
        for (int32_t oy = 0; oy < p->out_h; oy++) {
            const motes_span rows =
                motes_pool_span(oy, p->stride_h, p->pad_top, p->filter_h, p->in_h);
            for (int32_t ox = 0; ox < p->out_w; ox++) {
                const motes_span cols =
                    motes_pool_span(ox, p->stride_w, p->pad_left, p->filter_w, p->in_w);
                for (int32_t c = 0; c < p->channels; c++) {
                    int32_t largest = INT8_MIN;
                    for (int32_t iy = rows.begin; iy < rows.end; iy++)
                        for (int32_t ix = cols.begin; ix < cols.end; ix++)
                            largest = motes_max(largest, x[iy * line + ix * p->channels + c]);
                    *y++ = (int8_t)motes_clamp(largest, p->low, p->high);
                }
            }
        }
    }
}

#endif
