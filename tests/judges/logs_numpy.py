"""Reads pendulum trials and a motorway segment with pandas and NumPy, puts them onto rows with
numpy.interp (states) and the newest sample (actions), and compares with what Terrella imported.

Usage: logs_numpy.py RECORDINGS IMPORTED   (see logs_numpy.sh)
"""

import pathlib
import re
import sys

import numpy as np
import pandas as pd
from leaving import leave

LIMIT = 2e-6  # 32-bit floats of numbers up to about 20


def imported(folder):
    table = pd.concat(pd.read_parquet(f) for f in sorted(folder.glob("data/*/*.parquet")))
    rows = lambda name: np.stack([np.atleast_1d(x) for x in table[name]])
    return rows("observation.state"), rows("action")


def natural(path):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(path))]


def instants(clocks, fps):
    start, end = max(c[0] for c in clocks), min(c[-1] for c in clocks)
    return start + np.arange(int(np.floor((end - start) * fps + 1e-6)) + 1) / fps


def interpolated(at, times, values):
    values = values.reshape(len(times), -1)
    return np.stack([np.interp(at, times, column) for column in values.T], 1)


def held(at, times, values):
    return values.reshape(len(times), -1)[np.searchsorted(times, at + 1e-9, "right") - 1]


def pendulum(folder):
    states, actions = [], []
    for path in sorted(folder.rglob("*.csv.gz"), key=lambda p: natural(p.relative_to(folder))):
        table = pd.read_csv(path, skipinitialspace=True)
        table = table[~table.time.duplicated(keep="last")]
        pick = lambda *names: table[next(n for n in names if n in table)].to_numpy()
        times = table.time.to_numpy()
        at = instants([times], 200)
        columns = [pick(f"{what}{i}", f"{what}_meas{i}") for what in ("pos", "vel") for i in (1, 2)]
        states.append(interpolated(at, times, np.stack(columns, 1)))
        actions.append(held(at, times, np.stack([pick(f"tau{i}", f"tau_meas{i}") for i in (1, 2)], 1)))
    return np.concatenate(states), np.concatenate(actions)


def motorway(folder):
    log = lambda name: (np.load(folder / f"processed_log/{name}/t.npy"), np.load(folder / f"processed_log/{name}/value.npy"))
    streams = [log(name) for name in ("CAN/speed", "CAN/wheel_speed", "IMU/gyro", "IMU/accelerometer")]
    pose = folder / "global_pose"
    streams.append((np.load(pose / "frame_times.npy"), np.load(pose / "frame_velocities.npy")))
    steering = log("CAN/steering_angle")
    at = instants([times for times, _ in streams + [steering]], 20)
    return np.concatenate([interpolated(at, *s) for s in streams], 1), np.deg2rad(held(at, *steering))


def main():
    recordings, work = map(pathlib.Path, sys.argv[1:3])
    worst = 0.0
    for name, (states, actions) in {
        "pendulum": pendulum(recordings / "double_pendulum_dfki"),
        "motorway": motorway(recordings / "comma2k19_segment"),
    }.items():
        ours = imported(work / name)
        assert ours[0].shape == states.shape and ours[1].shape == actions.shape, (name, ours[0].shape, states.shape)
        differences = [float(abs(a - b).max()) for a, b in zip(ours, (states, actions))]
        worst = max(worst, *differences)
        print(f"{name}: {len(states)} rows, states differ by {differences[0]:.1e}, actions by {differences[1]:.1e}")
    leave(failed=not worst <= LIMIT)


main()
