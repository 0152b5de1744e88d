/* Sends samples in binary frames, @RATE_HZ@ a second, for `tsnas data record` and `tsnas live`. Made by tsnas.

   A frame: 0xA5 0x5A, form, counter, values (least byte first), CRC-16 of all after the sync bytes. The form is the
   number of values, and 0x40 for float values. A form of 0x80 is a frame of names, whose counter is its length. */
#include <Arduino.h>

#define CHANNELS @CHANNELS@
#define PERIOD_US @PERIOD_US@UL
static const char names[] = "@NAMES@";

/* Put your sensor here: one value for each of the names, in the unit that you want. */
static void read_sensor(@TYPE@ values[CHANNELS])
{
    for (int i = 0; i < CHANNELS; i++) {
        values[i] = (@TYPE@)analogRead(A0 + i);
    }
}

static uint16_t crc16(const uint8_t *bytes, int count)
{
    uint16_t crc = 0xFFFF;
    while (count-- > 0) {
        crc ^= (uint16_t)((uint16_t)*bytes++ << 8);
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
        }
    }
    return crc;
}

static void send(uint8_t form, uint8_t counter, const void *content, int size)
{
    static uint8_t frame[6 + 256];
    frame[0] = 0xA5;
    frame[1] = 0x5A;
    frame[2] = form;
    frame[3] = counter;
    memcpy(frame + 4, content, size);
    const uint16_t crc = crc16(frame + 2, 2 + size);
    frame[4 + size] = (uint8_t)(crc & 0xFF);
    frame[5 + size] = (uint8_t)(crc >> 8);
    Serial.write(frame, 6 + size);
}

void setup()
{
    Serial.begin(@BAUD@);
}

void loop()
{
    static uint32_t due = micros();
    static uint8_t counter = 0;
    if ((int32_t)(micros() - due) < 0) {
        return;
    }
    due += PERIOD_US;
    /* Whoever opens the port later hears the names soon. */
    if (counter == 0) {
        send(0x80, (uint8_t)(sizeof names - 1), names, sizeof names - 1);
    }
    @TYPE@ values[CHANNELS];
    read_sensor(values);
    send(@FORM@, counter++, values, sizeof values);
}
