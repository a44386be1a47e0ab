/* frontend_quantize.h: features of the micro front end as int8, by the rule of TFLM's micro_speech
   example: clamp(round(256 * x / 666) - 128). y may start where x does. */
#ifndef MOTES_FRONTEND_QUANTIZE_H
#define MOTES_FRONTEND_QUANTIZE_H

#include "motes.h"

typedef struct {
    int32_t elements;
} frontend_quantize_params;

static inline void frontend_quantize(const frontend_quantize_params *p, const uint16_t *x,
                                     int8_t *y) {
    for (int32_t i = 0; i < p->elements; i++)
        y[i] = (int8_t)motes_min((x[i] * 256 + 333) / 666 - 128, 127);
}

#endif
