"""`scumble text`: writes on a picture with the renderer of the window; into .ora as a text layer, else flat."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop.core.geometry import Point
from desktop.core.layers import TextContent
from desktop.turning_arguments import add_turning, turning_of

Run = Callable[[argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class TextOrder:
    source: Path
    target: Path
    content: TextContent


def text_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Write on a picture. An OUT that ends with .ora keeps it as a text layer."
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--text", required=True, metavar="TEXT", help=r"\n begins a new line")
    parser.add_argument("--at", default="0,0", metavar="X,Y", help="the upper left corner, in pixels (0,0)")
    parser.add_argument("--width", type=float, default=0.0, metavar="PX", help="lines are broken at this width")
    parser.add_argument("--height", type=float, default=0.0, metavar="PX", help="lines without room are left out")
    parser.add_argument("--font", default="", metavar="FAMILY")
    parser.add_argument("--size", type=int, default=48, metavar="PX")
    parser.add_argument("--weight", type=int, default=400, metavar="W", help="100 to 900, 400 is regular")
    parser.add_argument("--italic", action="store_true")
    parser.add_argument("--leading", type=float, default=1.0, metavar="L", help="in line heights (1)")
    parser.add_argument("--tracking", type=float, default=0.0, metavar="T", help="in thousandths of the size (0)")
    parser.add_argument("--align", default="left", metavar="A", help="left, center, right, justify")
    add_turning(parser)
    parser.add_argument("--color", default="#000000", metavar="#rrggbb")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands

        return write_text(TextOrder(given.source, given.target, _content_of(given)), commands.printer(given.json))

    return run


def write_text(order: TextOrder, tell: Callable[[dict[str, Any], str], None]) -> int:
    from desktop.commands import check_target
    from desktop.io.documents import flat_image, open_document_file
    from desktop.io.formats import FileFormat
    from desktop.io.image_files import write_image
    from desktop.io.openraster import save_openraster
    from desktop.tools.text_layers import checked_text, new_text_layer

    target_format = check_target(order.target)
    checked_text(order.content)
    document = open_document_file(order.source)
    layer = new_text_layer(document, order.content, _renderer(order.content.family))
    written = document.with_layer_inserted(layer)
    if target_format is FileFormat.OPENRASTER:
        save_openraster(written, order.target)
    else:
        write_image(order.target, flat_image(written))
    bounds = layer.tiles.content_bounds()
    place = {"x": bounds.x, "y": bounds.y, "width": bounds.width, "height": bounds.height}
    facts = {"input": str(order.source), "output": str(order.target), "text": order.content.text, "place": place}
    tell(facts, f"{order.target}: {bounds.width} × {bounds.height} pixels of text at {bounds.x}, {bounds.y}")
    return 0


def _renderer(family: str) -> Callable[..., Any]:
    """Qt draws letters without a screen; a family that is not there is an error, not another font."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QFontDatabase, QGuiApplication

    from desktop.core.errors import UserError
    from desktop.ui.text_renderer import render_text

    application = QGuiApplication.instance() or QGuiApplication([])
    if family and family not in QFontDatabase.families():
        raise UserError("text.no_family", family=family)

    def render(content: TextContent) -> Any:
        assert application is not None  # lives as long as letters are drawn
        return render_text(content)

    return render


def _content_of(given: argparse.Namespace) -> TextContent:
    from desktop.core.errors import UserError
    from desktop.tools.text_layers import alignment_of

    parts = given.at.split(",")
    try:
        x, y = (float(part) for part in parts)
    except ValueError as error:
        raise UserError("text.bad_value", name="--at", wanted="two numbers X,Y", value=given.at) from error
    return TextContent(
        given.text.replace("\\n", "\n"),
        x=x,
        y=y,
        width=given.width,
        height=given.height,
        family=given.font,
        size_px=given.size,
        weight=given.weight,
        italic=given.italic,
        leading=given.leading,
        tracking=given.tracking,
        alignment=alignment_of(given.align),
        color=given.color,
    ).transformed(turning_of(given, Point(x, y)))
