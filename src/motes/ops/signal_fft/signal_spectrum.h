/* signal_spectrum.h: what goes in front of an integer Fourier transform, and behind it. */
#ifndef MOTES_SIGNAL_SPECTRUM_H
#define MOTES_SIGNAL_SPECTRUM_H

#include "integer_math.h"

typedef struct {
    int32_t count;
} signal_fft_auto_scale_params;

/* The largest magnitude as TFLM finds it, which negates in 16 bits: -32768 has none, and after it
 * the search begins anew, from there. */
MOTES_INLINE int32_t signal_peak_wrapped(const int16_t *x, int32_t count) {
    int32_t peak = 0;
    for (int32_t i = 0; i < count; i++) {
        if (x[i] > peak)
            peak = x[i];
        else if (-x[i] > peak)
            peak = (int16_t)-x[i];
    }
    return peak;
}

/* x shifted left as far as its largest magnitude allows, and by how much. Where that magnitude was
   found too small, y wraps. y may be x. */
static inline void signal_fft_auto_scale(const signal_fft_auto_scale_params *p, const int16_t *x,
                                         int16_t *y, int32_t *bits) {
    int32_t peak = 0; /* all magnitudes or-ed: only the highest bit counts */
    MOTES_VECTORS
    for (int32_t i = 0; i < p->count; i++)
        peak |= x[i] < 0 ? -x[i] : x[i];
    if (peak > 32767)
        peak = signal_peak_wrapped(x, p->count);
    const int32_t shift = peak > 0 ? 15 - integer_bits((uint32_t)peak) : 0;
    MOTES_VECTORS
    for (int32_t i = 0; i < p->count; i++)
        y[i] = (int16_t)((uint32_t)x[i] << shift);
    *bits = shift;
}

typedef struct {
    int32_t count, start, end;
} signal_energy_params;

/* |x|^2 of complex values start .. end - 1; the others are 0. y may start where x does. */
static inline void signal_energy(const signal_energy_params *p, const int16_t *x, uint32_t *y) {
    for (int32_t i = 0; i < p->start; i++)
        y[i] = 0;
    for (int32_t i = p->start; i < p->end; i++)
        y[i] = (uint32_t)(x[2 * i] * x[2 * i]) + (uint32_t)(x[2 * i + 1] * x[2 * i + 1]);
    for (int32_t i = p->end; i < p->count; i++)
        y[i] = 0;
}

#endif
