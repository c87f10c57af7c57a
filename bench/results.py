"""Which runs bench/results.sh needs, and what it keeps of them: docs/results.json, a record a run.

A run is known by its command and commit (run.toml). Numbers are taken from its eval.json as they are: rates and by-episode
intervals were computed by terrella-eval. results_pages.py writes the documents from the records.
"""

import hashlib
import json
import os
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
JSON = ROOT / "docs/results.json"
# Name: recordings, what the model learns from, preset, folder of the recordings (None: quickstart makes them).
GROUPS = {
    "human": ("206 demonstrations by people", "pictures alone", None, "pusht"),
    "teacher": ("206 demonstrations by people", "pictures + logged state", None, "pusht"),
    "state": ("206 demonstrations by people", "logged state", "quickstart-state", "pusht"),
    "pixels": ("206 demonstrations by people", "pictures alone, one latent", "quickstart-pixels", "pusht"),
    "embedded": ("200 episodes of the embedded world", "pictures alone", None, None),
    "embedded-teacher": ("200 episodes of the embedded world", "pictures + logged state", None, "embedded"),
    "tworoom": ("60 episodes of TwoRoom, a disc and a door", "pictures alone, one latent", "tworoom", None),
    "hour": ("206 demonstrations by people", "pictures + logged state, size s, an hour", "hour", "pusht"),
}
# Settings of a group beyond its preset.
SETS = {"teacher": "data.state=logged", "embedded-teacher": "data.state=logged"}
FLOORS = ["random", "null", "goal-blind", "nearest replay", "cloning"]


def arguments(name, seed):
    """What `terrella` is told, and the recordings that must be there."""
    _, _, preset, data = GROUPS[name]
    # All seeds of training learn from the recordings of seed 0: `--seed 1` alone would record others.
    data = data or (name if seed else None)
    told = (["--preset", preset] if preset else []) + (["--data", data] if data else []) + (["--seed", str(seed)] if seed else [])
    told += ["--set", SETS[name]] if name in SETS else []
    return " ".join(["quickstart", *told]), data


def found(folder, commit, command):
    """The run of this command and commit, if there is one."""
    for path in sorted(pathlib.Path(folder).glob("runs/*/run.toml")):
        about = tomllib.loads(path.read_text())["run"]
        if (about["command"], about["commit"], about["dirty"]) == (f"terrella {command}", commit, False):
            return path.parent
    return None


def finished(run):
    # The page is what quickstart writes last.
    return run is not None and (run / "eval.json").exists() and (run / "report.html").exists()


def wanted():
    names = os.environ.get("ONLY", "human state pixels embedded tworoom").split()
    for name in names:
        if name not in GROUPS:
            sys.exit(f"ONLY names {name}; there are: {' '.join(GROUPS)}")
    return [(name, int(seed)) for name in names for seed in os.environ.get("SEEDS", "0 1 2").split()]


def todo(folder, commit):
    for name, seed in wanted():
        command, data = arguments(name, seed)
        run = found(folder, commit, command)
        if not finished(run):
            print(f"{name}-{seed}.log", data or "-", command if run is None else f"quickstart --resume runs/{run.name}", sep="\t")


def short(x):
    # Digits enough that what is printed is rounded as the program rounds it.
    return round(x, 8)


def ends(x):
    return [short(x["low"]), short(x["high"])]


