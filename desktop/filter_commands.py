"""Adjustments and filters from the command line, with the code of the window; profile, metadata and depth are kept."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Run = Callable[[argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class FilterOrder:
    name: str
    source: Path
    target: Path
    parameters: dict[str, str]
    lut: Path | None = None
    is_layer: bool = False
    reference: Path | None = None


def filter_command(parser: argparse.ArgumentParser) -> Run:
    from desktop.core.effect_table import EFFECTS

    parser.description = "Adjust or filter a picture, as the Adjust and Filter menus do."
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["filters and their parameters:", *(_line_of(effect) for effect in EFFECTS)])
    parser.add_argument("name", metavar="NAME", help="one of those below")
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="may be given repeatedly")
    parser.add_argument("--lut", type=Path, metavar="FILE.cube", help="the table of colours for lut")
    parser.add_argument("--reference", type=Path, metavar="PICTURE", help="whose colours match-colours gives")
    parser.add_argument("--layer", action="store_true", help="as an adjustment layer on top; OUT must be .ora")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.run_arguments import parameters_of

        parameters = parameters_of(given.param)
        order = FilterOrder(given.name, given.source, given.target, parameters, given.lut, given.layer, given.reference)
        return apply_filter(order, commands.printer(given.json))

    return run


def apply_filter(order: FilterOrder, tell: Callable[[dict[str, Any], str], None]) -> int:
    from desktop.commands import check_target, flat_picture, write_picture
    from desktop.core.effects import checked_settings, default_values, effect_of
    from desktop.io.cube_files import read_cube_file
    from desktop.io.pixel_forms import is_opaque, is_really_gray
    from desktop.tools.effect_run import apply_to_pixels

    effect = effect_of(order.name)
    lut = None if order.lut is None else read_cube_file(order.lut)
    if order.reference is not None:
        lut = _matched(order, takes_reference=effect.takes_reference)
    settings = checked_settings(order.name, {**default_values(effect), **order.parameters}, lut)
    target_format = check_target(order.target)
    if order.is_layer:
        return _add_layer(order, settings, target_format, tell)
    picture = flat_picture(order.source)
    started = time.perf_counter()
    pixels = apply_to_pixels(picture.pixels, settings)
    seconds = time.perf_counter() - started
    changed = replace(
        picture,
        pixels=pixels,
        has_alpha=picture.has_alpha or not is_opaque(pixels),
        is_gray=picture.is_gray and is_really_gray(pixels),
    )
    write_picture(order.target, changed)
    _tell(order, settings, pixels.shape, pixels.dtype.itemsize * 8, seconds, tell)
    return 0


def _matched(order: FilterOrder, *, takes_reference: bool) -> bytes:
    """The table that gives the picture the colours of the reference."""
    from desktop.commands import flat_picture
    from desktop.core.colour_match import ColourShape, matched_cube
    from desktop.core.errors import UserError

    assert order.reference is not None
    if not takes_reference:
        raise UserError("effect.no_reference_wanted", effect=order.name)
    source, reference = (flat_picture(path).pixels for path in (order.source, order.reference))
    return matched_cube(ColourShape.of(source), ColourShape.of(reference))


def _add_layer(order: FilterOrder, settings: Any, target_format: Any, tell: Callable[..., None]) -> int:
    from desktop.core.effects import check_distortable
    from desktop.core.errors import UserError
    from desktop.core.layers import AdjustmentLayer
    from desktop.io.documents import open_document_file
    from desktop.io.formats import FileFormat
    from desktop.io.openraster import save_openraster

    if target_format is not FileFormat.OPENRASTER:
        raise UserError("effect.layer_needs_ora", path=order.target)
    started = time.perf_counter()
    document = open_document_file(order.source)
    check_distortable(settings, document.size.rect())
    layer = AdjustmentLayer(id=document.next_layer_id(), name=order.name, settings=settings)
    save_openraster(document.with_layer_inserted(layer), order.target)
    size = (document.size.height, document.size.width)
    _tell(order, settings, size, document.depth, time.perf_counter() - started, tell)
    return 0


def _tell(order: FilterOrder, settings: Any, shape: Any, depth: int, seconds: float, tell: Callable[..., None]) -> None:
    facts = {
        "input": str(order.source),
        "output": str(order.target),
        "width": shape[1],
        "height": shape[0],
        "depth": depth,
        "filter": order.name,
        "parameters": dict(settings.values),
        "seconds": round(seconds, 3),
    }
    tell(facts, f"{order.target}: {shape[1]} × {shape[0]} pixels, {order.name} in {seconds:.1f} s")


def _line_of(effect: Any) -> str:
    parts = []
    for one in effect.parameters:
        if one.choices:
            parts.append(f"{one.id}={'|'.join(one.choices)}")
        elif one.most > one.least:
            parts.append(f"{one.id}={one.least:g}..{one.most:g} ({one.default:g})")
        else:
            parts.append(f"{one.id} ({one.default})")
    return f"  {effect.id:20} {', '.join(parts)}"
