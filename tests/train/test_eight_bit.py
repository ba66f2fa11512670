"""Weights stored in eight bits: what is computed with them stays where it was."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("torch")

from models.common.eight_bit import quantised, store_in_eight_bits
from models.common.half import store_in_half

pytestmark = pytest.mark.train


def weights() -> np.ndarray:
    """Channels of very different strength, one of them without any."""
    strengths = np.array([0.0, 1e-3, *np.linspace(0.1, 5, 14)], np.float32).reshape(16, 1, 1, 1)
    return strengths * np.random.default_rng(0).standard_normal((16, 16, 3, 3), dtype=np.float32)


def convolution() -> onnx.ModelProto:
    node = helper.make_node("Conv", ["x", "weight", "bias"], ["y"], pads=[1, 1, 1, 1])
    values = [
        numpy_helper.from_array(weights(), "weight"),
        numpy_helper.from_array(np.ones(16, np.float32), "bias"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 16, 8, 8]) for name in ("x", "y")]
    graph = helper.make_graph([node], "convolution", [ends[0]], [ends[1]], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def answer(model: onnx.ModelProto) -> np.ndarray:
    import onnxruntime

    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(1).standard_normal((1, 16, 8, 8), dtype=np.float32)
    return session.run(None, {"x": picture})[0]


def test_each_weight_is_within_half_a_step_of_its_channel() -> None:
    values = weights()
    numbers, scale = quantised(values)
    assert numbers.dtype == np.int8
    assert (np.abs(numbers * scale - values) <= scale / 2 * (1 + 1e-5)).all()


@pytest.mark.parametrize("is_halved", [False, True])
def test_a_graph_in_eight_bits_gives_nearly_the_same_and_is_smaller(is_halved: bool) -> None:
    model = convolution()
    before, size = answer(model), model.ByteSize()
    if is_halved:
        store_in_half(model)
    store_in_eight_bits(model, ["weight"])
    after = answer(model)
    assert model.ByteSize() < size / 3
    assert "weight_half" not in {tensor.name for tensor in model.graph.initializer}
    strength = np.abs(before - 1).max(axis=(0, 2, 3)) + 1e-6
    assert (np.abs(after - before).max(axis=(0, 2, 3)) / strength).max() < 0.02
