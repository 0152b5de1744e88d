/* The functions that a board must provide for the probe. */
#ifndef TSNAS_PORT_H
#define TSNAS_PORT_H

#include <stdint.h>

struct probe_port_info {
    const char *board;      /* such as "nucleo_f446re" */
    const char *core;       /* such as "cortex-m4" */
    uint32_t clock_hz;      /* of the core */
    uint8_t counter;        /* PROBE_CYCLES or PROBE_INSTRUCTIONS */
    uint32_t numerator;     /* counted = ticks * numerator / denominator */
    uint32_t denominator;
    uint32_t least_ticks;   /* a coarse clock: repeat an operator until it has taken so many; 0 for a counter of cycles */
};

extern struct probe_port_info probe_port_info;

/* Memory for tensors and scratch. */
extern uint8_t probe_arena[];
extern const uint32_t probe_arena_bytes;

void probe_port_init(void);

/* Returns the next received byte, or -1 if there is none. */
int probe_port_read(void);
void probe_port_write(uint8_t byte);

/* Returns ticks, which count up and wrap around at 32 bits. */
uint32_t probe_port_ticks(void);

/* Disable and re-enable interrupts: nothing may interrupt the code that is timed. */
void probe_port_quiet(void);
void probe_port_normal(void);

/* Resets the board. */
void probe_port_reset(void);

#endif
