/* What the library for revision 2 of the board is included by. */
#pragma once
#include "imu.h"
