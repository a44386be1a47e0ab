/* elements.h: reads and writes integer elements of a size that is a parameter; constants make it
 * one instruction. */
#ifndef MOTES_ELEMENTS_H
#define MOTES_ELEMENTS_H

#include "motes.h"

/* Element i of an array of int8, uint8 or int16. */
MOTES_INLINE int32_t motes_element(const void *x, int32_t i, int32_t size, int32_t is_signed) {
    if (size == 2)
        return ((const int16_t *)x)[i];
    return is_signed ? ((const int8_t *)x)[i] : ((const uint8_t *)x)[i];
}

/* Writes it; `value` is in range. */
MOTES_INLINE void motes_set_element(void *y, int32_t i, int32_t size, int32_t value) {
    if (size == 2)
        ((int16_t *)y)[i] = (int16_t)value;
    else
        ((uint8_t *)y)[i] = (uint8_t)value;
}

#endif
