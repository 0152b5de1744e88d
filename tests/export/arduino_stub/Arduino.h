/* As much of an Arduino core as exported sketches use, in simulated time. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef LIMIT_US
#define LIMIT_US 0
#endif
#ifndef LOOK_US
#define LOOK_US 3 /* that each look at the clock takes */
#endif
#define F_CPU 64000000L

static unsigned long clock_us;

static inline bool input_ended()
{
    const int next = getc(stdin);
    ungetc(next, stdin);
    return next == EOF;
}

static inline void pass(unsigned long us)
{
    clock_us += us;
    if (clock_us > LIMIT_US && input_ended()) {
        fflush(stdout);
        exit(0);
    }
}

static inline unsigned long micros()
{
    pass(LOOK_US);
    return clock_us;
}

static inline unsigned long millis()
{
    return micros() / 1000;
}

static inline void delay(unsigned long ms)
{
    pass(1000 * ms);
}

class Port {
 public:
    void begin(unsigned long) {}
    operator bool() { return true; }
    int available()
    {
        if (input_ended()) {
            pass(3);
            return 0;
        }
        return 1;
    }
    int read() { return getc(stdin); }
    size_t print(const char text[]) { return (size_t)printf("%s", text); }
    size_t print(double value, int digits = 2) { return (size_t)printf("%.*f", digits, value); }
    size_t println(const char text[]) { return (size_t)printf("%s\r\n", text); }
};

static Port Serial;
void setup();
void loop();
