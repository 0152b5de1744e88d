/* Places the tensors of an operator in the arena. */
#ifndef TSNAS_PLACES_H
#define TSNAS_PLACES_H

#include "op.h"

/* Returns PROBE_OK, PROBE_UNSUPPORTED or PROBE_OUT_OF_MEMORY; the same operator always gets the same places. */
uint8_t probe_place(const struct op *op, struct tensors *tensors);

/* Fills all tensors except the output with values derived from the seed, which the host can compute as well. */
void probe_fill(const struct op *op, struct tensors *tensors, uint32_t seed);

#endif
