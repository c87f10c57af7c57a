"""Opens datasets with several cameras and with depth in LeRobot 0.4.4: videos against PNG, depth against its files.

Usage: lerobot_views.py FOLDER DEPTH_FILES   (see lerobot_video.sh; FOLDER has views, views-video and depth)
"""

import os
import pathlib
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("HF_HOME", tempfile.mkdtemp(prefix="terrella-judge-"))

import numpy as np  # noqa: E402
from leaving import leave  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402
from PIL import Image  # noqa: E402

folder, files = map(pathlib.Path, sys.argv[1:3])
open_ = lambda name: LeRobotDataset(f"terrella/{name}", root=folder / name)

png, video = open_("views"), open_("views-video")
cameras = sorted(png.meta.camera_keys)
assert cameras == sorted(video.meta.video_keys) and len(cameras) == 3, (cameras, video.meta.video_keys)
assert all(k in video.meta.stats and k in png.meta.stats for k in cameras)
for camera in cameras:
    others = [c for c in cameras if c != camera]
    psnr, wrong = [], []
    for i in range(0, len(png), 7):
        a, b = png[i], video[i]
        error = lambda x, y: 10 * np.log10(1 / max(float(((x - y) ** 2).mean()), 1e-9))
        psnr.append(error(a[camera].numpy(), b[camera].numpy()))
        wrong += [error(a[other].numpy(), b[camera].numpy()) for other in others]
    assert min(psnr) > 28 and min(psnr) > max(wrong) + 5, (camera, min(psnr), max(wrong))
    print(f"lerobot: {camera}: {len(psnr)} pictures of the video at {np.mean(psnr):.1f} dB (worst {min(psnr):.1f}); another camera's {max(wrong):.1f} at best")

depth = open_("depth")
key = "observation.images.depth"
assert depth.meta.features[key]["shape"] in ((480, 640, 1), [480, 640, 1]), depth.meta.features[key]
paths = sorted(files.glob("*.pgm"), key=lambda p: int(p.stem))
assert len(paths) == len(depth)
for i, path in enumerate(paths):
    want = np.array(Image.open(path)).astype(np.int64)
    got = depth[i][key].numpy()[0].astype(np.int64) & 0xFFFF
    assert want.shape == got.shape and np.array_equal(want, got), (path, want.max(), got.max())
stats = depth.meta.stats[key]
want = np.stack([np.array(Image.open(p)) for p in paths]).astype(np.float64)
assert np.isclose(stats["mean"].item(), want.mean()) and stats["max"].item() == want.max(), stats
print(f"lerobot: {len(paths)} pictures of depth, every count equal to the files that the camera wrote (up to {int(want.max())} mm)")
leave()
