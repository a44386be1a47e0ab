/* undefined.c: what the compiler's undefined-behaviour checks call. The first finding is kept for
   `build/host.py`. The names and the first field of `data`, the place in the source, are the
   interface of clang's sanitizer. */
#include "motes.h"

typedef struct {
    const char *file;
    uint32_t line, column;
} motes_place;

const char *motes_undefined_kind;
motes_place motes_undefined_place;
uint32_t motes_undefined_count;

static void found(const char *kind, const motes_place *place) {
    if (motes_undefined_count++ == 0) {
        motes_undefined_kind = kind;
        motes_undefined_place = *place;
    }
}

/* Further arguments, values of operands, are left where the calling convention put them. */
#define HANDLER(name, kind)                                                                        \
    void __ubsan_handle_##name(const motes_place *data);                                           \
    void __ubsan_handle_##name(const motes_place *data) {                                          \
        found(kind, data);                                                                         \
    }

HANDLER(add_overflow, "a sum overflows")
HANDLER(sub_overflow, "a difference overflows")
HANDLER(mul_overflow, "a product overflows")
HANDLER(negate_overflow, "a negation overflows")
HANDLER(divrem_overflow, "a division by zero or an overflowing one")
HANDLER(shift_out_of_bounds, "a shift by too much, or one that loses the sign")
HANDLER(out_of_bounds, "an index outside its array")
HANDLER(type_mismatch_v1, "a null or misaligned pointer, or too small an object")
HANDLER(pointer_overflow, "a pointer leaves its object's address space")
HANDLER(load_invalid_value, "a value that its type cannot have")
HANDLER(float_cast_overflow, "a float that does not fit the integer it is cast to")
HANDLER(vla_bound_not_positive, "an array of no length")
HANDLER(nonnull_arg, "a null argument")
HANDLER(invalid_builtin, "a builtin that is not defined for its argument")
HANDLER(builtin_unreachable, "unreachable code is reached")
HANDLER(missing_return, "a function ends without its value")
