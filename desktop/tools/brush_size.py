"""How large strokes of a style begin: the same beside the picture, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.runtime.manifest import Manifest, Param, Task
from desktop.runtime.runner import ParameterValue

BRUSH = "brush"  # the parameter, in per cent: the network is shown the picture that much smaller
PAINTED_PX = 1200  # along the longer side: larger pictures get larger strokes, as if they had this size


def brush_param(manifest: Manifest) -> Param | None:
    """None: strokes have one size."""
    is_style = manifest.task is Task.STYLE
    return next((p for p in manifest.params if is_style and p.id == BRUSH and p.max is not None), None)


def first_brush(manifest: Manifest, size: tuple[int, int]) -> Mapping[str, ParameterValue]:
    """The brush size to begin with for a picture of (width, height)."""
    param = brush_param(manifest)
    if param is None or param.max is None:
        return {}
    share = max(size) / PAINTED_PX
    return {BRUSH: min(max(round(share * 4) * 25.0, 100.0), param.max)}
