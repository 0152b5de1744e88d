"""Words in the names of columns: clocks, counters, codes and what sensors measure."""

from __future__ import annotations

import re


def word_set(text: str) -> frozenset[str]:
    """Returns the words of a text, each once."""
    return frozenset(text.split())


# A name says what values alone cannot, for a meter may rise as evenly as a clock.
CLOCKS = word_set(
    """
    clock date datetime elapsed epoch micros microseconds millis milliseconds ms msec nanos nanoseconds ns s sec
    second seconds stamp t tick ticks time timer times timestamp timestamps ts uptime us usec utc zeit
    """
)
# Counters of rows, packets or messages.
COUNTERS = word_set(
    """
    cnt count counter frame frames i id idx index iteration line message msg n no nr num number packet packets pkt
    row sample samples seq seqno sequence serial
    """
)
# Codes of classes.
CODES = word_set(
    """
    activity annotation behavior behaviour category class classes cls code gesture gt id idx label labels target
    truth y
    """
)
# Codes of users, recordings or devices.
OWNERS = word_set(
    """
    batch board case device experiment file fold folder group id idx index mac no node nr number part participant
    patient person rec recording rep repetition round run sequence serial session set subject take test trial user
    uuid wearer
    """
)
# Names that say nothing, as programs give them.
NO_NAMES = word_set("col column feature field value var")
# What sensors measure; a column with such a word is left out only if it was computed from others.
SENSORS = word_set(
    """
    acc accel acceleration accelerometer adc altitude ambient amp amperage ampere angle baro barometer battery bpm bvp
    capacity charge co cpm
    current depth dist distance ecg eda eeg emg encoder energy flow force gas gyr gyro gyroscope heart hr humidity
    ibi intensity ir joint joule kwh lat level light load lon lux mag magnetometer meter mic motor odometer oxygen
    ph pitch position power ppg ppm pressure pulse pulses rain red revolutions roll rpm rssi soc sound spectrum
    speed spo step steps strain stroke sun tank temp temperature tension throttle tilt torque turbidity valve
    velocity vibration volt voltage volume water weight wh wind x yaw z
    """
)


def split_name(name: str) -> set[str]:
    """Returns the words of a column's name in lower case: `sampleIdx_2 [m/s]` gives `sample`, `idx` and `m`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"/\s*\w+", " ", name))
    return {word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]+", spaced.lower())} - {""}
