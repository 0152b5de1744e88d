/* Boards with Mbed OS: the debugger's serial line and the core's cycle counter (DWT). */
#include "mbed.h"

extern "C" {
#include "src/core/cortex_m.h"
#include "src/core/port.h"
#include "src/core/probe.h"
#include "src/core/protocol.h"
}

#ifndef PROBE_ARENA_BYTES
#define PROBE_ARENA_BYTES (64 * 1024)
#endif
#ifndef PROBE_BOARD
#define PROBE_BOARD "unknown"
#endif
#define BAUD 115200
#define BUFFER_BYTES 512u /* a power of two, larger than a frame */

extern "C" {
struct probe_port_info probe_port_info = {PROBE_BOARD, "", 0, PROBE_CYCLES, 1, 1, 0};
uint8_t probe_arena[PROBE_ARENA_BYTES] __attribute__((aligned(16)));
const uint32_t probe_arena_bytes = sizeof probe_arena;
}

static UnbufferedSerial serial(CONSOLE_TX, CONSOLE_RX, BAUD);
static volatile uint8_t buffer[BUFFER_BYTES];
static volatile uint32_t written, taken;

/* Bytes arrive while an operator runs and interrupts are off; an overflow breaks a frame, which is then sent again. */
static void received()
{
    uint8_t byte;
    while (serial.readable() && serial.read(&byte, 1) == 1) {
        if (written - taken < BUFFER_BYTES) {
            buffer[written % BUFFER_BYTES] = byte;
            written = written + 1;
        }
    }
}

extern "C" void probe_port_init(void)
{
    probe_port_info.core = cortex_m_name();
    probe_port_info.clock_hz = SystemCoreClock;
    cortex_m_start_cycles();
    serial.attach(&received, SerialBase::RxIrq);
}

extern "C" int probe_port_read(void)
{
    if (taken == written) {
        return -1;
    }
    uint8_t byte = buffer[taken % BUFFER_BYTES];
    taken = taken + 1;
    return byte;
}

extern "C" void probe_port_write(uint8_t byte)
{
    serial.write(&byte, 1);
}

extern "C" uint32_t probe_port_ticks(void)
{
    return cortex_m_cycles();
}

extern "C" void probe_port_quiet(void)
{
    core_util_critical_section_enter();
}

extern "C" void probe_port_normal(void)
{
    core_util_critical_section_exit();
}

extern "C" void probe_port_reset(void)
{
    NVIC_SystemReset();
}

int main()
{
    probe_port_init();
    for (;;) {
        probe_poll();
    }
}
