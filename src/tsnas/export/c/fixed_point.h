/* Fixed-point arithmetic with the rounding of gemmlowp, which defines TensorFlow Lite's kernels. */
#ifndef TSNAS_FIXED_POINT_H
#define TSNAS_FIXED_POINT_H

#include <stdint.h>

/* (a * b * 2) >> 32, rounded to nearest. */
static inline int32_t doubling_high_multiply(int32_t a, int32_t b)
{
    if (a == b && a == INT32_MIN) {
        return INT32_MAX;
    }
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
    return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

/* x / 2^exponent, rounded to nearest, with halves away from zero. */
static inline int32_t divide_by_power(int32_t x, int32_t exponent)
{
    int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
    int32_t remainder = x & mask;
    int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + (remainder > threshold);
}

/* x * 2^exponent, saturated to 32 bits. */
static inline int32_t saturating_shift(int32_t x, int32_t exponent)
{
    int64_t wide = (int64_t)x * ((int64_t)1 << exponent);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* x * multiplier / 2^31 * 2^shift. */
static inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    return divide_by_power(doubling_high_multiply((int32_t)((uint32_t)x << left), multiplier), right);
}

static inline int32_t clamped(int32_t x, int32_t least, int32_t most)
{
    return x < least ? least : x > most ? most : x;
}

#endif
