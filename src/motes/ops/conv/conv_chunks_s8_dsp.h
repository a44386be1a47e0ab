/* conv_chunks_s8_dsp.h: convolution of int8 with windows of one pixel, at stride 1, for Cortex-M4:
   the weights of two output channels stay in registers while a chunk of pixels goes by.

   As conv_1x1_s8_dsp.h, for input channels in fours, output channels in twos, and four pixels at
   least. The arithmetic is that of conv_fours_s8_dsp.h: three sums for four pixels.

   A *chunk* of pixels is expanded first, four by four: three words for two values of four pixels,
   as told there, then a word that says where their outputs lie. Then, for each two output channels,
   the weights are unpacked, and all fours of the chunk multiplied with them.

   A *quad* is four values of four pixels and two channels, 32 MACs: six words by one LDM (7
   cycles), four words of weights by VMOV, and 12 SMLAD make 23 cycles. Float registers hold eight
   quads: the first and the last seven; those between are read from memory, in 24 cycles. A block
   of eight outputs adds 55 cycles, or some 70 beyond eight quads; two channels of a chunk take some
   60 and 9 a quad, 16 beyond eight; a value of x 1.9.

   stream: as conv_fours_s8_dsp.h says, with a shift that is not 0; but of two channels there are
   only the multipliers, and their offsets are `offset`, which is the zero point and a half, and
   half of what TFLM rounds to first: 128 >> the leading zeros of the multiplier. Where the top bit
   of the first multiplier is set, it does not count, and a word has how far both are above
   `offset`.

   scratch: for each of `chunk` fours 24 bytes a quad and 4, then 16 bytes for each quad but eight.
   In place: y may be x where out_ch <= in_ch: a chunk is expanded before its outputs are written.
 */
#ifndef MOTES_CONV_CHUNKS_S8_DSP_H
#define MOTES_CONV_CHUNKS_S8_DSP_H

#include "fours_dsp.h"
#include "motes.h"

typedef struct { /* the assembly knows where these lie */
    int32_t pixels, offset;
    const int32_t *stream;
    int16_t in_ch, out_ch, chunk; /* chunk: fours of pixels, at most */
} conv_chunks_s8_dsp_params;

/* clang-format off */

/* So many fours of pixels of `in_ch` bytes that follow each other; `place` goes behind the first, `step` more behind each
   next. Returns what is behind them. Stack: fours, then the arguments. */
MOTES_ASSEMBLY uint32_t *conv_chunks_s8_dsp_expand(const int8_t *x MOTES_UNUSED, uint32_t *to MOTES_UNUSED,
                                              int32_t in_ch MOTES_UNUSED, int32_t fours MOTES_UNUSED,
                                              int32_t place MOTES_UNUSED, int32_t step MOTES_UNUSED) {
    __asm__ volatile(
        "push {r3-r11, lr}\n"
        "mov r12, r1\n"
        "mov r11, r2\n"
        FOURS_FLAGS
        "1:\n"
        "add r1, r0, r11\n add r2, r1, r11\n add r3, r2, r11\n mov lr, r11\n"
        "2:\n"
        "ldr r4, [r0], #4\n ldr r5, [r1], #4\n ldr r6, [r2], #4\n ldr r7, [r3], #4\n"
        FOURS_EVEN FOURS_ODD
        "subs lr, #4\n bne 2b\n"
        "ldr r4, [sp]\n ldr r5, [sp, #40]\n ldr r6, [sp, #44]\n"
        "mov r0, r3\n"
        "str r5, [r12], #4\n add r5, r6\n str r5, [sp, #40]\n"
        "subs r4, #1\n str r4, [sp]\n bne 1b\n"
        "mov r0, r12\n"
        "pop {r3-r11, pc}\n");
}

/* Two values of four pixels in x0, x1, x2, with weights w0, w1 of two channels. */
#define CONV_CHUNKS_STEP(x0, x1, x2, w0, w1) \
    "vmov r12, " w0 "\n smlad r0, " x0 ", r12, r0\n smlad r1, " x1 ", r12, r1\n smlad r2, " x2 ", r12, r2\n" \
    "vmov r12, " w1 "\n smlad r3, " x0 ", r12, r3\n smlad r4, " x1 ", r12, r4\n smlad r5, " x2 ", r12, r5\n"
