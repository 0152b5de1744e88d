/* Arm MPS2 and MPS3 boards as emulated by QEMU: AN385 (Cortex-M3, for code of Cortex-M0+ as well),
   AN386 (Cortex-M4), AN500 (Cortex-M7), AN505 (Cortex-M33) and AN547 (Cortex-M55). */
#include "../../core/port.h"

#include "../../core/protocol.h"

/* In QEMU, every instruction takes 64 ns (-icount shift=6); the timer's clock converts ticks to instructions. */
#ifdef PROBE_CORTEX_M33
#define UART 0x50200000u
#define TIMER 0x50000000u
struct probe_port_info probe_port_info = {"emulated", "cortex-m33", 0, PROBE_INSTRUCTIONS, 25, 32, 0}; /* 20 MHz */
#elif defined PROBE_CORTEX_M55
#define UART 0x59303000u
#define COUNTER 0x58100000u
struct probe_port_info probe_port_info = {"emulated", "cortex-m55", 0, PROBE_INSTRUCTIONS, 125, 256, 0}; /* 32 MHz */
#else
#define UART 0x40004000u
#define TIMER 0x40000000u
#ifdef PROBE_CORTEX_M0PLUS
#define CORE "cortex-m0plus"
#elif defined PROBE_CORTEX_M3
#define CORE "cortex-m3"
#elif defined PROBE_CORTEX_M7
#define CORE "cortex-m7"
#else
#define CORE "cortex-m4"
#endif
struct probe_port_info probe_port_info = {"emulated", CORE, 0, PROBE_INSTRUCTIONS, 5, 8, 0}; /* 25 MHz */
#endif

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(UART)
#define UART_STATE REGISTER(UART + 4) /* bit 0: cannot send, bit 1: has received */
#define UART_CONTROL REGISTER(UART + 8)
#define UART_DIVIDER REGISTER(UART + 16)

uint8_t probe_arena[512 * 1024] __attribute__((aligned(16)));
const uint32_t probe_arena_bytes = sizeof probe_arena;

void probe_port_init(void)
{
    UART_DIVIDER = 16;
    UART_CONTROL = 3;
#ifdef COUNTER
    REGISTER(COUNTER) = 1;
#else
    REGISTER(TIMER + 8) = 0xffffffffu;
    REGISTER(TIMER + 4) = 0xffffffffu;
    REGISTER(TIMER) = 1;
#endif
}

int probe_port_read(void)
{
    return UART_STATE & 2 ? (int)(UART_DATA & 0xff) : -1;
}

void probe_port_write(uint8_t byte)
{
    while (UART_STATE & 1) {
    }
    UART_DATA = byte;
}

uint32_t probe_port_ticks(void)
{
#ifdef COUNTER
    return REGISTER(COUNTER + 8); /* the lower half of 64 bits */
#else
    return ~REGISTER(TIMER + 4); /* it counts down */
#endif
}

void probe_port_quiet(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

void probe_port_normal(void)
{
    __asm volatile("cpsie i" ::: "memory");
}
