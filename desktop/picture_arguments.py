"""The arguments of the commands that change a picture without a model. The work is done in picture_commands.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from desktop.core.errors import UserError
from desktop.runtime.runner import DEVICE_CHOICES

Run = Callable[[argparse.Namespace], int]

METHODS = ("auto", "patches", "guided", "network", "telea", "navier-stokes")
SIDES = ("left", "top", "right", "bottom")
FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "area", "pixel-art")


def remove_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Take an object out of a picture. Pixels that the mask leaves black keep their bytes. IN, OUT and M may be "
        "folders: each picture of IN with the mask of the same name."
    )
    _add_files(parser)
    parser.add_argument("--mask", metavar="M", type=Path, required=True, help="white where the object is, grey is soft")
    _add_filling(parser)

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.fill_commands import FillOptions, RemoveOrder, remove

        options = FillOptions(given.method, given.seed, given.device, given.model)
        order = RemoveOrder(given.source, given.target, given.mask, options)
        return remove(order, commands.printer(given.json))

    return run


def extend_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Let a picture grow: what is new is filled from around it. OpenRaster keeps its layers."
    _add_files(parser)
    for side in SIDES:
        parser.add_argument(f"--{side}", metavar="N", default="0", help="pixels, or percent of the side: 200, 25%% (0)")
    _add_filling(parser)

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.fill_commands import ExtendOrder, FillOptions, extend

        lengths = {side: getattr(given, side) for side in SIDES}
        options = FillOptions(given.method, given.seed, given.device, given.model)
        return extend(ExtendOrder(given.source, given.target, **lengths, options=options), commands.printer(given.json))

    return run


def _add_filling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="auto",
        help="what fills: patches, patches guided by a network, the network alone, or two smooth ways (auto)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed is another result (0)")
    parser.add_argument("--model", metavar="ID", help="the network that is asked, where not the one that is shipped")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="where the network runs (auto)")


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")


def resize_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Another size for a picture; one side alone keeps the ratio. OpenRaster keeps its layers."
    _add_files(parser)
    parser.add_argument("--width", type=int, metavar="PX")
    parser.add_argument("--height", type=int, metavar="PX")
    parser.add_argument("--percent", type=float, metavar="P", help="of the size that it has")
    parser.add_argument("--method", choices=FILTERS, default="bicubic", help="how pixels are computed anew (bicubic)")
    parser.add_argument(
        "--network", metavar="MODEL", help="enlarge by this model first, then by filters to the size that is wanted"
    )
    parser.add_argument(
        "--detail", type=float, metavar="P", help="0 to 100: how much of the photographic model is mixed in (0)"
    )
    parser.add_argument("--best", action="store_true", help="the mean of eight runs of the model: eight times as long")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="for --network")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.enlarge_commands import NetworkOrder
        from desktop.picture_commands import ResizeOrder, resize

        if given.network is None and (given.best or given.detail is not None):
            raise UserError("size.needs_network")
        network = given.network and NetworkOrder(given.network, given.detail or 0.0, given.best, given.device)
        sides = (given.width, given.height, given.percent)
        order = ResizeOrder(given.source, given.target, *sides, given.method, network)
        return resize(order, commands.printer(given.json))

    return run


def crop_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Cut a rectangle out of a picture, or turn it level first. OpenRaster keeps its layers."
    _add_files(parser)
    parser.add_argument("--rect", metavar="X,Y,WxH", help="upper left corner and size in pixels: 10,20,640x480")
    parser.add_argument("--straighten", type=float, metavar="DEGREES", default=0.0, help="turn clockwise before")
    parser.add_argument("--trim", action="store_true", help="without the border that has one colour")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.picture_commands import CropOrder, crop

        order = CropOrder(given.source, given.target, given.rect, given.straighten, given.trim)
        return crop(order, commands.printer(given.json))

    return run
