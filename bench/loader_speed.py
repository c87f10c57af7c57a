"""Compares Terrella's loader with LeRobot's on the same dataset, one after the other in one run.

usage: loader_speed.py DATASET [--loader PATH_TO_EXAMPLE]

Both make batches of 64 windows of 4 frames, 5 rows apart, with the actions between them. LeRobot
runs through a shuffled torch DataLoader with 0 and with 2 workers, and the better of the two counts;
Terrella runs from its decoded cache on one thread. Pictures are float32 in [0, 1] in LeRobot and
bytes in Terrella, each as its training loop takes them. Prints one line of JSON.

Needs the virtual environment of tests/judges/lerobot_open.sh.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("HF_HOME", tempfile.mkdtemp(prefix="terrella-bench-"))

BATCH, FRAMES, SKIP, BATCHES = 64, 4, 5, 30


def terrella(dataset, loader):
    command = [loader] if loader else ["cargo", "run", "--quiet", "--release", "-p", "terrella-formats", "--example", "loader_speed", "--"]
    done = subprocess.run([*command, dataset], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def lerobot(dataset, workers):
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    torch.set_num_threads(2)
    fps = json.load(open(os.path.join(dataset, "meta/info.json")))["fps"]
    frames = [i * SKIP / fps for i in range(FRAMES)]
    deltas = {"observation.image": frames, "observation.state": frames, "action": [i / fps for i in range((FRAMES - 1) * SKIP)]}
    data = LeRobotDataset("terrella/bench", root=dataset, delta_timestamps=deltas)
    loader = torch.utils.data.DataLoader(
        data, BATCH, shuffle=True, num_workers=workers, generator=torch.Generator().manual_seed(0)
    )
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    start = time.perf_counter()
    for _ in range(BATCHES):
        next(batches)
    return BATCH * BATCHES / (time.perf_counter() - start)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("dataset")
    arguments.add_argument("--loader", help="the built example, instead of cargo run")
    options = arguments.parse_args()
    # Workers first: they may not inherit the open video files of this process.
    theirs = {workers: lerobot(options.dataset, workers) for workers in (2, 0)}
    ours = terrella(options.dataset, options.loader)
    best = max(theirs.values())
    report = {
        "terrella_clips_per_s": ours["clips_per_s"],
        "terrella_clips_per_s_new_buffers": ours["clips_per_s_new_buffers"],
        "terrella_clips_per_s_prefetched": ours["clips_per_s_prefetched"],
        "lerobot_clips_per_s": {f"{workers} workers": round(rate, 1) for workers, rate in theirs.items()},
        # The slowest way of ours against the fastest of theirs.
        "ratio": round(min(v for k, v in ours.items() if k.startswith("clips_per_s")) / best, 1),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
