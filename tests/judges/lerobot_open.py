"""Opens a dataset written by Terrella with LeRobot itself and compares it with the recording.

usage: lerobot_open.py DATASET [SOURCE.zarr.zip]

Checks that lerobot 0.4.4 loads the folder offline, that every table row is numbered as LeRobot
numbers it, that windows by `delta_timestamps` show the right rows, and, when the source recording is
given, that states, actions and pictures equal it. The recording is decoded here with numcodecs, so
nothing of Terrella takes part in the comparison. Prints one OK line a check; exits 1 at the first
difference.
"""

import os
import sys
import tempfile
import zipfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("HF_HOME", tempfile.mkdtemp(prefix="terrella-judge-"))

import json  # noqa: E402

import lerobot  # noqa: E402
import numpy as np  # noqa: E402
from leaving import leave  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402


def check(what, ok, detail=""):
    if not ok:
        print(f"FAIL {what} {detail}")
        sys.exit(1)
    print(f"OK   {what} {detail}".rstrip())


def zarr_array(archive, name, chunks=None):
    """Decodes an array of a zarr v2 zip; `chunks` picks row blocks, all by default."""
    import numcodecs

    meta = json.loads(archive.read(f"{name}/.zarray"))
    codec = numcodecs.get_codec(meta["compressor"]) if meta["compressor"] else None
    n = -(-meta["shape"][0] // meta["chunks"][0])
    parts = []
    for at in range(n) if chunks is None else chunks:
        raw = archive.read(f"{name}/" + ".".join([str(at)] + ["0"] * (len(meta["shape"]) - 1)))
        block = np.frombuffer(codec.decode(raw) if codec else raw, meta["dtype"])
        parts.append(block.reshape([meta["chunks"][0]] + meta["shape"][1:]))
    rows = meta["shape"][0] if chunks is None else None
    return np.concatenate(parts)[:rows], meta["chunks"][0]


def main(root, source=None):
    data = LeRobotDataset("terrella/judge", root=root)
    n = len(data)
    check(f"lerobot {lerobot.__version__} opens it", True, f"{data.num_episodes} episodes, {n} rows, {data.fps} fps")
    check("features", {"action", "timestamp", "index"} <= set(data.features), str(sorted(data.features)))
    table = data.hf_dataset.with_format("numpy")
    index = np.asarray(table["index"])
    check("index is contiguous", np.array_equal(index, np.arange(n)))
    lengths = [int(e["length"]) for e in data.meta.episodes]
    frame = np.concatenate([np.arange(k) for k in lengths])
    check("lengths", sum(lengths) == n and np.array_equal(np.asarray(table["frame_index"]), frame), f"{min(lengths)} to {max(lengths)}")
    check("timestamps", np.abs(np.asarray(table["timestamp"]) - frame / data.fps).max() < 1e-4)
    check("tasks", isinstance(data[0]["task"], str), repr(data[0]["task"]))
    actions = np.stack(list(table["action"]))
    stats = data.meta.stats
    check("action stats", np.allclose(stats["action"]["mean"], actions.mean(0), rtol=1e-5) and np.allclose(stats["action"]["std"], actions.std(0), rtol=1e-4))
    images = "observation.image" in data.features
    if images:
        check("picture stats", np.asarray(stats["observation.image"]["mean"]).shape == (3, 1, 1))

    skip, frames = 5, 4
    times = [i * skip / data.fps for i in range(frames)]
    keys = ["observation.image"] if images else []
    window = LeRobotDataset("terrella/judge", root=root, delta_timestamps={k: times for k in keys} | {"action": [i / data.fps for i in range((frames - 1) * skip)]})
    first = int(np.cumsum(lengths)[0])
    at = first + 3
    item = window[at]
    check("delta_timestamps window", np.allclose(item["action"].numpy(), actions[at : at + 15]) and not item["action_is_pad"].any())
    if images:
        same = all(np.array_equal(item["observation.image"][i].numpy(), data[at + i * skip]["observation.image"].numpy()) for i in range(frames))
        check("window pictures", same, str(tuple(item["observation.image"].shape)))
    last = window[first - 1]
    check("window ends with its episode", bool(last["action_is_pad"][1:].all()))

    if source:
        with zipfile.ZipFile(source) as archive:
            ends, _ = zarr_array(archive, "meta/episode_ends")
            check("source: episode ends", np.array_equal(np.cumsum(lengths), ends))
            check("source: actions", np.array_equal(actions, zarr_array(archive, "data/action")[0]))
            states = np.stack(list(table["observation.state"]))
            check("source: states", np.array_equal(states, zarr_array(archive, "data/state")[0]))
            compared = 0
            for chunk in (0, 57, 158):
                pictures, rows = zarr_array(archive, "data/img", [chunk])
                for offset in range(0, rows, 23):
                    ours = data[chunk * rows + offset]["observation.image"].numpy().transpose(1, 2, 0) * 255
                    if not np.array_equal(np.rint(ours), np.rint(pictures[offset])):
                        check("source: pictures", False, f"row {chunk * rows + offset}")
                    compared += 1
            check("source: pictures", True, f"{compared} equal byte for byte")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:3])
    leave()
