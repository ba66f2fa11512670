"""The arguments of the commands that change a picture without a model. The work is done in picture_commands.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

Run = Callable[[argparse.Namespace], int]

METHODS = ("patches", "telea", "navier-stokes")


def remove_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Take an object out of a picture. Pixels that the mask leaves black keep their bytes."
    _add_files(parser)
    parser.add_argument("--mask", metavar="M", type=Path, required=True, help="white where the object is, grey is soft")
    parser.add_argument("--method", choices=METHODS, default="patches", help="what fills the hole (patches)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="equal seeds give equal bytes (0)")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.picture_commands import RemoveOrder, remove

        order = RemoveOrder(given.source, given.target, given.mask, given.method, given.seed)
        return remove(order, commands.printer(given.json))

    return run


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")
