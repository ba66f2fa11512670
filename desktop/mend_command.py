"""`scumble mend`: scratches and dust of a scanned photograph found, and filled from around them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from desktop.commands import Printer

Run = Callable[[argparse.Namespace], int]


def mend_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Find scratches and dust of a scanned photograph and fill them from around. To correct by hand what was found: "
        "--only-mask, an editor, and `scumble remove IN OUT --mask MASK`."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--sensitivity", type=float, default=50.0, metavar="S", help="0 to 100 (50)")
    parser.add_argument("--width", type=float, default=6.0, metavar="PX", help="of the widest scratch or spot (6)")
    parser.add_argument("--tone", choices=["both", "light", "dark"], default="both", help="than the picture (both)")
    parser.add_argument("--only-mask", action="store_true", help="OUT becomes the mask: white is what would be filled")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.core.blemishes import BlemishSettings, BlemishTone

        settings = BlemishSettings(given.sensitivity, given.width, BlemishTone(given.tone))
        return mend(given.source, given.target, settings, commands.printer(given.json), only_mask=given.only_mask)

    return run


def mend(source: Path, target: Path, settings: object, tell: Printer, *, only_mask: bool) -> int:
    import numpy as np

    from desktop.commands import check_target, flat_picture, write_picture
    from desktop.core.blemishes import BlemishSettings, blemishes
    from desktop.core.errors import UserError
    from desktop.core.remove import removed
    from desktop.fill_commands import FillOptions, hole_network
    from desktop.io.formats import ImageFile

    assert isinstance(settings, BlemishSettings)
    settings.check()
    check_target(target)
    picture = flat_picture(source)
    started = time.perf_counter()
    levels = blemishes(picture.pixels, settings)
    share = float(np.count_nonzero(levels)) / levels.size
    if only_mask:
        opaque = np.full_like(levels, 255)
        write_picture(target, ImageFile(np.dstack([levels, levels, levels, opaque]), has_alpha=False, is_gray=True))
    elif not levels.any():
        raise UserError("mend.nothing_found")
    else:
        options = FillOptions("auto", 0)
        with hole_network(options) as network:
            pixels = removed(picture.pixels, levels, options.settings(), imagine=network)
        write_picture(target, replace(picture, pixels=pixels))
    seconds, (height, width) = time.perf_counter() - started, levels.shape
    facts = {"input": str(source), "output": str(target), "width": width, "height": height, "share": round(share, 6)}
    tell(facts | {"seconds": round(seconds, 3)}, f"{target}: {share:.2%} of the picture is scratches and dust")
    return 0
