/* Just enough declarations of an Arduino core to compile the port without one; nothing here runs. */
#ifndef STUB_ARDUINO_H
#define STUB_ARDUINO_H

#include <stddef.h>
#include <stdint.h>

class StubSerial
{
public:
    void begin(unsigned long baud);
    int available();
    int read();
    size_t write(uint8_t byte);
};

extern StubSerial Serial;

#if defined(ARDUINO_ARCH_ESP32)
struct EspClass {
    uint32_t getCycleCount();
    void restart();
};
extern EspClass ESP;
#endif

#ifndef F_CPU
#define F_CPU 48000000L
#endif

extern "C" {
unsigned long micros(void);
void yield(void);
void noInterrupts(void);
void interrupts(void);
/* Names of cores and their libraries that a port must not take. */
void init(void);
void initVariant(void);
uint32_t crc32(const void *data, size_t length);
}

void setup();
void loop();

#endif
