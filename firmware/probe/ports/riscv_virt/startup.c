/* Start-up code of an image for QEMU's RISC-V board `virt`, which starts in machine mode at the first address. */
#include <stdint.h>

#include "../../core/port.h"

#define TEST_DEVICE (*(volatile uint32_t *)0x00100000u)
#define TEST_RESET 0x7777u

extern uint32_t bss_start, bss_end;
int main(void);

/* A trap resets the board: the host notices it and continues. */
__attribute__((aligned(4))) void probe_port_reset(void)
{
    TEST_DEVICE = TEST_RESET;
    for (;;) {
    }
}

/* Data are in memory already: QEMU loads the whole image anew when the board resets. */
__attribute__((used)) static void start(void)
{
    for (uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    main();
}

__attribute__((naked, section(".start"))) void reset(void)
{
    __asm volatile("la sp, stack_top\n"
                   "la t0, probe_port_reset\n"
                   "csrw mtvec, t0\n"
                   "j start\n");
}
