/* A plugin of QEMU that counts as blocks.c does, and tells Motes of what only Motes can answer: the
   ledger lies in memory that both share, questions go through a socket, one at a time, and the core
   waits for the answer.

   Only what QEMU's plugin interface has kept from its version 1 on (qemu-plugin.h) is used, and
   declared here. */
#include "blocks.c"

#include <stddef.h>

typedef void (*on_translation)(uint64_t plugin, void *translated);
typedef void (*on_execution)(unsigned core, void *user);
typedef void (*on_access)(unsigned core, uint32_t info, uint64_t address, void *user);
typedef void (*on_core)(uint64_t plugin, unsigned core);
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t plugin, on_translation);
extern void qemu_plugin_register_vcpu_tb_exec_cb(void *translated, on_execution, int, void *user);
extern void qemu_plugin_register_vcpu_mem_cb(void *instruction, on_access, int, int, void *user);
extern void qemu_plugin_register_vcpu_idle_cb(uint64_t plugin, on_core);
extern size_t qemu_plugin_tb_n_insns(const void *translated);
extern void *qemu_plugin_tb_get_insn(const void *translated, size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const void *instruction);
extern void *qemu_plugin_insn_haddr(const void *instruction);
extern unsigned qemu_plugin_mem_size_shift(uint32_t info);
extern _Bool qemu_plugin_mem_is_store(uint32_t info);

/* Of the C library that QEMU has loaded. */
extern void *mmap(void *address, size_t size, int protection, int flags, int file, long offset);
extern long read(int file, void *data, size_t size);
extern long write(int file, const void *data, size_t size);
extern void _exit(int status);
enum { READ_AND_WRITE = 3, SHARED = 1 };
#ifdef __linux__
extern int prctl(int option, ...);
enum { PR_SET_PDEATHSIG = 1, SIGKILL = 9 };
#endif

#define PRIVATE 0xE0000000u        /* no memory lies from here on: QEMU leaves the block */
#define SYSTEM_CONTROL 0xE000E000u /* QEMU has these registers itself */
#define WIDE 0xE800u               /* from here on a halfword begins an instruction of 32 bits */

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

typedef enum { LEARN, VISIT, LIMIT, OUTSIDE, LOADED, STORED, IDLE } question_kind;

/* What Motes is asked; machine/qemu.py reads it. */
typedef struct {
    uint32_t kind, size;  /* bytes of the block or of the access */
    uint64_t address, at; /* of the block or the access; of the instruction that accesses */
} question;

/* The shared memory: the blocks lie behind it. */
typedef struct {
    ledger ledger;
    uint64_t flash, flash_end, ram, ram_end; /* accesses elsewhere, and stores to flash, are told */
} shared;

static shared *memory;
static int motes;       /* the socket */
static uint64_t behind; /* where the block goes on that has accessed private registers, or 0 */

static void tell(question_kind kind, uint64_t address, uint32_t size, uint64_t at) {
    question q = {(uint32_t)kind, size, address, at};
    if (write(motes, &q, sizeof q) != (long)sizeof q) {
        _exit(1); /* nobody is there any more */
    }
}

static void ask(question_kind kind, uint64_t address, uint32_t size, uint64_t at) {
    char answer;
    tell(kind, address, size, at);
    if (read(motes, &answer, 1) != 1) {
        _exit(1);
    }
}

static void learn(uint64_t address, uint32_t size) {
    ask(LEARN, address, size, 0);
}

static void visit(uint64_t address) {
    ask(VISIT, address, 0, 0);
}

static int stop(void *emulator) {
    (void)emulator;
    return 0; /* execute() waits instead */
}

/* An address, with a size in the upper half. */
static void *with_size(uint64_t address, uint64_t size) {
    return (void *)(uintptr_t)(size << 32 | address);
}

/* A block is executed: user is its address, with its size. */
static void execute(unsigned core, void *user) {
    uint64_t address = (uint32_t)(uintptr_t)user;
    uint32_t size = (uint32_t)((uintptr_t)user >> 32);
    ledger *l = &memory->ledger;
    int counted = SPLITS_BLOCKS && address == behind && address != l->previous_end;
    (void)core;
    behind = 0;
    if (counted) { /* the rest of the block before */
        return;
    }
    if ((address - l->first) >> 1 >= l->count) {
        ask(OUTSIDE, address, size, 0);
    }
    motes_on_block(0, address, size, l);
    while (l->stopped) {
        l->stopped = 0;
        ask(LIMIT, address, size, 0);
        motes_on_block(0, address, size, l);
    }
}

/* An instruction has accessed memory: user is its address, with its size. */
static void access(unsigned core, uint32_t info, uint64_t address, void *user) {
    int stores = qemu_plugin_mem_is_store(info);
    uint64_t at = (uint32_t)(uintptr_t)user;
    (void)core;
    if (address - memory->ram < memory->ram_end - memory->ram ||
        (!stores && address - memory->flash < memory->flash_end - memory->flash)) {
        return;
    }
    behind = address >= PRIVATE ? at + ((uintptr_t)user >> 32) : 0;
    if (address < SYSTEM_CONTROL) {
        ask(stores ? STORED : LOADED, address, 1u << qemu_plugin_mem_size_shift(info), at);
    }
}

/* Bytes of an instruction, by its first halfword: those that QEMU tells may count in what it has
   seen of the next page. */
static uint64_t size_of(const void *instruction) {
    const uint16_t *code = (const uint16_t *)qemu_plugin_insn_haddr(instruction);
    return code && *code >= WIDE ? 4 : 2;
}

static void translate(uint64_t plugin, void *translated) {
    size_t count = qemu_plugin_tb_n_insns(translated), i;
    uint64_t first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translated, 0)), end = first;
    (void)plugin;
    for (i = 0; i < count; i++) {
        void *instruction = qemu_plugin_tb_get_insn(translated, i);
        uint64_t at = qemu_plugin_insn_vaddr(instruction), size = size_of(instruction);
        qemu_plugin_register_vcpu_mem_cb(instruction, access, NO_REGISTERS, READS_AND_WRITES,
                                         with_size(at, size));
        end = at + size;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(translated, execute, NO_REGISTERS,
                                         with_size(first, end - first));
}

static void idle(uint64_t plugin, unsigned core) {
    (void)plugin;
    (void)core;
    tell(IDLE, 0, 0, 0); /* QEMU holds its lock here: nobody may wait */
}

static uint64_t number(const char *text) {
    uint64_t n = 0;
    for (; *text; text++) {
        if (*text >= '0' && *text <= '9') {
            n = n * 10 + (uint64_t)(*text - '0');
        }
    }
    return n;
}

/* Arguments: socket=<file>, memory=<file>, bytes=<size of the memory>. */
int qemu_plugin_install(uint64_t plugin, const void *info, int n, char **arguments) {
    (void)info;
    if (n != 3) {
        return 1;
    }
    motes = (int)number(arguments[0]);
    memory = (shared *)mmap(0, number(arguments[2]), READ_AND_WRITE, SHARED,
                            (int)number(arguments[1]), 0);
    if (memory == (void *)-1) {
        return 1;
    }
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* asleep it would not notice that Motes is gone */
#endif
    memory->ledger.blocks = (block *)(memory + 1);
    memory->ledger.stop = stop;
    memory->ledger.learn = learn;
    memory->ledger.visit = visit;
    qemu_plugin_register_vcpu_tb_trans_cb(plugin, translate);
    qemu_plugin_register_vcpu_idle_cb(plugin, idle);
    return 0;
}
