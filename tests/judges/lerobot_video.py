"""Holds a dataset with videos against the same one with PNG pictures, by ffprobe and by LeRobot 0.4.4.

Usage: lerobot_video.py PNG_DATASET VIDEO_DATASET   (see lerobot_video.sh)
"""

import fractions
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("HF_HOME", tempfile.mkdtemp(prefix="terrella-judge-"))

import numpy as np  # noqa: E402
from leaving import leave  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

png, video = map(pathlib.Path, sys.argv[1:3])
info = json.loads((video / "meta/info.json").read_text())
fps, rows = info["fps"], info["total_frames"]

frames = 0
for path in sorted(video.glob("videos/*/*/*.mp4")):
    probe = subprocess.run(["ffprobe", "-v", "error", "-show_streams", "-show_frames", "-of", "json", path], capture_output=True, text=True, check=True)
    assert not probe.stderr, probe.stderr
    probe = json.loads(probe.stdout)
    (stream,) = probe["streams"]
    assert (stream["codec_name"], stream["pix_fmt"], stream["has_b_frames"], stream["start_pts"]) == ("h264", "yuv420p", 0, 0), stream
    assert stream["r_frame_rate"] == stream["avg_frame_rate"] == f"{fps}/1" and stream["color_space"] == "smpte170m", stream
    unit = fractions.Fraction(stream["time_base"])
    for i, frame in enumerate(probe["frames"]):
        assert frame["pts"] * unit == fractions.Fraction(i, fps), (i, frame["pts"])
    kinds = "".join(f["pict_type"] for f in probe["frames"])
    assert "B" not in kinds and "PP" not in kinds and kinds[0] == "I", kinds[:20]
    assert len(kinds) == int(stream["nb_frames"])
    atoms = path.read_bytes()
    assert atoms.index(b"moov") < atoms.index(b"mdat") and b"elst" not in atoms[: atoms.index(b"mdat")]
    frames += len(kinds)
assert frames == rows, (frames, rows)
size = lambda root: sum(f.stat().st_size for f in root.rglob("*") if f.suffix in (".mp4", ".parquet"))
print(f"ffprobe: {frames} frames at exactly i/{fps} s, every second one independent, no B-frames, no edit list; {size(video) / 1e6:.1f} MB, PNG {size(png) / 1e6:.1f} MB")

ours, theirs = LeRobotDataset("terrella/png", root=png), LeRobotDataset("terrella/video", root=video)
assert len(ours) == len(theirs) == rows and theirs.meta.video_keys == ["observation.image"]
psnr, shifted = [], []
for i in range(rows):
    a, b = ours[i], theirs[i]
    assert all(np.array_equal(a[k].numpy(), b[k].numpy()) for k in ("action", "timestamp", "index", "episode_index"))
    error = lambda x, y: 10 * np.log10(1 / max(float(((x - y) ** 2).mean()), 1e-9))
    psnr.append(error(a["observation.image"].numpy(), b["observation.image"].numpy()))
    if i % 10 == 0 and i + 1 < rows:
        shifted.append(error(ours[i + 1]["observation.image"].numpy(), b["observation.image"].numpy()))
assert min(psnr) > 30 and np.mean(psnr) > np.mean(shifted) + 5, (min(psnr), np.mean(shifted))
print(f"lerobot: {rows} rows equal, pictures at {np.mean(psnr):.1f} dB (worst {min(psnr):.1f}); against the next row's picture {np.mean(shifted):.1f}")
window = LeRobotDataset("terrella/video", root=video, delta_timestamps={"observation.image": [0, 1 / fps, 4 / fps]})
item = window[5]["observation.image"].numpy()
assert all(np.array_equal(item[k], theirs[5 + d]["observation.image"].numpy()) for k, d in enumerate((0, 1, 4)))
print("lerobot: windows show the rows they should")
leave()
