/* mirror_pad.h: every block of y comes from where a table for each axis says. */
#ifndef MOTES_MIRROR_PAD_H
#define MOTES_MIRROR_PAD_H

#include "motes.h"

typedef struct {
    const int32_t *sizes;   /* of five axes of y, outermost first */
    const int32_t *offsets; /* bytes into x for every index of every axis, axis by axis */
    int32_t block;          /* bytes */
} mirror_pad_params;

static inline void mirror_pad(const mirror_pad_params *p, const void *x, void *y) {
    const int32_t *n = p->sizes;
    const int32_t *at0 = p->offsets, *at1 = at0 + n[0], *at2 = at1 + n[1], *at3 = at2 + n[2];
    const int32_t *at4 = at3 + n[3];
    const uint32_t block = (uint32_t)p->block;
    uint8_t *to = (uint8_t *)y;
    for (int32_t i = 0; i < n[0]; i++) {
        for (int32_t j = 0; j < n[1]; j++) {
            for (int32_t k = 0; k < n[2]; k++) {
                for (int32_t l = 0; l < n[3]; l++) {
                    const uint8_t *from = (const uint8_t *)x + at0[i] + at1[j] + at2[k] + at3[l];
                    for (int32_t m = 0; m < n[4]; m++, to += block)
                        motes_copy(to, from + at4[m], block);
                }
            }
        }
    }
}

#endif
