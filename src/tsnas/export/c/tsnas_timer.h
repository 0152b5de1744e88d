/* A timer that says when the next raw sample is due, by a clock in microseconds that may wrap around. */
#ifndef TSNAS_TIMER_H
#define TSNAS_TIMER_H

#include "tsnas.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tsnas_timer {
    uint32_t due_us; /* when the next sample is due */
    uint32_t due_ns; /* and nanoseconds after that, below 1000 */
};

/* Makes the first sample due now. */
void tsnas_timer_start(struct tsnas_timer *timer, uint32_t now_us);

/* Returns the number of samples that are due: 0 if it is too early, 1 if the caller keeps up. If it is not 0, take one
   sample; the next call is about the one after it. The rate is exact on average, whatever a sample takes. */
uint32_t tsnas_timer_due(struct tsnas_timer *timer, uint32_t now_us);

#ifdef __cplusplus
}
#endif

#endif
