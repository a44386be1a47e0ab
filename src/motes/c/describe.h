/* describe.h: a detection as a line of text, the same on every target: integer arithmetic only. */
#ifndef MOTES_DESCRIBE_H
#define MOTES_DESCRIBE_H

#include "motes.h"

/* What the detections of one action mean. */
typedef struct {
    const char *const *labels;
    uint32_t micros, per;       /* an item of the source takes micros / per microseconds */
    uint32_t multiplier, shift; /* score * multiplier / 2^shift is in millionths */
} motes_meaning;

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

/* Millionths as a decimal number with six digits behind the point: at most 21 characters. */
static inline char *motes_put_millionths(char *to, int64_t micro) {
    if (micro < 0)
        *to++ = '-';
    const uint64_t size = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
    const uint64_t whole = size / 1000000u;
    const uint32_t high = (whole >> 32) ? (uint32_t)(whole / 1000000000u) : 0;
    if (high)
        to = motes_put_digits(to, high, 1);
    to = motes_put_digits(to, (uint32_t)(whole - (uint64_t)high * 1000000000u), high ? 9 : 1);
    *to++ = '.';
    return motes_put_digits(to, (uint32_t)(size - whole * 1000000u), 6);
}

static inline char *motes_put_text(char *to, const char *text) {
    while (*text)
        *to++ = *text++;
    return to;
}

/* "seconds score sink label-index label\n", at most 58 characters and the label; returns how many.
 */
static inline uint32_t motes_describe(const motes_meaning *m, uint64_t items, int32_t score,
                                      uint16_t sink, uint16_t label, char *text) {
    const uint64_t time = motes_microseconds(items, m->micros, m->per);
    const int64_t half = m->shift ? INT64_C(1) << (m->shift - 1) : 0;
    char *to = motes_put_millionths(text, (int64_t)time);
    *to++ = ' ';
    to = motes_put_millionths(to, ((int64_t)score * m->multiplier + half) >> m->shift);
    *to++ = ' ';
    to = motes_put_digits(to, sink, 1);
    *to++ = ' ';
    to = motes_put_digits(to, label, 1);
    *to++ = ' ';
    to = motes_put_text(to, m->labels[label]);
    *to++ = '\n';
    *to = 0;
    return (uint32_t)(to - text);
}

#endif
