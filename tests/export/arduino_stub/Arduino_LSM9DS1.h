/* What the library for revision 1 of the board is included by. */
#pragma once
#include "imu.h"
