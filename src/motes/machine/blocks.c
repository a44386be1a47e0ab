/* Counts instructions and cycles of the emulated core, one call for each basic block that it
   executes.

   This is the only code that runs per block; everything else runs per event, in Python. What a
   block costs is learnt from Python when it is met first (see timing), so this file knows nothing
   of the core. */
#include <stdint.h>

/* One basic block that starts at the address of its place in the table. */
typedef struct {
    uint64_t instructions, cycles; /* spent in it so far */
    uint64_t reliances;            /* a byte each: 0x80 | offset << 4 | register, must be aligned */
    uint32_t size;                 /* in bytes; 0: not met yet */
    uint16_t length;               /* instructions of one execution */
    uint16_t cost;                 /* cycles of one execution, without the branch that ends it */
    uint8_t taken, fallen;         /* cycles of that branch when taken, and when not */
    uint8_t watched;               /* whether Python wants to be told before each execution */
} block;

typedef struct {
    block *blocks;                /* one for each halfword of code */
    uint64_t first, count;        /* address of blocks[0]; how many there are */
    uint64_t instructions, clock; /* executed so far; cycles since reset, asleep or awake */
    uint64_t limit;               /* stop before the first block that starts at or behind it */
    uint64_t watched_return;      /* an address to tell Python about too, or an odd number */
    uint64_t previous;      /* 1 + the place of the block whose branch is not accounted yet, or 0 */
    uint64_t previous_end;  /* the address behind it */
    uint64_t accounted;     /* what `previous` was before this block, or 0 */
    uint32_t stopped;       /* this code has stopped the emulator */
    uint32_t masked;        /* an interrupt waits until the core no longer holds it back */
    uint64_t registers[15]; /* the emulator's numbers of those that blocks rely on */
    uint64_t mask;          /* and of the one that holds interrupts back... */
    uint32_t mask_bit, masked_by; /* ... while this bit of it is this */
    int (*stop)(void *emulator);
    int (*read_register)(void *emulator, int number, void *value);
    void (*learn)(uint64_t address, uint32_t size);
    void (*visit)(uint64_t address);
    void (*misaligned)(uint64_t address, uint32_t reliance);
} ledger;

/* The first reliance that does not hold, or 0. */
static uint32_t broken_reliance(void *emulator, const ledger *l, uint64_t reliances) {
    for (; reliances; reliances >>= 8) {
        uint32_t value = 0, offset = (uint32_t)(reliances >> 4) & 3u;
        l->read_register(emulator, (int)l->registers[reliances & 15u], &value);
        if ((value + offset) & 3u) {
            return (uint32_t)(reliances & 0xFFu);
        }
    }
    return 0;
}

static int may_interrupt(void *emulator, const ledger *l) {
    uint64_t value = l->masked_by; /* the emulator writes as many bytes as the register has */
    l->read_register(emulator, (int)l->mask, &value);
    return ((uint32_t)value & l->mask_bit) != l->masked_by;
}

/* The emulator calls this before it executes the block of `size` bytes at `address`. When it stops
   here, the block is not executed, and this is called again for it on resuming. */
void motes_on_block(void *emulator, uint64_t address, uint32_t size, void *user) {
    ledger *l = (ledger *)user;
    block *b = l->previous ? &l->blocks[l->previous - 1] : 0;
    uint64_t place = (address - l->first) >> 1;
    if (b) {
        uint64_t branch = address == l->previous_end ? b->fallen : b->taken;
        b->cycles += branch;
        l->clock += branch;
        l->accounted = l->previous;
        l->previous = 0;
    }
    if (place >= l->count) {
        return;
    }
    if (l->clock >= l->limit || (l->masked && may_interrupt(emulator, l))) {
        l->stopped = 1;
        l->stop(emulator);
        return;
    }
    b = &l->blocks[place];
    if (b->size != size) {
        l->learn(address, size);
    }
    if (b->watched || address == l->watched_return) {
        l->visit(address);
    }
    if (b->reliances) {
        uint32_t broken = broken_reliance(emulator, l, b->reliances);
        if (broken) {
            l->misaligned(address, broken);
            return;
        }
    }
    b->instructions += b->length;
    b->cycles += b->cost;
    l->instructions += b->length;
    l->clock += b->cost;
    l->previous = place + 1;
    l->previous_end = address + size;
}
