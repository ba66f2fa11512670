"""What the commands without a model do to a picture file; ICC profile, metadata, alpha and depth are kept."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.commands import Printer, check_target
from desktop.core.document import MAX_SIDE_PX, Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.core.resample import Resampling
from desktop.enlarge_commands import NetworkOrder, enlarged_document
from desktop.io.documents import flat_image, open_document_file
from desktop.io.formats import FileFormat, format_of_suffix
from desktop.io.image_files import write_image
from desktop.io.openraster import save_openraster
from desktop.runtime.memory import available_bytes
from desktop.tools.made_layers import drawn_anew, made_layers
from desktop.tools.resizing import CropFrame, cropped, largest_inside, trimmed, with_size

BYTES_PER_PIXEL = 40  # of a picture that is resampled in float, with its copies
_RECT = re.compile(r"(-?\d+),(-?\d+),(\d+)x(\d+)")


@dataclass(frozen=True, slots=True)
class ResizeOrder:
    source: Path
    target: Path
    width: int | None
    height: int | None
    percent: float | None
    method: str
    network: NetworkOrder | None = None


@dataclass(frozen=True, slots=True)
class CropOrder:
    """`rect` as it was given: X,Y,WxH."""

    source: Path
    target: Path
    rect: str | None
    straighten: float
    trims: bool


def resize(order: ResizeOrder, tell: Printer) -> int:
    check_target(order.target)
    if order.width is None and order.height is None and order.percent is None:
        raise UserError("size.nothing_given")
    document = open_document_file(order.source)
    size = _wanted_size(document.size, order)
    _check_size(size)
    if order.network is not None:
        resized = enlarged_document(document, size, order.network)
    else:
        resized = with_size(document, size, Resampling(order.method))
    return _finish(order.source, order.target, _drawn_anew(document, resized), tell)


def crop(order: CropOrder, tell: Printer) -> int:
    check_target(order.target)
    if order.rect is None and not order.straighten and not order.trims:
        raise UserError("size.nothing_given")
    if not abs(order.straighten) <= 45:
        raise UserError("size.bad_angle", angle=order.straighten)
    document = open_document_file(order.source)
    if order.straighten:
        width, height = largest_inside(document.size, order.straighten, document.size.width / document.size.height)
        frame = CropFrame(document.size.width / 2, document.size.height / 2, max(width - 2, 1), max(height - 2, 1))
        straight = cropped(document, replace(frame, angle=-order.straighten), keeps_outside=False)
        document = _drawn_anew(document, straight)
    if order.trims:
        document = trimmed(document)
    if order.rect is not None:
        document = cropped(document, CropFrame.around(_rect_of(order.rect)), keeps_outside=False)
    return _finish(order.source, order.target, document, tell)


def _drawn_anew(before: Document, after: Document) -> Document:
    """Texts and shapes are drawn at their new size instead of filtered."""
    if not any(made_layers(after.layers)):
        return after
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    from desktop.ui.makers import MAKERS

    application = QGuiApplication.instance() or QGuiApplication([])
    drawn = drawn_anew(before, after, MAKERS)
    del application  # letters need it no more
    return drawn


def _rect_of(text: str) -> Rect:
    found = _RECT.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UserError("size.bad_rect", text=text)
    rect = Rect(*map(int, found.groups()))
    if rect.is_empty:
        raise UserError("size.bad_rect", text=text)
    return rect


def _wanted_size(before: Size, order: ResizeOrder) -> Size:
    across = down = (order.percent or 100.0) / 100
    if not 0 < across < math.inf:
        raise UserError("document.bad_size", width=0, height=0, limit=MAX_SIDE_PX)
    if order.width is not None:
        across = down = order.width / before.width
    if order.height is not None:
        down = order.height / before.height
        across = across if order.width is not None else down
    size = Size(max(round(before.width * across), 0), max(round(before.height * down), 0))
    if order.width is not None or order.height is not None:
        width = max(size.width, 1) if order.width is None else order.width
        size = Size(width, max(size.height, 1) if order.height is None else order.height)
    return size


def _check_size(size: Size) -> None:
    if not (1 <= size.width <= MAX_SIDE_PX and 1 <= size.height <= MAX_SIDE_PX):
        raise UserError("document.bad_size", width=size.width, height=size.height, limit=MAX_SIDE_PX)
    needed, limit = size.area * BYTES_PER_PIXEL, available_bytes()
    if needed > limit:
        gibibytes = {"needed": f"{needed / 2**30:.1f}", "limit": f"{limit / 2**30:.1f}"}
        raise UserError("document.too_large", width=size.width, height=size.height, **gibibytes)


def _finish(source: Path, target: Path, document: Document, tell: Printer) -> int:
    """Writes the layers into OpenRaster, the visible picture into everything else."""
    if format_of_suffix(target) is FileFormat.OPENRASTER:
        save_openraster(document, target)
    else:
        write_image(target, flat_image(document))
    size = document.size
    facts = {
        "input": str(source),
        "output": str(target),
        "width": size.width,
        "height": size.height,
        "depth": document.depth,
        "layers": len(document.layers),
    }
    tell(facts, f"{target}: {size.width} × {size.height} pixels")
    return 0
