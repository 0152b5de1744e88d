/* Softmax of one int8 vector in fixed point: every exponential is computed twice, for the sum and for the output. */
#include "tflm_arithmetic.h"
#include "tflm_operators.h"

#define SUM_INTEGER_BITS 12
#define OUTPUT_BITS 8

void tflm_softmax(const struct op *op, const int8_t *in, int8_t *out)
{
    const int32_t size = op->in_c, multiplier = op->in_multiplier, diff_min = op->diff_min;
    const int32_t factor = 1 << op->in_shift;
    int8_t most = in[0];
    for (int32_t i = 1; i < size; i++) {
        most = in[i] > most ? in[i] : most;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        const int32_t below = in[i] - most;
        if (below >= diff_min) {
            sum += DIVIDE_BY_POWER(EXP_OF_NEGATIVE(MULTIPLY(below * factor, multiplier)), SUM_INTEGER_BITS);
        }
    }
    const int32_t headroom = __builtin_clz((uint32_t)sum);
    const int32_t bits = SUM_INTEGER_BITS - headroom + 31 - OUTPUT_BITS;
    const int32_t scale = RECIPROCAL_OF_ONE_PLUS((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    for (int32_t i = 0; i < size; i++) {
        const int32_t below = in[i] - most;
        if (below >= diff_min) {
            const int32_t share = MULTIPLY(scale, EXP_OF_NEGATIVE(MULTIPLY(below * factor, multiplier)));
            const int32_t value = DIVIDE_BY_POWER(share, bits) - 128;
            out[i] = (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
        } else {
            out[i] = -128;
        }
    }
}
