"""Human demonstrations of PushT with everything elsewhere: python3 bench/moved.py DATASET REPLAY_BUFFER [HELD_OUT ...]

From each episode of a LeRobot dataset of PushT, but those numbered HELD_OUT, the stretch of up to 110 rows is taken whose
things can be moved furthest without coming near a wall: bodies, targets of actions, the painted T, and their pixels. Physics
does not know where it happens, so what was recorded is what would have happened there. Moves are whole pixels of the 96 of a
picture; the frame of the walls stays. Written is a replay buffer (Zarr, version 2) for `terrella import --env pusht`.
"""

import io
import json
import pathlib
import sys

import numpy
import pyarrow.parquet
from PIL import Image

SIDE, WORLD, ROWS, LEAST, FURTHEST, EPISODES = 96, 512.0, 110, 60.0, 40, 90
PIXEL = WORLD / SIDE
WALL = 4  # pixels of a picture's edge that show walls
ROOM = {"agent": 20.0, "block": 80.0}  # from the middle of a body to what must stay clear, in world pixels


def furthest(low, high):
    """The largest move of a box within the world, in pixels of a picture: how far in the world, right and down."""
    ends = [[k for k in range(-FURTHEST, FURTHEST + 1) if low[a] + k * PIXEL >= 0 and high[a] + k * PIXEL <= WORLD] for a in (0, 1)]
    if not all(ends):
        return None
    corners = [(x, y) for x in (ends[0][0], ends[0][-1]) for y in (ends[1][0], ends[1][-1])]
    return max((PIXEL * (x * x + y * y) ** 0.5, x, y) for x, y in corners)


def stretch(state, action):
    """The stretch of an episode that can be moved furthest: (how far, right, down), its first row and the one after its last."""
    room = [ROOM["agent"], ROOM["block"], ROOM["agent"]]
    things = [state[:, 0:2], state[:, 2:4], action]
    low = numpy.minimum.reduce([at - r for at, r in zip(things, room)])
    high = numpy.maximum.reduce([at + r for at, r in zip(things, room)])
    found = []
    for start in range(0, len(state) - 100, 10):
        end = min(len(state), start + ROWS)
        move = furthest(low[start:end].min(0), high[start:end].max(0))
        if move and move[0] >= LEAST:
            found.append((move, start, end))
    return max(found, default=None)


def moved(picture, right, down):
    """What is within the walls, so many pixels to the right and down; white where nothing was."""
    rows, columns = numpy.mgrid[WALL : SIDE - WALL, WALL : SIDE - WALL]
    to = [rows + down, columns + right]
    inside = numpy.logical_and.reduce([(at >= WALL) & (at < SIDE - WALL) for at in to])
    out = picture.copy()
    out[WALL : SIDE - WALL, WALL : SIDE - WALL] = 255
    out[to[0][inside], to[1][inside]] = picture[rows[inside], columns[inside]]
    return out


def write(folder, name, array):
    path = folder / name
    path.mkdir(parents=True)
    shape = list(array.shape)
    about = dict(zarr_format=2, shape=shape, chunks=shape, dtype=array.dtype.str, compressor=None, fill_value=0, order="C", filters=None)
    (path / ".zarray").write_text(json.dumps(about))
    (path / ".".join("0" * array.ndim)).write_bytes(array.tobytes())


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    dataset, out, held_out = sys.argv[1], pathlib.Path(sys.argv[2]), {int(e) for e in sys.argv[3:]}
    table = pyarrow.parquet.read_table(sorted(pathlib.Path(dataset).glob("data/*/*.parquet")))
    column = lambda name: numpy.array(table[name].to_pylist(), numpy.float32)
    states, actions, episodes = column("observation.state"), column("action"), column("episode_index").astype(int)
    pictures = table["observation.image"]
    parts = {"state": [], "action": [], "img": []}
    ends = [0]
    for episode in sorted(set(episodes.tolist()) - held_out):
        rows = numpy.flatnonzero(episodes == episode)
        found = stretch(states[rows], actions[rows])
        if not found or len(ends) > EPISODES:
            continue
        (_, right, down), start, end = found
        by = numpy.array([right, down], numpy.float32) * numpy.float32(PIXEL)
        state = states[rows[start:end]].copy()
        state[:, 0:2] += by
        state[:, 2:4] += by
        parts["state"].append(state)
        parts["action"].append(actions[rows[start:end]] + by)
        seen = [numpy.asarray(Image.open(io.BytesIO(pictures[int(row)].as_py()["bytes"])).convert("RGB")) for row in rows[start:end]]
        parts["img"].append(numpy.stack([moved(picture, right, down) for picture in seen]))
        ends.append(ends[-1] + end - start)
    for name, pieces in parts.items():
        write(out, f"data/{name}", numpy.ascontiguousarray(numpy.concatenate(pieces)))
    write(out, "meta/episode_ends", numpy.array(ends[1:], "<i8"))
    for group in (out, out / "data", out / "meta"):
        (group / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    print(f"{len(ends) - 1} episodes, {ends[-1]} rows")


if __name__ == "__main__":
    main()
