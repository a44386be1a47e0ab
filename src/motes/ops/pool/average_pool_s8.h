/* average_pool_s8.h: the mean of each window, halves rounded away from zero.

   x is (batch, in_h, in_w, channels), y (batch, out_h, out_w, channels). Elements outside x do not
   count. */
#ifndef MOTES_AVERAGE_POOL_S8_H
#define MOTES_AVERAGE_POOL_S8_H

#include "pool_window.h"

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
} average_pool_s8_params;

static inline void average_pool_s8(const average_pool_s8_params *p, const int8_t *restrict x,
                                   int8_t *restrict y) {
    const int32_t line = p->in_w * p->channels;
    for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line) {
        for (int32_t oy = 0; oy < p->out_h; oy++) {
            const motes_span rows =
                motes_pool_span(oy, p->stride_h, p->pad_top, p->filter_h, p->in_h);
            for (int32_t ox = 0; ox < p->out_w; ox++) {
                const motes_span cols =
                    motes_pool_span(ox, p->stride_w, p->pad_left, p->filter_w, p->in_w);
                const int32_t count = (rows.end - rows.begin) * (cols.end - cols.begin);
                for (int32_t c = 0; c < p->channels; c++) {
                    int32_t sum = 0;
                    for (int32_t iy = rows.begin; iy < rows.end; iy++)
                        for (int32_t ix = cols.begin; ix < cols.end; ix++)
                            sum += x[iy * line + ix * p->channels + c];
                    /* C's division truncates: half the count, with the sum's sign, makes it round.
                     */
                    const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                    *y++ = (int8_t)motes_clamp(mean, p->low, p->high);
                }
            }
        }
    }
}

#endif
