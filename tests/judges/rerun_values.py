"""Compares what Rerun reads in a recording of `terrella inspect --rerun` with the dataset it was made of, number by number.

Usage: rerun_values.py DATASET FILE.rrd   (see rerun_open.sh)
"""

import collections
import io
import json
import pathlib
import sys

import numpy
import PIL.Image
import pyarrow.parquet
from rerun.experimental import RrdReader

dataset, rrd = pathlib.Path(sys.argv[1]), sys.argv[2]
info = json.loads((dataset / "meta/info.json").read_text())
rows = collections.defaultdict(list)
for file in sorted(dataset.glob("data/*/*.parquet")):
    for row in pyarrow.parquet.read_table(file).to_pylist():
        rows[row["episode_index"]].append(row)


def pixels(encoded):
    return numpy.asarray(PIL.Image.open(io.BytesIO(encoded)))


def read(reader, store):
    """Values of each component of each entity, in order of rows, and fixed ones."""
    values, fixed, times = collections.defaultdict(list), {}, collections.defaultdict(list)
    for chunk in reader.stream(store=store):
        batch = chunk.to_record_batch()
        for name in batch.schema.names:
            entity = chunk.entity_path.strip("/")
            column = batch.column(name).to_pylist()
            if chunk.is_static:
                fixed[f"{entity}:{name.split(':')[-1]}"] = column[0]
            elif name == "time":
                times[entity] += column
            else:
                values[f"{entity}:{name.split(':')[-1]}"] += column
    return values, fixed, times


reader = RrdReader(rrd)
stores = {int(store.recording_id.rsplit("-", 1)[1]): store for store in reader.recordings()}
assert sorted(stores) == sorted(rows), (sorted(stores), sorted(rows))
numbers = pictures = 0
for episode, expected in rows.items():
    values, fixed, times = read(reader, stores[episode])
    for feature, entity in [("observation.state", "state"), ("action", "action")]:
        if feature not in info["features"]:
            continue
        names = info["features"][feature]["names"]
        assert fixed[f"{entity}:names"] == names, (fixed[f"{entity}:names"], names)
        found = numpy.array(values[f"{entity}:scalars"])
        assert (found == numpy.array([row[feature] for row in expected])).all(), (episode, entity)
        numbers += found.size
        stamps = [t.total_seconds() if hasattr(t, "total_seconds") else t.value / 1e9 for t in times[entity]]
        assert numpy.allclose(stamps, numpy.arange(len(expected)) / info["fps"], atol=1e-6), stamps[:5]
    for feature, about in info["features"].items():
        if about["dtype"] != "image":
            continue
        name = feature.rsplit(".", 1)[1]
        entity = "camera" if feature == "observation.image" else f"views/{name}"
        blobs = [bytes(blob[0]) for blob in values[f"{entity}:blob"]]
        assert len(blobs) == len(expected), (entity, len(blobs), len(expected))
        for blob, row in zip(blobs, expected):
            assert (pixels(blob) == pixels(row[feature]["bytes"])).all(), (episode, entity)
        pictures += len(blobs)
print(f"rerun: {dataset.name}: {len(rows)} recordings, {numbers} numbers and {pictures} pictures equal")
