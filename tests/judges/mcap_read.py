"""Exports a dataset and reads it strictly with the official `mcap`; writes ROS 2 and Protobuf logs with it and imports them.

Usage: mcap_read.py TERRELLA WORK   (see mcap_read.sh)
"""

import io
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.CompressedVideo_pb2 import CompressedVideo
from foxglove_schemas_protobuf.PoseInFrame_pb2 import PoseInFrame
from google.protobuf.timestamp_pb2 import Timestamp
from leaving import leave
from mcap.reader import make_reader
from mcap.stream_reader import StreamReader
from mcap.writer import Writer as RawWriter
from mcap_protobuf.reader import read_protobuf_messages
from mcap_protobuf.writer import Writer as ProtobufWriter
from mcap_ros2.writer import Writer as Ros2Writer
from PIL import Image
from rosbags.rosbag1 import Writer as Bag
from rosbags.typesys import Stores, get_typestore

terrella, work = sys.argv[1], pathlib.Path(sys.argv[2])
HEADER = """
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
"""
XYZ = "================================================================================\nMSG: geometry_msgs/{}\nfloat64 x\nfloat64 y\nfloat64 z\n"
QUATERNION = "================================================================================\nMSG: geometry_msgs/Quaternion\nfloat64 x\nfloat64 y\nfloat64 z\nfloat64 w\n"
DEFINITIONS = {
    "sensor_msgs/JointState": "std_msgs/Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort" + HEADER,
    "geometry_msgs/TwistStamped": "std_msgs/Header header\nTwist twist" + HEADER
    + "================================================================================\nMSG: geometry_msgs/Twist\nVector3 linear\nVector3 angular\n" + XYZ.format("Vector3"),
    "sensor_msgs/Imu": "std_msgs/Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n"
    "geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n"
    "geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance" + HEADER + XYZ.format("Vector3") + QUATERNION,
    "geometry_msgs/PoseStamped": "std_msgs/Header header\ngeometry_msgs/Pose pose" + HEADER
    + "================================================================================\nMSG: geometry_msgs/Pose\nPoint position\nQuaternion orientation\n" + XYZ.format("Point") + QUATERNION,
    "sensor_msgs/Image": "std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data" + HEADER,
    "sensor_msgs/CompressedImage": "std_msgs/Header header\nstring format\nuint8[] data" + HEADER,
}


