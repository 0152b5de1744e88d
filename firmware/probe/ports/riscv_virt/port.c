/* QEMU's RISC-V board `virt` with a core of 32 bits. */
#include "../../core/port.h"

#include "../../core/protocol.h"

#define UART 0x10000000u /* a 16550 */
#define UART_REGISTER(number) (*(volatile uint8_t *)(UART + (number)))
#define UART_DATA UART_REGISTER(0)
#define UART_STATE UART_REGISTER(5) /* bit 0: has received, bit 5: can send */
#define MSTATUS_MIE "8"

/* In QEMU, every instruction takes 64 ns (-icount shift=6), and the cycle counter counts nanoseconds. */
struct probe_port_info probe_port_info = {"emulated", "riscv32", 0, PROBE_INSTRUCTIONS, 1, 1, 0};

uint8_t probe_arena[512 * 1024] __attribute__((aligned(16)));
const uint32_t probe_arena_bytes = sizeof probe_arena;

/* The emulated UART needs no settings. Its FIFO stays off: switching it on would drop a byte that came before. */
void probe_port_init(void)
{
}

int probe_port_read(void)
{
    return UART_STATE & 1 ? UART_DATA : -1;
}

void probe_port_write(uint8_t byte)
{
    while (!(UART_STATE & 1u << 5)) {
    }
    UART_DATA = byte;
}

uint32_t probe_port_ticks(void)
{
    uint32_t high, low, again;
    do {
        __asm volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh" : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return high << 26 | low >> 6;
}

void probe_port_quiet(void)
{
    __asm volatile("csrci mstatus, " MSTATUS_MIE ::: "memory");
}

void probe_port_normal(void)
{
    __asm volatile("csrsi mstatus, " MSTATUS_MIE ::: "memory");
}
