"""`scumble shape`: draws on a picture with the renderer of the window; into .ora as a shape layer, else flat."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.shapes import Arrows, ShapeContent, ShapeStyle, checked_shape
from desktop.turning_arguments import add_turning, turning_of

Run = Callable[[argparse.Namespace], int]

NO_COLOR = "none"


def shape_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Draw a shape on a picture. An OUT that ends with .ora keeps it as a shape layer."
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--kind", required=True, metavar="K", help="rectangle, ellipse, line, polygon, star")
    parser.add_argument("--from", dest="start", required=True, metavar="X,Y", help="a corner, or where a line begins")
    parser.add_argument("--to", dest="end", required=True, metavar="X,Y", help="the opposite corner, or its end")
    parser.add_argument("--fill", default=ShapeStyle().fill, metavar="#rrggbb", help="or none")
    parser.add_argument("--stroke", default=NO_COLOR, metavar="#rrggbb", help="or none; of a line black")
    parser.add_argument("--width", type=float, default=4.0, metavar="PX", help="of the stroke (4)")
    parser.add_argument("--radius", type=float, default=0.0, metavar="PX", help="of a rectangle's corners (0)")
    parser.add_argument("--sides", type=int, default=5, metavar="N", help="corners of a polygon, points of a star (5)")
    parser.add_argument("--inner", type=float, default=50.0, metavar="PERCENT", help="a star's inner corners (50)")
    parser.add_argument("--arrows", default=Arrows.NONE.value, metavar="A", help="none, end, start, both")
    add_turning(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands

        return draw_shape(given.source, given.target, _content_of(given), commands.printer(given.json))

    return run


def draw_shape(source: Path, target: Path, content: ShapeContent, tell: Callable[[dict[str, Any], str], None]) -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from desktop.commands import check_target
    from desktop.io.documents import flat_image, open_document_file
    from desktop.io.formats import FileFormat
    from desktop.io.image_files import write_image
    from desktop.io.openraster import save_openraster
    from desktop.tools.shape_layers import written
    from desktop.ui.shape_renderer import render_shape

    target_format = check_target(target)
    checked_shape(content)
    document = written(open_document_file(source), content, render_shape, None)
    if target_format is FileFormat.OPENRASTER:
        save_openraster(document, target)
    else:
        write_image(target, flat_image(document))
    top = document.layers[-1]
    bounds = document.raster_layer(top.id).tiles.content_bounds()
    place = {"x": bounds.x, "y": bounds.y, "width": bounds.width, "height": bounds.height}
    facts = {"input": str(source), "output": str(target), "kind": content.style.kind.value, "place": place}
    tell(facts, f"{target}: {content.style.kind.value}, {bounds.width} × {bounds.height} at {bounds.x}, {bounds.y}")
    return 0


def _content_of(given: argparse.Namespace) -> ShapeContent:
    from desktop.tools.shape_layers import kind_of

    if given.arrows not in {one.value for one in Arrows}:
        known = ", ".join(one.value for one in Arrows)
        raise UserError("text.bad_value", name="--arrows", wanted=f"one of {known}", value=given.arrows)
    plain = ShapeStyle()
    style = ShapeStyle(
        kind=kind_of(given.kind),
        fills=given.fill != NO_COLOR,
        fill=plain.fill if given.fill == NO_COLOR else given.fill,
        strokes=given.stroke != NO_COLOR,
        stroke=plain.stroke if given.stroke == NO_COLOR else given.stroke,
        stroke_px=given.width,
        radius_px=given.radius,
        sides=given.sides,
        inner=given.inner / 100,
        arrows=Arrows(given.arrows),
    )
    (x1, y1), (x2, y2) = _point(given.start, "--from"), _point(given.end, "--to")
    around = Point((x1 + x2) / 2, (y1 + y2) / 2)
    return ShapeContent(style, x1, y1, x2, y2).transformed(turning_of(given, around))


def _point(text: str, name: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError("text.bad_value", name=name, wanted="two numbers X,Y", value=text) from error
    return x, y
