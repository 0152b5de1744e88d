/* Vector table and start-up code of a bare-metal Cortex-M image. */
#include <stddef.h>
#include <stdint.h>

#include "../../core/port.h"

extern uint32_t data_source, data_start, data_end, bss_start, bss_end, stack_top;
int main(void);

void reset(void)
{
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: enables the floating-point unit */
    __asm volatile("dsb\n isb");
#ifdef PROBE_CORTEX_M0PLUS
    /* QEMU runs the code of this core on a Cortex-M3, whose instructions include all of its. CCR: unaligned accesses
       are faults here as they are there. */
    *(volatile uint32_t *)0xe000ed14 |= 1u << 3;
#endif
    for (uint32_t *to = &data_start, *from = &data_source; to < &data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    main();
}

/* A fault resets the board, too: the host notices it and continues. */
void probe_port_reset(void)
{
    *(volatile uint32_t *)0xe000ed0c = 0x05fa0004; /* AIRCR: system reset */
    for (;;) {
    }
}

#ifdef PROBE_BYTE_MEMSET
/* The memset of newlib-nano as Arm's toolchain ships it, one byte at a time; Debian's writes words. Kernels clear
   padding with it, and the boards with measurements pay 11 to 14 cycles for a padded input of two bytes. */
__attribute__((optimize("Os,no-tree-loop-distribute-patterns"))) void *memset(void *to, int value, size_t count)
{
    uint8_t *at = to;
    while (count--) {
        *at++ = (uint8_t)value;
    }
    return to;
}
#endif

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, reset, probe_port_reset, probe_port_reset, probe_port_reset, probe_port_reset, probe_port_reset, 0,
    0, 0, 0, probe_port_reset, probe_port_reset, 0, probe_port_reset, probe_port_reset,
};
