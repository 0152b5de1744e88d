/* An operator as the host describes it, and the places of its tensors in memory. */
#ifndef TSNAS_OP_H
#define TSNAS_OP_H

#include <stdint.h>

#include "protocol.h"

/* PROBE_OP_WORDS little-endian words, in this order; sizes are in elements, for a batch of one. Without the last two it
   is an operator that is not dilated. */
struct op {
    int32_t kind;
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left;
    int32_t in_offset, in2_offset, out_offset; /* with the sign with which the kernels add them */
    int32_t act_min, act_max;
    int32_t in_multiplier, in_shift, in2_multiplier, in2_shift, out_multiplier, out_shift;
    int32_t diff_min; /* for softmax */
    int32_t dilation_h, dilation_w;
};

/* The tensors of the current operator; those that it does not have are empty. */
struct tensors {
    uint8_t *at[PROBE_TENSORS];
    uint32_t bytes[PROBE_TENSORS];
    void *scratch;
    uint32_t scratch_bytes;
    uint32_t used_bytes, free_bytes;
};

#endif
