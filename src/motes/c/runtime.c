/* runtime.c: what compilers call although nobody wrote the call: four functions on memory, and
   division where a core has none. There is no libc. */
#include "motes.h"

/* gcc would turn these loops into calls of themselves. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    uint8_t *y = (uint8_t *)to;
    const uint8_t *x = (const uint8_t *)from;
    for (; bytes >= 16; bytes -= 16, x += 16, y += 16) {
        const motes_word *w = (const motes_word *)x;
        const uint32_t a = w[0], b = w[1], c = w[2], d = w[3]; /* grouped loads pipeline */
        motes_word *v = (motes_word *)y;
        v[0] = a;
        v[1] = b;
        v[2] = c;
        v[3] = d;
    }
    for (; bytes >= 4; bytes -= 4, x += 4, y += 4)
        *(motes_word *)y = *(const motes_word *)x;
    for (; bytes; bytes--)
        *y++ = *x++;
    return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
    uint8_t *y = (uint8_t *)to;
    const uint8_t *x = (const uint8_t *)from;
    if ((uintptr_t)to - (uintptr_t)from >= bytes) { /* `to` does not begin inside the source */
#ifdef __ARM_FEATURE_UNALIGNED
        return memcpy(to, from, bytes);
#else /* where words go byte by byte, memcpy may store before it has loaded */
        for (; bytes >= 4; bytes -= 4, x += 4, y += 4)
            *(motes_word *)y = *(const motes_word *)x;
        for (; bytes; bytes--)
            *y++ = *x++;
        return to;
#endif
    }
    y += bytes;
    x += bytes;
    for (; bytes >= 4; bytes -= 4)
        *(motes_word *)(y -= 4) = *(const motes_word *)(x -= 4);
    for (; bytes; bytes--)
        *--y = *--x;
    return to;
}

