/* micro_frontend.h: one frame of TensorFlow Lite Micro's audio front end, exact to the bit.

   x is (window) samples; y is (channels) energies, 64 * log; noise and noise_next, which may be one
   buffer, are (channels) smoothed energies. scratch holds the transform: `points` complex int16. */
#ifndef MOTES_MICRO_FRONTEND_H
#define MOTES_MICRO_FRONTEND_H

#include "fft_s16.h"
#include "integer_math.h"
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
    const int16_t *twiddles, *split; /* see fft_s16.h */
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
            fft_store(z, (int32_t)((uint32_t)micro_frontend_sample(p, x, i) << shift),
                      (int32_t)((uint32_t)micro_frontend_sample(p, x, i + 1) << shift));
        }
    return shift;
}

/* The bins between the peaks of two channels: what they give to the lower one is returned, to the
 * upper one is *up. */
MOTES_INLINE uint64_t micro_frontend_slope(const motes_word *energy, const uint16_t *weights,
                                           int32_t width, uint64_t *up) {
    uint64_t fall = 0, rise = 0;
    for (int32_t i = 0; i < width; i++) {
        fall += (uint64_t)energy[i] * weights[2 * i];
        rise += (uint64_t)energy[i] * weights[2 * i + 1];
    }
    *up = rise;
    return fall;
}

/* Removes the noise from one channel: its estimate follows the signal, slowly. */
MOTES_INLINE uint32_t micro_frontend_denoise(const micro_frontend_params *p, uint32_t signal,
                                             uint32_t smoothing, uint32_t noise,
                                             uint32_t *noise_next) {
    const uint32_t scaled = signal << 10;
    const uint32_t estimate =
        (uint32_t)(((uint64_t)scaled * smoothing + (uint64_t)noise * ((1 << 14) - smoothing)) >>
                   14);
    *noise_next = estimate;
    const uint32_t clean = (scaled - (estimate < scaled ? estimate : scaled)) >> 10;
    const uint32_t least = (uint32_t)(((uint64_t)signal * p->least_signal) >> 14);
    return clean > least ? clean : least;
}

/* Per-channel automatic gain control: the louder the noise, the less gain; weak results are
 * squeezed to zero. */
MOTES_INLINE uint32_t micro_frontend_gain(const micro_frontend_params *p, uint32_t signal,
                                          uint32_t noise) {
    const uint32_t snr =
        (uint32_t)(((uint64_t)signal * integer_curve(noise, p->gain)) >> (9 - p->correction));
    return snr < 2 << 12 ? (snr * snr) >> 20 : (snr >> 6) - 64;
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
        const uint64_t sum = risen + micro_frontend_slope(energy, weights, width, &up);
        energy += width, weights += 2 * width, risen = up;
        if (c < 0)
            continue; /* below the first channel */
        const uint32_t signal = integer_sqrt64(sum) >> shift;
        const uint32_t smoothing = c & 1 ? p->smoothing_odd : p->smoothing_even;
        uint32_t estimate;
        const uint32_t clean = micro_frontend_denoise(p, signal, smoothing, noise[c], &estimate);
        const uint32_t level = micro_frontend_gain(p, clean, estimate) << p->correction;
        const uint32_t log = level > 1 ? integer_log(level, 6, p->log_table) : 0;
        y[c] = (uint16_t)(log < 0xFFFF ? log : 0xFFFF);
        noise_next[c] = estimate;
    }
}

static inline void micro_frontend(const micro_frontend_params *p, const int16_t *x,
                                  const uint32_t *noise, uint16_t *y, uint32_t *noise_next,
                                  void *scratch) {
    int16_t *z = (int16_t *)scratch;
    const int32_t shift = micro_frontend_window(p, x, z);
    fft_complex_s16(z, p->points, p->first_radix, p->twiddles);
    fft_energies(z, p->points, p->split);
    micro_frontend_bands(p, (const motes_word *)scratch, shift, noise, y, noise_next);
}

#endif
