/* Declarations of Zephyr for the port of the probe; nothing here runs. */
#pragma once
#include <stdint.h>

#define CONFIG_BOARD "stub"
uint32_t k_cycle_get_32(void);
void k_busy_wait(uint32_t usec_to_wait);
int sys_clock_hw_cycles_per_sec(void);
