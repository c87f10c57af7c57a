"""Makes crates/terrella-media/tests/data/h264: small videos by x264 that say how their colours are coded.

usage: h264_colours.py FOLDER   (PyAV 18.1.0, NumPy 2.4.6)
Each shows the colours below in turn, one a picture.
"""
import sys
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

COLOURS = [(200, 40, 20), (20, 200, 60), (30, 60, 210), (128, 128, 128), (240, 240, 20)]
BT601, BT709 = (Colorspace.ITU601, 6, "smpte170m"), (Colorspace.ITU709, 1, "bt709")
# Name, pixels, how colours are coded and whether in the full range, profile.
VIDEOS = [
    ("bt601_full", "yuv420p", BT601, True, None),
    ("bt709_full", "yuv420p", BT709, True, None),
    ("bt709_limited", "yuv420p", BT709, False, None),
    ("unsaid", "yuv420p", None, False, None),
    ("grey", "gray", None, False, None),
    ("yuv444", "yuv444p", BT601, False, "high444"),
    ("bits10", "yuv420p10le", BT601, False, "high10"),
]


def write(path, pixels, coding, full, profile):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = pixels
        signal = f"fullrange={'on' if full else 'off'}"
        if coding:
            signal += f":colormatrix={coding[2]}"
        stream.options = {"crf": "1", "preset": "veryfast", "x264-params": "no-info=1:" + (signal if coding else "")}
        if profile:
            stream.options = {**stream.options, "profile": profile}
        space = coding[0] if coding else Colorspace.ITU601
        for at, colour in enumerate(COLOURS):
            picture = np.full((32, 32, 3), colour, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format=pixels,
                dst_colorspace=space,
                dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            )
            if coding:
                frame.colorspace = coding[1]
            frame.color_range = 2 if full else 1
            frame.pts = at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, *how in VIDEOS:
        path = folder / f"{name}.mp4"
        write(path, *how)
        with av.open(str(path)) as video:
            stream = video.streams.video[0]
            shown = [frame.to_ndarray(format="rgb24")[8, 8].tolist() for frame in video.decode(stream)]
            context = stream.codec_context
            print(name, path.stat().st_size, context.profile, context.pix_fmt, context.color_range, context.colorspace, shown)


main()
