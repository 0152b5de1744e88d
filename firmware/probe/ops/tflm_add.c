/* Addition of two int8 tensors of the same shape. */
#include "tflm_arithmetic.h"
#include "tflm_operators.h"

#define HEADROOM_BITS 20

void tflm_add(const struct op *op, const int8_t *a, const int8_t *b, int8_t *out)
{
    const struct op fixed = *op;
    const int32_t size = fixed.in_h * fixed.in_w * fixed.in_c;
    for (int32_t i = 0; i < size; i++) {
        const int32_t left = (a[i] + fixed.in_offset) * (1 << HEADROOM_BITS);
        const int32_t right = (b[i] + fixed.in2_offset) * (1 << HEADROOM_BITS);
        const int32_t sum = scaled_down(left, fixed.in_multiplier, fixed.in_shift) +
                            scaled_down(right, fixed.in2_multiplier, fixed.in2_shift);
        int32_t result = scaled_down(sum, fixed.out_multiplier, fixed.out_shift) + fixed.out_offset;
        result = result < fixed.act_min ? fixed.act_min : result;
        out[i] = (int8_t)(result > fixed.act_max ? fixed.act_max : result);
    }
}
