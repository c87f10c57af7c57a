"""Prints one message in both versions and byte orders of CDR, as pycdr2 1.0.0 writes them, for the tests of crate terrella-logs.

usage: pip install pycdr2==1.0.0 && python tests/judges/cdr_second.py
"""
from dataclasses import dataclass
from enum import auto

from pycdr2 import Endianness, IdlEnum, IdlStruct
from pycdr2.annotations import appendable, final
from pycdr2.types import array, float32, float64, int16, int32, int64, sequence, uint8, uint32


class Mode(IdlEnum, typename="m.Mode", default="A"):
    A = auto()
    B = auto()


@dataclass
@final
class Time(IdlStruct, typename="m.Time"):
    sec: int32
    nanosec: uint32


@dataclass
@final
class Point(IdlStruct, typename="m.Point"):
    x: float64
    y: int16


@dataclass
@final
class Fixed(IdlStruct, typename="m.Fixed"):
    flag: uint8
    stamp: Time
    x: float64
    name: sequence[str]
    position: sequence[float64]
    points: array[Point, 2]
    mode: Mode
    count: int64


@dataclass
@appendable
class Grown(IdlStruct, typename="m.Grown"):
    flag: uint8
    point: Point
    inner: "Inner"
    speed: float32


@dataclass
@appendable
class Inner(IdlStruct, typename="m.Inner"):
    a: float64
    b: uint8


Grown.__annotations__["inner"] = Inner

fixed = Fixed(7, Time(12, 34), 2.5, ["a", "bc"], [1.5, -2.5], [Point(1.0, -3), Point(2.0, 4)], Mode.B, -5)
grown = Grown(1, Point(0.5, 2), Inner(9.0, 3), 1.25)
for name, message in [("fixed", fixed), ("grown", grown)]:
    for order in [Endianness.Little, Endianness.Big]:
        for second in [False, True]:
            # The first version has no structures that may grow.
            if second or name == "fixed":
                data = message.serialize(endianness=order, use_version_2=second)
                print(name, order.name, 2 if second else 1, bytes(data).hex())
