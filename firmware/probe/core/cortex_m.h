/* What every Cortex-M can tell: its name, and the cycles that it has counted where it has a counter (DWT). */
#ifndef TSNAS_CORTEX_M_H
#define TSNAS_CORTEX_M_H

#include <stdint.h>

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#define CORTEX_M
#elif defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__) || defined(__ARM_ARCH_8M_MAIN__) || \
    defined(__ARM_ARCH_8_1M_MAIN__)
#define CORTEX_M
#define CORTEX_M_COUNTS_CYCLES
#endif

#ifdef CORTEX_M
#define CORTEX_M_REGISTER(address) (*(volatile uint32_t *)(address))

static inline const char *cortex_m_name(void)
{
    switch (CORTEX_M_REGISTER(0xe000ed00u) >> 4 & 0xfff) { /* CPUID: number of the part */
    case 0xc20:
        return "cortex-m0";
    case 0xc60:
        return "cortex-m0plus";
    case 0xc23:
        return "cortex-m3";
    case 0xc24:
        return "cortex-m4";
    case 0xc27:
        return "cortex-m7";
    case 0xd20:
        return "cortex-m23";
    case 0xd21:
        return "cortex-m33";
    case 0xd22:
        return "cortex-m55";
    case 0xd23:
        return "cortex-m85";
    default:
        return "cortex-m";
    }
}

static inline void cortex_m_reset(void)
{
    CORTEX_M_REGISTER(0xe000ed0cu) = 0x05fa0004; /* AIRCR: system reset */
    for (;;) {
    }
}
#endif

#ifdef CORTEX_M_COUNTS_CYCLES
static inline void cortex_m_start_cycles(void)
{
    CORTEX_M_REGISTER(0xe000edfcu) |= 1u << 24; /* DEMCR: enables the counter */
#ifdef __ARM_ARCH_7EM__
    CORTEX_M_REGISTER(0xe0001fb0u) = 0xc5acce55; /* LAR: a Cortex-M7 locks its counter */
#endif
    CORTEX_M_REGISTER(0xe0001004u) = 0;
    CORTEX_M_REGISTER(0xe0001000u) |= 1;
}

static inline uint32_t cortex_m_cycles(void)
{
    return CORTEX_M_REGISTER(0xe0001004u);
}
#endif

#endif
