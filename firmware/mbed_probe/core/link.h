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

/* Takes one byte; 1 if it completes a frame, which is then in `frame`. Junk and broken frames are passed over. */
int link_receive(uint8_t byte, struct frame *frame);
void link_send(const struct frame *frame);

#endif
