/* move_words_dsp.h: words moved to a lower address, eight at a time. */
#ifndef MOTES_MOVE_WORDS_DSP_H
#define MOTES_MOVE_WORDS_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */
/* `words` is a multiple of 2; 2.75 cycles each. */
MOTES_ASSEMBLY void move_words_dsp(uint32_t *to, const uint32_t *from, int32_t words) {
    __asm__ volatile(
        "push {r4-r9, lr}\n"
        "subs r2, #8\n blt 2f\n"
        "1:\n ldm r1!, {r3-r9, r12}\n stm r0!, {r3-r9, r12}\n subs r2, #8\n bge 1b\n"
        "2:\n adds r2, #6\n blt 4f\n"
        "3:\n ldm r1!, {r3, r4}\n stm r0!, {r3, r4}\n subs r2, #2\n bge 3b\n"
        "4:\n pop {r4-r9, pc}\n");
}
/* clang-format on */
#pragma GCC diagnostic pop

#endif
