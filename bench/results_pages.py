"""The figures of README.md and docs/results.md, from docs/results.json: see bench/results.sh.

What stands between two markers of a document is replaced, or compared. Only means and spreads over seeds of training are
computed here.
"""

import statistics
import sys

import markers
from results import FLOORS, GROUPS, ROOT, consistent, load


def percent(rate, interval):
    return f"{100 * rate:.1f} % [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def of(run, policy, rule):
    return next((s for s in run["scores"] if (s["policy"], s["rule"]) == (policy, rule)), None)


def rates(group, policy, rule):
    return [s["successes"] / s["n"] for s in (of(run, policy, rule) for run in group)]


def spread(values):
    """Lowest to highest, in percent."""
    low, high = min(values), max(values)
    return f"{100 * low:.1f} to {100 * high:.1f}" if len(values) > 1 else "one seed"


def mean(values):
    return f"{100 * statistics.mean(values):.1f} %"


def table(header, rows):
    line = lambda cells: f"| {' | '.join(cells)} |\n"
    return line(header) + "|" + "---|" * len(header) + "\n" + "".join(map(line, rows))


def origin(group):
    run = group[0]
    machines = " and ".join(sorted({r["machine"] for r in group}))
    asked = run["protocol"]
    return (f"commit {run['commit'][:7]}, {machines}; recordings {run['data_hash']}, {run['held_out']} of {run['of']} episodes held out "
            f"({run['split']}); {len(asked['seeds'])} × {asked['pairs']} pairs")


def headline(groups):
    """The table of README.md."""
    rows, rules = [], ("moderate", "strict")
    for name, group in groups.items():
        moderate, strict = (rates(group, "hybrid", rule) for rule in rules)
        seeds = "<br>".join(percent(rate, of(run, "hybrid", "moderate")["interval"]) for rate, run in zip(moderate, group))
        floors = [f for f in group[0]["floors"] if f["rule"] == "moderate"]
        best = max(floors, key=lambda f: f["rate"])
        rows.append([
            *GROUPS[name][:2], f"**{mean(moderate)}** ({spread(moderate)})", seeds, f"{mean(strict)} ({spread(strict)})",
            *(", ".join(mean(rates(group, policy, rule)) for rule in rules) for policy in ("reacher", "search")),
            f"{best['name']} {percent(best['rate'], best['interval'])}",
        ])
    header = ["recordings", "learned from", "hybrid, Moderate: mean (range)", "each seed of training, by-episode interval",
              "hybrid, Strict: mean (range)", "reacher alone: Moderate, Strict", "search alone: Moderate, Strict", "best floor, Moderate"]
    commits = sorted({run["commit"][:7] for group in groups.values() for run in group})
    fewer = " Where there is one seed, the others are not measured yet." if any(len(group) == 1 for group in groups.values()) else ""
    where = "commands, machine and all else stand in [docs/results.md](docs/results.md)."
    return table(header, rows) + f"\nCommit {', '.join(commits)}; {where}{fewer}\n"


def sample(groups):
    """The end of what quickstart prints in the embedded world: what `Score` says of itself, cut as the block says."""
    run = (groups.get("embedded") or groups["embedded-teacher"])[0]
    lines = []
    for policy in ("hybrid", "search"):
        s = of(run, policy, "moderate")
        floors = {f["name"]: f for f in run["floors"] if f["rule"] == "moderate"}
        best = max((floors[f] for f in FLOORS[2:]), key=lambda f: f["rate"])
        said = ", ".join(f"{f['name']} {percent(f['rate'], f['interval'])}" for f in (floors["random"], floors["null"], best))
        rate = percent(s["successes"] / s["n"], s["interval"])
        lines.append(f"{policy} in {run['world']}, moderate: {rate} ({s['successes']} of {s['n']}; interval by episode ({s['episodes']} episodes)); "
                     f"{said}; {run['held_out']} of {run['of']} episodes held out …")
    q = next(q for q in run["imagined"] if q["name"] == "agent")
    lines.append(f"imagined {q['steps']} steps ahead, agent: {q['model'][0]:.3f} {q['unit']} (copy-last {q['copy-last'][0]:.3f})")
    # How long it took says more about the machine than about the program; docs/results.md has it.
    lines.append("report: runs/…/report.html")
    return "```text\n" + "\n".join(lines) + "\n```\n"


