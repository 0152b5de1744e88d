"""Recordings as the pages name them: .zip files of a phone, and long files with a second one of segments."""

import zipfile

import numpy as np

HZ, SECONDS = 50, 12
START_NS = 1_714_550_000_000_000_000
KINDS = {"sitting": 0.3, "walking": 1.8, "stairs": 2.4}


def _motion(hz, seed, samples=HZ * SECONDS):
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * hz * np.arange(samples)[:, np.newaxis] / HZ
    return np.sin(phase + np.arange(6)) + rng.normal(0, 0.2, (samples, 6)) + [0, 0, 9, 0, 0, 0]


def phone(folder):
    """Two persons with each activity, in .zip files of Sensor Logger."""
    for user, who in enumerate(("anna", "ben")):
        (folder / who).mkdir(parents=True)
        for number, (kind, hz) in enumerate(KINDS.items()):
            values = _motion(hz, 10 * user + number)
            with zipfile.ZipFile(folder / who / f"{kind}-2024-05-01_09-30-0{number}.zip", "w") as archive:
                for sensor, own in (("Accelerometer", values[:, :3]), ("Gyroscope", values[:, 3:])):
                    rows = [
                        f"{START_NS + 20_000_000 * k},{k / HZ:.3f}," + ",".join(f"{value:.5f}" for value in row)
                        for k, row in enumerate(own)
                    ]
                    archive.writestr(f"{sensor}.csv", "\n".join(["time,seconds_elapsed,z,y,x", *rows]) + "\n")


def long(folder):
    """Two recordings of each of four persons, and their segments."""
    (folder / "rec").mkdir(parents=True)
    segments, tracks = ["file,start,end,label"], folder / "audacity"
    tracks.mkdir()
    for user, who in enumerate(("anna", "ben", "cleo", "dan")):
        for take in (1, 2):
            values = np.concatenate([_motion(hz, 100 * user + 10 * take + n) for n, hz in enumerate(KINDS.values())])
            rows = [
                f"{k},{START_NS // 10**9 + k / HZ:.3f}," + ",".join(f"{v:.4f}" for v in row)
                for k, row in enumerate(values)
            ]
            name = f"{who}_{take}"
            text = "\n".join(["sample,timestamp,ax [g],ay [g],az [g],gx [deg/s],gy [deg/s],gz [deg/s]", *rows])
            (folder / "rec" / f"{name}.csv").write_text(text + "\n")
            bounds = [(SECONDS * k, SECONDS * (k + 1), kind) for k, kind in enumerate(("null", "squat", "lunge"))]
            segments += [f"{name}.csv,{start},{end},{kind}" for start, end, kind in bounds]
            (tracks / f"{name}.txt").write_text("".join(f"{a}\t{b}\t{kind}\n" for a, b, kind in bounds))
    (folder / "segments.csv").write_text("\n".join(segments) + "\n")
