"""A small network of two styles, for tests of the style task and its panel: they make the picture redder or bluer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from tests.runtime_models import make_model, tile_table

CHOICE_INPUT = """
[[inputs]]
name = "style"
role = "choice"
param = "style"
"""
PICTURE_INPUT = """
[[inputs]]
name = "style"
role = "style"
size = "any"
std = [255.0]
"""
STRENGTH_INPUT = """
[[inputs]]
name = "strength"
role = "scalar"
param = "strength"
range = [0.0, 1.0]
"""
CHOICE_PARAM = """
[[params]]
id = "style"
label = "Style"
type = "choice"
choices = ["Red", "Blue"]
default = "Red"
"""
PARAMS = """
[[params]]
id = "strength"
label = "Strength"
type = "float"
min = 0.0
max = 100.0
default = 100.0
[[params]]
id = "brush"
label = "Brush size"
type = "float"
min = 25.0
max = 400.0
default = 100.0
"""


def shifting_style(folder: Path, *, tile: int = 64) -> Path:
    """Adds a fifth of white to red or to blue, as much of it as the strength says."""
    shifts = np.zeros((2, 3, 1, 1), np.float32)
    shifts[0, 0], shifts[1, 2] = 0.2, 0.2
    nodes = [
        helper.make_node("Cast", ["style"], ["number"], to=TensorProto.INT64),
        helper.make_node("Gather", ["shifts", "number"], ["shift"]),
        helper.make_node("Mul", ["shift", "strength"], ["part"]),
        helper.make_node("Add", ["image", "part"], ["result"]),
    ]
    return make_model(
        folder,
        nodes,
        constants={"shifts": shifts},
        task="style",
        inputs=CHOICE_INPUT + STRENGTH_INPUT,
        params=CHOICE_PARAM + PARAMS,
        extra_inputs=[helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("style", "strength")],
        tile=tile_table(tile, 4),
    )


def mean_color_style(folder: Path, *, tile: int = 64) -> Path:
    """Paints everything in the mean colour of the style's picture, as much of it as the strength says."""
    nodes = [
        helper.make_node("ReduceMean", ["style", "sides"], ["color"], keepdims=1),
        helper.make_node("Sub", ["color", "image"], ["away"]),
        helper.make_node("Mul", ["away", "strength"], ["part"]),
        helper.make_node("Add", ["image", "part"], ["result"]),
    ]
    return make_model(
        folder,
        nodes,
        constants={"sides": np.array([2, 3], np.int64)},
        task="style",
        inputs=PICTURE_INPUT + STRENGTH_INPUT,
        params=PARAMS,
        extra_inputs=[
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 3, "style_height", "style_width"]),
            helper.make_tensor_value_info("strength", TensorProto.FLOAT, [1]),
        ],
        tile=tile_table(tile, 4),
    )
