/* max_pool_s8_dsp.h: as max_pool_s8.h, four channels at a time, for Cortex-M4.

   SSUB8 compares four bytes and SEL picks the larger ones. channels is a multiple of four. */
#ifndef MOTES_MAX_POOL_S8_DSP_H
#define MOTES_MAX_POOL_S8_DSP_H

#include "pool_window.h"

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
} max_pool_s8_dsp_params;

/* The larger of each of four signed bytes. One statement: the flags live from SSUB8 to SEL. */
MOTES_INLINE uint32_t max_pool_s8_dsp_larger(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
}

static inline void max_pool_s8_dsp(const max_pool_s8_dsp_params *p, const int8_t *restrict x,
                                   int8_t *restrict y) {
    const int32_t line = p->in_w * p->channels;
    for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line)
        for (int32_t oy = 0; oy < p->out_h; oy++) {
            const motes_span rows =
                motes_pool_span(oy, p->stride_h, p->pad_top, p->filter_h, p->in_h);
            for (int32_t ox = 0; ox < p->out_w; ox++) {
                const motes_span cols =
                    motes_pool_span(ox, p->stride_w, p->pad_left, p->filter_w, p->in_w);
                for (int32_t c = 0; c < p->channels; c += 4, y += 4) {
                    uint32_t four = UINT32_C(0x01010101) * (uint8_t)p->low;
                    for (int32_t iy = rows.begin; iy < rows.end; iy++) {
                        const int8_t *u = x + iy * line + cols.begin * p->channels + c;
                        for (int32_t ix = cols.begin; ix < cols.end; ix++, u += p->channels)
                            four = max_pool_s8_dsp_larger(four, *(const motes_word *)u);
                    }
                    if (p->high < 127)
                        for (int32_t i = 0; i < 4; i++)
                            y[i] = (int8_t)motes_min((int8_t)(four >> (8 * i)), p->high);
                    else
                        *(motes_word *)y = four;
                }
            }
        }
}

#endif
