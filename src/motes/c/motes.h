/* motes.h: what every kernel may rely on. C11 and C++17, freestanding. */
#ifndef MOTES_H
#define MOTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define restrict __restrict
#define MOTES_STATIC_ASSERT static_assert
#else
#define MOTES_STATIC_ASSERT _Static_assert
#endif

/* A function that keeps its name and its call, so that cycles can be told apart by it. */
#ifdef __clang__
#define MOTES_NOINLINE __attribute__((noinline))
#else
#define MOTES_NOINLINE __attribute__((noinline, noclone))
#endif
/* A function whose body is assembly alone, called as the ABI says: nothing is known about what it
 * does. */
#ifdef __clang__
#define MOTES_ASSEMBLY static __attribute__((naked, noinline, unused))
#else
#define MOTES_ASSEMBLY static __attribute__((naked, noipa, unused))
#endif
/* A function into which everything it calls is inlined, short of what is marked MOTES_NOINLINE. */
#define MOTES_FLATTEN __attribute__((flatten))
#define MOTES_INLINE static inline __attribute__((always_inline, unused))
/* What C does not use: assembly does, or only some that include the header do. */
#define MOTES_UNUSED __attribute__((unused))
#define MOTES_ALIGNED(n) __attribute__((aligned(n)))

/* A word read from or written to any address, whatever type lies there: one LDR or STR where the
 * core allows it. */
typedef uint32_t __attribute__((may_alias, aligned(1))) motes_word;
typedef uint16_t __attribute__((may_alias, aligned(1))) motes_half;

MOTES_INLINE int32_t motes_min(int32_t a, int32_t b) {
    return a < b ? a : b;
}
MOTES_INLINE int32_t motes_max(int32_t a, int32_t b) {
    return a > b ? a : b;
}
MOTES_INLINE int32_t motes_clamp(int32_t x, int32_t low, int32_t high) {
    return motes_min(motes_max(x, low), high);
}

/* Limits of floats as TFLM compares them: a NaN stays one. */
MOTES_INLINE float motes_clamp_f32(float x, float low, float high) {
    const float least = x < low ? low : x;
    return high < least ? high : least;
}

/* An address of which the compiler knows nothing more. Where it knows how far the tensors of a loop
   lie apart, it derives one pointer from the other, and runs out of registers. */
MOTES_INLINE uint8_t *motes_opaque(uint8_t *p) {
    __asm__("" : "+r"(p));
    return p;
}

/* In front of a loop over elements that lie one behind the other: elsewhere clang makes no vectors
   of its own, for with Helium it may miscount the rounds of a loop around another (docs/cores.md).
 */
#if defined(__clang__) && defined(__ARM_FEATURE_MVE)
#define MOTES_VECTORS _Pragma("clang loop vectorize(enable)")
#else
#define MOTES_VECTORS
#endif

MOTES_INLINE void motes_copy(void *restrict to, const void *restrict from, uint32_t bytes) {
    uint8_t *restrict y = (uint8_t *)to;
    const uint8_t *restrict x = (const uint8_t *)from;
    MOTES_VECTORS
    for (; bytes >= 4; bytes -= 4, x += 4, y += 4)
        *(motes_word *)y = *(const motes_word *)x;
    for (; bytes; bytes--)
        *y++ = *x++;
}

MOTES_INLINE void motes_set(void *to, uint8_t value, uint32_t bytes) {
    uint8_t *y = (uint8_t *)to;
    for (; bytes >= 4; bytes -= 4, y += 4)
        *(motes_word *)y = value * UINT32_C(0x01010101);
    for (; bytes; bytes--)
        *y++ = value;
}

MOTES_INLINE void motes_zero(void *to, uint32_t bytes) {
    motes_set(to, 0, bytes);
}

#endif
