/* What every application on the virtual board needs; each sensor has a file of its own. */
#include "board.h"
#include "registers.h"

#ifdef __riscv
#define LOCK "csrci mstatus, 8"
#define UNLOCK "csrsi mstatus, 8"
#else
#define LOCK "cpsid i"
#define UNLOCK "cpsie i"
#endif

void board_lock(void) {
    __asm volatile(LOCK ::: "memory");
}

void board_unlock(void) {
    __asm volatile(UNLOCK ::: "memory");
}

void board_init(void) {
#ifdef __riscv
    board_unlock(); /* at reset, this core holds interrupts back */
#endif
}

/* With interrupts masked, WFI still returns as soon as one is pending: none is slept through. */
void board_sleep(void) {
    __asm volatile("wfi" ::: "memory");
}

void board_write(const char *text, uint32_t n) {
    REGISTER(CONSOLE_BASE, CONSOLE_ADDRESS) = (uint32_t)(uintptr_t)text;
    REGISTER(CONSOLE_BASE, CONSOLE_LENGTH) = n;
}

void board_led(int on) {
    REGISTER(LED_BASE, LED_STATE) = on ? 1u : 0u;
}

void board_exit(int status) {
    REGISTER(POWER_BASE, POWER_EXIT) = (uint32_t)status;
    for (;;) {
        board_sleep();
    }
}
