/* Declarations of Zephyr for the port of the probe; nothing here runs. */
#pragma once
unsigned int irq_lock(void);
void irq_unlock(unsigned int key);
