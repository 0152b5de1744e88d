/* Gives the tensors of an operator their places in the arena. */
#ifndef TSNAS_MEMORY_H
#define TSNAS_MEMORY_H

#include "op.h"

/* PROBE_OK, PROBE_UNSUPPORTED or PROBE_OUT_OF_MEMORY; the same operator always gets the same places. */
uint8_t memory_place(const struct op *op, struct tensors *tensors);

/* Fills all but the output with numbers that follow from the seed; the host knows them too. */
void memory_fill(const struct op *op, struct tensors *tensors, uint32_t seed);

#endif
