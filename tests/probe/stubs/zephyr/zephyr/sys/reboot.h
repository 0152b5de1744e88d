/* Declarations of Zephyr for the port of the probe; nothing here runs. */
#pragma once
#define SYS_REBOOT_COLD 1
void sys_reboot(int type) __attribute__((noreturn));
