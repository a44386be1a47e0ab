/* filter_bank.h: from the energies of a spectrum to the energies of bands, freed from noise and
   with automatic gain, in integers, as TensorFlow Lite Micro's audio front ends compute them. */
#ifndef MOTES_FILTER_BANK_H
#define MOTES_FILTER_BANK_H

#include "integer_math.h"
#include "motes.h"

/* The bins between the peaks of two channels: what they give to the lower one is returned, to the
 * upper one is *up. `weights` holds (below, above) for each of `width` bins. */
MOTES_INLINE uint64_t filter_bank_slope(const motes_word *energy, const uint16_t *weights,
                                        int32_t width, uint64_t *up) {
    uint64_t fall = 0, rise = 0;
    for (int32_t i = 0; i < width; i++) {
        fall += (uint64_t)energy[i] * weights[2 * i];
        rise += (uint64_t)energy[i] * weights[2 * i + 1];
    }
    *up = rise;
    return fall;
}

/* How spectral subtraction follows the noise; shares are in units of 2^-share_bits. */
typedef struct {
    uint32_t smoothing, one_minus_smoothing; /* what a new value counts, and the estimate before */
    uint32_t least;                          /* share of a signal that always stays */
    int32_t noise_bits;                      /* of the estimate, behind the binary point */
    int32_t share_bits;
    int32_t clamping; /* whether no estimate is above its signal */
} filter_bank_noise;

/* What noise leaves of a signal; *noise follows the signal, slowly. */
MOTES_INLINE uint32_t filter_bank_denoise(filter_bank_noise p, uint32_t signal, uint32_t *noise) {
    const uint32_t scaled = signal << p.noise_bits;
    const uint32_t estimate =
        (uint32_t)(((uint64_t)scaled * p.smoothing + (uint64_t)*noise * p.one_minus_smoothing) >>
                   p.share_bits);
    const uint32_t lost = estimate < scaled ? estimate : scaled;
    *noise = p.clamping ? lost : estimate;
    const uint32_t clean = (scaled - lost) >> p.noise_bits;
    const uint32_t least = (uint32_t)(((uint64_t)signal * p.least) >> p.share_bits);
    return clean > least ? clean : least;
}

/* Per-channel automatic gain control: weak results are squeezed to zero. The gain is that of the
 * noise: the louder, the less. */
MOTES_INLINE uint32_t filter_bank_gain(uint32_t signal, uint32_t gain, int32_t shift) {
    const uint64_t product = (uint64_t)signal * gain;
    const uint32_t snr = (uint32_t)(product >> shift);
    return snr < 2 << 12 ? (snr * snr) >> 20 : (snr >> 6) - 64;
}

#endif
