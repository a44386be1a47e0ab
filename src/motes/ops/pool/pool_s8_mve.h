/* pool_s8_mve.h: as average_pool.h and max_pool.h for int8, 8 or 16 channels at a time, with
 * Helium. */
#ifndef MOTES_POOL_S8_MVE_H
#define MOTES_POOL_S8_MVE_H

#include "pool_window.h"
#include <arm_mve.h>

typedef struct {
    int32_t batch, in_h, in_w, channels, out_h, out_w;
    int32_t filter_h, filter_w, stride_h, stride_w, pad_top, pad_left;
    int32_t low, high;
} pool_mve_params;
typedef pool_mve_params average_pool_s8_mve_params;
typedef pool_mve_params max_pool_s8_mve_params;

/* The means of 8 sums of up to 256 bytes, halves rounded away from zero. A magnitude n over `count`
   is 2 * n * inverse / 2^32, with inverse = 2^31 / count, rounded up: n * count < 2^31, so that it
   is exact. */
MOTES_INLINE int32x4_t average_pool_mve_mean(int32x4_t sum, int32_t count, uint32_t inverse) {
    const uint32x4_t magnitude =
        vaddq_n_u32(vreinterpretq_u32_s32(vabsq_s32(sum)), (uint32_t)count / 2);
    const int32x4_t mean =
        vreinterpretq_s32_u32(vmulhq_u32(vaddq_u32(magnitude, magnitude), vdupq_n_u32(inverse)));
    return vnegq_m_s32(mean, mean, vcmpltq_n_s32(sum, 0));
}

/* Up to 8 channels of the window of rows x columns elements that begins at x. */
MOTES_INLINE void average_pool_mve_some(const pool_mve_params *p, const int8_t *x, int32_t rows,
                                        int32_t columns, int8_t *y, mve_pred16_t some) {
    const int32_t count = rows * columns, channels = p->channels;
    const uint32_t inverse = (UINT32_C(0x7fffffff) + (uint32_t)count) / (uint32_t)count;
    int16x8_t sum = vdupq_n_s16(0);
    for (; rows > 0; rows--, x += (p->in_w - columns) * channels)
        for (int32_t i = columns; i > 0; i--, x += channels)
            sum = vaddq_s16(sum, vldrbq_z_s16(x, some));
    const int32x4_t even = average_pool_mve_mean(vmovlbq_s16(sum), count, inverse);
    const int32x4_t odd = average_pool_mve_mean(vmovltq_s16(sum), count, inverse);
    const int16x8_t mean = vmovntq_s32(vmovnbq_s32(sum, even), odd);
    const int16x8_t low = vdupq_n_s16((int16_t)p->low), high = vdupq_n_s16((int16_t)p->high);
    vstrbq_p_s16(y, vminq_s16(vmaxq_s16(mean, low), high), some);
}

/* The same of up to 16 channels for the largest values. */
MOTES_INLINE void max_pool_mve_some(const pool_mve_params *p, const int8_t *x, int32_t rows,
                                    int32_t columns, int8_t *y, mve_pred16_t some) {
    const int32_t channels = p->channels;
    int8x16_t most = vdupq_n_s8((int8_t)p->low);
    for (; rows > 0; rows--, x += (p->in_w - columns) * channels)
        for (int32_t i = columns; i > 0; i--, x += channels)
            most = vmaxq_s8(most, vldrbq_z_s8(x, some));
    vstrbq_p_s8(y, vminq_s8(most, vdupq_n_s8((int8_t)p->high)), some);
}

/* Defines the kernel `name`: SOME makes up to `lanes` channels of a pixel, as LEFT says. */
#define POOL_MVE(name, lanes, LEFT, SOME)                                                          \
    static inline void name(const pool_mve_params *p, const int8_t *x, int8_t *y) {                \
        const int32_t line = p->in_w * p->channels;                                                \
        for (int32_t batch = 0; batch < p->batch; batch++, x += p->in_h * line)                    \
            for (int32_t oy = 0; oy < p->out_h; oy++) {                                            \
                const motes_span rows =                                                            \
                    motes_pool_span(oy, p->stride_h, p->pad_top, p->filter_h, p->in_h);            \
                for (int32_t ox = 0; ox < p->out_w; ox++, y += p->channels) {                      \
                    const motes_span columns =                                                     \
                        motes_pool_span(ox, p->stride_w, p->pad_left, p->filter_w, p->in_w);       \
                    const int8_t *window = x + rows.begin * line + columns.begin * p->channels;    \
                    for (int32_t c = 0; c < p->channels; c += lanes)                               \
                        SOME(p, window + c, rows.end - rows.begin, columns.end - columns.begin,    \
                             y + c, LEFT((uint32_t)(p->channels - c)));                            \
                }                                                                                  \
            }                                                                                      \
    }

POOL_MVE(average_pool_s8_mve, 8, vctp16q, average_pool_mve_some)
POOL_MVE(max_pool_s8_mve, 16, vctp8q, max_pool_mve_some)
#undef POOL_MVE

#endif
