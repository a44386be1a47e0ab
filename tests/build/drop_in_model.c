/* drop_in_model.c: a model in somebody else's program. */
#include "drop.h"

static drop_state state;

int main(void) {
    drop_init(&state);
    for (int run = 0; run < 2; run++) {
        for (int i = 0; i < DROP_INPUT_0_COUNT; i++)
            drop_input_0(&state)[i] = (int8_t)(i + run);
        drop_run(&state);
    }
    return sizeof(state) == DROP_STATE_SIZE && DROP_OUTPUT_0_COUNT > 0 ? 0 : 1;
}
