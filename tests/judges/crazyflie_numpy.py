"""Reads logs of a Crazyflie's SD card with NumPy, as records of the types that their head names, and compares with what
Terrella imports: all columns as they are, by a mapping; then what is imported without one, in SI units.

Usage: crazyflie_numpy.py TERRELLA LOGS WORK   (see crazyflie_numpy.sh)
"""

import json
import pathlib
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
from leaving import leave

G = 9.80665


def run(terrella, *arguments):
    done = subprocess.run([terrella, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)


def imported(folder):
    table = pd.concat(pd.read_parquet(f) for f in sorted(folder.glob("data/*/*.parquet")))
    rows = lambda name: np.stack([np.atleast_1d(x) for x in table[name]])
    names = json.loads((folder / "meta/info.json").read_text())["features"]["observation.state"]["names"]
    names = names if isinstance(names, list) else next(iter(names.values()))
    return rows("observation.state"), rows("action"), table["timestamp"].to_numpy(), names


def decoded(path):
    """The one kind of event of a log of version 2."""
    data = path.read_bytes()
    assert data[0] == 0xBC and np.frombuffer(data, "<u2", 2, 1).tolist() == [2, 1], "version 2, one kind of event"
    assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little"), "the checksum"
    begin = data.index(0, 7) + 1
    n = int.from_bytes(data[begin : begin + 2], "little")
    names = data[begin + 2 :].split(b"\0", n)[:n]
    begin += 2 + sum(len(name) + 1 for name in names)
    kinds = {"f": "<f4", "I": "<u4", "H": "<u2", "i": "<i4", "h": "<i2", "B": "u1", "b": "i1"}
    columns = [(name.decode()[:-3], kinds[name.decode()[-2]]) for name in names]
    return np.frombuffer(data[begin:-4], np.dtype([("id", "<u2"), ("timestamp", "<u8"), *columns])), [name for name, _ in columns]


def main():
    terrella, logs, work = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    for path in sorted(logs.glob("log*")):
        events, names = decoded(path)
        mapping, out = work / "map.toml", work / path.name
        mapping.write_text(f"[clock]\ncolumn = \"timestamp\"\n[[state]]\ntopic = \"fixedFrequency\"\ncolumns = {json.dumps(names)}\nalign = \"hold\"\n")
        run(terrella, "import", path, out, "--map", mapping)
        states, _, times, _ = imported(out)
        kept = np.append(np.diff(events["timestamp"].astype(np.int64)) > 0, True)
        wanted = np.stack([events[name].astype(np.float32) for name in names], 1)[kept]
        assert np.array_equal(states, wanted), (path, states.shape, wanted.shape)
        ticks = (events["timestamp"][kept] - events["timestamp"][0]) * 1e-6
        assert np.abs(times - ticks).max() < 2e-6 + ticks[-1] * 2**-22, np.abs(times - ticks).max()
        print(f"{path.name}: {states.size} numbers equal bit for bit")

        out = work / f"{path.name}-guessed"
        run(terrella, "import", path, out)
        states, actions, _, names = imported(out)
        fps = json.loads((out / "meta/info.json").read_text())["fps"]
        at, events = events["timestamp"][kept] * 1e-6, events[kept]
        rows = at[0] + np.arange(int(np.floor((at[-1] - at[0]) * fps + 1e-5)) + 1) / fps
        factor = lambda name: G if name.startswith("acc") else np.pi / 180
        line = np.stack([np.interp(rows, at, events[n].astype(np.float64) * factor(n)) for n in names], 1)
        motors = np.stack([events[f"motor.m{i}"] for i in range(1, 5)], 1)
        held = motors[np.searchsorted(at, rows + 1e-9, "right") - 1].astype(np.float32)
        assert states.shape == line.shape and actions.shape == held.shape, (states.shape, line.shape)
        worst = np.abs(states - line).max()
        print(f"{path.name}: without a mapping {len(states)} rows at {fps} a second, states differ by {worst:.1e}, {(actions != held).any(1).sum()} actions differ")
        assert worst < 1e-5 and np.array_equal(actions, held)
    leave()


main()
