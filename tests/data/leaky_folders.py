"""Folders of recordings in which one column is no sensor, or in which all columns are sensors, drawn by a seed."""

import pathlib

import numpy as np

CLASSES = ("idle", "shake", "tap")
LEAKS = ("seconds", "epoch", "index", "countdown", "packet", "wrap", "class", "one hot", "user", "file", "norm")
# For each leak, names that people give to such columns, some of which say nothing.
NAMES = {
    "seconds": ("seconds_elapsed", "Time (s)", "elapsed", "t_rel", "ch0"),
    "epoch": ("timestamp", "unix_ms", "epoch", "device time", "col7"),
    "index": ("index", "sample", "Unnamed: 0", "n", "aux"),
    "countdown": ("remaining", "counter", "ttl", "c"),
    "packet": ("packet", "packetCounter", "frame_no", "blk"),
    "wrap": ("seq", "counter8", "PacketID", "w"),
    "class": ("activity_id", "label_code", "target", "q"),
    "one hot": ("is_tap", "tap", "flag"),
    "user": ("user_id", "subject", "age", "g"),
    "file": ("trial", "session", "recording_no", "f"),
    "norm": ("norm", "acc_mag", "SVM", "total"),
}
SENSORS = ("noise", "ramp", "meter", "saturated", "constant", "temperature", "switch", "integer", "humidity", "battery")


def make_folder(folder: pathlib.Path, seed: int, leak: str | None) -> str:
    """Writes `CLASS/userN_K.csv` with `time_ms`, three axes, another sensor or two and a leak; returns its name."""
    rng = np.random.default_rng(seed)
    users, takes = int(rng.integers(3, 5)), int(rng.integers(1, 3))
    hz = float(rng.choice([20, 50, 100]))
    name = str(rng.choice(NAMES[leak])) if leak else ""
    further = [str(one) for one in rng.choice(SENSORS, int(rng.integers(1, 4)), replace=False)]
    place, clock = int(rng.integers(0, 4)), 0.0
    for user in range(users):
        for code, label in enumerate(CLASSES):
            for take in range(takes):
                samples = int(rng.integers(150, 300))
                times = np.round(1000 * (np.arange(samples) + rng.uniform(-0.1, 0.1, samples)) / hz)
                axes = np.round(rng.normal([0, 0, 1], 0.3, (samples, 3)), 3)
                columns = {"ax": axes[:, 0], "ay": axes[:, 1], "az": axes[:, 2]}
                columns |= {one: make_sensor(one, samples, hz, rng) for one in further}
                if leak:
                    number = (user * len(CLASSES) + code) * takes + take
                    values = make_leak(leak, name, samples, hz, clock, (code, label, user, number), axes, times, rng)
                    items = list(columns.items())
                    columns = dict(items[:place] + [(name, values)] + items[place:])
                clock += samples / hz + 3
                path = folder / label / f"user{user}_{take}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                rows = np.column_stack([times, *columns.values()])
                lines = [",".join(f"{value:.15g}" for value in row) for row in rows]
                path.write_text("\n".join([",".join(["time_ms", *columns]), *lines]) + "\n")
    return name


def make_leak(leak, name, samples, hz, clock, codes, axes, times, rng):
    code, label, user, number = codes
    order = np.arange(samples)
    return {
        "seconds": lambda: np.round(clock + times / 1000, 3),
        "epoch": lambda: np.round(1_700_000_000_000 + 1000 * clock + times),
        "index": lambda: order + round(clock * hz),
        "countdown": lambda: 5000 - order,
        "packet": lambda: 17 * number + order // 8,
        "wrap": lambda: (order + 31 * number) % (64 if hz == 50 else 100),
        "class": lambda: np.full(samples, code + 1),
        "one hot": lambda: np.full(samples, int(label == "tap")),
        "user": lambda: np.full(samples, 20 + 3 * user),
        "file": lambda: np.full(samples, number),
        "norm": lambda: np.round(np.linalg.norm(axes, axis=1), 3),
    }[leak]()


def make_sensor(kind, samples, hz, rng):
    time = np.arange(samples) / hz
    return {
        "noise": lambda: np.round(rng.normal(5, 1, samples), 4),
        # Slow sensors of one step, without noise in many places.
        "ramp": lambda: np.round(20 + rng.uniform(0.05, 0.2) * time + rng.normal(0, 0.02, samples), 2),
        "temperature": lambda: np.round(rng.uniform(15, 30) + rng.uniform(-0.1, 0.2) * time, 1),
        "meter": lambda: np.round(rng.uniform(1e3, 9e3) + np.cumsum(rng.exponential(0.3, samples))),
        "saturated": lambda: np.clip(np.round(rng.normal(0, 3, samples), 2), -2, 2),
        "constant": lambda: np.full(samples, 4.2),
        "switch": lambda: rng.random(samples).cumsum() // 20 % 2,
        "integer": lambda: np.round(300 * np.sin(time) + rng.normal(0, 20, samples)),
        "humidity": lambda: np.full(samples, float(rng.integers(40, 60))),
        "battery": lambda: np.round(100 - 0.01 * time, 1),
    }[kind]()
