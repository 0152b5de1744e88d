/* Just enough declarations of Mbed OS 6.17 to compile the port without it; nothing here runs. Those that could clash
   with names of the port are as in its own headers (hal/port_api.h, drivers/UnbufferedSerial.h). */
#ifndef STUB_MBED_H
#define STUB_MBED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum { CONSOLE_TX, CONSOLE_RX } PinName;
typedef enum { PortA } PortName;
typedef enum { PIN_INPUT, PIN_OUTPUT } PinDirection;
typedef enum { PullNone } PinMode;

extern "C" {
typedef struct port_s port_t;
PinName port_pin(PortName port, int pin_n);
void port_init(port_t *obj, PortName port, int mask, PinDirection dir);
void port_mode(port_t *obj, PinMode mode);
void port_dir(port_t *obj, PinDirection dir);
void port_write(port_t *obj, int value);
int port_read(port_t *obj);

extern uint32_t SystemCoreClock;
void core_util_critical_section_enter(void);
void core_util_critical_section_exit(void);
void NVIC_SystemReset(void);
}

namespace mbed
{
template <typename F> class Callback;

template <typename R, typename... Args> class Callback<R(Args...)>
{
public:
    Callback(R (*function)(Args...) = 0);
};

class SerialBase
{
public:
    enum IrqType { RxIrq = 0, TxIrq };
    void attach(Callback<void()> func, IrqType type = RxIrq);
};

class UnbufferedSerial : public SerialBase
{
public:
    UnbufferedSerial(PinName tx, PinName rx, int baud = 9600);
    ssize_t write(const void *buffer, size_t size);
    ssize_t read(void *buffer, size_t size);
    bool readable();
};
} // namespace mbed

using namespace mbed;

#endif
