/* Netduino Plus 2 (STM32F405, Cortex-M4) as emulated by QEMU. */
#include "../../core/port.h"

#include "../../core/protocol.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define USART1 0x40011000u
#define USART_STATUS REGISTER(USART1)
#define USART_DATA REGISTER(USART1 + 0x04)
#define USART_BAUD REGISTER(USART1 + 0x08)
#define USART_CONTROL REGISTER(USART1 + 0x0c)
#define TIM2 0x40000000u
#define TIM_COUNT REGISTER(TIM2 + 0x24)

/* QEMU's timer has a clock of 1 GHz, and every instruction takes 64 ns (-icount shift=6). */
struct probe_port_info probe_port_info = {"netduinoplus2", "cortex-m4", 0, PROBE_INSTRUCTIONS, 1, 64, 0};

uint8_t probe_arena[96 * 1024] __attribute__((aligned(16)));
const uint32_t probe_arena_bytes = sizeof probe_arena;

void probe_port_init(void)
{
    USART_BAUD = 0x16d; /* 115,200 baud from 42 MHz */
    USART_CONTROL = 1u << 13 | 1u << 3 | 1u << 2;
    REGISTER(TIM2 + 0x28) = 0;
    REGISTER(TIM2 + 0x2c) = 0xffffffffu;
    REGISTER(TIM2 + 0x14) = 1;
    REGISTER(TIM2) = 1;
}

int probe_port_read(void)
{
    return USART_STATUS & 1u << 5 ? (int)(USART_DATA & 0xff) : -1;
}

void probe_port_write(uint8_t byte)
{
    while (!(USART_STATUS & 1u << 7)) {
    }
    USART_DATA = byte;
}

uint32_t probe_port_ticks(void)
{
    return TIM_COUNT;
}

void probe_port_quiet(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

void probe_port_normal(void)
{
    __asm volatile("cpsie i" ::: "memory");
}
