/* elements.h: reads and writes integer elements of a size that is a parameter; constants make it
 * one instruction. */
#ifndef MOTES_ELEMENTS_H
#define MOTES_ELEMENTS_H

#include "motes.h"

/* Element i of an array of integers of 1, 2 or 4 bytes; of 4 bytes the bits, as an int32. */
MOTES_INLINE int32_t motes_element(const void *x, int32_t i, int32_t size, int32_t is_signed) {
    if (size == 4)
        return ((const int32_t *)x)[i];
    if (size == 2)
        return is_signed ? ((const int16_t *)x)[i] : ((const uint16_t *)x)[i];
    return is_signed ? ((const int8_t *)x)[i] : ((const uint8_t *)x)[i];
}

/* Writes its lower bits. */
MOTES_INLINE void motes_set_element(void *y, int32_t i, int32_t size, int32_t value) {
    if (size == 4)
        ((int32_t *)y)[i] = value;
    else if (size == 2)
        ((uint16_t *)y)[i] = (uint16_t)value;
    else
        ((uint8_t *)y)[i] = (uint8_t)value;
}

#endif
