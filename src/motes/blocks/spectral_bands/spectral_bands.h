/* spectral_bands.h: log power of bands of frequencies of one axis of a vibration.

   x is (window, axes) samples; y is (bands). scratch holds `window` floats. */
#ifndef MOTES_SPECTRAL_BANDS_H
#define MOTES_SPECTRAL_BANDS_H

#include "log_f32.h"
#include "motes.h"
#include "spectrum.h"

typedef struct {
    int32_t window, axes, axis;
    int32_t bands;
    float scale; /* m/s2 a step / (2 * window^1.5): the 2 of the Hann window, the mean, the power's
                    unit */
    float floor; /* (m/s2)^2, added to every band */
    const float *cosines;  /* (window / 4 + 1), see spectrum.h */
    const uint16_t *begin; /* (bands) first bin of a band */
    const uint16_t *end;   /* (bands) the bin behind its last */
    const float *mean;     /* (bands) of ln(power) on normal data */
    const float *factor;   /* (bands) 1 / its deviation */
} spectral_bands_params;

static inline void spectral_bands(const spectral_bands_params *p, const int16_t *x, float *y,
                                  void *scratch) {
    float *z = (float *)scratch;
    const int32_t n = p->window;
    int32_t sum = 0; /* below 2^27: n <= 4096 */
    x += p->axis;
    for (int32_t i = 0; i < n; i++)
        sum += x[i * p->axes];
    for (int32_t i = 0, to = 0; i < n / 2; i++, to = motes_next_reversed(to, n / 2))
        for (int32_t j = 2 * i; j < 2 * i + 2; j++) {
            const float centred = (float)(x[j * p->axes] * n - sum); /* n times (x less mean) */
            z[2 * to + j - 2 * i] = centred * (1.0f - motes_cosine(p->cosines, n, j)) * p->scale;
        }
    motes_complex *spectrum = (motes_complex *)scratch;
    motes_spectrum(spectrum, n, p->cosines);
    for (int32_t b = 0; b < p->bands; b++) {
        float power = 0.0f;
        for (int32_t k = p->begin[b]; k < p->end[b]; k++)
            power += spectrum[k].r;
        y[b] = (motes_log(power + p->floor) - p->mean[b]) * p->factor[b];
    }
}

#endif
