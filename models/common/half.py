"""Weights stored in half precision: half the file, computed in single precision all the same."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEWEST_HALVED = 64  # numbers; smaller constants stay as they are
HALF = "_half"  # behind the name of a stored tensor


def store_in_half(model: onnx.ModelProto) -> None:
    """Large float weights become half precision and a Cast, which the runtime does once when it loads the model."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < FEWEST_HALVED:
            kept.append(tensor)
            continue
        stored = f"{tensor.name}{HALF}"
        kept.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT, name=f"{stored}_cast"))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