def record(name, seed, run):
    """What is kept of a run."""
    toml = tomllib.loads((run / "run.toml").read_text())
    about, settings = toml["run"], toml["settings"]
    read = lambda file: json.loads((run / file).read_text())
    evaluation, cards = read("eval.json"), read("eval.json")["scorecards"]
    pairs = set()
    for card in cards:
        lines = (run / f"attempts-{card['policy']}.jsonl").read_text().splitlines()
        told = [[attempt[key] for key in ("seed", "episode", "start")] for attempt in map(json.loads, lines)]
        pairs.add(hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12])
    origin = cards[0]["provenance"]
    seeds = {settings["seed"], settings["train"]["seed"], settings["reacher"]["seed"]}
    for wrong, why in [
        (len(pairs) > 1, "policies were tried on different pairs"),
        (seeds != {seed}, f"was trained from seeds {seeds}, not from {seed}"),
        # `terrella eval` writes what it finds with its own commit and command.
        ((origin["commit"], origin["command"]) != (about["commit"], about["command"]), "was judged again by another command"),
    ]:
        if wrong:
            sys.exit(f"{run} {why}; remove it and run this again")
    scores, floors = [], []
    for card in cards:
        for score in card["scores"]:
            scores.append({"policy": card["policy"], "rule": score["rule"], "successes": score["successes"], "n": score["n"],
                           "interval": ends(score["by_episode"]), "episodes": score["episodes"]})
            here = {f["name"]: [f["rate"], f["interval"]] for f in score["floors"]} | {k: score[k] for k in ("random", "null")}
            here = [{"name": f, "rule": score["rule"], "rate": short(here[f][0]), "interval": ends(here[f][1])} for f in FLOORS]
            floors += [f for f in here if f not in floors]
    minus = [{"first": a, "second": b, "rule": rule, "difference": short(p["difference"]), "interval": ends(p["interval"])}
             for a, b, rule, p in evaluation["comparisons"]]
    imagined = []
    for quantity in evaluation["rollout"]["quantities"]:
        last = {c["name"]: c["points"][-1] for c in quantity["curves"]}
        steps = (len(quantity["curves"][0]["points"]) - 1) * evaluation["rollout"]["frame_skip"]
        kept = {c: [short(last[c]["mean"]), *ends(last[c]["interval"])] for c in ("model", "copy-last", "mean")}
        imagined.append({"name": quantity["name"], "unit": quantity["unit"], "steps": steps, **kept})
    card = cards[0]
    return {
        "name": name, "seed": seed, "command": origin["command"], "commit": origin["commit"], "machine": origin["machine"],
        "minutes": round(sum(seconds for _, seconds in read("timings.json")) / 60, 1),
        "parameters": read("training.json")["parameters"], "world": card["world"], "data_hash": card["data_hash"][:12],
        "held_out": card["n_held_out"], "of": card["n_episodes"], "split": origin["split"],
        "protocol": card["protocol"], "pairs": pairs.pop(),
        "scores": scores, "floors": floors, "minus": minus, "imagined": imagined,
    }


def consistent(runs):
    """Groups of runs by name. Seeds of one group differ in nothing but the seed, and equal recordings mean equal pairs."""
    same, groups = {}, {}
    for run in runs:
        groups.setdefault(run["name"], []).append(run)
        asked = json.dumps([run["data_hash"], run["protocol"]])
        keys = [("pairs", asked, run["pairs"])]
        keys += [(what, run["name"], run[what]) for what in ("commit", "data_hash", "split", "held_out", "protocol", "floors")]
        for what, key, value in keys:
            if same.setdefault((what, key), value) != value:
                sys.exit(f"{run['name']}, seed {run['seed']}: {what} is not that of the others ({value}); collect all seeds anew")
    return {name: sorted(groups[name], key=lambda r: r["seed"]) for name in GROUPS if name in groups}


def load():
    return json.loads(JSON.read_text()) if JSON.exists() else {"runs": [], "older": []}


def collect(folder, commit):
    kept = load()
    runs = {(run["name"], run["seed"]): run for run in kept["runs"]}
    for name, seed in wanted():
        run = found(folder, commit, arguments(name, seed)[0])
        if not finished(run):
            print(f"{name}, seed {seed}: not finished at {commit[:7]}")
            continue
        # Runs of two commits say nothing about seeds.
        for key in [key for key, old in runs.items() if key[0] == name and old["commit"] != commit]:
            print(f"{name}, seed {key[1]} of {runs.pop(key)['commit'][:7]} makes way")
        runs[name, seed] = record(name, seed, run)
    order = list(GROUPS)
    runs = sorted(runs.values(), key=lambda r: (order.index(r["name"]), r["seed"]))
    consistent(runs)
    older = [old for old in kept["older"] if old["name"] not in {run["name"] for run in runs}]
    lines = lambda records: ",\n".join(json.dumps(r, ensure_ascii=False) for r in records)
    JSON.write_text(f'{{"runs": [\n{lines(runs)}\n],\n"older": [\n{lines(older)}\n]}}\n')


if __name__ == "__main__":
    {"todo": todo, "collect": collect}[sys.argv[1]](*sys.argv[2:])
