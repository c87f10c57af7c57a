"""Writes the small HDF5 files in crates/terrella-formats/tests/data with h5py 3.15, whose links and truths no writer in Rust makes.

Usage: hdf5_fixtures.py FOLDER
"""

import json
import pathlib
import sys

import h5py
import numpy as np

out = pathlib.Path(sys.argv[1])


def rows(at, n=3):
    return np.arange(n, dtype="f4")[:, None] + 10 * at


# Demonstrations flushed one by one, and the end cut off, as of a recorder that was killed.
whole = out / "whole.tmp"
with h5py.File(whole, "w") as f:
    f.create_group("data").attrs["env_args"] = json.dumps({"env_name": "Lift", "env_kwargs": {"control_freq": 20}})
    for e in range(3):
        f[f"data/demo_{e}/actions"] = rows(e)
        f[f"data/demo_{e}/obs/eef"] = rows(e) + 0.5
        f.flush()
size = whole.stat().st_size
(out / "cut.hdf5").write_bytes(whole.read_bytes()[: size * 9 // 10])
whole.unlink()

# A recording whose second episode lies in another file, and whose first is there under two names; old and new groups.
with h5py.File(out / "part.hdf5", "w") as f:
    f["far/actions"], f["far/observations"] = rows(2), rows(2, 4)
    f["far/terminations"], f["far/truncations"] = np.array([False, False, True]), np.array([False] * 3)
with h5py.File(out / "links.hdf5", "w", libver="latest") as f:
    f["store/one/actions"], f["store/one/observations"] = rows(1), rows(1, 4)
    f["store/one/terminations"], f["store/one/truncations"] = np.array([False] * 3), np.array([False, False, True])
    f["episode_0"] = h5py.SoftLink("/store/one")
    f["episode_1"] = h5py.ExternalLink("part.hdf5", "/far")
    f["episode_2"] = h5py.ExternalLink("missing.hdf5", "/far")
    f["episode_3"] = h5py.ExternalLink("../part.hdf5", "/far")
with h5py.File(out / "links_old.hdf5", "w") as f:
    f["a/b"] = rows(1)
    f["a/c"] = h5py.SoftLink("b")
    f["round"] = h5py.SoftLink("/round")
