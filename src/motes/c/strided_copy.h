/* strided_copy.h: moves a block for every index of five axes; slices, transposes, reversals,
   repetitions, pads and parts are all this one loop, with steps of their own.

   Neighbouring axes are merged beforehand, so that the last moves as one block where it can:
   `copy_blocks` copies `block` bytes, and `copy_1` to `copy_8` single elements of that many. */
#ifndef MOTES_STRIDED_COPY_H
#define MOTES_STRIDED_COPY_H

#include "motes.h"

typedef struct {
    const int32_t *sizes;   /* of five axes, outermost first */
    const int32_t *x_steps; /* bytes from one index to the next: may be 0 or negative */
    const int32_t *y_steps;
    int32_t x_start, y_start; /* bytes */
    int32_t block;            /* bytes */
} strided_copy_params;
typedef strided_copy_params copy_blocks_params;
typedef strided_copy_params copy_1_params;
typedef strided_copy_params copy_2_params;
typedef strided_copy_params copy_4_params;
typedef strided_copy_params copy_8_params;

typedef uint16_t __attribute__((may_alias)) motes_copied_2;
typedef uint32_t __attribute__((may_alias)) motes_copied_4;
typedef uint64_t __attribute__((may_alias)) motes_copied_8;

#define MOTES_STRIDED_LOOPS(MOVE)                                                                  \
    const int32_t *n = p->sizes, *u = p->x_steps, *v = p->y_steps;                                 \
    const uint8_t *x0 = (const uint8_t *)x + p->x_start;                                           \
    uint8_t *y0 = (uint8_t *)y + p->y_start;                                                       \
    for (int32_t i = 0; i < n[0]; i++) {                                                           \
        for (int32_t j = 0; j < n[1]; j++) {                                                       \
            for (int32_t k = 0; k < n[2]; k++) {                                                   \
                const uint8_t *x3 = x0 + i * u[0] + j * u[1] + k * u[2];                           \
                uint8_t *y3 = y0 + i * v[0] + j * v[1] + k * v[2];                                 \
                for (int32_t l = 0; l < n[3]; l++, x3 += u[3], y3 += v[3]) {                       \
                    const uint8_t *from = x3;                                                      \
                    uint8_t *to = y3;                                                              \
                    for (int32_t m = n[4]; m > 0; m--, from += u[4], to += v[4])                   \
                        MOVE;                                                                      \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

MOTES_INLINE void copy_blocks(const strided_copy_params *p, const void *x, void *y){
    MOTES_STRIDED_LOOPS(motes_copy(to, from, (uint32_t)p -> block))}

MOTES_INLINE void copy_1(const strided_copy_params *p, const void *x,
                         void *y){MOTES_STRIDED_LOOPS(*to = *from)}

MOTES_INLINE void copy_2(const strided_copy_params *p, const void *x, void *y){
    MOTES_STRIDED_LOOPS(*(motes_copied_2 *)to = *(const motes_copied_2 *)from)}

MOTES_INLINE void copy_4(const strided_copy_params *p, const void *x, void *y){
    MOTES_STRIDED_LOOPS(*(motes_copied_4 *)to = *(const motes_copied_4 *)from)}

MOTES_INLINE void copy_8(const strided_copy_params *p, const void *x, void *y){
    MOTES_STRIDED_LOOPS(*(motes_copied_8 *)to = *(const motes_copied_8 *)from)}

#undef MOTES_STRIDED_LOOPS

/* Bytes from the start of a tensor to a place that is computed, clamped to 0 .. most along each of
   `rank` axes. */
#define MOTES_START(type)                                                                          \
    int32_t start = 0;                                                                             \
    for (int32_t i = 0; i < rank; i++) {                                                           \
        const type index = at[i] < 0 ? 0 : at[i];                                                  \
        start += (index > most[i] ? most[i] : (int32_t)index) * steps[i];                          \
    }                                                                                              \
    return start

MOTES_INLINE int32_t
    motes_start_s32(const int32_t *at, const int32_t *most, const int32_t *steps, int32_t rank) {
    MOTES_START(int32_t);
}

MOTES_INLINE int32_t motes_start_s64(const int64_t *at, const int32_t *most, const int32_t *steps,
                                     int32_t rank) {
    MOTES_START(int64_t);
}

#undef MOTES_START

#endif
