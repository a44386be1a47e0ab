/* flip_sign.h: the upper bit of every byte changed, which takes uint8 to int8 of the same scale and
   back, four at a time. y may share x's address. */
#ifndef MOTES_FLIP_SIGN_H
#define MOTES_FLIP_SIGN_H

#include "motes.h"

typedef struct {
    int32_t count;
} flip_sign_params;

static inline void flip_sign(const flip_sign_params *p, const void *x, void *y) {
    const uint8_t *from = (const uint8_t *)x;
    uint8_t *to = (uint8_t *)y;
    int32_t left = p->count;
    for (; left >= 8; left -= 8, from += 8, to += 8) {
        const uint32_t a = ((const motes_word *)from)[0], b = ((const motes_word *)from)[1];
        ((motes_word *)to)[0] = a ^ UINT32_C(0x80808080);
        ((motes_word *)to)[1] = b ^ UINT32_C(0x80808080);
    }
    for (; left > 0; left--)
        *to++ = (uint8_t)(*from++ ^ 0x80);
}

#endif
