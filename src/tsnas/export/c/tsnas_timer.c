/* The arithmetic behind tsnas_timer.h. */
#include "tsnas_timer.h"

#ifdef TSNAS_PERIOD_NS
void tsnas_timer_start(struct tsnas_timer *timer, uint32_t now_us)
{
    timer->due_us = now_us;
    timer->due_ns = 0;
}

uint32_t tsnas_timer_due(struct tsnas_timer *timer, uint32_t now_us)
{
    const uint32_t period_us = (uint32_t)(TSNAS_PERIOD_NS / 1000), late_us = now_us - timer->due_us;
    /* Half of the range is the past, half the future. */
    if (late_us >> 31) {
        return 0;
    }
    timer->due_ns += (uint32_t)(TSNAS_PERIOD_NS % 1000);
    timer->due_us += period_us + timer->due_ns / 1000;
    timer->due_ns %= 1000;
    return 1 + late_us / period_us;
}
#else
typedef int tsnas_not_empty; /* the model does not say its rate */
#endif