def number(x):
    return f"{x:.3g}" if abs(x) < 1000 else f"{x:.0f}"


def every(groups):
    """The tables of docs/results.md."""
    out = []
    for name, group in groups.items():
        policies = list(dict.fromkeys(s["policy"] for s in group[0]["scores"]))
        columns = [(p, r) for p in policies for r in group[0]["protocol"]["rules"]]
        seeds = [str(run["seed"]) for run in group]
        cell = lambda run, c: percent(of(run, *c)["successes"] / of(run, *c)["n"], of(run, *c)["interval"])
        rows = [[seed, *(cell(run, c) for c in columns), f"{run['minutes']:.1f}"] for seed, run in zip(seeds, group)]
        if len(group) > 1:
            rows.append(["**mean**", *(f"**{mean(rates(group, *c))}**" for c in columns), ""])
            rows.append(["range", *(spread(rates(group, *c)) for c in columns), ""])
            rows.append(["standard deviation", *(f"{100 * statistics.stdev(rates(group, *c)):.1f}" for c in columns), ""])
        out.append(f"### {GROUPS[name][0]}, {GROUPS[name][1]}\n")
        out.append("```sh\n" + "\n".join(run["command"] for run in group) + "\n```\n")
        out.append(f"{origin(group)[0].upper()}{origin(group)[1:]}; {group[0]['parameters'] / 1e6:.2f} million parameters.\n")
        out.append(table(["seed", *(f"{p}, {r.capitalize()}" for p, r in columns), "minutes"], rows))
        minus = [[f"{m['first']} − {m['second']}, {m['rule'].capitalize()}", *(
            percent(d["difference"], d["interval"]).replace(" %", "").replace("-", "−") for d in (run["minus"][i] for run in group))]
            for i, m in enumerate(group[0]["minus"])]
        out.append(table(["points, pair by pair", *(f"seed {s}" for s in seeds)], minus))
        floor = lambda f, r: next(x for x in group[0]["floors"] if (x["name"], x["rule"]) == (f, r))
        rules = group[0]["protocol"]["rules"]
        out.append(table(["floor, the same for all seeds", *(r.capitalize() for r in rules)], [
            [f, *(percent(floor(f, r)["rate"], floor(f, r)["interval"]) for r in rules)] for f in FLOORS]))
        imagined = []
        for i, q in enumerate(group[0]["imagined"]):
            bracket = lambda x: f"{number(x[0])} [{number(x[1])}, {number(x[2])}]"
            floors = [" / ".join(dict.fromkeys(number(run["imagined"][i][c][0]) for run in group)) for c in ("copy-last", "mean")]
            imagined.append([f"{q['name']} ({q['unit']})", *(bracket(run["imagined"][i]["model"]) for run in group), *floors])
        steps = group[0]["imagined"][0]["steps"]
        out.append(table([f"imagined {steps} steps ahead", *(f"seed {s}" for s in seeds), "copy-last", "always the mean"], imagined))
    return "\n".join(out)


def before(older):
    if not older:
        return "There are none.\n"
    rows = [[o["recordings"], o["learned from"], o["policy"], o["moderate"], o["strict"], o["command"], o["commit"]] for o in older]
    return table(["recordings", "learned from", "policy", "Moderate", "Strict", "command", "commit"], rows)


def documents():
    """Both documents as docs/results.json has them: what stands between two markers is replaced."""
    kept = load()
    groups = consistent(kept["runs"])
    blocks = {"README.md": {"sample": sample(groups), "results": headline(groups)},
              "docs/results.md": {"results": every(groups), "older": before(kept["older"])}}
    for name, parts in blocks.items():
        text = (ROOT / name).read_text()
        for part, block in parts.items():
            begin, end = f"<!-- {part}: written by bench/results.sh -->\n", f"<!-- end of {part} -->"
            text = markers.replaced(text, name, begin, end, f"\n{block}\n")
        yield ROOT / name, text


def write():
    for path, text in documents():
        path.write_text(text)


def check():
    wrong = [path.relative_to(ROOT) for path, text in documents() if path.read_text() != text]
    for path in wrong:
        print(f"{path} does not say what docs/results.json gives; run bench/results.sh --write", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]]()
