"""How a text or a shape is turned, slanted and scaled on the command line: the frame of the window's free transform."""

from __future__ import annotations

import argparse
import math

from desktop.core.affine import Affine
from desktop.core.errors import UserError
from desktop.core.geometry import Point

MOST_SKEW = 80.0  # degrees


def add_turning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--angle", type=float, default=0.0, metavar="DEGREES", help="turned clockwise (0)")
    parser.add_argument("--skew", type=float, default=0.0, metavar="DEGREES", help="slanted, before it is turned (0)")
    parser.add_argument("--scale", default="1", metavar="S|X,Y", help="--scale=-1,1 flips left and right (1)")


def turning_of(given: argparse.Namespace, around: Point) -> Affine:
    """The map that leaves one point where it is. UserError for numbers that cannot be."""
    try:
        scales = [float(part) for part in given.scale.split(",")]
        scale_x, scale_y = scales if len(scales) == 2 else scales * 2
    except ValueError as error:
        raise UserError("text.bad_value", name="--scale", wanted="S or X,Y", value=given.scale) from error
    if not abs(given.skew) <= MOST_SKEW:
        wanted = f"a number from {-MOST_SKEW:g} to {MOST_SKEW:g}"
        raise UserError("text.bad_value", name="--skew", wanted=wanted, value=given.skew)
    if not math.isfinite(given.angle):
        raise UserError("text.bad_value", name="--angle", wanted="a number", value=given.angle)
    cos, sin = math.cos(math.radians(given.angle)), math.sin(math.radians(given.angle))
    turned = Affine(scale_x).then(Affine(yy=scale_y)).then(Affine(xy=math.tan(math.radians(given.skew))))
    turned = turned.then(Affine(cos, -sin, sin, cos))
    there = Affine(x0=-around.x, y0=-around.y).then(turned).moved(around.x, around.y)
    if not there.is_sound:
        raise UserError("text.bad_transform")
    return there
