/* The microphone of the virtual board. */
#include "board.h"
#include "registers.h"

HANDLER void microphone_interrupt(void);

void board_microphone_start(int16_t *two_buffers, uint32_t samples_per_buffer, uint32_t rate_hz) {
    sensor_start(MICROPHONE_BASE, MICROPHONE_IRQ, (uint32_t)(uintptr_t)two_buffers,
                 samples_per_buffer * (uint32_t)sizeof(int16_t), rate_hz * 1000u);
}

HANDLER void microphone_interrupt(void) {
    uint32_t full;
    while ((full = REGISTER(MICROPHONE_BASE, SENSOR_DONE)) != 0) {
        app_on_microphone((const int16_t *)(uintptr_t)full,
                          REGISTER(MICROPHONE_BASE, SENSOR_LENGTH) / (uint32_t)sizeof(int16_t));
        REGISTER(MICROPHONE_BASE, SENSOR_NEXT) = full;
    }
}
