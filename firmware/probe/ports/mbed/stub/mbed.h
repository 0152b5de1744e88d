/* Just enough declarations of Mbed OS to compile the port without it; nothing here runs. */
#ifndef STUB_MBED_H
#define STUB_MBED_H

#include <stddef.h>
#include <stdint.h>

enum PinName { CONSOLE_TX, CONSOLE_RX };

struct SerialBase {
    enum IrqType { RxIrq, TxIrq };
};

class UnbufferedSerial : public SerialBase
{
public:
    UnbufferedSerial(PinName tx, PinName rx, int baud);
    long write(const void *bytes, size_t length);
    long read(void *bytes, size_t length);
    bool readable();
    void attach(void (*function)(), IrqType type);
};

struct DWT_Type {
    volatile uint32_t CTRL, CYCCNT;
};
struct CoreDebug_Type {
    volatile uint32_t DEMCR;
};
#define DWT ((DWT_Type *)0xe0001000u)
#define CoreDebug ((CoreDebug_Type *)0xe000edf0u)
#define DWT_CTRL_CYCCNTENA_Msk 1u
#define CoreDebug_DEMCR_TRCENA_Msk (1u << 24)

extern "C" {
extern uint32_t SystemCoreClock;
void core_util_critical_section_enter(void);
void core_util_critical_section_exit(void);
void NVIC_SystemReset(void);
}

#endif
