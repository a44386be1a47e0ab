/* signal_channels.h: from energies of a spectrum to channels of a filter bank, and what is done to
   these: see filter_bank.h and integer_math.h. */
#ifndef MOTES_SIGNAL_CHANNELS_H
#define MOTES_SIGNAL_CHANNELS_H

#include "filter_bank.h"

typedef struct {
    int32_t channels;
    const uint16_t *starts, *widths; /* (channels + 1) each slope's first bin, and how many */
    const uint16_t *weights;         /* (bins, 2), slope after slope */
} signal_filter_bank_params;

/* x: energies; y: (channels). */
static inline void signal_filter_bank(const signal_filter_bank_params *p, const uint32_t *x,
                                      uint64_t *y) {
    const uint16_t *weights = p->weights;
    uint64_t risen = 0; /* of the channel whose falling slope comes next */
    for (int32_t c = -1; c < p->channels; c++) {
        const int32_t width = p->widths[c + 1];
        const motes_word *energy = (const motes_word *)(x + p->starts[c + 1]);
        uint64_t up;
        const uint64_t sum = risen + filter_bank_slope(energy, weights, width, &up);
        weights += 2 * width, risen = up;
        if (c >= 0) /* below the first channel lies none */
            y[c] = sum;
    }
}

typedef struct {
    int32_t channels;
    const uint16_t *starts, *widths;
    const int16_t *weights;
} signal_filter_bank_signed_params;

/* The same with weights below zero; sums wrap. */
static inline void signal_filter_bank_signed(const signal_filter_bank_signed_params *p,
                                             const uint32_t *x, uint64_t *y) {
    const int16_t *weights = p->weights;
    uint64_t risen = 0;
    for (int32_t c = -1; c < p->channels; c++) {
        const uint32_t *energy = x + p->starts[c + 1];
        uint64_t fall = risen;
        risen = 0;
        for (int32_t i = 0; i < p->widths[c + 1]; i++, weights += 2) {
            fall += (uint64_t)((int64_t)energy[i] * weights[0]);
            risen += (uint64_t)((int64_t)energy[i] * weights[1]);
        }
        if (c >= 0)
            y[c] = fall;
    }
}

typedef struct {
    int32_t channels;
} signal_square_root_params;

/* The roots, shifted right by *bits; a shift of 32 or more is taken modulo 32. */
static inline void signal_square_root(const signal_square_root_params *p, const uint64_t *x,
                                      const int32_t *bits, uint32_t *y) {
    for (int32_t c = 0; c < p->channels; c++)
        y[c] = integer_sqrt64(x[c]) >> (*bits & 31);
}

typedef struct {
    int32_t channels;
    uint32_t smoothing_even, one_minus_smoothing_even, smoothing_odd, one_minus_smoothing_odd;
    uint32_t least;
    int32_t noise_bits, share_bits, clamping;
} signal_subtraction_params;

/* noise: (channels) as it was; y: what is left of x; estimate and noise_next: the noise as it is.
 */
static inline void signal_subtraction(const signal_subtraction_params *p, const uint32_t *x,
                                      const uint32_t *noise, uint32_t *y, uint32_t *estimate,
                                      uint32_t *noise_next) {
    for (int32_t c = 0; c < p->channels; c++) {
        const filter_bank_noise follow = {
            c & 1 ? p->smoothing_odd : p->smoothing_even,
            c & 1 ? p->one_minus_smoothing_odd : p->one_minus_smoothing_even,
            p->least,
            p->noise_bits,
            p->share_bits,
            p->clamping,
        };
        uint32_t now = noise[c];
        y[c] = filter_bank_denoise(follow, x[c], &now);
        estimate[c] = noise_next[c] = now;
    }
}

typedef struct {
    int32_t channels, shift;
    const int16_t *curve;
} signal_pcan_params;

/* A gain below zero wraps, as in TFLM. */
static inline void signal_pcan(const signal_pcan_params *p, const uint32_t *x,
                               const uint32_t *noise, uint32_t *y) {
    for (int32_t c = 0; c < p->channels; c++) {
        const uint32_t gain = (uint32_t)(int16_t)integer_curve(noise[c], p->curve);
        y[c] = filter_bank_gain(x[c], gain, p->shift);
    }
}

typedef struct {
    int32_t channels;
    uint32_t scale;
    int32_t shift;
    const uint16_t *log_table;
} signal_log_params;

static inline void signal_log(const signal_log_params *p, const uint32_t *x, int16_t *y) {
    for (int32_t c = 0; c < p->channels; c++) {
        const uint32_t level = x[c] << p->shift;
        const uint32_t log = level > 1 ? integer_log(level, p->scale, p->log_table) : 0;
        y[c] = (int16_t)(log < 32767 ? log : 32767);
    }
}

#endif
