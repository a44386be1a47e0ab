/* log_mel.h: ln of the power in triangular, mel-spaced bands of a window of sound.

   x is (window) samples; y is (channels). scratch holds `transform` floats. */
#ifndef MOTES_LOG_MEL_H
#define MOTES_LOG_MEL_H

#include "log_f32.h"
#include "motes.h"
#include "spectrum.h"

typedef struct {
    int32_t window;    /* samples */
    int32_t transform; /* points, a power of two */
    int32_t channels;
    int32_t first_bin;
    float floor;
    const float *hann;      /* (window / 2 + 1) the rising half of the window, over 32768 */
    const float *cosines;   /* (transform / 4 + 1), see spectrum.h */
    const uint16_t *widths; /* (channels + 1) bins on each slope */
    const float
        *rising; /* weight of each bin in its upper channel; 1 less it is that in the lower one */
} log_mel_params;

static inline void log_mel(const log_mel_params *p, const int16_t *x, float *y, void *scratch) {
    float *z = (float *)scratch;
    for (int32_t i = 0, to = 0; i < p->transform / 2;
         i++, to = motes_next_reversed(to, p->transform / 2))
        for (int32_t j = 2 * i; j < 2 * i + 2; j++)
            z[2 * to + j - 2 * i] =
                j < p->window ? (float)x[j] * p->hann[motes_min(j, p->window - j)] : 0.0f;
    motes_complex *spectrum = (motes_complex *)scratch;
    motes_spectrum(spectrum, p->transform, p->cosines);
    const float *rising = p->rising;
    int32_t bin = p->first_bin;
    float rest = 0.0f; /* what the slope below leaves to the lower channel */
    for (int32_t c = -1; c < p->channels; c++) {
        float up = 0.0f, down = 0.0f;
        for (const int32_t end = bin + p->widths[c + 1]; bin < end; bin++) {
            const float power = spectrum[bin].r, weight = *rising++;
            up += weight * power;
            down += (1.0f - weight) * power;
        }
        if (c >= 0)
            y[c] = motes_log(rest + down + p->floor);
        rest = up;
    }
}

#endif
