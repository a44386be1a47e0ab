/* micro_frontend.h: one frame of TensorFlow Lite Micro's audio front end, exact to the bit.

   x is (window) samples; y is (channels) energies, 64 * log; noise and noise_next, which may be one
   buffer, are (channels) smoothed energies. scratch holds the transform: `points` complex int16. */
#ifndef MOTES_MICRO_FRONTEND_H
#define MOTES_MICRO_FRONTEND_H

#include "fft_s16.h"
#include "filter_bank.h"
#include "motes.h"

typedef struct {
    int32_t window; /* samples in a window */
    int32_t points; /* of the complex transform: half the samples, filled up to a power of two */
    int32_t first_radix; /* of the transform's first stage: 4, or 2 where points is no power of 4 */
    int32_t channels;
    int32_t first_bin;  /* the lowest frequency that counts */
    int32_t correction; /* bits by which roots of energies are above TFLM's unit */
    uint32_t smoothing_even, smoothing_odd; /* of the noise estimate, Q14 */
    uint32_t least_signal;                  /* share of a signal that is always kept, Q14 */
    const int16_t *hann;                    /* (window) Q12 */
    const uint16_t *order; /* (points / first_radix) the value that starts each first group */
    const int16_t *twiddles, *split; /* see fft_stages.h */
    const uint16_t *widths;          /* (channels + 1) bins on each slope of the filter bank */
    const uint16_t *weights;   /* (bins, 2) Q12, of each bin in the channels below and above */
    const int16_t *gain;       /* of the automatic gain control, by noise: see integer_curve */
    const uint16_t *log_table; /* see integer_log */
} micro_frontend_params;

/* Sample i under the window. */
MOTES_INLINE int32_t micro_frontend_sample(const micro_frontend_params *p, const int16_t *x,
                                           int32_t i) {
    return i < p->window ? (x[i] * p->hann[i]) >> 12 : 0;
}

/* The window, as complex values in the order in which the transform's first stage wants them,
   scaled up by the shift that is returned so that it keeps the most digits. */
MOTES_INLINE int32_t micro_frontend_window(const micro_frontend_params *p, const int16_t *x,
                                           int16_t *z) {
    int32_t peak = 0;
    for (int32_t i = 0; i < p->window; i++) {
        const int32_t s = micro_frontend_sample(p, x, i);
        /* TFLM negates in 16 bits: -32768 stays negative and is no peak. */
        peak = motes_max(peak, s == -32768 ? 0 : s < 0 ? -s : s);
    }
    const int32_t shift = 15 - integer_bits((uint32_t)peak), step = 2 * p->points / p->first_radix;
    for (int32_t group = 0; group < p->points / p->first_radix; group++)
        for (int32_t j = 0; j < p->first_radix; j++, z += 2) {
            const int32_t i = 2 * p->order[group] + j * step;
            z[0] = (int16_t)((uint32_t)micro_frontend_sample(p, x, i) << shift);
            z[1] = (int16_t)((uint32_t)micro_frontend_sample(p, x, i + 1) << shift);
        }
    return shift;
}

/* From the energy of every bin to the features. */
MOTES_INLINE void micro_frontend_bands(const micro_frontend_params *p, const motes_word *energy,
                                       int32_t shift, const uint32_t *noise, uint16_t *y,
                                       uint32_t *noise_next) {
    const uint16_t *weights = p->weights;
    energy += p->first_bin;
    uint64_t risen = 0; /* of the channel whose falling slope comes next */
    for (int32_t c = -1; c < p->channels; c++) {
        const int32_t width = p->widths[c + 1];
        uint64_t up;
        const uint64_t sum = risen + filter_bank_slope(energy, weights, width, &up);
        energy += width, weights += 2 * width, risen = up;
        if (c < 0)
            continue; /* below the first channel */
        const uint32_t signal = integer_sqrt64(sum) >> shift;
        const uint32_t smoothing = c & 1 ? p->smoothing_odd : p->smoothing_even;
        const filter_bank_noise follow = {smoothing, (1 << 14) - smoothing, p->least_signal, 10, 14,
                                          0};
        uint32_t estimate = noise[c];
        const uint32_t clean = filter_bank_denoise(follow, signal, &estimate);
        const uint32_t gain = (uint32_t)integer_curve(estimate, p->gain);
        const uint32_t level = filter_bank_gain(clean, gain, 9 - p->correction) << p->correction;
        const uint32_t log = level > 1 ? integer_log(level, 64, p->log_table) : 0;
        y[c] = (uint16_t)(log < 0xFFFF ? log : 0xFFFF);
        noise_next[c] = estimate;
    }
}

static inline void micro_frontend(const micro_frontend_params *p, const int16_t *x,
                                  const uint32_t *noise, uint16_t *y, uint32_t *noise_next,
                                  void *scratch) {
    int16_t *z = (int16_t *)scratch;
    const int32_t shift = micro_frontend_window(p, x, z);
    fft_transform_s16(z, p->points, 0, 0, p->first_radix == 2, p->twiddles, 0);
    fft_energies_s16(z, p->points, p->split);
    micro_frontend_bands(p, (const motes_word *)scratch, shift, noise, y, noise_next);
}

#endif
