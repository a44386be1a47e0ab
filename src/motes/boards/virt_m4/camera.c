/* The camera of the virtual board. */
#include "board.h"
#include "registers.h"

HANDLER void camera_interrupt(void);

void board_camera_start(uint8_t *two_buffers, uint32_t bytes_per_buffer, uint32_t width,
                        uint32_t height, uint32_t rate_mhz) {
    REGISTER(CAMERA_BASE, SENSOR_WIDTH) = width;
    REGISTER(CAMERA_BASE, SENSOR_HEIGHT) = height;
    sensor_start(CAMERA_BASE, CAMERA_IRQ, (uint32_t)(uintptr_t)two_buffers, bytes_per_buffer,
                 rate_mhz);
}

HANDLER void camera_interrupt(void) {
    uint32_t full;
    while ((full = REGISTER(CAMERA_BASE, SENSOR_DONE)) != 0) {
        app_on_camera((const uint8_t *)(uintptr_t)full, REGISTER(CAMERA_BASE, SENSOR_LENGTH));
        REGISTER(CAMERA_BASE, SENSOR_NEXT) = full;
    }
}
