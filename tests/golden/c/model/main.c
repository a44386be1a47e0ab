/* main.c: one run of small, for measurement. It touches ITM stimulus ports and nothing else. */
#include "small.h"

#define ITM_BYTE(port) (*(volatile uint8_t *)(0xE0000000u + 4u * (port)))
#define ITM_WORD(port) (*(volatile uint32_t *)(0xE0000000u + 4u * (port)))
enum { CONSOLE = 0, STATUS = 29, REGION_START = 30, REGION_END = 31 };

void motes_fill_inputs(small_state *s);

small_state motes_model;

/* The ports by name, as addresses inside the model's state. */
#define MOTES_TEXT(x) #x
#define MOTES_PORT(symbol, offset, size)                                                           \
    __asm__(".global " #symbol "\n.type " #symbol ", %object\n.set " #symbol                       \
            ", motes_model + " MOTES_TEXT(offset) "\n.size " #symbol ", " MOTES_TEXT(size))
MOTES_PORT(motes_input_0, SMALL_INPUT_0_OFFSET, SMALL_INPUT_0_SIZE);
MOTES_PORT(motes_output_0, SMALL_OUTPUT_0_OFFSET, SMALL_OUTPUT_0_SIZE);

static void print(const char *text) {
    while (*text)
        ITM_BYTE(CONSOLE) = (uint8_t)*text++;
}

static void print_hex(const uint8_t *x, uint32_t n) {
    static const char digits[] = "0123456789abcdef";
    for (uint32_t i = 0; i < n; i++) {
        ITM_BYTE(CONSOLE) = (uint8_t)digits[x[i] >> 4];
        ITM_BYTE(CONSOLE) = (uint8_t)digits[x[i] & 15];
    }
    ITM_BYTE(CONSOLE) = '\n';
}

int main(void) {
    small_init(&motes_model);
    motes_fill_inputs(&motes_model);
    ITM_WORD(REGION_START) = 1;
    small_run(&motes_model);
    ITM_WORD(REGION_END) = 1;
    print("output 0 ");
    print_hex((const uint8_t *)small_output_0(&motes_model), 3);
    ITM_WORD(STATUS) = 0;
    for (;;)
        ;
}
