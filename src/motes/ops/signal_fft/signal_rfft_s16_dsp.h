/* signal_rfft_s16_dsp.h: signal_fft_s16.h for cores with DSP instructions, for signals of an even
   number of samples whose transform has 4^n points. */
#ifndef MOTES_SIGNAL_RFFT_S16_DSP_H
#define MOTES_SIGNAL_RFFT_S16_DSP_H

#include "fft_s16_dsp.h"
#include "signal_fft_s16.h"

typedef signal_rfft_s16_params signal_rfft_s16_dsp_params;

static inline void signal_rfft_s16_dsp(const signal_rfft_s16_dsp_params *p, const int16_t *x,
                                       int16_t *y) {
    const motes_word *pairs = (const motes_word *)x;
    for (int32_t o = 0; o < p->outer; o++, pairs += p->length / 2, y += 2 * p->points + 2) {
        uint32_t *z = (uint32_t *)(void *)y;
        for (int32_t i = 0; i < p->points; i++)
            z[p->places[i]] = i < p->length / 2 ? pairs[i] : 0;
        fft_dsp_first(z, p->points, 0);
        fft_dsp_stages(z, p->points, (const uint32_t *)(const void *)p->twiddles);
        const fft_complex_s16 mean = fft_divide_s16(fft_load_s16(y), 2);
        fft_dsp_to_spectrum(z, p->points, (const uint32_t *)(const void *)p->split);
        y[0] = (int16_t)(mean.r + mean.i);
        y[2 * p->points] = (int16_t)(mean.r - mean.i);
        y[1] = y[2 * p->points + 1] = 0;
    }
}

#endif
