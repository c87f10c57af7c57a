"""The table of docs/returns.md from the runs that bench/returns.sh made: python3 bench/returns.py FOLDER

Returns and intervals of a run are those that `terrella eval` wrote. Over seeds of training the mean of their means is
given, with an interval that draws seeds and, of each, episodes.
"""

import json
import pathlib
import random
import re
import sys

import markers

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/returns.md"
BEGIN, END = "<!-- by bench/returns.py -->\n", "<!-- end -->\n"


def mean(x):
    return sum(x) / len(x)


def interval(seeds, draws=4000):
    """95 % of the means of redrawn episodes of redrawn seeds; the episodes of all seeds have the same starts."""
    rng = random.Random(0)
    n, found = len(seeds[0]), []
    for _ in range(draws):
        starts = [rng.randrange(n) for _ in range(n)]
        found.append(mean([mean([seed[at] for at in starts]) for seed in rng.choices(seeds, k=len(seeds))]))
    found.sort()
    return found[round(0.025 * (draws - 1))], found[round(0.975 * (draws - 1))]


def number(x):
    return f"{x:,.0f}".replace("-", "−") if abs(x) >= 100 else f"{x:.1f}".replace("-", "−")


def row(world, steps, runs):
    collected = [{c["policy"]: c for c in run["returns"]["collected"]} for run in runs]
    model = [c["model"]["returns"] for c in collected]
    # The ceiling plans with the seed of its run; chance has one of its own.
    high, low = (mean([c[name]["mean"]["mean"] for c in collected]) for name in ("expert", "random"))
    ends = interval(model)
    share = lambda x: f"{100 * (x - low) / (high - low):.1f} %"
    seeds = ", ".join(number(mean(m)) for m in model)
    return (f"| {world.replace('_', ' ')} | {steps:,} | {number(mean(list(map(mean, model))))} [{', '.join(map(number, ends))}] "
            f"| {seeds} | {number(high)} | {number(low)} | {share(mean(list(map(mean, model))))} |")


def main():
    groups = {}
    for path in pathlib.Path(sys.argv[1]).glob("*-seed-*/eval.json"):
        world, steps = re.fullmatch(r"(.*)-(\d+)-seed-\d+", path.parent.name).groups()
        groups.setdefault((world, int(steps)), []).append((path.parent.name, json.loads(path.read_text())))
    if not groups:
        sys.exit(f"no run in {sys.argv[1]}; bench/returns.sh makes them")
    ordered = [(key, [run for _, run in sorted(runs, key=lambda r: r[0])]) for key, runs in sorted(groups.items(), key=lambda g: (g[0][0] != "pendulum", g[0]))]
    first = ordered[0][1][0]["returns"]
    commits = sorted({run["returns"]["provenance"]["commit"][:7] for _, runs in ordered for run in runs})
    machines = sorted({run["returns"]["provenance"]["machine"] for _, runs in ordered for run in runs})
    lines = [
        "| world | steps of data | planning in the model | each seed of training | the same planner in the true equations | random actions | floor to ceiling |",
        "|---|---|---|---|---|---|---|",
        *(row(*key, runs) for key, runs in ordered),
        "",
        f"`bench/returns.sh`, {first['config']['episodes']} episodes a run, revision {', '.join(commits)}, {'; '.join(machines)}.",
    ]
    markers.write(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
