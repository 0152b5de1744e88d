/* Softmax of one int8 vector in fixed point, as TensorFlow Lite Micro's reference kernel defines it. */
#include "arithmetic.h"
#include "fixed_point.h"

#define SUM_INTEGER_BITS 12
#define OUTPUT_BITS 8

/* exp(a) for a in [-1/4, 0), both with no integer bits. */
static int32_t exp_of_small(int32_t a)
{
    const int32_t exp_of_eighth = 1895147668, third = 715827883;
    int32_t x = a + (1 << 28);
    int32_t x2 = doubling_high_multiply(x, x);
    int32_t x3 = doubling_high_multiply(x2, x);
    int32_t x4_quarter = divide_by_power(doubling_high_multiply(x2, x2), 2);
    int32_t rest = divide_by_power(doubling_high_multiply(x4_quarter + x3, third) + x2, 1);
    return exp_of_eighth + doubling_high_multiply(exp_of_eighth, x + rest);
}

/* exp(a) for a <= 0 with five integer bits; the result has none. */
static int32_t exp_of_negative(int32_t a)
{
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << 24;
    if (a == 0) {
        return INT32_MAX;
    }
    int32_t small = (a & (quarter - 1)) - quarter;
    int32_t result = exp_of_small(saturating_shift(small, 5));
    int32_t remainder = small - a;
    for (int i = 0; i < 7; i++) {
        if (remainder & (1 << (24 + i))) {
            result = doubling_high_multiply(result, factors[i]);
        }
    }
    return result;
}

/* 1 / (1 + a) for a in [0, 1), both with no integer bits. */
static int32_t reciprocal_of_one_plus(int32_t a)
{
    const int32_t forty_eight_17ths = 1515870810, minus_thirty_two_17ths = -1010580540, one = 1 << 29;
    int64_t sum = (int64_t)a + INT32_MAX;
    int32_t half = (int32_t)((sum + 1) / 2);
    int32_t x = forty_eight_17ths + doubling_high_multiply(half, minus_thirty_two_17ths);
    for (int i = 0; i < 3; i++) {
        int32_t missing = one - doubling_high_multiply(half, x);
        x += saturating_shift(doubling_high_multiply(x, missing), 2);
    }
    return saturating_shift(x, 1);
}

void softmax_s8(const struct softmax_params *params, const int8_t *in, int8_t *out, int32_t size)
{
    int32_t most = -128;
    for (int32_t i = 0; i < size; i++) {
        most = in[i] > most ? in[i] : most;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        int32_t below = in[i] - most;
        if (below >= params->diff_min) {
            int32_t scaled = doubling_high_multiply((int32_t)((uint32_t)below << params->shift), params->multiplier);
            sum += divide_by_power(exp_of_negative(scaled), SUM_INTEGER_BITS);
        }
    }
    int32_t headroom = __builtin_clz((uint32_t)sum);
    int32_t bits_over_one = SUM_INTEGER_BITS - headroom;
    int32_t scale = reciprocal_of_one_plus((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    for (int32_t i = 0; i < size; i++) {
        int32_t below = in[i] - most, value = -128;
        if (below >= params->diff_min) {
            int32_t scaled = doubling_high_multiply((int32_t)((uint32_t)below << params->shift), params->multiplier);
            int32_t share = doubling_high_multiply(scale, exp_of_negative(scaled));
            value = divide_by_power(share, bits_over_one + 31 - OUTPUT_BITS) - 128;
        }
        out[i] = (int8_t)clamped(value, -128, 127);
    }
}
