/* main.c: the application small camera on a board. */
#include "small_camera.h"
#include "board.h"

small_camera_state motes_app;
static MOTES_ALIGNED(8) uint8_t camera_buffers[2 * SMALL_CAMERA_CAMERA_BUFFER * 2];
static uint64_t lit_until; /* on the clock of the camera; 0: the LED is off */

void app_on_camera(const uint8_t *items, uint32_t n) {
    small_camera_push(&motes_app, items, n / 2u);
}

/* Switches the LED on until so many items from now have come. */
static void light(uint32_t items) {
    board_led(1);
    board_lock();
    const uint64_t until = motes_app.clock_camera + items;
    board_unlock();
    lit_until = until > lit_until ? until : lit_until;
}

static void print(const small_camera_detection *found) {
    char text[SMALL_CAMERA_TEXT_SIZE];
    board_write(text, small_camera_describe(found, text));
}

static void act(const small_camera_detection *found) {
    switch (found->sink) {
    case 0:
        print(found);
        break;
    case 1:
        light(3u);
        break;
    default:
        break;
    }
}

int main(void) {
    board_init();
    small_camera_init(&motes_app);
    board_camera_start(camera_buffers, SMALL_CAMERA_CAMERA_BUFFER * 2, 2, 2, 5000);
    for (;;) {
        small_camera_detection found;
        while (small_camera_event(&motes_app, &found))
            act(&found);
        board_lock();
        if (lit_until && motes_app.clock_camera >= lit_until) {
            board_led(0);
            lit_until = 0;
        }
        if (!small_camera_due(&motes_app))
            board_sleep();
        board_unlock();
    }
}
