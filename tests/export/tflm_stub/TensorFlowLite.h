/* What the Arduino library is included by. */
#pragma once
