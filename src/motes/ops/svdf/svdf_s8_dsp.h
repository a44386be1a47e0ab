/* svdf_s8_dsp.h: SVDF of int8 for Cortex-M4, its memory and weights of time in int8 or in int16.

   As svdf_s8.h. The new values of eight filters are made together, see dense_s8_dsp.h; then a
   filter's memory moves on word by word, and each word is multiplied as it passes. All zero points
   are in the starts of the sums.

   stream: the blocks of dense_s8_dsp.h; the last may have filters too many.

   scratch: 8 * fours bytes of expanded x. */
#ifndef MOTES_SVDF_S8_DSP_H
#define MOTES_SVDF_S8_DSP_H

#include "dense_s8_dsp.h"
#include "requantize.h"
#include <arm_acle.h>

typedef struct {
    int32_t batch, inputs, units, rank, memory, fours;
    const int32_t *stream;
    const void *time;
    const int32_t *start; /* of each unit: its bias, less what the zero point of memory adds */
    int32_t state_multiplier, state_shift, state_zero;
    int32_t multiplier, shift, zero_point;
} svdf_dsp_params;

typedef svdf_dsp_params svdf_s8_dsp_params;
typedef svdf_dsp_params svdf_s8_s16_dsp_params;

/* A sum below 2^23 to the scale of memory. */
MOTES_INLINE int32_t svdf_rescale_dsp(const svdf_dsp_params *p, int32_t sum) {
    if (p->state_shift >= 0)
        return motes_requantize(sum, p->state_multiplier, p->state_shift);
    int32_t high = 2 * sum;
    __asm__("smmulr %0, %0, %1" : "+r"(high) : "r"(p->state_multiplier));
    return (high + (high >> 31) + (1 << (-p->state_shift - 1))) >> -p->state_shift;
}

/* Two products of int8, bytes 0 and 2, then bytes 1 and 3; or two of int16. */
MOTES_INLINE uint32_t svdf_word_s8(uint32_t x, uint32_t w, uint32_t sum) {
    const int16x2_t x13 = __sxtb16((int8x4_t)(x >> 8 | x << 24));
    const int16x2_t w13 = __sxtb16((int8x4_t)(w >> 8 | w << 24));
    const int32_t even = __smlad(__sxtb16((int8x4_t)x), __sxtb16((int8x4_t)w), (int32_t)sum);
    return (uint32_t)__smlad(x13, w13, even);
}
MOTES_INLINE uint32_t svdf_word_s16(uint32_t x, uint32_t w, uint32_t sum) {
    return (uint32_t)__smlad((int16x2_t)x, (int16x2_t)w, (int32_t)sum);
}

#define MOTES_SVDF_DSP(name, STATE, word, low, high)                                               \
    static inline void name(const svdf_dsp_params *p, const int8_t *x, const STATE *old,           \
                            int8_t *y, STATE *made, void *scratch) {                               \
        const int32_t last = p->memory - 1, each = (int32_t)(4 / sizeof(STATE));                   \
        const uint32_t fours = (uint32_t)p->fours;                                                 \
        uint32_t *const inputs = (uint32_t *)scratch;                                              \
        for (int32_t row = 0; row < p->batch; row++, x += p->inputs) {                             \
            const STATE *time = (const STATE *)p->time;                                            \
            const int32_t *stream = p->stream;                                                     \
            int32_t values[8], filter = 0;                                                         \
            dense_expand_all_s8_dsp(x, p->inputs, inputs);                                         \
            for (int32_t unit = 0; unit < p->units; unit++) {                                      \
                uint32_t sum = (uint32_t)p->start[unit];                                           \
                for (int32_t r = 0; r < p->rank; r++, filter++) {                                  \
                    if (filter % 8 == 0)                                                           \
                        stream = dense_sums_s8_dsp(inputs, stream, values, fours, -fours % 8);     \
                    int32_t m = 0;                                                                 \
                    for (; m + each <= last; m += each) {                                          \
                        const uint32_t four = *(const motes_word *)(old + m + 1);                  \
                        *(motes_word *)(made + m) = four;                                          \
                        sum = word(four, *(const motes_word *)(time + m), sum);                    \
                    }                                                                              \
                    for (; m < last; m++) {                                                        \
                        made[m] = old[m + 1];                                                      \
                        sum += (uint32_t)time[m] * (uint32_t)made[m];                              \
                    }                                                                              \
                    const int32_t value = svdf_rescale_dsp(p, values[filter % 8]);                 \
                    made[last] = (STATE)(motes_clamp(value, low, high) + p->state_zero);           \
                    sum += (uint32_t)time[last] * (uint32_t)made[last];                            \
                    time += p->memory, old += p->memory, made += p->memory;                        \
                }                                                                                  \
                const int32_t scaled = motes_requantize((int32_t)sum, p->multiplier, p->shift);    \
                *y++ = (int8_t)motes_clamp(motes_add(scaled, p->zero_point), -128, 127);           \
            }                                                                                      \
        }                                                                                          \
    }

MOTES_SVDF_DSP(svdf_s8_dsp, int8_t, svdf_word_s8, -128, 127)
MOTES_SVDF_DSP(svdf_s8_s16_dsp, int16_t, svdf_word_s16, -32768, 32767)

#endif
