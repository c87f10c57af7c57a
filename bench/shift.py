"""The table of docs/scenes.md from runs that `terrella eval RUN --shift` judged: python3 bench/shift.py "words=RUN" ...

Rates and intervals are those that terrella wrote; the first rule of each run is shown.
"""

import json
import pathlib
import sys

import markers

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/scenes.md"
BEGIN, END = "<!-- by bench/shift.py -->\n", "<!-- end -->\n"


def cell(row, part):
    reached = row["reached"][0]
    rate, ends = reached["successes"] / reached["n"], reached["interval"]
    seen = next((told for told in row["told"] if told["part"] == part), None)
    text = f"{100 * rate:.1f} % [{100 * ends['low']:.0f}, {100 * ends['high']:.0f}]"
    return text + (f", {seen['seen']:,.0f} {seen['unit']}" if seen else "")


def main():
    if len(sys.argv) < 2 or not all("=" in argument for argument in sys.argv[1:]):
        sys.exit(__doc__)
    runs = []
    for argument in sys.argv[1:]:
        words, path = argument.rsplit("=", 1)
        shifts = json.loads((pathlib.Path(path) / "eval.json").read_text())["shifts"]
        if not shifts:
            sys.exit(f"{path} was not judged with --shift")
        runs.append((words, shifts))
    scenes = [(row["factor"], row["size"], row["unit"]) for row in runs[0][1]["rows"]]
    for words, shifts in runs:
        if scenes != [(row["factor"], row["size"], row["unit"]) for row in shifts["rows"]]:
            sys.exit(f"{words} was tried in other scenes")
    lines = ["| scene | by | " + " | ".join(words for words, _ in runs) + " |", "|---" * (2 + len(runs)) + "|"]
    for at, (factor, size, unit) in enumerate(scenes):
        by = f"{size:g} {unit}" if unit else "–"
        lines.append(f"| {factor} | {by} | " + " | ".join(cell(shifts["rows"][at], "block") for _, shifts in runs) + " |")
    first = runs[0][1]
    rule, commits = first["rows"][0]["reached"][0]["rule"], sorted({s["provenance"]["commit"][:7] for _, s in runs})
    attempts = first["rows"][0]["reached"][0]["n"]
    lines += ["", f"“{first['policy']}”, {rule} rule, {attempts} attempts a scene, `terrella eval RUN --shift --policy {first['policy']} --pairs "
              f"{attempts // 3}`, revision {', '.join(commits)}; held out: {first['provenance']['split']}."]
    markers.write(PAGE, BEGIN, END, lines)


if __name__ == "__main__":
    main()
