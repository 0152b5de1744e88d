/* The arithmetic behind addition and softmax: CMSIS-NN's own functions, or the same steps in plain C. */
#ifndef PROBE_TFLM_ARITHMETIC_H
#define PROBE_TFLM_ARITHMETIC_H

#ifdef TSNAS_PORTABLE
#include "fixed_point.h"

#define MULTIPLY multiplied
#define DIVIDE_BY_POWER divide_by_power
#define EXP_OF_NEGATIVE exp_of_negative
#define RECIPROCAL_OF_ONE_PLUS reciprocal_of_one_plus

/* a, or b where the mask has no bits; what was not chosen is computed all the same. */
static inline int32_t chosen(int32_t mask, int32_t a, int32_t b)
{
    return (mask & a) ^ (~mask & b);
}

/* The same as doubling_high_multiply(), with the overflow looked at last. */
static inline int32_t multiplied(int32_t a, int32_t b)
{
    const int64_t product = (int64_t)a * b;
    const int32_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
    const int32_t high = (int32_t)((product + nudge) / ((int64_t)1 << 31));
    return a == b && a == INT32_MIN ? INT32_MAX : high;
}

/* x * multiplier / 2^31 * 2^shift for a shift that is not positive. */
static inline int32_t scaled_down(int32_t x, int32_t multiplier, int32_t shift)
{
    return divide_by_power(doubling_high_multiply(x, multiplier), -shift);
}

/* x * 2^exponent, saturated by comparing what is shifted. */
static inline int32_t shifted(int32_t x, int exponent)
{
    const int32_t most = (1 << (31 - exponent)) - 1;
    const int32_t result = chosen(x > most ? -1 : 0, INT32_MAX, (int32_t)((uint32_t)x << exponent));
    return chosen(x < -most ? -1 : 0, INT32_MIN, result);
}

/* The factor is always multiplied with, and kept where `remainder` has the bit. */
static inline int32_t weighted(int32_t value, int32_t remainder, int bit, int32_t factor)
{
    return chosen(remainder & (1 << bit) ? -1 : 0, multiplied(value, factor), value);
}

/* exp(a) for a <= 0 with five integer bits; the result has none. */
static inline int32_t exp_of_negative(int32_t a)
{
    const int32_t quarter = 1 << 24, exp_of_eighth = 1895147668, third = 715827883;
    const int32_t small = (a & (quarter - 1)) - quarter, remainder = small - a;
    /* A series around -1/8. */
    const int32_t x = shifted(small, 5) + (1 << 28);
    const int32_t x2 = multiplied(x, x), x3 = multiplied(x2, x);
    const int32_t x4_quarter = divide_by_power(multiplied(x2, x2), 2);
    const int32_t rest = divide_by_power(multiplied(x4_quarter + x3, third) + x2, 1);
    int32_t result = exp_of_eighth + multiplied(exp_of_eighth, x + rest);
    /* exp(-1/4), exp(-1/2), ... exp(-16) */
    result = weighted(result, remainder, 24, 1672461947);
    result = weighted(result, remainder, 25, 1302514674);
    result = weighted(result, remainder, 26, 790015084);
    result = weighted(result, remainder, 27, 290630308);
    result = weighted(result, remainder, 28, 39332535);
    result = weighted(result, remainder, 29, 720401);
    result = weighted(result, remainder, 30, 242);
    return chosen(a == 0 ? -1 : 0, INT32_MAX, result);
}

/* 1 / (1 + a) for a in [0, 1), both with no integer bits. */
static inline int32_t reciprocal_of_one_plus(int32_t a)
{
    const int64_t sum = (int64_t)a + INT32_MAX;
    const int32_t half = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
    int32_t x = 1515870810 + multiplied(half, -1010580540); /* 48/17, -32/17 */
    for (int i = 0; i < 3; i++) {
        x += shifted(multiplied(x, (1 << 29) - multiplied(half, x)), 2);
    }
    return shifted(x, 1);
}

#else
#include "arm_nnsupportfunctions.h"

#define MULTIPLY arm_nn_doubling_high_mult
#define DIVIDE_BY_POWER arm_nn_divide_by_power_of_two
#define EXP_OF_NEGATIVE arm_nn_exp_on_negative_values
#define RECIPROCAL_OF_ONE_PLUS arm_nn_one_over_one_plus_x_for_x_in_0_1

static inline int32_t scaled_down(int32_t x, int32_t multiplier, int32_t shift)
{
    return arm_nn_requantize(x, multiplier, shift);
}
#endif

#endif
