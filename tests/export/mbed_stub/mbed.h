/* As much of Mbed OS 6.17 as exported programs use, in simulated time: each sleep lasts until the ticker ticks. */
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

/* Functions of hal/port_api.h, whose names nothing else may have. */
struct port_t;
extern "C" {
void port_init(port_t *obj, int port, int mask, int dir);
void port_write(port_t *obj, int value);
int port_read(port_t *obj);
}

static void (*on_tick)();
static std::chrono::microseconds tick, now;

class Ticker {
 public:
    void attach(void (*function)(), std::chrono::microseconds period)
    {
        on_tick = function;
        tick = period;
    }
};

static inline void sleep()
{
    now += tick;
    if (now > std::chrono::microseconds(LIMIT_US)) {
        exit(0);
    }
    on_tick();
}
