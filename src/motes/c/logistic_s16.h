/* logistic_s16.h: the logistic function and the hyperbolic tangent of int16 by one table, as
   TensorFlow Lite Micro computes them: tanh(x) = 2 * logistic(2 * x) - 1.

   `table` holds logistic(i / 24) * 2^16 for i in 0..255, as quant.py makes it. x counts in steps of
   1 / (3 * 2^12): an int16 with 3 integer bits, times 3. Results have no integer bits. */
#ifndef MOTES_LOGISTIC_S16_H
#define MOTES_LOGISTIC_S16_H

#include "motes.h"

MOTES_INLINE int16_t motes_logistic_s16(const uint16_t *table, int32_t x) {
    const uint32_t size = x < 0 ? 0u - (uint32_t)x : (uint32_t)x, place = size >> 9;
    uint32_t y = UINT32_C(0x7FFF) << 10;
    if (place < 255)
        y = ((uint32_t)table[place] << 9) +
            (size & 511) * ((uint32_t)table[place + 1] - table[place]);
    return (int16_t)((x < 0 ? (UINT32_C(1) << 25) - y + 511 : y + 512) >> 10);
}

MOTES_INLINE int16_t motes_tanh_s16(const uint16_t *table, int32_t x) {
    const uint32_t size = x < 0 ? 0u - (uint32_t)x : (uint32_t)x, place = size >> 8;
    int32_t y = 0xFFFF << 8;
    if (place < 255)
        y = (int32_t)(((uint32_t)table[place] << 8) +
                      (size & 255) * ((uint32_t)table[place + 1] - table[place]));
    const int32_t half = 1 << 23;
    return (int16_t)((x < 0 ? half + 127 - y : y - half + 128) >> 8);
}

#endif
