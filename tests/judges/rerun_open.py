"""Lets Rerun read a LeRobot dataset, and counts what is in that and in the recording made of its MCAP file.

Usage: rerun_open.py DATASET MCAP.rrd RERUN   (see rerun_open.sh)
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

import rerun

dataset, mcap, program = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
info = json.loads((dataset / "meta/info.json").read_text())
rows = info["total_frames"]


def counted(path):
    """Rows of each component of each entity."""
    subprocess.run([program, "rrd", "verify", path], check=True, capture_output=True)
    printed = subprocess.run([program, "rrd", "print", "-v", path], check=True, capture_output=True, text=True).stdout
    counts = collections.Counter()
    for n, columns in re.findall(r"^Chunk\(.*?\) with (\d+) rows .*data columns: \[(.*)\]$", printed, re.M):
        counts.update({column.lstrip("/"): int(n) for column in columns.split()})
    return counts


rrd = f"{mcap}.lerobot.rrd"
rerun.init("judge")
rerun.save(rrd)
rerun.log_file_from_path(dataset)
rerun.disconnect()
counts = counted(rrd)
seen = []
for name, feature in info["features"].items():
    kind = {"image": "EncodedImage:blob", "video": "VideoStream:sample", "float32": "Scalars:scalars"}.get(feature["dtype"])
    if kind is None or name == "timestamp":
        continue
    # Depth is a picture, too, or a depth picture, as the version of Rerun has it.
    found = max((n for column, n in counts.items() if column.startswith(f"{name}@") and column.split("@")[1] in (kind, "Image:buffer", "DepthImage:buffer", "EncodedDepthImage:blob")), default=0)
    assert found == rows, (name, kind, found, rows, {c: n for c, n in counts.items() if c.startswith(name)})
    seen.append(name)
log = counted(mcap)
topics = ["camera"] * ("observation.image" in seen) + [f"views/{n.rsplit('.', 1)[1]}" for n in seen if ".images." in n]
for topic in topics:
    found = max((n for column, n in log.items() if column.startswith(f"{topic}@EncodedImage:blob") or column.startswith(f"{topic}@EncodedDepthImage:blob")), default=0)
    assert found == rows, (topic, found, rows, dict(log))
print(f"rerun: {dataset.name}: {rows} rows each of {', '.join(seen)}; in MCAP of {', '.join(topics)}")
