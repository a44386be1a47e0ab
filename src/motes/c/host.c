/* host.c: runs a graph over many inputs in a row, for tests and for training; never part of an
 * image. */
#include "motes.h"

typedef struct {
    uint8_t *data;   /* one input or output of every run, one after the other */
    uint32_t offset; /* its place in the graph's memory, in bytes */
    uint32_t bytes;  /* of one run */
} motes_host_port;

void motes_host_run(void (*run)(void *), uint8_t *memory, uint32_t runs, const motes_host_port *in,
                    uint32_t inputs, const motes_host_port *out, uint32_t outputs) {
    for (uint32_t r = 0; r < runs; r++) {
        for (uint32_t i = 0; i < inputs; i++)
            motes_copy(memory + in[i].offset, in[i].data + (size_t)r * in[i].bytes, in[i].bytes);
        run(memory);
        for (uint32_t i = 0; i < outputs; i++)
            motes_copy(out[i].data + (size_t)r * out[i].bytes, memory + out[i].offset,
                       out[i].bytes);
    }
}
