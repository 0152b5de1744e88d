/* An inertial sensor with the interface of both libraries: its readings are numbers that can be told apart. */
#pragma once
#include "Arduino.h"

#ifndef READ_US
#define READ_US 0
#endif

class Sensor {
 public:
    int begin() { return 1; }
    int readAcceleration(float &x, float &y, float &z) { return read(1.0f, x, y, z); }
    int readGyroscope(float &x, float &y, float &z) { return read(10.0f, x, y, z); }
    int readMagneticField(float &x, float &y, float &z) { return read(100.0f, x, y, z); }

 private:
    int read(float of, float &x, float &y, float &z)
    {
        fprintf(stderr, "%lu\n", clock_us);
        pass(READ_US);
        x = of;
        y = 2.0f * of;
        z = -of;
        return 1;
    }
};

static Sensor IMU;
