"""Judges Terrella's PushT by human recordings, with gym-pusht beside it on the same pairs.

Replays recorded actions from recorded states and reports how far the T is from the recorded T
after 1, 5 and 25 steps, and how far drawn pictures are from recorded ones. gym-pusht sets the
body's angle after its position, which moves the T; here both worlds set the angle first.

Requirements (pinned; `pusht_replay.sh` installs them):
  gym-pusht==0.1.8 pymunk==6.11.1 pygame==2.6.1 opencv-python==4.14.0.94 shapely==2.2.0
  zarr==2.18.7 numcodecs==0.15.2 numpy==2.2.6 gymnasium==1.4.0

Usage: pusht_replay.py RECORDINGS.zarr.zip REPLAY_BINARY [--pairs 100] [--seed 0] [--json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
import zarr
from gym_pusht.envs.pusht import PushTEnv

HORIZONS = (1, 5, 25)


def sample(root, n_pairs, seed):
    """Start rows with 25 rows after them, uniform over the recordings."""
    ends = root["meta/episode_ends"][:]
    starts = np.concatenate([[0], ends[:-1]])
    rows = np.concatenate([np.arange(s, e - HORIZONS[-1]) for s, e in zip(starts, ends)])
    return np.sort(np.random.default_rng(seed).choice(rows, n_pairs, replace=False))


def gym_replay(states, actions):
    """T poses after each step, and the picture of each start, by gym-pusht itself."""
    env = PushTEnv(obs_type="state", render_mode="rgb_array")
    env.reset(seed=0)
    poses, pictures = [], []
    for state, sequence in zip(states, actions):
        env._setup()
        env.agent.position = state[:2].tolist()
        env.block.angle = float(state[4])
        env.block.position = state[2:4].tolist()
        env.space.step(env.dt)
        pictures.append(env._get_img(env._draw(), width=96, height=96))
        path = []
        for action in sequence:
            env.step(action.astype(np.float64))
            path.append([*env.agent.position, *env.block.position, env.block.angle])
        poses.append(path)
    return np.array(poses), np.array(pictures)


def terrella_replay(binary, states, actions):
    """The same by Terrella."""
    pairs = [{"state": s.tolist(), "actions": a.tolist()} for s, a in zip(states, actions)]
    with tempfile.TemporaryDirectory() as folder:
        pictures = os.path.join(folder, "pictures")
        done = subprocess.run([binary, pictures], input=json.dumps(pairs), capture_output=True, text=True, check=True)
        drawn = np.fromfile(pictures, np.uint8).reshape(len(pairs), 96, 96, 3)
    return np.array(json.loads(done.stdout))[:, 1:], drawn


def wrapped(a):
    return np.abs((a + np.pi) % (2 * np.pi) - np.pi)


def distances(a, b, k):
    """Median, mean, p95 of the T's position error (px) and mean angle error (degrees) after k steps."""
    d = np.linalg.norm(a[:, k - 1, 2:4] - b[:, k - 1, 2:4], axis=1)
    angle = np.degrees(wrapped(a[:, k - 1, 4] - b[:, k - 1, 4]))
    return {"median": float(np.median(d)), "mean": float(d.mean()), "p95": float(np.percentile(d, 95)),
            "max": float(d.max()), "angle_mean": float(angle.mean())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recordings")
    parser.add_argument("binary")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    root = zarr.open(zarr.ZipStore(options.recordings, mode="r"), mode="r")
    rows = sample(root, options.pairs, options.seed)
    state, action = root["data/state"][:].astype(np.float64), root["data/action"][:]
    index = rows[:, None] + np.arange(HORIZONS[-1])
    recorded = state[index + 1]
    image = root["data/img"]
    frames = np.stack([image[r] for r in rows])

    theirs, their_pictures = gym_replay(state[rows], action[index])
    ours, our_pictures = terrella_replay(options.binary, state[rows], action[index])
    report = {"pairs": options.pairs, "seed": options.seed, "position_error": {}, "picture_difference": {}}
    for name, a, b in (("gym-pusht vs recorded", theirs, recorded), ("terrella vs recorded", ours, recorded),
                       ("terrella vs gym-pusht", ours, theirs)):
        report["position_error"][name] = {k: distances(a, b, k) for k in HORIZONS}
    grey = lambda a, b: float(np.abs(a.astype(np.float64) - b).mean())
    report["picture_difference"] = {"gym-pusht vs recorded": grey(their_pictures, frames),
                                    "terrella vs recorded": grey(our_pictures, frames),
                                    "terrella vs gym-pusht": grey(our_pictures, their_pictures)}
    end, goal = ours[:, -1], recorded[:, -1]
    near = (np.linalg.norm(end[:, :4] - goal[:, :4], axis=1) < 20) & (wrapped(end[:, 4] - goal[:, 4]) < np.pi / 9)
    report["inside_moderate_after_25"] = float(near.mean())
    moved = np.linalg.norm(recorded[:, -1, 2:4] - state[rows][:, 2:4], axis=1)
    report["recorded_t_moved_px"] = {"median": float(np.median(moved)), "mean": float(moved.mean())}

    if options.json:
        json.dump(report, sys.stdout, indent=1)
        return
    print(f"T position error in px, {options.pairs} pairs, seed {options.seed} "
          f"(the recorded T moves {moved.mean():.1f} px on average)")
    print(f"{'':24}{'steps':>6}{'median':>9}{'mean':>9}{'p95':>9}{'max':>9}{'angle °':>9}")
    for name, table in report["position_error"].items():
        for k, d in table.items():
            print(f"{name:24}{k:6d}" + "".join(f"{d[c]:9.3f}" for c in ("median", "mean", "p95", "max", "angle_mean")))
    print("mean absolute picture difference in grey levels (0 to 255)")
    for name, d in report["picture_difference"].items():
        print(f"{name:24}{d:9.4f}")
    print(f"end states inside the Moderate rule: {100 * near.mean():.0f} %")


if __name__ == "__main__":
    main()