/* 68 bytes of code. */
#define CONV_CHUNKS_QUAD(w0, w1, w2, w3) \
    "ldm lr!, {r6-r11}\n" CONV_CHUNKS_STEP("r6", "r7", "r8", w0, w1) CONV_CHUNKS_STEP("r9", "r10", "r11", w2, w3)
/* The first of a block: sums begin with r2 and r5. */
#define CONV_CHUNKS_FIRST_QUAD \
    "ldm lr!, {r6-r11}\n" \
    "vmov r12, s0\n smlad r0, r6, r12, r2\n smlad r1, r7, r12, r2\n smlad r2, r8, r12, r2\n" \
    "vmov r12, s1\n smlad r3, r6, r12, r5\n smlad r4, r7, r12, r5\n smlad r5, r8, r12, r5\n" \
    CONV_CHUNKS_STEP("r9", "r10", "r11", "s2", "s3")
/* Half a quad, with weights from memory; 44 bytes. */
#define CONV_CHUNKS_LOADED_STEP \
    "ldr r9, [r11], #4\n ldr r10, [r11], #4\n ldr r6, [lr], #4\n ldr r7, [lr], #4\n ldr r8, [lr], #4\n" \
    "smlad r0, r6, r9, r0\n smlad r1, r7, r9, r1\n smlad r2, r8, r9, r2\n" \
    "smlad r3, r6, r10, r3\n smlad r4, r7, r10, r4\n smlad r5, r8, r10, r5\n"

/* A word of weights, `word` with `other`: each channel's two. */
#define CONV_CHUNKS_SPLIT(word, other) "sxtb16 " other ", " word ", ror #8\n sxtb16 " word ", " word "\n"
#define CONV_CHUNKS_UNPACK(word, other, w0, w1) CONV_CHUNKS_SPLIT(word, other) "vmov " w0 ", " w1 ", " word ", " other "\n"
#define CONV_CHUNKS_UNPACK_FOUR(w0, w1, w2, w3, w4, w5, w6, w7) \
    "ldm r12!, {r0, r6, r8, r10}\n" CONV_CHUNKS_UNPACK("r0", "r1", w0, w1) CONV_CHUNKS_UNPACK("r6", "r7", w2, w3) \
    CONV_CHUNKS_UNPACK("r8", "r9", w4, w5) CONV_CHUNKS_UNPACK("r10", "r11", w6, w7)

/* A function (parameters, expanded, weights, y): all channels of all fours of a chunk. Behind the words of a four lies one
   with twice the bytes from `y` to the output of its first pixel, and 1 more in the last four of the chunk. `weights` is room
   for those of all quads but eight, 16 bytes each.

   Registers: r0-r2 sums of channel 0, r3-r5 of channel 1; r6-r11 x, r12 a weight, lr reads x.
   Stack: 0 both first sums, 8 both multipliers, 16 both offsets, 24 bytes from pixel to pixel, 28 three times that, 32 y, 36
   where a block goes on after its first quad; with weights from memory 40 where it begins with them, 44 and 48 where they begin
   and end; 52 expanded, 56 stream, 60 quads, 64 pairs left, 68 offset.

   `stores` finds the word behind a four at lr, and the outputs in r0, r1, r2, r6 of channel 0, in r3, r4, r5, r7 of channel 1;
   r8 to r12 are free. It leaves the carry set behind the last four. `next` moves y to the next two channels. */
