/* micro_frontend_dsp.h: micro_frontend.h for cores with DSP instructions, for windows of an even
   number of samples whose transform has 4^n points. */
#ifndef MOTES_MICRO_FRONTEND_DSP_H
#define MOTES_MICRO_FRONTEND_DSP_H

#include "fft_s16_dsp.h"
#include "micro_frontend.h"
#include "motes.h"

typedef micro_frontend_params micro_frontend_dsp_params;

/* The magnitudes of both halves; -32768 has none and stays. */
MOTES_INLINE uint32_t micro_frontend_dsp_abs(uint32_t a) {
    uint32_t negative;
    __asm__("ssub16 %0, %2, %1\n\tsel %0, %0, %1" : "=&r"(negative) : "r"(a), "r"(0) : "cc");
    return negative;
}

/* The window, in the order of the first stage's groups; returns how far it may be scaled up. */
MOTES_INLINE int32_t micro_frontend_dsp_window(const micro_frontend_params *p, const motes_word *x,
                                               uint32_t *z) {
    const motes_word *hann = (const motes_word *)p->hann;
    const int32_t quarter = p->points / 4;
    uint32_t peak = 0; /* all magnitudes or-ed: only the highest bit counts */
    for (int32_t group = 0; group < quarter; group++)
        for (int32_t j = 0, i = p->order[group]; j < 4; j++, i += quarter) {
            uint32_t both = 0;
            if (i < p->window / 2) {
                /* SMULBB and SMULTT, which gcc 12 does not name. */
                const int32_t a = __smlabb((int32_t)x[i], (int32_t)hann[i], 0) >> 12;
                const int32_t b = __smlatt((int32_t)x[i], (int32_t)hann[i], 0);
                both = ((uint32_t)a & 0xFFFF) | ((uint32_t)b << 4 & UINT32_C(0xFFFF0000));
                peak |= micro_frontend_dsp_abs(both);
            }
            *z++ = both;
        }
    /* TFLM negates in 16 bits: -32768 stays negative and is no peak. */
    return 15 - integer_bits((peak | peak >> 16) & 0x7FFF);
}

static inline void micro_frontend_dsp(const micro_frontend_params *p, const int16_t *x,
                                      const uint32_t *noise, uint16_t *y, uint32_t *noise_next,
                                      void *scratch) {
    uint32_t *z = (uint32_t *)scratch;
    const int32_t shift = micro_frontend_dsp_window(p, (const motes_word *)x, z);
    fft_dsp_first(z, p->points, shift);
    fft_dsp_stages(z, p->points, (const uint32_t *)(const void *)p->twiddles);
    fft_dsp_energies(z, p->points, (const uint32_t *)(const void *)p->split);
    micro_frontend_bands(p, (const motes_word *)scratch, shift, noise, y, noise_next);
}

#endif
