/* average_pool_s8_dsp.h: as average_pool_s8.h, four channels at a time, for Cortex-M4.

   SXTAB16 adds bytes 0 and 2 of a word to two 16-bit sums, and after a rotation bytes 1 and 3: a
   window of at most 256 elements cannot overflow them. channels is a multiple of four. */
#ifndef MOTES_AVERAGE_POOL_S8_DSP_H
#define MOTES_AVERAGE_POOL_S8_DSP_H

#include "pool_window.h"
#include <arm_acle.h>

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
} average_pool_s8_dsp_params;

/* A sum's mean, halves rounded away from zero, clamped. */
static inline int8_t average_pool_s8_dsp_mean(const average_pool_s8_dsp_params *p, int32_t sum,
                                              int32_t count) {
    const int32_t mean = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    return (int8_t)motes_clamp(mean, p->low, p->high);
}

/* Four channels of the window of rows x cols elements that begins at x. */
static inline void average_pool_s8_dsp_four(const average_pool_s8_dsp_params *p, const int8_t *x,
                                            int32_t rows, int32_t cols, int8_t *y) {
    const int32_t count = rows * cols;
    int32_t even = 0, odd = 0;
    for (; rows > 0; rows--, x += (p->in_w - cols) * p->channels)
        for (int32_t i = 0; i < cols; i++, x += p->channels) {
            const uint32_t four = *(const motes_word *)x;
            even = (int32_t)__sxtab16(even, (int32_t)four);
            odd = (int32_t)__sxtab16(odd, (int32_t)(four >> 8 | four << 24));
        }
    y[0] = average_pool_s8_dsp_mean(p, (int16_t)even, count);
    y[1] = average_pool_s8_dsp_mean(p, (int16_t)odd, count);
    y[2] = average_pool_s8_dsp_mean(p, even >> 16, count);
    y[3] = average_pool_s8_dsp_mean(p, odd >> 16, count);
}

static inline void average_pool_s8_dsp(const average_pool_s8_dsp_params *p,
                                       const int8_t *restrict x, int8_t *restrict y) {
    const int32_t line = p->in_w * p->channels;
    for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line)
        for (int32_t oy = 0; oy < p->out_h; oy++) {
            const motes_span rows =
                motes_pool_span(oy, p->stride_h, p->pad_top, p->filter_h, p->in_h);
            for (int32_t ox = 0; ox < p->out_w; ox++) {
                const motes_span cols =
                    motes_pool_span(ox, p->stride_w, p->pad_left, p->filter_w, p->in_w);
                const int8_t *window = x + rows.begin * line + cols.begin * p->channels;
                for (int32_t c = 0; c < p->channels; c += 4, y += 4)
                    average_pool_s8_dsp_four(p, window + c, rows.end - rows.begin,
                                             cols.end - cols.begin, y);
            }
        }
}

#endif
