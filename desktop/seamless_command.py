"""`scumble seamless`: a picture as a tile that goes on over its own edges."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

Run = Callable[[argparse.Namespace], int]


def seamless_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Make a tile of a picture: its middle stays, and towards the edges it changes over to what goes on behind them."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--overlap", type=float, default=40.0, metavar="P", help="5 to 50 per cent of half a side (40)")
    parser.add_argument("--even", type=float, default=50.0, metavar="P", help="how far the light is evened out (50)")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop.commands import check_target, flat_picture, printer, write_picture
        from desktop.core.seamless import SeamlessSettings, edge_step, seamless

        settings = SeamlessSettings(given.overlap, given.even)
        settings.check()
        check_target(given.target)
        picture = flat_picture(given.source)
        started = time.perf_counter()
        pixels = seamless(picture.pixels, settings)
        seconds = time.perf_counter() - started
        write_picture(given.target, replace(picture, pixels=pixels))
        steps = {"edge_before": round(edge_step(picture.pixels), 3), "edge_after": round(edge_step(pixels), 3)}
        facts = {"input": str(given.source), "output": str(given.target), **steps, "seconds": round(seconds, 3)}
        printer(given.json)(
            facts,
            f"{given.target}: over the edge levels change {steps['edge_after']:.1f} times as much as within, "
            f"{steps['edge_before']:.1f} before",
        )
        return 0

    return run
