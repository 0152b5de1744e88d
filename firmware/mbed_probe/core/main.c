/* The probe on a board without an operating system. */
#include "port.h"
#include "probe.h"

int main(void)
{
    port_init();
    for (;;) {
        probe_poll();
    }
}
