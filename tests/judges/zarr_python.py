"""Makes crates/terrella-formats/tests/data/zarr: replay buffers as zarr-python writes them, of both versions of the format.

usage: zarr_python.py FOLDER   (zarr 3.1.6, NumPy 2.4.6)
Row t of episode e has the state (1000 e + t, 0.5, -t), the action (t, e) and pictures of the grey t + 10 e. Episodes have
9 and 11 rows.
"""
import sys
import zipfile
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec
from zarr.storage import ZipStore

LENGTHS = [9, 11]


def rows():
    for episode, length in enumerate(LENGTHS):
        for t in range(length):
            yield episode, t


DATA = {
    "data/state": np.array([(1000 * e + t, 0.5, -t) for e, t in rows()], np.float32),
    "data/action": np.array([(t, e) for e, t in rows()], np.float64),
    "data/img": np.array([np.full((4, 6, 3), t + 10 * e) for e, t in rows()], np.uint8),
    "meta/episode_ends": np.cumsum(LENGTHS).astype(np.int64),
}

DEFAULT = {name: {} for name in DATA}
CODECS = {
    "data/state": {
        "filters": [TransposeCodec(order=(1, 0))],
        "serializer": BytesCodec(endian="big"),
        "compressors": [GzipCodec(level=5), Crc32cCodec()],
    },
    "data/action": {"compressors": [BloscCodec(cname="zstd", shuffle="shuffle", typesize=8)]},
    "data/img": {"shards": (14, 4, 6, 3), "compressors": [BloscCodec(cname="lz4", typesize=1)]},
    "meta/episode_ends": {"compressors": None},
}


def write(path, version, how, consolidated=False, **more):
    path.unlink(missing_ok=True)
    store = ZipStore(path, mode="w")
    root = zarr.create_group(store, zarr_format=version)
    for name, values in DATA.items():
        chunks = (7, *values.shape[1:])
        array = root.create_array(
            name, shape=values.shape, dtype=more.get("dtypes", {}).get(name, values.dtype), chunks=chunks,
            **{**({"order": more["order"]} if "order" in more else {}), **how[name]},
        )
        array[:] = values
    if consolidated:
        zarr.consolidate_metadata(store, zarr_format=version)
    store.close()
    if consolidated:
        forget(path)
    print(path.name, path.stat().st_size)


def forget(path):
    """Leaves nothing but the description of the whole."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in kept.items():
            if "/" not in name or not name.endswith((".zarray", ".zgroup", ".zattrs", "zarr.json")):
                archive.writestr(name, content)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "v3.zarr.zip", 3, DEFAULT)
    write(folder / "v3_codecs.zarr.zip", 3, CODECS)
    write(folder / "v2_order_f.zarr.zip", 2, DEFAULT, order="F", dtypes={"data/state": ">f2"})
    write(folder / "v2_consolidated.zarr.zip", 2, DEFAULT, consolidated=True)
    write(folder / "v3_consolidated.zarr.zip", 3, DEFAULT, consolidated=True)


main()
