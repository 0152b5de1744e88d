// The functions of the stub's Arduino core on QEMU's MPS2 board, so that a sketch runs there.
#include "Arduino.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART 0x40004000u
#define TIMER 0x40000000u
#define TICKS_PER_US 25u

StubSerial Serial;

void StubSerial::begin(unsigned long)
{
    REGISTER(UART + 16) = 16;
    REGISTER(UART + 8) = 3;
    REGISTER(TIMER + 8) = 0xffffffffu;
    REGISTER(TIMER + 4) = 0xffffffffu;
    REGISTER(TIMER) = 1;
}

int StubSerial::available()
{
    return REGISTER(UART + 4) & 2 ? 1 : 0;
}

int StubSerial::read()
{
    return (int)(REGISTER(UART) & 0xff);
}

size_t StubSerial::write(uint8_t byte)
{
    while (REGISTER(UART + 4) & 1) {
    }
    REGISTER(UART) = byte;
    return 1;
}

extern "C" unsigned long micros(void)
{
    return ~REGISTER(TIMER + 4) / TICKS_PER_US;
}

extern "C" void yield(void)
{
}

extern "C" void noInterrupts(void)
{
}

extern "C" void interrupts(void)
{
}

int main()
{
    setup();
    for (;;) {
        loop();
    }
}
