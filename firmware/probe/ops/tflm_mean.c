/* Mean over some dimensions of an int8 tensor of any rank: an index is advanced for each input, dimension by dimension. */
#include "fixed_point.h"
#include "tflm_operators.h"

#define MOST_DIMS 8

/* Advances an index to the next element, the last dimension first. Returns 0 after the last element. */
static inline int advance(int *index, const int *dims, int rank)
{
    for (int at = rank - 1; at >= 0; at--) {
        const int next = index[at] + 1;
        if (next < dims[at]) {
            index[at] = next;
            return 1;
        }
        index[at] = 0;
    }
    return 0;
}

/* Position of an index in a tensor without the dimensions `axes`, which may be none (0). */
static inline uint32_t position(const int *index, const int *dims, int rank, const int *axes, int n_axes)
{
    uint32_t found = 0;
    for (int at = 0; at < rank; at++) {
        int left_out = 0;
        if (axes) {
            for (int i = 0; i < n_axes; i++) {
                if (axes[i] == at) {
                    left_out = 1;
                    break;
                }
            }
        }
        if (!left_out) {
            found = found * (uint32_t)dims[at] + (uint32_t)index[at];
        }
    }
    return found;
}

void tflm_mean(const struct op *op, const int *dims, int rank, const int *axes, int n_axes, const int8_t *in,
               int32_t *sums, int8_t *out)
{
    int index[MOST_DIMS] = {0}, count = 1;
    for (int i = 0; i < n_axes; i++) {
        count *= dims[axes[i]];
    }
    for (int32_t i = 0; i < op->out_c; i++) {
        sums[i] = 0;
    }
    do {
        sums[position(index, dims, rank, axes, n_axes)] += in[position(index, dims, rank, 0, 0)];
    } while (advance(index, dims, rank));
    for (int32_t i = 0; i < op->out_c; i++) {
        const int32_t sum = sums[i] + op->in_offset * count;
        const int32_t scaled = requantize(sum, op->out_multiplier, op->out_shift) + op->out_offset;
        out[i] = (int8_t)clamped(scaled, op->act_min, op->act_max);
    }
}
