/* From reset to main on a Cortex-M. Profile images take this file from the board, and nothing
 * else. */
#include <stdint.h>

#ifdef STACK_SIZE
/* Overrides the default in link.ld: linkers differ in how they take a symbol on the command line.
 */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
__asm(".global __stack_size\n.set __stack_size, " TEXT(STACK_SIZE) "\n");
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_FPU (0xFu << 20)

extern uint32_t __stack_top[];
extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];
extern const uint32_t __data_image[];

int main(void);
void reset_handler(void);
void park(void);

/* Defined by the C of a peripheral where the application uses it. */
#define UNUSED __attribute__((weak, alias("park")))
void microphone_interrupt(void) UNUSED;
void accelerometer_interrupt(void) UNUSED;
void camera_interrupt(void) UNUSED;
void timer_interrupt(void) UNUSED;

/* Faults and interrupts that nobody expects end here, for a debugger to see. */
void park(void) {
    for (;;) {
    }
}

typedef void (*handler)(void);

typedef struct {
    uint32_t *stack;
    handler reset;
    handler exceptions[14];
    handler interrupts[4]; /* numbered as in board.toml */
} vector_table;

__attribute__((used, section(".vectors"))) static const vector_table vectors = {
    __stack_top,
    reset_handler,
    {park, park, park, park, park, 0, 0, 0, 0, park, park, 0, park, park},
    {microphone_interrupt, accelerometer_interrupt, camera_interrupt, timer_interrupt}};

void reset_handler(void) {
    const uint32_t *from = __data_image;
    volatile uint32_t *to; /* or compilers call memcpy and memset, which a small image lacks */
#ifdef __ARM_FP
    CPACR |= CPACR_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
    for (to = __data_start; to < __data_end; to++) {
        *to = *from++;
    }
    for (to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
    (void)main();
    park();
}

#ifdef __cplusplus
}
#endif
