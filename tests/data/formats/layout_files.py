"""Files of many layouts as their programs and devices write them, for tests: each function fills a folder."""

import json
import struct
import zipfile

import numpy as np

RNG = np.random.default_rng(7)
ROWS, HZ = 400, 50.0
# A slow wave with some noise for each axis, as a sensor has it.
VALUES = np.round(np.sin(np.arange(ROWS)[:, np.newaxis] / 9 + [0, 1, 2]) + RNG.normal(0, 0.05, (ROWS, 3)), 4)
EPOCH_MS = 1_714_550_000_000


def lines(head, rows, between=","):
    return "\n".join([head, *(between.join(map(str, row)) for row in rows)]) + "\n"


# binary files of devices:


def cwa_stamp(seconds):
    """2024-05-01 10:00:00 and some seconds, packed as the device does."""
    return (
        (24 << 26) | (5 << 22) | (1 << 17) | ((10 + seconds // 3600) << 12) | (seconds // 60 % 60 << 6) | seconds % 60
    )


def cwa_block(number, start_s, levels, rate_code, packed=False, axes=3, scale=0, session=7):
    """A block whose time holds at its first whole second, with the fraction left out as older firmware does."""
    rate_hz = 3200 / (1 << (15 - (rate_code & 15)))
    whole = int(np.ceil(start_s))
    offset = round((whole - start_s) * rate_hz)
    head = struct.pack(
        "<2sHHIIIHHBBBBhH", b"AX", 508, 123, session, number, cwa_stamp(whole), scale << 10, 300, 0, 200, rate_code,
        (axes << 4) | (0 if packed else 2), offset, len(levels),
    )  # fmt: skip
    if packed:
        words = []
        for row in levels:
            exponent = next(e for e in range(4) if all(-512 <= int(v) >> e < 512 for v in row))
            x, y, z = ((int(v) >> exponent) & 0x3FF for v in row)
            words.append(exponent << 30 | z << 20 | y << 10 | x)
        body = np.array(words, "<u4").tobytes()
    else:
        body = np.asarray(levels, "<i2").tobytes()
    block = (head + body).ljust(510, b"\0")
    return block + struct.pack("<H", -int(np.frombuffer(block, "<u2").sum()) & 0xFFFF)


def cwa(path, levels, packed=False, axes=3, scale=0, rate_code=0x4A, skip=(), about=b"_c=1&_sc=P07"):
    """Levels (samples, axes) at the rate of the code: 0x4A is 100 Hz and 8 g."""
    rate_hz = 3200 / (1 << (15 - (rate_code & 15)))
    header = struct.pack("<2sHBHI", b"MD", 1020, 0x17 if axes == 3 else 0x64, 123, 7).ljust(36, b"\xff")
    header = (header + bytes([rate_code])).ljust(64, b"\xff") + about.ljust(448, b" ")
    size = 120 if packed else 480 // (2 * axes)
    blocks = [
        cwa_block(number, 1.0 + number * size / rate_hz, levels[at : at + size], rate_code, packed, axes, scale)
        for number, at in enumerate(range(0, len(levels), size))
        if number not in skip
    ]
    path.write_bytes(header.ljust(1024, b"\xff") + b"".join(blocks))


def gt3x_record(kind, second, payload):
    head = struct.pack("<BBIH", 0x1E, kind, second, len(payload))
    return head + payload + bytes([np.bitwise_xor.reduce(np.frombuffer(head + payload, np.uint8)) ^ 0xFF])


def gt3x(path, levels, rate_hz=30, kind=0x1A, serial="MOS2E20180001", subject="P01", scale=True, seconds=None):
    """A second of levels (samples, 3) in each record, the seconds 0, 1, 2 and so on unless they are given."""
    log = gt3x_record(6, 1_714_557_600, json.dumps({"MetadataType": "Bio"}).encode())
    if scale:
        log += gt3x_record(0x15, 1_714_557_600, bytes.fromhex("0000370000004009"))
    for second, at in enumerate(range(0, len(levels), rate_hz)):
        part = np.asarray(levels[at : at + rate_hz])
        if kind == 0x1A:
            payload = part.astype("<i2").tobytes()
        else:
            nibbles = "".join(f"{int(v) & 0xFFF:03x}" for row in part for v in (row[1], row[0], row[2]))
            payload = bytes.fromhex(nibbles + "0" * (len(nibbles) % 2))
        log += gt3x_record(kind, 1_714_557_600 + (second if seconds is None else seconds[second]), payload)
        if second == 1:
            log += gt3x_record(2, 1_714_557_601, b"\x10\x10") + b"\0\0" + gt3x_record(kind, 1_714_557_601, b"\x01")
    info = f"Serial Number: {serial}\nFirmware: 1.9.2\nSample Rate: {rate_hz}\nStart Date: 638501544000000000\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("info.txt", info + f"Subject Name: {subject}\n")
        archive.writestr("log.bin", log)


# biosignals:


def edf(path, signals, records, seconds=1, annotations=(), patient="X X X X", kind="EDF+C"):
    """Signals: name, unit, levels (records, samples per record), and physical and digital ends.

    Annotations are (onset, duration or None, text); each record begins with its own onset, as EDF+ asks for.
    """
    tals = [f"+{seconds * number}\x14\x14\0" for number in range(records)]
    if annotations:
        tals[0] += "".join(
            f"+{onset}" + (f"\x15{duration}" if duration is not None else "") + f"\x14{text}\x14\0"
            for onset, duration, text in annotations
        )
    size = max(map(len, tals)) + 1
    size += size % 2
    signals = [*signals, ("EDF Annotations", "", None, (-1, 1), (-32768, 32767))]
    fields = [[], [], [], [], [], [], [], [], [], []]
    for name, unit, levels, physical, digital in signals:
        count = size // 2 if levels is None else levels.shape[1]
        row = (name, "", unit, *physical, *digital, "", count, "")
        for field, value, width in zip(fields, row, (16, 80, 8, 8, 8, 8, 8, 80, 8, 32), strict=True):
            field.append(str(value).ljust(width))
    head = "0".ljust(8) + patient.ljust(80) + "Startdate 01-MAY-2024 X X X".ljust(80) + "01.05.2410.00.00"
    head += str(256 * (len(signals) + 1)).ljust(8) + kind.ljust(44) + str(records).ljust(8) + str(seconds).ljust(8)
    head += str(len(signals)).ljust(4) + "".join("".join(field) for field in fields)
    body = b""
    for number in range(records):
        for _, _, levels, _, _ in signals:
            body += (
                tals[number].encode().ljust(size, b"\0") if levels is None else levels[number].astype("<i2").tobytes()
            )
    path.write_bytes(head.encode("latin-1") + body)


def wfdb_212(levels):
    """Two signals of 12 bits in three bytes for each sample of both."""
    first, second = (levels & 0xFFF).T
    packed = np.stack([first & 0xFF, (first >> 8) | ((second >> 8) << 4), second & 0xFF], axis=1)
    return packed.astype(np.uint8).tobytes()


def wfdb_annotations(marks):
    """Annotations (sample, code, text) in the MIT format; 28 is a change of the rhythm, 1 a normal beat."""
    words, before = b"", 0
    for sample, code, text in marks:
        step = sample - before
        if step > 1023:
            words += struct.pack("<HHH", 59 << 10, step >> 16, step & 0xFFFF)
            step = 0
        words += struct.pack("<H", code << 10 | step)
        if text:
            words += struct.pack("<H", 63 << 10 | len(text)) + text.encode().ljust(len(text) + len(text) % 2, b"\0")
        before = sample
    return words + b"\0\0"


def wfdb(folder, name, levels, rate_hz=360, kind=212, marks=None, units="mV", names=("MLII", "V5")):
    content = wfdb_212(levels) if kind == 212 else levels.astype("<i2").tobytes()
    (folder / f"{name}.dat").write_bytes(content)
    rows = [
        f"{name}.dat {kind} 200(1024)/{units} 11 1024 {levels[0, k]} {int(levels[:, k].sum()) % 65536} 0 {signal}"
        for k, signal in enumerate(names)
    ]
    (folder / f"{name}.hea").write_text(f"{name} {len(names)} {rate_hz} {len(levels)}\n" + "\n".join(rows) + "\n")
    if marks is not None:
        (folder / f"{name}.atr").write_bytes(wfdb_annotations(marks))
