/* The timer of the virtual board. */
#include "board.h"
#include "registers.h"

HANDLER void timer_interrupt(void);

void board_timer_start(uint32_t period_us) {
    interrupt_enable(TIMER_IRQ);
    REGISTER(TIMER_BASE, TIMER_PERIOD) = period_us;
}

HANDLER void timer_interrupt(void) {
    app_on_timer();
}
