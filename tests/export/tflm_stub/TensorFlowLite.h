/* By which the Arduino library is included. */
#pragma once
