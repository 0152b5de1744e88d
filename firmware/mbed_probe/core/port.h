/* What a board must offer to the probe. */
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

/* The next byte that has come in, or -1. */
int port_read(void);
void port_write(uint8_t byte);

/* Ticks, counting up and wrapping around at 32 bits. */
uint32_t port_ticks(void);

/* Nothing may interrupt what is timed. */
void port_quiet(void);
void port_normal(void);

/* Starts the board anew. */
void port_reset(void);

#endif
