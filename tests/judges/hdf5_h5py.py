"""Writes robomimic and stable-worldmodel files with h5py, imports them with Terrella, compares every number and pixel.

Usage: hdf5_h5py.py TERRELLA WORK   (see hdf5_h5py.sh)
"""

import io
import itertools
import json
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import pyarrow.parquet as pq
from leaving import leave
from PIL import Image

terrella, work = sys.argv[1], pathlib.Path(sys.argv[2])
STORED = {"contiguous": {}, "gzip": dict(chunks=True, compression="gzip", shuffle=True), "lzf": dict(chunks=True, compression="lzf")}


def imported(folder):
    table = pq.read_table(sorted(folder.glob("data/*/*.parquet"))[0]).to_pydict()
    numbers = lambda name: np.array([np.atleast_1d(x) for x in table[name]], np.float32)
    pictures = [np.array(Image.open(io.BytesIO(x["bytes"]))) for x in table["observation.image"]]
    return numbers("observation.state"), numbers("action"), np.stack(pictures), np.array(table["episode_index"])


def run(path, *options):
    out = path.with_suffix(".out")
    subprocess.run([terrella, "import", path, out, *options], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return imported(out)


cases = 0
for libver, (name, stored), dtype in itertools.product(("earliest", "latest"), STORED.items(), ("f4", "f8")):
    rng = np.random.default_rng(cases)
    path = work / f"robomimic-{libver}-{name}-{dtype}.hdf5"
    want = [[], [], [], []]
    with h5py.File(path, "w", libver=libver) as f:
        f.create_group("data").attrs["env_args"] = json.dumps({"env_name": "Lift", "env_kwargs": {"control_freq": 20}})
        for e, rows in enumerate((11, 3, 30)):
            actions, a, b = (rng.standard_normal((rows, w)).astype(dtype) for w in (7, 3, 4))
            pixels = rng.integers(0, 256, (rows, 12, 16, 3), np.uint8)
            demo = f.create_group(f"data/demo_{e}")
            demo.attrs["num_samples"] = rows
            demo.create_dataset("actions", data=actions, **stored)
            demo.create_dataset("dones", data=np.zeros(rows, np.int64), **stored)
            demo.create_dataset("obs/eef_pos", data=a, **stored)
            demo.create_dataset("obs/eef_quat", data=b, **stored)
            demo.create_dataset("obs/agentview_image", data=pixels, **stored)
            for part, values in zip(want, (np.hstack([a, b]), actions, pixels, np.full(rows, e))):
                part.append(values)
        f.create_dataset("mask/train", data=np.array([b"demo_0", b"demo_2"]))
    got = run(path)
    for g, w in zip(got, want):
        assert np.array_equal(g, np.concatenate(w).astype(g.dtype)), path
    cases += 1

    path = work / f"rows-{libver}-{name}-{dtype}.h5"
    lengths = np.array([9, 20, 5], np.int64)
    n = lengths.sum()
    actions, states = (rng.standard_normal((n, w)).astype(dtype) for w in (2, 5))
    actions[np.cumsum(lengths) - 1] = np.nan
    pixels = rng.integers(0, 256, (n, 12, 16, 3), np.uint8)
    with h5py.File(path, "w", libver=libver) as f:
        f["ep_len"], f["ep_offset"] = lengths.astype(np.int32), np.cumsum(lengths) - lengths
        for key, values in (("action", actions), ("state", states), ("pixels", pixels), ("proprio", states[:, :2])):
            f.create_dataset(key, data=values, **stored)
    got = run(path, "--fps", "10")
    want = states, np.nan_to_num(actions), pixels, np.repeat(np.arange(3), lengths)
    for g, w in zip(got, want):
        assert np.array_equal(g, w.astype(g.dtype)), path
    cases += 1
print(f"{cases} files of h5py {h5py.version.version} (HDF5 {h5py.version.hdf5_version}): every number and every pixel equal")
leave()
