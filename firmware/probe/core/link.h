/* Frames over a serial line. */
#ifndef TSNAS_LINK_H
#define TSNAS_LINK_H

#include <stdint.h>

#include "protocol.h"

struct frame {
    uint8_t type, number;
    uint8_t payload[PROBE_MAX_PAYLOAD];
    uint32_t length;
};

/* Takes one byte. Returns 1 if it completes a frame, which is then in `frame`; ignores garbage and broken frames. */
int probe_receive(uint8_t byte, struct frame *frame);
void probe_send(const struct frame *frame);

#endif
