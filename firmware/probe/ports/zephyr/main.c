/* Boards with Zephyr: the serial line of its console, and the core's counter of cycles or the kernel's clock. */
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/reboot.h>

#include "src/core/cortex_m.h"
#include "src/core/port.h"
#include "src/core/probe.h"
#include "src/core/protocol.h"

/* Memory for the tensors of an operator: what is left of the board's with room for stacks and drivers. */
#ifndef PROBE_ARENA_BYTES
#define SRAM_BYTES DT_REG_SIZE(DT_CHOSEN(zephyr_sram))
#define PROBE_ARENA_BYTES \
    (SRAM_BYTES < 65536 ? SRAM_BYTES / 2 : SRAM_BYTES < 524288 ? SRAM_BYTES / 4 * 3 : 393216)
#endif

/* The core's clock in Hz, for cores without a counter of cycles (-DPROBE_CLOCK_HZ=...); else as the devicetree says. */
#ifndef PROBE_CLOCK_HZ
#define PROBE_CLOCK_HZ DT_PROP_OR(DT_PATH(cpus, cpu_0), clock_frequency, 0)
#endif

#define BUFFER_BYTES 512u    /* a power of two, larger than a frame */
#define LEAST_PER_SECOND 50u /* with the kernel's clock, an operator repeats for at least a fiftieth of a second */
#define CALIBRATION_US 20000u

struct probe_port_info probe_port_info = {CONFIG_BOARD, "", 0, PROBE_CYCLES, 1, 1, 0};
uint8_t probe_arena[PROBE_ARENA_BYTES] __attribute__((aligned(16)));
const uint32_t probe_arena_bytes = sizeof probe_arena;

static const struct device *const line = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));
static volatile uint8_t buffer[BUFFER_BYTES];
static volatile uint32_t written, taken;
static unsigned int key;

/* Bytes arrive while an operator runs and interrupts are off; an overflow breaks a frame, which is then sent again. */
static void received(const struct device *device, void *unused)
{
    uint8_t byte;
    (void)unused;
    while (uart_irq_update(device) > 0 && uart_irq_rx_ready(device) > 0 && uart_fifo_read(device, &byte, 1) == 1) {
        if (written - taken < BUFFER_BYTES) {
            buffer[written % BUFFER_BYTES] = byte;
            written = written + 1;
        }
    }
}

#ifdef CORTEX_M_COUNTS_CYCLES
static void start_clock(void)
{
    cortex_m_start_cycles();
    const uint32_t cycles = cortex_m_cycles();
    k_busy_wait(CALIBRATION_US);
    const uint64_t hz = (uint64_t)(cortex_m_cycles() - cycles) * 1000000u / CALIBRATION_US;
    probe_port_info.clock_hz = (uint32_t)((hz + 50000u) / 100000u * 100000u);
}
#else
static void start_clock(void)
{
    const uint32_t ticks_per_second = sys_clock_hw_cycles_per_sec();
    probe_port_info.clock_hz = PROBE_CLOCK_HZ ? PROBE_CLOCK_HZ : ticks_per_second;
    probe_port_info.numerator = probe_port_info.clock_hz;
    probe_port_info.denominator = ticks_per_second;
    probe_port_info.least_ticks = ticks_per_second / LEAST_PER_SECOND;
}
#endif

void probe_port_init(void)
{
#if defined(PROBE_CORE)
    probe_port_info.core = PROBE_CORE;
#elif defined(CORTEX_M)
    probe_port_info.core = cortex_m_name();
#elif defined(__riscv)
    probe_port_info.core = "riscv32";
#elif defined(__XTENSA__)
    probe_port_info.core = "xtensa";
#else
    probe_port_info.core = "unknown";
#endif
    start_clock();
    uart_irq_callback_user_data_set(line, received, NULL);
    uart_irq_rx_enable(line);
}

int probe_port_read(void)
{
    if (taken == written) {
        return -1;
    }
    const uint8_t byte = buffer[taken % BUFFER_BYTES];
    taken = taken + 1;
    return byte;
}

void probe_port_write(uint8_t byte)
{
    uart_poll_out(line, byte);
}

uint32_t probe_port_ticks(void)
{
#ifdef CORTEX_M_COUNTS_CYCLES
    return cortex_m_cycles();
#else
    return k_cycle_get_32();
#endif
}

void probe_port_quiet(void)
{
    key = irq_lock();
}

void probe_port_normal(void)
{
    irq_unlock(key);
}

void probe_port_reset(void)
{
    sys_reboot(SYS_REBOOT_COLD);
}

int main(void)
{
    probe_port_init();
    for (;;) {
        probe_poll();
    }
}
