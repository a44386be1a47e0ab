/* signal_spectrum.h: what goes in front of an integer Fourier transform, and behind it. */
#ifndef MOTES_SIGNAL_SPECTRUM_H
#define MOTES_SIGNAL_SPECTRUM_H

#include "integer_math.h"

typedef struct {
    int32_t count;
} signal_fft_auto_scale_params;

/* x shifted left as far as its largest magnitude allows, and by how much. y may be x.

   TFLM negates in 16 bits: after -32768, which has no magnitude, the search begins anew, from
   there. What it then finds may be too small, and y wraps. */
static inline void signal_fft_auto_scale(const signal_fft_auto_scale_params *p, const int16_t *x,
                                         int16_t *y, int32_t *bits) {
    int32_t peak = 0;
    for (int32_t i = 0; i < p->count; i++) {
        if (x[i] > peak)
            peak = x[i];
        else if (-x[i] > peak)
            peak = (int16_t)-x[i];
    }
    const int32_t shift = peak > 0 ? 15 - integer_bits((uint32_t)peak) : 0;
    for (int32_t i = 0; i < p->count; i++)
        y[i] = (int16_t)((uint32_t)x[i] << shift);
    *bits = shift;
}

typedef struct {
    int32_t count, start, end;
} signal_energy_params;

/* |x|^2 of complex values start .. end - 1; the others are 0. y may start where x does. */
static inline void signal_energy(const signal_energy_params *p, const int16_t *x, uint32_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t r = i < p->start || i >= p->end ? 0 : x[2 * i];
        const int32_t j = i < p->start || i >= p->end ? 0 : x[2 * i + 1];
        y[i] = (uint32_t)(r * r) + (uint32_t)(j * j);
    }
}

#endif
