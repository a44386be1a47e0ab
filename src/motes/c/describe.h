/* describe.h: a detection as a line of text, the same on every target: integer arithmetic only. */
#ifndef MOTES_DESCRIBE_H
#define MOTES_DESCRIBE_H

#include "motes.h"

/* The time of so many items, each numerator / denominator microseconds long; no step overflows. */
static inline uint64_t motes_microseconds(uint64_t items, uint32_t numerator,
                                          uint32_t denominator) {
    return items / denominator * numerator + items % denominator * numerator / denominator;
}

/* Decimal digits of x, at least `least` of them. */
static inline char *motes_put_digits(char *to, uint32_t x, int least) {
    char digits[10];
    int n = 0;
    for (; x || n < least; x /= 10)
        digits[n++] = (char)('0' + x % 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

/* Millionths as a decimal number with six digits behind the point; |micro| < 2^32 * 10^6. */
static inline char *motes_put_millionths(char *to, int64_t micro) {
    if (micro < 0)
        *to++ = '-';
    const uint64_t size = micro < 0 ? (uint64_t)-micro : (uint64_t)micro;
    const uint32_t whole = (uint32_t)(size / 1000000u);
    to = motes_put_digits(to, whole, 1);
    *to++ = '.';
    return motes_put_digits(to, (uint32_t)(size - (uint64_t)whole * 1000000u), 6);
}

static inline char *motes_put_text(char *to, const char *text) {
    while (*text)
        *to++ = *text++;
    return to;
}

#endif
