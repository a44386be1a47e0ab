/* inputs.c: the inputs of a profile image, apart from the code that uses them. */
#include "small.h"

__attribute__((section(".motes_input"))) static const uint8_t input_0[4] MOTES_ALIGNED(8) = {
    0, 1, 2, 3,
};

void motes_fill_inputs(small_state *s) {
    motes_copy(small_input_0(s), input_0, SMALL_INPUT_0_SIZE);
}
