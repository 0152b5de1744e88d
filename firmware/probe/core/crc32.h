/* CRC-32 as in zlib. */
#ifndef TSNAS_CRC32_H
#define TSNAS_CRC32_H

#include <stdint.h>

/* Updates `crc`, initially 0, with `length` bytes. */
uint32_t probe_crc32(uint32_t crc, const uint8_t *bytes, uint32_t length);

#endif