void *memset(void *to, int value, size_t bytes) {
    uint8_t *y = (uint8_t *)to;
    const uint32_t word = (uint8_t)value * UINT32_C(0x01010101);
    for (; bytes >= 16; bytes -= 16, y += 16) {
        motes_word *v = (motes_word *)y;
        v[0] = word;
        v[1] = word;
        v[2] = word;
        v[3] = word;
    }
    for (; bytes; bytes--)
        *y++ = (uint8_t)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    for (; bytes; bytes--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

/* The same, and 64-bit division, under the names of the Arm run-time ABI (IHI 0043). */
#ifdef __ARM_EABI__
#define ALIAS(name, of)                                                                            \
    void *name(void *to, const void *from, size_t bytes) __attribute__((alias(#of)))
ALIAS(__aeabi_memcpy, memcpy);
ALIAS(__aeabi_memcpy4, memcpy);
ALIAS(__aeabi_memcpy8, memcpy);
ALIAS(__aeabi_memmove, memmove);
ALIAS(__aeabi_memmove4, memmove);
ALIAS(__aeabi_memmove8, memmove);

/* Value and size the other way round. */
#define SET(name)                                                                                  \
    void name(void *to, size_t bytes, int value);                                                  \
    void name(void *to, size_t bytes, int value) {                                                 \
        memset(to, value, bytes);                                                                  \
    }
SET(__aeabi_memset)
SET(__aeabi_memset4)
SET(__aeabi_memset8)

#define CLEAR(name)                                                                                \
    void name(void *to, size_t bytes);                                                             \
    void name(void *to, size_t bytes) {                                                            \
        memset(to, 0, bytes);                                                                      \
    }
CLEAR(__aeabi_memclr)
CLEAR(__aeabi_memclr4)
CLEAR(__aeabi_memclr8)

typedef struct {
    uint64_t quotient, remainder;
} division;

/* Long division in base 2, from the first bit at which the divisor fits; x / 0 is 0, as for UDIV.
 */
static division divide(uint64_t x, uint64_t by) {
    division d = {0, x};
    if (((x | by) >> 32) == 0 && by != 0) {
        d.quotient = (uint32_t)x / (uint32_t)by;
        d.remainder = x - d.quotient * by;
        return d;
    }
    if (by == 0 || by > x)
        return d;
    for (int bit = __builtin_clzll(by) - __builtin_clzll(x); bit >= 0; bit--) {
        const uint64_t part = by << bit;
        if (d.remainder >= part) {
            d.remainder -= part;
            d.quotient |= UINT64_C(1) << bit;
        }
    }
    return d;
}

__attribute__((used)) void motes_divide(division *d, uint64_t x, uint64_t by);
void motes_divide(division *d, uint64_t x, uint64_t by) {
    *d = divide(x, by);
}

/* Rounds towards zero; the remainder has the sign of x. */
__attribute__((used)) void motes_divide_signed(division *d, int64_t x, int64_t by);
void motes_divide_signed(division *d, int64_t x, int64_t by) {
    *d = divide(x < 0 ? 0 - (uint64_t)x : (uint64_t)x, by < 0 ? 0 - (uint64_t)by : (uint64_t)by);
    if ((x < 0) != (by < 0))
        d->quotient = 0 - d->quotient;
    if (x < 0)
        d->remainder = 0 - d->remainder;
}

/* The ABI wants the quotient in r0 and r1 and the remainder in r2 and r3, which no C type returns.
 */
#define DIVISION(name, by)                                                                         \
    void name(void);                                                                               \
    __attribute__((naked)) void name(void) {                                                       \
        __asm__("push {r4, lr}\n\t"                                                                \
                "sub sp, sp, #24\n\t"                                                              \
                "str r2, [sp, #0]\n\t"                                                             \
                "str r3, [sp, #4]\n\t"                                                             \
                "mov r2, r0\n\t"                                                                   \
                "mov r3, r1\n\t"                                                                   \
                "add r0, sp, #8\n\t"                                                               \
                "bl " #by "\n\t"                                                                   \
                "ldr r0, [sp, #8]\n\t"                                                             \
                "ldr r1, [sp, #12]\n\t"                                                            \
                "ldr r2, [sp, #16]\n\t"                                                            \
                "ldr r3, [sp, #20]\n\t"                                                            \
                "add sp, sp, #24\n\t"                                                              \
                "pop {r4, pc}");                                                                   \
    }
DIVISION(__aeabi_uldivmod, motes_divide)
DIVISION(__aeabi_ldivmod, motes_divide_signed)
#endif

/* Division of floats on cores without: IEEE 754, to the nearest, ties to even. Compilers bring one
   of their own, but zig's cuts off what does not fit a quotient below 2^-126. */
#if (defined(__arm__) && !defined(__ARM_FP)) || (defined(__riscv) && !defined(__riscv_flen))
#ifdef __arm__
#define FLOAT_DIVISION __aeabi_fdiv
#else
#define FLOAT_DIVISION __divsf3
#endif

/* The significand of a number above 0, from 2^23 to 2^24, and its exponent. */
static uint32_t significand(uint32_t bits, int32_t *exponent) {
    *exponent = (int32_t)(bits >> 23);
    if (*exponent)
        return (bits & 0x7FFFFF) | 0x800000;
    const int up = __builtin_clz(bits) - 8;
    *exponent = 1 - up;
    return bits << up;
}

/* Takes and gives the bits of floats: without an FPU they are in the same registers. */
__attribute__((used)) uint32_t FLOAT_DIVISION(uint32_t x, uint32_t by);
uint32_t FLOAT_DIVISION(uint32_t x, uint32_t by) {
    const uint32_t infinity = 0x7F800000, nan = 0x7FC00000, sign = (x ^ by) & 0x80000000;
    x &= 0x7FFFFFFF;
    by &= 0x7FFFFFFF;
    if (x > infinity || by > infinity || (x == by && (x == 0 || x == infinity)))
        return nan;
    if (x == infinity || by == 0)
        return sign | infinity;
    if (x == 0 || by == infinity)
        return sign;
    int32_t above, below;
    uint32_t rest = significand(x, &above), quotient = 0;
    const uint32_t divisor = significand(by, &below);
    int32_t exponent = above - below + 127;
    if (rest < divisor) {
        rest <<= 1;
        exponent--;
    }
    for (int bit = 0; bit < 26; bit++, rest <<= 1) { /* 24, and two to round by */
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    if (exponent >= 255)
        return sign | infinity;
    const int32_t down = motes_min(motes_max(1 - exponent, 0), 27);
    const uint32_t lost = quotient & ((UINT32_C(1) << down) - 1);
    quotient = quotient >> down | (rest != 0 || lost != 0);
    const uint32_t rounded = (quotient >> 2) + ((quotient & 7) == 3 || (quotient & 7) > 5);
    return sign | (rounded + ((uint32_t)motes_max(exponent - 1, 0) << 23));
}
#endif