#define CONV_CHUNKS_BLOCKS(shift, stores, next) \
    "push {r4-r11, lr}\n vpush {s16-s31}\n sub sp, #72\n" \
    "ldr r7, [r0, #4]\n ldr r6, [r0, #8]\n ldrsh r4, [r0, #12]\n ldrsh r5, [r0, #14]\n" \
    "add r8, r5, r5, lsl #1\n add r0, sp, #24\n stm r0!, {r5, r8}\n str r3, [r0]\n" \
    "asr r4, r4, #2\n asr r5, r5, #1\n" \
    "strd r1, r6, [sp, #52]\n strd r4, r5, [sp, #60]\n str r7, [sp, #68]\n" \
    "subs r0, r4, #8\n bgt 1f\n" \
    "rsb r4, r4, #1\n mov r5, #68\n adr.w r6, 6f\n mla r4, r4, r5, r6\n" \
    "b 2f\n" \
    "1:\n" \
    "add r4, r2, r0, lsl #4\n strd r2, r4, [sp, #44]\n" \
    "sub r0, #1\n and r0, #3\n rsb r0, r0, #0\n mov r1, #88\n adr.w r2, 5f\n mla r0, r0, r1, r2\n" \
    "sub r0, #87\n str r0, [sp, #40]\n" /* for Thumb */ \
    "adr.w r4, 9f\n" \
    "2:\n add r4, #1\n str r4, [sp, #36]\n" \
    "1:\n" /* two channels */ \
    "ldr r12, [sp, #56]\n ldr r3, [sp, #60]\n ldr r4, [sp, #68]\n" \
    "ldm r12, {r2, r5-r7}\n str r2, [sp]\n str r5, [sp, #4]\n" \
    CONV_CHUNKS_UNPACK("r6", "r0", "s0", "s1") CONV_CHUNKS_UNPACK("r7", "r0", "s2", "s3") \
    "subs r8, r3, #8\n ble 3f\n" \
    "ldr lr, [sp, #44]\n add r9, r12, #16\n" \
    "2:\n ldm r9!, {r0, r6}\n" CONV_CHUNKS_SPLIT("r0", "r1") CONV_CHUNKS_SPLIT("r6", "r7") \
    "stm lr!, {r0, r1, r6, r7}\n subs r8, #1\n bne 2b\n" \
    "3:\n add r12, r12, r3, lsl #3\n sub r12, #48\n" /* the last seven; of fewer, words before them for nothing */ \
    CONV_CHUNKS_UNPACK_FOUR("s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11") \
    CONV_CHUNKS_UNPACK_FOUR("s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19") \
    CONV_CHUNKS_UNPACK_FOUR("s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27") \
    "ldm r12!, {r0, r1, r8, r10}\n" \
    CONV_CHUNKS_UNPACK("r0", "r3", "s28", "s29") CONV_CHUNKS_UNPACK("r1", "r3", "s30", "s31") \
    "movs r0, #128\n clz r1, r8\n cbz r1, 2f\n clz r3, r10\n" \
    "lsrs r1, r0, r1\n lsrs r0, r0, r3\n adds r3, r4, r1\n adds r4, r4, r0\n" \
    "3:\n str r12, [sp, #56]\n" \
    "str r8, [sp, #8]\n str r10, [sp, #12]\n str r3, [sp, #16]\n str r4, [sp, #20]\n" \
    "ldr lr, [sp, #52]\n" \
    "b 7f\n" \
    "2:\n" /* offsets of their own */ \
    "ldr r0, [r12], #4\n bic r8, #0x80000000\n sxtah r3, r4, r0\n sxtah r4, r4, r0, ror #16\n b 3b\n" \
    ".balign 4\n" \
    "9:\n" /* weights from memory */ \
    "ldr r11, [sp, #44]\n ldr r12, [sp, #48]\n ldr pc, [sp, #40]\n" \
    ".balign 4\n" \
    "4:\n" \
    ".rept 8\n" CONV_CHUNKS_LOADED_STEP ".endr\n" \
    "5:\n" \
    "cmp r11, r12\n bne.w 4b\n" \
    CONV_CHUNKS_QUAD("s4", "s5", "s6", "s7") CONV_CHUNKS_QUAD("s8", "s9", "s10", "s11") \
    CONV_CHUNKS_QUAD("s12", "s13", "s14", "s15") CONV_CHUNKS_QUAD("s16", "s17", "s18", "s19") \
    CONV_CHUNKS_QUAD("s20", "s21", "s22", "s23") CONV_CHUNKS_QUAD("s24", "s25", "s26", "s27") \
    CONV_CHUNKS_QUAD("s28", "s29", "s30", "s31") \
    "6:\n" \
    FOURS_SEPARATE \
    "ldr r8, [sp, #8]\n ldr r9, [sp, #12]\n ldr r10, [sp, #16]\n ldr r11, [sp, #20]\n" \
    FOURS_SCALE_0("r8", "r10") \
    FOURS_SCALE_1("r9", "r11") \
    FOURS_CLAMP(#shift) \
    stores \
    "ldr r2, [sp]\n ldr r5, [sp, #4]\n bcs 8f\n" \
    "7:\n" CONV_CHUNKS_FIRST_QUAD "ldr pc, [sp, #36]\n" \
    "8:\n" next \
    "ldr r0, [sp, #64]\n subs r0, #1\n str r0, [sp, #64]\n bne.w 1b\n" \
    "add sp, #72\n vpop {s16-s31}\n pop {r4-r11, pc}\n"

/* To bytes that lie side by side. */
#define CONV_CHUNKS_STORES \
    "ldr r8, [lr], #4\n ldr r9, [sp, #24]\n ldr r10, [sp, #28]\n ldr r11, [sp, #32]\n" \
    "lsrs r8, r8, #1\n add r8, r11\n" \
    "strb r1, [r8, r9]\n strb r2, [r8, r9, lsl #1]\n strb r6, [r8, r10]\n strb r0, [r8], #1\n" \
    "strb r4, [r8, r9]\n strb r5, [r8, r9, lsl #1]\n strb r7, [r8, r10]\n strb r3, [r8]\n"
#define CONV_CHUNKS_NEXT "ldr r0, [sp, #32]\n add r0, #2\n str r0, [sp, #32]\n"

/* The function `name` for a shift. */
#define conv_chunks_s8_dsp_COPY(name, shift) \
    MOTES_ASSEMBLY void name##_blocks(const conv_chunks_s8_dsp_params *p MOTES_UNUSED, \
                                      const uint32_t *expanded MOTES_UNUSED, \
                                      uint32_t *weights MOTES_UNUSED, int8_t *y MOTES_UNUSED) { \
        __asm__ volatile(CONV_CHUNKS_BLOCKS(shift, CONV_CHUNKS_STORES, CONV_CHUNKS_NEXT)); \
    } \
    static MOTES_NOINLINE MOTES_FLATTEN void name(const conv_chunks_s8_dsp_params *p, const int8_t *x, int8_t *y, \
                                                  void *scratch) { \
        conv_chunks_s8_dsp_all(p, x, y, (uint32_t *)scratch, name##_blocks); \
    }
/* clang-format on */

typedef void conv_chunks_s8_dsp_blocks(const conv_chunks_s8_dsp_params *p, const uint32_t *expanded,
                                       uint32_t *weights, int8_t *y);

/* Chunk after chunk; the last fours of all pixels overlap where their number asks for it. */
MOTES_INLINE void conv_chunks_s8_dsp_all(const conv_chunks_s8_dsp_params *p, const int8_t *x,
                                         int8_t *y, uint32_t *scratch,
                                         conv_chunks_s8_dsp_blocks *blocks) {
    const int32_t in_ch = p->in_ch, out_ch = p->out_ch;
    for (int32_t left = p->pixels; left > 0;) {
        int32_t pixels = motes_min(left, 4 * p->chunk);
        left -= pixels;
        if (left > 0 && left < 4)
            pixels -= 4, left += 4;
        uint32_t *end = conv_chunks_s8_dsp_expand(x, scratch, in_ch, pixels / 4, 0, 8 * out_ch);
        const int32_t last = pixels - 4;
        if (pixels & 3)
            end = conv_chunks_s8_dsp_expand(x + last * in_ch, end, in_ch, 1, 2 * last * out_ch, 0);
        end[-1] |= 1;
        blocks(p, scratch, end, y);
        x += pixels * in_ch;
        y += pixels * out_ch;
    }
}

#endif
