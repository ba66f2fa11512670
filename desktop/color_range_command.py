"""`scumble color-range`: what looks like some colours, as a grey picture that other commands take as a mask."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.core.errors import UserError

Run = Callable[[argparse.Namespace], int]


def color_range_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Select by colour: white in OUT is what looks like one of the colours."
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="a grey picture, for instance for run --mask")
    parser.add_argument("--color", action="append", required=True, metavar="#rrggbb", help="may be given several times")
    parser.add_argument("--tolerance", type=float, default=20.0, metavar="T", help="0 to 100 (20)")
    parser.add_argument("--invert", action="store_true", help="everything else instead")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the mask")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands

        return select(given, commands.printer(given.json))

    return run


def select(given: argparse.Namespace, tell: Callable[[dict[str, Any], str], None]) -> int:
    import numpy as np

    from desktop.commands import check_target
    from desktop.core.color_range import color_range
    from desktop.core.composite import flatten
    from desktop.core.effect_values import color_of_text
    from desktop.io.documents import open_document_file
    from desktop.io.formats import FileFormat, ImageFile
    from desktop.io.image_files import write_image

    colors = [color_of_text(text) for text in given.color]
    if check_target(given.target) is FileFormat.OPENRASTER:
        raise UserError("text.bad_value", name="OUT", wanted="a name that ends with .png or .tif", value=given.target)
    picture = flatten(open_document_file(given.source))
    levels = color_range(picture, colors, given.tolerance, inverted=given.invert)
    opaque = np.full_like(levels, 255)
    write_image(given.target, ImageFile(np.stack([levels, levels, levels, opaque], axis=-1), has_alpha=False))
    share = float(levels.mean()) / 255
    facts = {"input": str(given.source), "output": str(given.target), "share": round(share, 6)}
    tell(facts, f"{given.target}: {share:.1%} selected")
    return 0
