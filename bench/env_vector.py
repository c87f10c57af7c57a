"""Steps a second of worlds with rewards beside Gymnasium's, in the same run, as a Markdown table.

Both act at random (actions are drawn before the clock starts), read every observation and reset the
worlds that ended. Gymnasium's CartPole is measured in each way that `make_vec` offers without other
packages: a loop in Python (`sync`), processes (`async`, up to 64), and written for whole arrays
(`vector_entry_point`). The ratio is against the fastest of them. Repeats alternate; medians count.

Usage: env_vector.py MANY_SPEED_BINARY [--seconds 1] [--repeats 5]
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import gymnasium
import numpy as np

COUNTS = [1, 64, 1024]
WAYS = ["sync", "async", "vector_entry_point"]


def rate(way, n, seconds):
    """Steps a second of `n` of Gymnasium's CartPoles."""
    envs = gymnasium.make_vec("CartPole-v1", num_envs=n, vectorization_mode=way)
    actions = np.random.default_rng(0).integers(2, size=(64, n))
    envs.reset(seed=0)
    start, steps = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < seconds:
        for row in actions[: max(1, 64 * 64 // n)]:
            envs.step(row)
            steps += n
    envs.close()
    return steps / spent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    ours, theirs = {}, {}
    for _ in range(options.repeats):
        command = [options.binary, str(options.seconds / 4)]
        for row in json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout):
            ours.setdefault((row["world"], row["n"], row["threads"]), []).append(row["steps_per_s"])
        for n in COUNTS:
            for way in WAYS:
                if way != "async" or n <= 64:
                    theirs.setdefault((way, n), []).append(rate(way, n, options.seconds))
    ours = {key: statistics.median(rates) for key, rates in ours.items()}
    theirs = {key: statistics.median(rates) for key, rates in theirs.items()}

    print("| CartPoles | " + " | ".join(f"Gymnasium `{way}`" for way in WAYS) + " | `Many` | ratio |")
    print("|---" * (len(WAYS) + 3) + "|")
    for n in COUNTS:
        rates = [theirs.get((way, n)) for way in WAYS]
        best = max(r for r in rates if r)
        many = ours["cart_pole", n, 2]
        cells = " | ".join(f"{r:,.0f}" if r else "–" for r in rates)
        print(f"| {n:,} | {cells} | {many:,.0f} | {many / best:.0f}× |")
    print()
    counts = sorted({n for _, n, _ in ours})
    print("| `Many`, million steps/s | " + " | ".join(f"{n:,}" for n in counts) + f" | {counts[-1]:,}, one thread |")
    print("|---" * (len(counts) + 2) + "|")
    for world in dict.fromkeys(world for world, _, _ in ours):
        cells = [ours[world, n, 2] for n in counts] + [ours[world, counts[-1], 1]]
        print(f"| {world} | " + " | ".join(f"{r / 1e6:.1f}" for r in cells) + " |")
    print(f"\nGymnasium {gymnasium.__version__}, NumPy {np.__version__}; load average {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
