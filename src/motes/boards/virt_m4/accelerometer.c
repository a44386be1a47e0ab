/* The accelerometer of the virtual board. */
#include "board.h"
#include "registers.h"

#define TRIPLE_BYTES 6u

HANDLER void accelerometer_interrupt(void);

void board_accelerometer_start(int16_t *two_buffers, uint32_t triples_per_buffer,
                               uint32_t rate_mhz) {
    sensor_start(ACCELEROMETER_BASE, ACCELEROMETER_IRQ, (uint32_t)(uintptr_t)two_buffers,
                 triples_per_buffer * TRIPLE_BYTES, rate_mhz);
}

HANDLER void accelerometer_interrupt(void) {
    uint32_t full;
    while ((full = REGISTER(ACCELEROMETER_BASE, SENSOR_DONE)) != 0) {
        app_on_accelerometer((const int16_t *)(uintptr_t)full,
                             REGISTER(ACCELEROMETER_BASE, SENSOR_LENGTH) / TRIPLE_BYTES);
        REGISTER(ACCELEROMETER_BASE, SENSOR_NEXT) = full;
    }
}
