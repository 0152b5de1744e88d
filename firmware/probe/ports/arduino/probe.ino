/* The probe on any board with an Arduino core of 32 bits: `Serial`, and the core's counter of cycles or micros(). */
extern "C" {
#include "src/core/cortex_m.h"
#include "src/core/port.h"
#include "src/core/probe.h"
#include "src/core/protocol.h"
}

#if defined(__AVR__)
#error "The probe needs a core of 32 bits: a network does not fit a board with an AVR."
#endif

/* Memory for the tensors of an operator. Lower it if the sketch does not fit; raise it for larger operators. */
#ifndef PROBE_ARENA_BYTES
#if defined(ARDUINO_ARCH_ESP32) || defined(ARDUINO_ARCH_RP2040) || defined(ARDUINO_ARCH_NRF52) || \
    defined(ARDUINO_ARCH_MBED) || defined(ARDUINO_ARCH_ZEPHYR)
#define PROBE_ARENA_BYTES (96 * 1024)
#elif defined(ARDUINO_ARCH_ESP8266)
#define PROBE_ARENA_BYTES (24 * 1024)
#elif defined(STM32F4xx) || defined(STM32F7xx) || defined(STM32H7xx) || defined(STM32L4xx) || \
    defined(STM32L5xx) || defined(STM32U5xx) || defined(STM32G4xx) || defined(STM32WBxx)
#define PROBE_ARENA_BYTES (64 * 1024)
#else
#define PROBE_ARENA_BYTES (12 * 1024)
#endif
#endif

#if !defined(PROBE_BOARD) && defined(ARDUINO_BOARD)
#define PROBE_BOARD ARDUINO_BOARD
#elif !defined(PROBE_BOARD)
#define PROBE_BOARD "arduino"
#endif

#define BAUD 115200
/* With micros(), which counts in steps of up to 10 us on some cores, an operator repeats for at least so long. */
#define LEAST_US 20000u
#define CALIBRATION_US 20000u

#if defined(ARDUINO_ARCH_ESP32) || defined(ARDUINO_ARCH_ESP8266)
#define ESP_COUNTS_CYCLES
#define COUNTS_CYCLES
#elif defined(CORTEX_M_COUNTS_CYCLES)
#define COUNTS_CYCLES
#endif

extern "C" {
struct probe_port_info probe_port_info = {PROBE_BOARD, "", 0, PROBE_CYCLES, 1, 1, 0};
uint8_t probe_arena[PROBE_ARENA_BYTES] __attribute__((aligned(16)));
const uint32_t probe_arena_bytes = sizeof probe_arena;
}

extern "C" uint32_t probe_port_ticks(void)
{
#if defined(CORTEX_M_COUNTS_CYCLES)
    return cortex_m_cycles();
#elif defined(ESP_COUNTS_CYCLES)
    return ESP.getCycleCount();
#else
    return micros();
#endif
}

/* The clock of the core: what it counts in a second, which is right for every core and every setting. */
static uint32_t clock_of_core()
{
#if defined(PROBE_CLOCK_HZ)
    return PROBE_CLOCK_HZ;
#elif defined(COUNTS_CYCLES)
    const uint32_t cycles = probe_port_ticks(), start = micros();
    uint32_t taken;
    do {
        taken = micros() - start;
    } while (taken < CALIBRATION_US);
    const uint64_t hz = (uint64_t)(probe_port_ticks() - cycles) * 1000000u / taken;
    return (uint32_t)((hz + 50000u) / 100000u * 100000u);
#elif defined(F_CPU)
    return (uint32_t)(F_CPU);
#else
#error "This core neither counts cycles nor names its clock: define PROBE_CLOCK_HZ above, in Hz."
#endif
}

static const char *name_of_core()
{
#if defined(PROBE_CORE)
    return PROBE_CORE;
#elif defined(CORTEX_M)
    return cortex_m_name();
#elif defined(__riscv)
    return "riscv32";
#elif defined(CONFIG_IDF_TARGET_ESP32S2) || defined(CONFIG_IDF_TARGET_ESP32S3)
    return "xtensa-lx7";
#elif defined(ARDUINO_ARCH_ESP8266)
    return "xtensa-lx106";
#elif defined(__XTENSA__)
    return "xtensa-lx6";
#else
    return "unknown";
#endif
}

extern "C" void probe_port_init(void)
{
    Serial.begin(BAUD);
#ifdef CORTEX_M_COUNTS_CYCLES
    cortex_m_start_cycles();
#endif
    probe_port_info.core = name_of_core();
    probe_port_info.clock_hz = clock_of_core();
#ifndef COUNTS_CYCLES
    probe_port_info.numerator = probe_port_info.clock_hz / 100000u;
    probe_port_info.denominator = 10;
    probe_port_info.least_ticks = LEAST_US;
#endif
}

extern "C" int probe_port_read(void)
{
    return Serial.available() > 0 ? Serial.read() : -1;
}

extern "C" void probe_port_write(uint8_t byte)
{
    Serial.write(byte);
}

/* Interrupts stay on where a watchdog of the core's operating system would reset the board: the least of several runs
   is then the one that nothing has interrupted. */
extern "C" void probe_port_quiet(void)
{
#ifdef CORTEX_M_COUNTS_CYCLES
    noInterrupts();
#endif
}

extern "C" void probe_port_normal(void)
{
#ifdef CORTEX_M_COUNTS_CYCLES
    interrupts();
#endif
}

extern "C" void probe_port_reset(void)
{
#if defined(CORTEX_M)
    cortex_m_reset();
#elif defined(ESP_COUNTS_CYCLES)
    ESP.restart();
#endif
}

void setup()
{
    probe_port_init();
}

void loop()
{
    probe_poll();
    yield(); /* cores with an operating system or a radio do their own work here */
}
