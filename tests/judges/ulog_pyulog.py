"""Reads ULogs with pyulog and compares with what Terrella imports from them: each topic as a stream of its own, by a
mapping, with its times; then what is imported without a mapping, put onto rows with numpy.interp.

Usage: ulog_pyulog.py TERRELLA LOGS WORK   (see ulog_pyulog.sh)
"""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
from leaving import leave
from pyulog import ULog

LIMIT = 2e-6
LONGEST_LIST = 64  # wider arrays are no columns


def run(terrella, *arguments):
    """Whether it was imported: LeRobot has no name for a constant rate that is no whole number."""
    done = subprocess.run([terrella, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0 or "a whole number of rows a second" in done.stderr, (arguments, done.stderr)
    return done.returncode == 0


def imported(folder):
    tables = [pq.read_table(f) for f in sorted(folder.glob("data/*/*.parquet"))]
    column = lambda name: np.concatenate([np.atleast_1d(np.array(t[name].to_pylist())) for t in tables])
    rows = lambda name: column(name).reshape(sum(t.num_rows for t in tables), -1).astype(np.float32)
    notes = json.loads((folder / "meta/import.json").read_text())["notes"]
    return rows("observation.state"), rows("action"), column("timestamp"), column("episode_index"), [n["what"] for n in notes]


def fields(topic):
    """Columns that a mapping can pick, with a number in every row."""
    texts = {f.field_name for f in topic.field_data if f.type_str == "char"}
    names = [n for n in topic.data if n not in texts and n != "timestamp" and "_padding" not in n]
    wide = {re.sub(r"\[\d+\]$", "", n) for n in names if n.endswith(f"[{LONGEST_LIST}]")}
    names = [n for n in names if re.sub(r"\[\d+\]$", "", n) not in wide]
    return [n for n in names if np.isfinite(topic.data[n]).all()]


def last_of_equal(times):
    return np.append(np.flatnonzero(np.diff(times) > 0), len(times) - 1)


def main():
    terrella, logs, work = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    for path in sorted(logs.glob("*.ulg")):
        ulog = ULog(str(path))
        n_topics = n_numbers = 0
        notes = []
        for topic in ulog.data_list:
            names, times = fields(topic), topic.data["timestamp"].astype(np.int64)
            kept = last_of_equal(times)
            if len(kept) < 2 or not names or (np.diff(times) < 0).any():
                continue
            name = topic.name + (f".{topic.multi_id}" if topic.multi_id else "")
            mapping, out = work / "map.toml", work / f"{path.stem}-{name}"
            mapping.write_text(f"[[state]]\ntopic = \"{name}\"\ncolumns = {json.dumps(names)}\nalign = \"hold\"\n")
            if not run(terrella, "import", path, out, "--map", mapping):
                continue
            states, _, at, _, notes = imported(out)
            wanted = np.stack([topic.data[n].astype(np.float64).astype(np.float32) for n in names], 1)[kept]
            assert states.shape == wanted.shape, (path, name, states.shape, wanted.shape)
            assert np.array_equal(states, wanted), (path, name)
            off = np.abs(at - (times[kept] - times[kept[0]]) * 1e-6).max()
            assert off < 2e-6 + (at.max() / 2**24 if at.dtype == np.float32 else 0) + at.max() * 2**-22, (path, name, off)
            n_topics, n_numbers = n_topics + 1, n_numbers + wanted.size
        lost = [d.duration for d in ulog.dropouts]
        told = [note for note in notes if "dropouts" in note]
        assert bool(lost) == bool(told) and (not lost or f"{len(lost)} dropouts, {sum(lost) * 1e-3:.3f} s in all" in told[0]), (lost, told)
        print(f"{path.name}: {n_topics} of {len(ulog.data_list)} topics, {n_numbers} numbers equal bit for bit, {len(lost)} dropouts")

        out = work / f"{path.stem}-guessed"
        assert run(terrella, "import", path, out)
        states, actions, _, episodes, notes = imported(out)
        assert (episodes == 0).all(), "a flight without a gap is one episode"
        taken = next(note for note in notes if "for want of a mapping" in note)
        streams = re.findall(r"(\w+) \(([^)]*)\)", taken)
        data = {topic.name: topic.data for topic in ulog.data_list if topic.multi_id == 0}
        stream = lambda topic, columns: (data[topic]["timestamp"] * 1e-6, np.stack([data[topic][n] for c in columns.split(", ") for n in ([c] if c in data[topic] else [k for k in data[topic] if k.startswith(c + "[")])], 1))
        *state, action = [stream(*s) for s in streams]
        start, end = max(t[0] for t, _ in [*state, action]), min(t[-1] for t, _ in [*state, action])
        fps = json.loads((out / "meta/info.json").read_text())["fps"]
        rows = start + np.arange(int(np.floor((end - start) * fps + 1e-5)) + 1) / fps
        line = np.concatenate([np.stack([np.interp(rows, t, c) for c in v.astype(np.float64).T], 1) for t, v in state], 1)
        held = action[1][np.searchsorted(action[0], rows + 1e-7, "right") - 1]
        assert states.shape == line.shape and actions.shape == held.shape, (states.shape, line.shape, actions.shape, held.shape)
        worst = np.abs(states - line).max() / max(1.0, np.abs(line).max()), np.abs(actions - held).max()
        print(f"{path.name}: without a mapping {len(states)} rows at {fps} a second, states differ by {worst[0]:.1e}, actions by {worst[1]:.1e}")
        assert max(worst) <= LIMIT, worst
    leave()


main()
