/* drop_in_application.c: an application in somebody else's program, fed with zeros. */
#include "drop.h"

#ifndef ITEM
#define ITEM int16_t
#endif

static drop_state state;
static ITEM items[1 << 16];

int main(void) {
    drop_detection found;
    char text[DROP_TEXT_SIZE];
    drop_init(&state);
    for (int round = 0; round < 10; round++) {
        drop_push(&state, items, 1);
        while (drop_event(&state, &found))
            if (drop_describe(&found, text) == 0)
                return 1;
    }
    return drop_dropped(&state) ? 1 : 0;
}
