/* Tells Unicorn which pages of memory hold no code.

   Were RAM taken for code, as the core's default memory map says, each store would look for
   translated code to throw away: that halves the speed. */
#include <stdint.h>

typedef struct {
    uint64_t ram, ram_end; /* where code may write, and nothing can be executed */
    uint64_t conditions;   /* Unicorn's number of the register with what is left of an IT block */
    uint64_t conditions_bits; /* in these bits; 0: the core has no such blocks */
    int (*read_register)(void *emulator, int number, void *value);
    int (*write_register)(void *emulator, int number, const void *value);
} memory;

/* What Unicorn asks for: where a page lies, and what code may do with it. */
typedef struct {
    uint64_t address;
    uint32_t allowed;
} page;

/* Unicorn's names for what is allowed, and for an access that fetches code. */
enum { READ = 1, WRITE = 2, EXECUTE = 4, FETCH = 18 };

/* Before Unicorn asks for a page of data, it sets the core back to the instruction, inside an IT
   block if there is one. Then it goes on in the middle of the translated code, which has the
   conditions in itself: they would hold once more for what follows. */
static void forget_conditions(void *emulator, const memory *m) {
    uint64_t value = 0;
    m->read_register(emulator, (int)m->conditions, &value);
    if (value & m->conditions_bits) {
        value &= ~m->conditions_bits;
        m->write_register(emulator, (int)m->conditions, &value);
    }
}

/* Unicorn calls this when code accesses a page that it has not at hand. The result, that it may, is
   not the last word: what is not mapped, flash that is written and RAM that is executed are refused
   by Unicorn itself. */
int motes_on_page(void *emulator, uint64_t address, int access, page *found, void *user) {
    const memory *m = (const memory *)user;
    const int data = address >= m->ram && address < m->ram_end && access != FETCH;
    found->address = address;
    found->allowed = data ? READ | WRITE : READ | WRITE | EXECUTE;
    if (access != FETCH && m->conditions_bits) {
        forget_conditions(emulator, m);
    }
    return 1;
}
