/* The registers of the virtual board, as docs/virt-m4.md describes them. Base addresses and
   interrupt numbers come from board.toml by way of the compiler's command line (CONSOLE_BASE,
   MICROPHONE_IRQ, ...). */
#ifndef MOTES_VIRT_M4_REGISTERS_H
#define MOTES_VIRT_M4_REGISTERS_H

#include <stdint.h>

/* Of a function that the core calls for an interrupt: on Arm any function will do. */
#ifdef __riscv
#define HANDLER __attribute__((interrupt))
#else
#define HANDLER
#endif

#define REGISTER(base, offset) (*(volatile uint32_t *)((base) + (offset)))

/* Console: writing LENGTH prints that many bytes. */
#define CONSOLE_ADDRESS 0x00u
#define CONSOLE_LENGTH 0x04u

#define LED_STATE 0x00u
#define POWER_EXIT 0x00u
#define TIMER_PERIOD 0x00u /* microseconds; 0 stops it */

/* The three sensors are alike. */
#define SENSOR_CONTROL 0x00u /* 1 starts, 0 stops */
#define SENSOR_RATE 0x04u    /* samples, triples or frames in 1000 s */
#define SENSOR_LENGTH 0x08u  /* bytes of a buffer */
#define SENSOR_NEXT 0x0Cu    /* writing hands over a buffer to fill; two may wait */
#define SENSOR_DONE 0x10u    /* reading takes the oldest buffer that is full, 0 if none is */
#define SENSOR_WIDTH 0x18u   /* camera only */
#define SENSOR_HEIGHT 0x1Cu  /* camera only */

static inline void interrupt_enable(uint32_t irq) {
    REGISTER(0xE000E100u, 4u * (irq / 32u)) = 1u << (irq % 32u);
}

/* Starts to fill two buffers in turn. */
static inline void sensor_start(uint32_t base, uint32_t irq, uint32_t buffers, uint32_t bytes,
                                uint32_t rate_mhz) {
    REGISTER(base, SENSOR_RATE) = rate_mhz;
    REGISTER(base, SENSOR_LENGTH) = bytes;
    REGISTER(base, SENSOR_NEXT) = buffers;
    REGISTER(base, SENSOR_NEXT) = buffers + bytes;
    interrupt_enable(irq);
    REGISTER(base, SENSOR_CONTROL) = 1u;
}

#endif
