"""Measures Terrella's PushT and gym-pusht on one core, in the same run, and prints the ratios.

State steps: actions that touch the T in a good part of the steps, no picture. Rendered steps: the
same with a 96×96 picture after each. gym-pusht is measured twice: through its own `step`, which also
computes the overlap with the goal, and by its physics alone (controller and engine), which is what
Terrella's step does; the ratios that count are the stricter ones, printed as "physics".

Requirements: those of tests/judges/pusht_replay.py (its .sh makes the environment).

Usage: env_speed.py SPEED_BINARY [--steps 4000] [--frames 1500] [--json]
(SPEED_BINARY: cargo build --release -p terrella-env --example speed)
"""

import argparse
import json
import os
import subprocess
import sys
import time

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
from gym_pusht.envs.pusht import PushTEnv


def targets(env, steps, rng):
    """A smooth random walk around the T, episodes of 100 actions: as the Rust example does it."""
    target = np.array([256.0, 256.0])
    for t in range(steps):
        if t % 100 == 0:
            env.reset(seed=t // 100)
        pull = (np.array(env.block.position) - target) * 0.05
        target = np.clip(target + pull + rng.normal(0, 20, 2), 20, 490)
        yield target


def physics(env, action):
    """What gym-pusht's `step` does to the world, without its reward."""
    for _ in range(10):
        acceleration = env.k_p * (action - env.agent.position) - env.k_v * np.array(env.agent.velocity)
        env.agent.velocity += acceleration * env.dt
        env.space.step(env.dt)


def rate(obs_type, steps, act):
    env = PushTEnv(obs_type=obs_type, render_mode="rgb_array", visualization_width=96, visualization_height=96)
    start = time.perf_counter()
    for action in targets(env, steps, np.random.default_rng(1)):
        act(env, action)
    return steps / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    ours = json.loads(subprocess.run([options.binary], capture_output=True, text=True, check=True).stdout)
    theirs = {
        "steps_per_s": rate("state", options.steps, lambda env, action: env.step(action)),
        "physics_steps_per_s": rate("state", options.steps, physics),
        "frames_per_s": rate("pixels", options.frames, lambda env, action: env.step(action)),
    }
    report = {
        "terrella": ours,
        "gym-pusht 0.1.8": theirs,
        "ratio": {
            "steps": ours["steps_per_s"] / theirs["steps_per_s"],
            "steps, physics": ours["steps_per_s"] / theirs["physics_steps_per_s"],
            "rendered": ours["frames_per_s"] / theirs["frames_per_s"],
        },
        "load_average": os.getloadavg()[0],
    }
    if options.json:
        json.dump(report, sys.stdout, indent=1)
        return
    print(f"{'one core':28}{'terrella':>12}{'gym-pusht':>12}{'ratio':>9}")
    rows = [("state steps/s", "steps_per_s", "steps_per_s"), ("state steps/s, physics", "steps_per_s", "physics_steps_per_s"),
            ("rendered 96×96 steps/s", "frames_per_s", "frames_per_s")]
    for name, a, b in rows:
        print(f"{name:28}{ours[a]:12.0f}{theirs[b]:12.0f}{ours[a] / theirs[b]:9.1f}")
    print(f"snapshot save and load {ours['save_and_load_ns']:.0f} ns, clone {ours['clone_ns']:.0f} ns, "
          f"steps in contact {100 * ours['contact_fraction']:.0f} %, load average {report['load_average']:.1f}")


if __name__ == "__main__":
    main()
