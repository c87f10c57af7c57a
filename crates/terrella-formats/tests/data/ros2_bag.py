"""Makes `ros2_bag.db3` and `ros2_defined.db3`: bags of ROS 2 as SQLite's own library writes them, in pages of 512 bytes,
so that a few rows make trees of pages and pictures go on in further ones. Needs `pip install rosbags==0.11.9 numpy`.

    python ros2_bag.py FOLDER
"""

import pathlib
import sqlite3
import sys

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

ROWS, EPOCH, STEP = 24, 1_700_000_000_000_000_000, 50_000_000
TABLES = """
CREATE TABLE schema(schema_version INTEGER PRIMARY KEY, ros_distro TEXT NOT NULL);
CREATE TABLE metadata(id INTEGER PRIMARY KEY, metadata_version INTEGER NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE topics(id INTEGER PRIMARY KEY,name TEXT NOT NULL,type TEXT NOT NULL,serialization_format TEXT NOT NULL,offered_qos_profiles TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL,timestamp INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX timestamp_idx ON messages (timestamp ASC);
"""
DEFINITIONS = "CREATE TABLE message_definitions(id INTEGER PRIMARY KEY, topic_type TEXT NOT NULL, encoding TEXT NOT NULL, encoded_message_definition TEXT NOT NULL, type_description_hash TEXT NOT NULL);"
WHEELS = "my_msgs/Side left\nmy_msgs/Side right\n"
SIDE = "float64 speed\nint32 ticks\n"


def database(path, topics, definitions=()):
    """Opens a new bag with these topics (name, type)."""
    path.unlink(missing_ok=True)
    bag = sqlite3.connect(path)
    bag.execute("PRAGMA page_size = 512")
    bag.executescript(TABLES + (DEFINITIONS if definitions else ""))
    bag.executemany("INSERT INTO topics VALUES (NULL, ?, ?, 'cdr', '')", topics)
    if definitions:
        bag.executemany("INSERT INTO message_definitions VALUES (NULL, ?, 'ros2msg', ?, '')", definitions)
    return bag


def main(folder):
    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    time, header = types["builtin_interfaces/msg/Time"], types["std_msgs/msg/Header"]
    stamp = lambda t: header(stamp=time(sec=t // 10**9, nanosec=t % 10**9), frame_id="base")
    vector = lambda *xyz: types["geometry_msgs/msg/Vector3"](*map(float, xyz))
    topics = [
        ("/joint_states", "sensor_msgs/msg/JointState"),
        ("/cmd_vel", "geometry_msgs/msg/Twist"),
        ("/eye", "sensor_msgs/msg/Image"),
        ("/odd", "my_msgs/msg/Odd"),
        ("/silent", "my_msgs/msg/Silent"),
    ]
    bag = database(folder / "ros2_bag.db3", topics)
    put = lambda topic, t, data: bag.execute("INSERT INTO messages VALUES (NULL, ?, ?, ?)", (topic, t, bytes(data)))
    for i in range(ROWS):
        t = EPOCH + i * STEP
        joints = types["sensor_msgs/msg/JointState"](
            header=stamp(t), name=["a", "b"], position=np.array([i, -i], float), velocity=np.array([0.5 * i, 1.0]), effort=np.array([], float)
        )
        put(1, t, store.serialize_cdr(joints, topics[0][1]))
        put(2, t, store.serialize_cdr(types["geometry_msgs/msg/Twist"](linear=vector(i, 0, 0), angular=vector(0, 0, 2 * i)), topics[1][1]))
        if i % 3 == 0:
            pixels = np.full((12, 16, 3), (10 * i, 255 - 10 * i, 7), np.uint8)
            image = types["sensor_msgs/msg/Image"](
                header=stamp(t), height=12, width=16, encoding="rgb8", is_bigendian=0, step=48, data=pixels.reshape(-1)
            )
            put(3, t, store.serialize_cdr(image, topics[2][1]))
        if i % 8 == 0:
            put(4, t, b"\0\1\0\0\7")
    bag.commit()
    bag.close()

    store.register(get_types_from_msg(WHEELS, "my_msgs/msg/Wheels"))
    store.register(get_types_from_msg(SIDE, "my_msgs/msg/Side"))
    types = store.types
    text = f"{WHEELS}{'=' * 80}\nMSG: my_msgs/Side\n{SIDE}"
    topics = [("/wheels", "my_msgs/msg/Wheels"), ("/cmd_vel", "geometry_msgs/msg/Twist")]
    bag = database(folder / "ros2_defined.db3", topics, [("my_msgs/msg/Wheels", text)])
    for i in range(ROWS):
        side = lambda x: types["my_msgs/msg/Side"](speed=float(x), ticks=int(10 * x))
        wheels = types["my_msgs/msg/Wheels"](left=side(i), right=side(-i))
        twist = types["geometry_msgs/msg/Twist"](linear=vector(i, 0, 0), angular=vector(0, 0, 0))
        for topic, message in ((1, wheels), (2, twist)):
            data = bytes(store.serialize_cdr(message, topics[topic - 1][1]))
            bag.execute("INSERT INTO messages VALUES (NULL, ?, ?, ?)", (topic, EPOCH + i * STEP, data))
    bag.commit()
    bag.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
