/* What an application asks of a board, whichever it is.

   Interrupt handlers of the board call the application's `app_on_...` functions; the application
   must define those of the peripherals it starts, and no others. They run between any two
   instructions of the rest, except between board_lock and board_unlock. Every `..._start` takes two
   buffers, one behind the other: while the application handles the one that is full, the other is
   being filled. A callback must be done with its buffer when it returns. */
#ifndef MOTES_BOARD_H
#define MOTES_BOARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Call first. */
void board_init(void);

/* Nothing interrupts between lock and unlock; they do not nest. */
void board_lock(void);
void board_unlock(void);

/* Sleeps until an interrupt asks for attention. Call it locked, after looking whether there is
   work: an interrupt that arrives in between then ends the sleep at once, and is handled at
   board_unlock. */
void board_sleep(void);

/* Writes n characters to the console. */
void board_write(const char *text, uint32_t n);

/* Switches the LED: 0 off, else on. */
void board_led(int on);

/* Ends the program with a status, 0 for good. On a board without an operating system: halts. */
void board_exit(int status);

/* Calls app_on_timer every period_us microseconds. */
void board_timer_start(uint32_t period_us);
void app_on_timer(void);

/* 16-bit mono samples. */
void board_microphone_start(int16_t *two_buffers, uint32_t samples_per_buffer, uint32_t rate_hz);
void app_on_microphone(const int16_t *samples, uint32_t n);

/* Triples x, y, z in units of the sensor's configured range; n counts triples. rate_mhz is in
 * 1/1000 Hz. */
void board_accelerometer_start(int16_t *two_buffers, uint32_t triples_per_buffer,
                               uint32_t rate_mhz);
void app_on_accelerometer(const int16_t *xyz, uint32_t n);

/* Grey pixels, row by row; a buffer is a frame or some rows of one. rate_mhz is in frames per 1000
 * s. */
void board_camera_start(uint8_t *two_buffers, uint32_t bytes_per_buffer, uint32_t width,
                        uint32_t height, uint32_t rate_mhz);
void app_on_camera(const uint8_t *pixels, uint32_t n);

#ifdef __cplusplus
}
#endif

#endif
