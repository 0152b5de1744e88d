/* The functions that a board must provide for the probe. */
#ifndef TSNAS_PORT_H
#define TSNAS_PORT_H

#include <stdint.h>

struct port_info {
    const char *board;      /* such as "nucleo_f446re" */
    const char *core;       /* such as "cortex-m4" */
    uint32_t clock_hz;      /* of the core */
    uint8_t counter;        /* PROBE_CYCLES or PROBE_INSTRUCTIONS */
    uint32_t numerator;     /* counted = ticks * numerator / denominator */
    uint32_t denominator;
};

extern struct port_info port_info;

/* Memory for tensors and scratch. */
extern uint8_t port_arena[];
extern const uint32_t port_arena_bytes;

void port_init(void);

/* Returns the next received byte, or -1 if there is none. */
int port_read(void);
void port_write(uint8_t byte);

/* Returns ticks, which count up and wrap around at 32 bits. */
uint32_t port_ticks(void);

/* Disable and re-enable interrupts: nothing may interrupt the code that is timed. */
void port_quiet(void);
void port_normal(void);

/* Resets the board. */
void port_reset(void);

#endif
