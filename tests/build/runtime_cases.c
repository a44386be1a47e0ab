/* runtime_cases.c: calls the functions of runtime.c as compilers do, and ends with what went wrong.
 */
#include <stddef.h>
#include <stdint.h>

#include "cases.inc"

#define WORD(port) (*(volatile uint32_t *)(0xE0000000u + 4u * (port)))
#define COUNT(a) (sizeof(a) / sizeof(a)[0])
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);

static uint8_t from[80], to[80];

static void fill(void) {
    for (unsigned i = 0; i < sizeof from; i++) {
        from[i] = (uint8_t)(7 * i + 1);
        to[i] = 0xEE;
    }
}

static int copies(unsigned at, unsigned n) {
    fill();
    if (memcpy(to + 8, from + at, n) != to + 8)
        return 1;
    for (unsigned i = 0; i < sizeof to; i++)
        if (to[i] != (i >= 8 && i < 8 + n ? from[i - 8 + at] : 0xEE))
            return 1;
    return memcmp(to + 8, from + at, n) != 0;
}

static int moves(unsigned y, unsigned x, unsigned n) {
    fill();
    if (memmove(from + y, from + x, n) != from + y)
        return 1;
    for (unsigned i = 0; i < sizeof from; i++)
        if (from[i] != (uint8_t)(7 * (i >= y && i < y + n ? i - y + x : i) + 1))
            return 1;
    return 0;
}

static int sets(unsigned at, unsigned n) {
    fill();
    if (memset(to + at, 0x1A5, n) != to + at)
        return 1;
    for (unsigned i = 0; i < sizeof to; i++)
        if (to[i] != (i >= at && i < at + n ? 0xA5 : 0xEE))
            return 1;
    return 0;
}

static int compares(void) {
    return !(memcmp("abc", "abd", 3) < 0 && memcmp("b", "a", 1) > 0 && memcmp("\xff", "a", 1) > 0 &&
             memcmp("abc", "abd", 2) == 0 && memcmp("x", "y", 0) == 0);
}

static int divides(void) {
    for (unsigned i = 0; i < COUNT(unsigned_cases); i++) {
        const volatile uint64_t *c = unsigned_cases[i];
        if (c[0] / c[1] != c[2] || c[0] % c[1] != c[3])
            return 1;
    }
    for (unsigned i = 0; i < COUNT(signed_cases); i++) {
        const volatile int64_t *c = signed_cases[i];
        if (c[0] / c[1] != c[2] || c[0] % c[1] != c[3])
            return 1;
    }
    return 0;
}

static int divides_floats(void) {
    for (unsigned i = 0; i < COUNT(float_cases); i++) {
        const volatile uint32_t *c = float_cases[i];
        union {
            uint32_t bits;
            float value;
        } x, by, quotient, wanted;
        x.bits = c[0], by.bits = c[1], wanted.bits = c[2];
        quotient.value = x.value / by.value;
        if (quotient.bits != wanted.bits &&
            (wanted.value == wanted.value || quotient.value == quotient.value))
            return 1;
    }
    return 0;
}

int main(void) {
    int wrong = divides() + 2 * compares() + 32 * divides_floats();
    for (unsigned at = 0; at < 5; at++)
        for (unsigned n = 0; n < 40; n++) {
            wrong |= copies(at, n) << 2 | sets(at, n) << 3;
            for (unsigned y = 0; y < 24; y++)
                wrong |= moves(y, at + 8, n) << 4;
        }
    WORD(30) = 1;
    WORD(31) = 1;
    WORD(29) = (uint32_t)wrong;
    for (;;)
        ;
}
