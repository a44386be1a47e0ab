/* signal_fft_f32.h: Fourier transforms of real signals in single precision, and back.

   `outer` signals, one behind the other; see fft_stages.h for the tables and the order of values.
 */
#ifndef MOTES_SIGNAL_FFT_F32_H
#define MOTES_SIGNAL_FFT_F32_H

#include "fft_f32.h"

typedef struct {
    int32_t outer;
    int32_t length; /* samples of each signal; the rest, up to 2 * points, are zero */
    int32_t points; /* of the complex transform: half the samples */
    int32_t fives, threes, twos;
    const uint16_t *places;
    const float *twiddles, *split;
} signal_rfft_f32_params;

typedef signal_rfft_f32_params signal_irfft_f32_params;

/* x: (outer, length) samples; y: (outer, points + 1) complex values. */
static inline void signal_rfft_f32(const signal_rfft_f32_params *p, const float *x, float *y) {
    for (int32_t o = 0; o < p->outer; o++, x += p->length, y += 2 * p->points + 2) {
        fft_pairs_f32(x, p->length, y, p->points, p->places);
        fft_transform_f32(y, p->points, p->fives, p->threes, p->twos, p->twiddles, 0);
        fft_to_spectrum_f32(y, p->points, p->split);
    }
}

/* x: (outer, points + 1) complex values; y: (outer, 2 * points) samples. */
static inline void signal_irfft_f32(const signal_irfft_f32_params *p, const float *x, float *y) {
    for (int32_t o = 0; o < p->outer; o++, x += 2 * p->points + 2, y += 2 * p->points) {
        fft_from_spectrum_f32(x, y, p->points, p->split, p->places);
        fft_transform_f32(y, p->points, p->fives, p->threes, p->twos, p->twiddles, 1);
        for (int32_t i = 0; i < 2 * p->points; i++)
            y[i] /= (float)(2 * p->points);
    }
}

#endif