def run(*arguments):
    done = subprocess.run([terrella, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def dataset(folder):
    table = pq.read_table(sorted(folder.glob("data/*/*.parquet"))[0]).to_pydict()
    numbers = lambda name: np.array([np.atleast_1d(x) for x in table[name]], np.float32)
    images = [np.array(Image.open(io.BytesIO(x["bytes"]))) for x in table.get("observation.image", [])]
    return numbers("observation.state"), numbers("action"), images, table


# 1. What we write, read strictly.
data, log = work / "balls", work / "balls.mcap"
run("collect", "--env", "tworoom", "--out", data, "--episodes", "5", "--steps", "30")
run("export", data, log)
state, action, images, table = dataset(data)
count = {}
with open(log, "rb") as f:
    for _ in StreamReader(f, validate_crcs=True).records:
        pass
with open(log, "rb") as f:
    reader = make_reader(f, validate_crcs=True)
    summary = reader.get_summary()
    fields = {"/state": [], "/action": [], "/camera": []}
    for schema, channel, message in reader.iter_messages():
        count[channel.id] = count.get(channel.id, 0) + 1
        if channel.topic == "/camera":
            assert (schema.name, channel.message_encoding) == ("foxglove.CompressedImage", "protobuf")
            picture = CompressedImage.FromString(message.data)
            assert picture.timestamp.ToNanoseconds() == message.log_time and picture.format == "png"
            fields["/camera"].append(np.array(Image.open(io.BytesIO(picture.data))))
            continue
        payload = json.loads(message.data)
        assert set(payload) <= set(json.loads(schema.data)["properties"]), channel.topic
        if channel.topic in ("/state", "/action"):
            fields[channel.topic].append(list(payload.values()))
assert summary.statistics.channel_message_counts == count, (summary.statistics, count)
assert np.array_equal(np.array(fields["/state"], np.float32), state) and np.array_equal(np.array(fields["/action"], np.float32), action)
assert all(np.array_equal(a, b) for a, b in zip(fields["/camera"], images, strict=True))
with open(log, "rb") as f:
    by_schema = [m.proto_msg.data for m in read_protobuf_messages(f, topics=["/camera"])]
assert len(by_schema) == len(images) and by_schema[0][:4] == b"\x89PNG"
print(f"strict: {sum(count.values())} messages, {len(summary.chunk_indexes)} chunks, counts equal the statistics, {len(state)} rows and pictures equal the tables")
run("import", log, work / "back")
again = dataset(work / "back")
assert np.array_equal(again[0].view(np.uint32), state.view(np.uint32)) and np.array_equal(again[1].view(np.uint32), action.view(np.uint32))
assert all(np.array_equal(a, b) for a, b in zip(again[2], images, strict=True)) and again[3]["episode_index"] == table["episode_index"]
print("round trip: bit for bit")

# 2. ROS 2 messages of six types, written by the official writer.
rng = np.random.default_rng(0)
n, start = 60, 1_700_000_000_000_000_000
joints, twist, imu, pose = (rng.standard_normal((n, w)) for w in (6, 6, 10, 7))
pixels = rng.integers(0, 256, (n, 8, 10, 3), np.uint8)
ros = work / "robot.mcap"
with open(ros, "wb") as f:
    writer = Ros2Writer(f)
    schemas = {name: writer.register_msgdef(name, text) for name, text in DEFINITIONS.items()}
    xyz = lambda v: dict(zip("xyz", map(float, v)))
    for i in range(n):
        time = start + i * 50_000_000
        header = {"stamp": {"sec": time // 10**9, "nanosec": time % 10**9}, "frame_id": "base"}
        put = lambda topic, kind, message: writer.write_message(topic, schemas[kind], {"header": header, **message}, time, time, i)
        order = [0, 1, 2] if i % 2 else [2, 0, 1]
        put("/joints", "sensor_msgs/JointState", {"name": [f"j{k}" for k in order], "position": joints[i, order].tolist(), "velocity": joints[i, 3:][order].tolist(), "effort": []})
        put("/cmd", "geometry_msgs/TwistStamped", {"twist": {"linear": xyz(twist[i]), "angular": xyz(twist[i, 3:])}})
        put("/imu", "sensor_msgs/Imu", {
            "orientation": dict(zip("xyzw", imu[i].tolist())), "orientation_covariance": [0.0] * 9, "angular_velocity": xyz(imu[i, 4:]),
            "angular_velocity_covariance": [0.0] * 9, "linear_acceleration": xyz(imu[i, 7:]), "linear_acceleration_covariance": [0.0] * 9})
        put("/pose", "geometry_msgs/PoseStamped", {"pose": {"position": xyz(pose[i]), "orientation": dict(zip("xyzw", pose[i, 3:].tolist()))}})
        bgr = np.pad(pixels[i, :, :, ::-1].reshape(8, 30), ((0, 0), (0, 2)))
        put("/raw", "sensor_msgs/Image", {"height": 8, "width": 10, "encoding": "bgr8", "is_bigendian": 0, "step": 32, "data": bgr.tobytes()})
        png = io.BytesIO()
        Image.fromarray(pixels[i]).save(png, "png")
        put("/packed", "sensor_msgs/CompressedImage", {"format": "png", "data": png.getvalue()})
    writer.finish()
PLACES = {
    "/joints": ["position.j0", "position.j1", "position.j2", "velocity.j0", "velocity.j1", "velocity.j2"],
    "/imu": ["orientation.x", "orientation.y", "orientation.z", "orientation.w", *(f"{a}.{x}" for a in ("angular_velocity", "linear_acceleration") for x in "xyz")],
    "/pose": [*(f"pose.position.{x}" for x in "xyz"), *(f"pose.orientation.{x}" for x in "xyzw")],
}
for camera in ("/raw", "/packed"):
    streams = "".join(f'[[state]]\ntopic = "{t}"\ncolumns = {json.dumps(c)}\n' for t, c in PLACES.items())
    commands = json.dumps([f"twist.{a}.{x}" for a in ("linear", "angular") for x in "xyz"])
    (work / "robot.toml").write_text(f'fps = 20.0\n[clock]\ncolumn = "header.stamp"\n{streams}[[action]]\ntopic = "/cmd"\ncolumns = {commands}\n[picture]\ntopic = "{camera}"\n')
    run("import", ros, work / f"ros{camera[1:]}", "--map", work / "robot.toml")
    got = dataset(work / f"ros{camera[1:]}")
    assert np.array_equal(got[0], np.hstack([joints, imu, pose]).astype(np.float32)), "states"
    assert np.array_equal(got[1], twist.astype(np.float32)) and all(np.array_equal(a, b) for a, b in zip(got[2], pixels, strict=True))
print(f"ros 2: {n} rows of {got[0].shape[1]} state and {got[1].shape[1]} action numbers and {2 * n} pictures equal")

# 3. ROS 1 messages, as converted bags have them.
ros1 = work / "ros1.mcap"
types = get_typestore(Stores.ROS1_NOETIC)
JointState, Twist, Vector3 = (types.types[name] for name in ("sensor_msgs/msg/JointState", "geometry_msgs/msg/Twist", "geometry_msgs/msg/Vector3"))
Header, Time = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
bags = [Bag(work / f"ros1-{packed.name}.bag") for packed in (Bag.CompressionFormat.BZ2, Bag.CompressionFormat.LZ4)]
bags.append(Bag(work / "ros1-plain.bag"))
for bag, packed in zip(bags, (Bag.CompressionFormat.BZ2, Bag.CompressionFormat.LZ4)):
    bag.set_compression(packed)
with open(ros1, "wb") as f:
    writer = RawWriter(f)
    writer.start(profile="ros1")
    channels = {}
    for topic, kind in (("/joints", "sensor_msgs/msg/JointState"), ("/cmd_vel", "geometry_msgs/msg/Twist")):
        schema = writer.register_schema(kind.replace("/msg/", "/"), "ros1msg", types.generate_msgdef(kind)[0].encode())
        channels[topic] = (writer.register_channel(topic, "ros1", schema), kind)
    for bag in bags:
        bag.open()
    connections = [{topic: bag.add_connection(topic, kind, typestore=types) for topic, (_, kind) in channels.items()} for bag in bags]
    for i in range(n):
        time = start + i * 50_000_000
        header = Header(seq=i, stamp=Time(sec=time // 10**9, nanosec=time % 10**9), frame_id="base")
        messages = {
            "/joints": JointState(header=header, name=["a", "b", "c"], position=joints[i, :3], velocity=joints[i, 3:], effort=np.zeros(0)),
            "/cmd_vel": Twist(linear=Vector3(*map(float, twist[i, :3])), angular=Vector3(*map(float, twist[i, 3:]))),
        }
        for topic, message in messages.items():
            channel, kind = channels[topic]
            data = bytes(types.serialize_ros1(message, kind))
            writer.add_message(channel, time, data, time)
            for bag, connection in zip(bags, connections):
                bag.write(connection[topic], time, data)
    writer.finish()
    for bag in bags:
        bag.close()
for log in (ros1, *(bag.path for bag in bags)):
    run("import", log, work / log.stem)
    got = dataset(work / log.stem)
    assert np.array_equal(got[0], joints.astype(np.float32)) and np.array_equal(got[1], twist.astype(np.float32)), log
print(f"ros 1: {n} rows equal, by a guessed mapping, in MCAP and in {len(bags)} bags (bz2, lz4, plain)")

# 4. Protobuf, and a mapping that has to be guessed.
proto = work / "proto.mcap"
with open(proto, "wb") as f, ProtobufWriter(f) as writer:
    for i in range(n):
        time = start + i * 50_000_000
        stamp = Timestamp(seconds=time // 10**9, nanos=time % 10**9)
        for topic, values in (("/arm", pose[i]), ("/target_pose", -pose[i])):
            message = PoseInFrame(timestamp=stamp, frame_id="base")
            for axis, value in zip("xyz", values):
                setattr(message.pose.position, axis, value)
            for axis, value in zip("xyzw", values[3:]):
                setattr(message.pose.orientation, axis, value)
            writer.write_message(topic, message, time, time, i)
        png = io.BytesIO()
        Image.fromarray(pixels[i]).save(png, "png")
        writer.write_message("/camera", CompressedImage(timestamp=stamp, data=png.getvalue(), format="png"), time, time, i)
said = run("import", proto, work / "proto")
got = dataset(work / "proto")
names = json.loads((work / "proto/meta/info.json").read_text())["features"]["observation.state"]["names"]
names = names if isinstance(names, list) else next(iter(names.values()))
columns = {**{f"pose.position.{x}": pose[:, k] for k, x in enumerate("xyz")}, **{f"pose.orientation.{x}": pose[:, 3 + k] for k, x in enumerate("xyzw")}}
want = np.stack([columns[name] for name in names], 1).astype(np.float32)
assert np.array_equal(got[0], want) and np.array_equal(got[1], -want), names
assert all(np.array_equal(a, b) for a, b in zip(got[2], pixels, strict=True)) and "/arm as the state" in said, said
print(f"protobuf: {n} rows and pictures equal, by a guessed mapping")

# 5. Video in messages, as ffmpeg encodes it, from the middle of a stream.
ENCODERS = {
    "h264": ["-c:v", "libx264", "-bf", "0", "-g", "10", "-crf", "15", "-x264-params", "aud=1:repeat-headers=1:scenecut=0", "-f", "h264"],
    "av1": ["-c:v", "libaom-av1", "-cpu-used", "8", "-lag-in-frames", "0", "-g", "10", "-crf", "15", "-b:v", "0", "-f", "obu"],
}


def samples(codec, stream):
    """The pictures of a stream: from one mark to the next."""
    if codec == "h264":
        return [b"\0\0\0\1\t" + part for part in stream.split(b"\0\0\0\1\t")[1:]]
    starts, at = [], 0
    while at < len(stream):
        kind, length, shift, end = stream[at] >> 3 & 15, 0, 0, at + 1
        while True:
            length |= (stream[end] & 127) << shift
            shift, end = shift + 7, end + 1
            if not stream[end - 1] & 128:
                break
        if kind == 2:
            starts.append(at)
        at = end + length
    return [stream[a:b] for a, b in zip(starts, [*starts[1:], len(stream)])]


def ffmpeg(*arguments, data=b""):
    return subprocess.run(["ffmpeg", "-loglevel", "error", *arguments], input=data, capture_output=True, check=True).stdout


if shutil.which("ffmpeg"):
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x48", "-r", "20"]
    shown = rng.integers(0, 256, (n, 6, 8, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    for codec, options in ENCODERS.items():
        video = samples(codec, ffmpeg(*raw, "-i", "-", "-pix_fmt", "yuv420p", *options, "-", data=shown.tobytes()))
        assert len(video) == n, (codec, len(video))
        log, lost = work / f"{codec}.mcap", 5
        with open(log, "wb") as f, ProtobufWriter(f) as writer:
            for i in range(lost, n):
                time = start + i * 50_000_000
                stamp = Timestamp(seconds=time // 10**9, nanos=time % 10**9)
                for topic, sign in (("/arm", 1), ("/target_pose", -1)):
                    message = PoseInFrame(timestamp=stamp, frame_id="base")
                    message.pose.position.x = sign * i
                    writer.write_message(topic, message, time, time, i)
                writer.write_message("/camera", CompressedVideo(timestamp=stamp, data=video[i], format=codec), time, time, i)
        said = run("import", log, work / codec)
        assert f"{10 - lost} messages of /camera" in said and "before the recording" in said, said
        got = dataset(work / codec)
        first = round(float(got[0][0].max()))
        assert first >= 10 - 1 and len(got[2]) == n - first, (first, len(got[2]))
        errors = np.array([[np.mean((a.astype(float) - b) ** 2) for b in shown] for a in got[2]])
        nearest = errors.argmin(1)
        psnr = 10 * np.log10(255**2 / errors.min(1))
        assert (nearest == np.arange(first, n)).all() and psnr.min() > 28, (codec, nearest, psnr.min())
        print(f"video in messages: {codec}: {len(psnr)} pictures, each nearest to its own, {psnr.mean():.1f} dB, worst {psnr.min():.1f}")
else:
    print("video in messages: skipped, it needs ffmpeg")
leave()
