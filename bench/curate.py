"""Reads the datasets of bench/curate.sh with pandas and measures the same two things of each episode.

Usage: curate.py FOLDER
"""

import pathlib
import resource
import sys
import time

import numpy as np
import pandas as pd

folder = pathlib.Path(sys.argv[1])
begun = time.perf_counter()
tables = []
for dataset in sorted(folder.glob("in-*")):
    for file in sorted(dataset.glob("data/*/*.parquet")):
        table = pd.read_parquet(file, columns=["observation.state", "timestamp", "episode_index"])
        states = np.stack(table.pop("observation.state").to_numpy()).astype(np.float64)
        table[["x", "y", "vx", "vy"]] = states
        table["dataset"] = dataset.name
        tables.append(table)
table = pd.concat(tables)
read = time.perf_counter() - begun


def measure(rows):
    s = rows[["x", "y", "vx", "vy"]].to_numpy()
    t = rows["timestamp"].to_numpy()
    dt = (t[-1] - t[0]) / (len(t) - 1)
    jerk = np.sqrt((np.diff(s, 3, axis=0) ** 2).sum(1).mean()) / dt**3
    d = np.diff(s[:, :2], axis=0)
    usual = np.maximum((d**2).mean(0), 1e-30)
    r = np.sqrt(((np.diff(d, axis=0) ** 2) / usual).mean(1).max())
    v = (s[1:, 2:] + s[:-1, 2:]) / 2
    speed = np.maximum((v**2).mean(0), 1e-30)
    dot = (d * v / np.sqrt(usual * speed)).sum()
    cosine = dot / np.sqrt(((d**2) / usual).sum() * ((v**2) / speed).sum())
    return pd.Series({"jerk": jerk, "consistency": max(cosine, 0) / (1 + max(r - 2, 0))})


begun = time.perf_counter()
measured = table.groupby(["dataset", "episode_index"])[["timestamp", "x", "y", "vx", "vy"]].apply(measure)
took = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"pandas {pd.__version__}: {len(measured)} episodes, {len(table)} rows: read {read:.1f} s, measured {took:.1f} s, most memory {peak} kB")
print(f"mean jerk {measured.jerk.mean():.6f}, mean consistency {measured.consistency.mean():.6f}")

# What curate measured, where it kept the episode, is the same.
kept = pd.concat(pd.read_parquet(f) for f in sorted(folder.glob("out/*/lineage/episodes.parquet")))
kept = kept.drop_duplicates(["source", "source_episode"])
names = [f"in-{n}" for n in range(len(list(folder.glob("in-*"))))]
theirs = measured.loc[[(names[s], e) for s, e in zip(kept.source, kept.source_episode)]]
for name in ("jerk", "consistency"):
    off = np.abs(kept[name].to_numpy() / theirs[name].to_numpy() - 1).max()
    print(f"{name}: {len(kept)} episodes, largest relative difference {off:.1e}")
    assert off < 1e-4, name
