/* The probe on a board without an operating system. */
#include "../core/port.h"
#include "../core/probe.h"

int main(void)
{
    probe_port_init();
    for (;;) {
        probe_poll();
    }
}
