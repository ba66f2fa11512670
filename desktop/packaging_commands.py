"""What desktops and packages call: small pictures for file managers, and the kernels compiled ahead."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from desktop.core.errors import UserError

SMALLEST_SIDE, LARGEST_SIDE = 16, 2048

Run = Callable[[argparse.Namespace], int]


def thumbnail_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Write a small PNG of a picture, as file managers show it."
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT.png", type=Path)
    parser.add_argument("--size", type=int, default=256, metavar="N", help="longer side in pixels (256)")
    return lambda given: write_thumbnail(given.source, given.target, given.size)


def kernels_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Compile the painting kernels now, so that the first stroke does not wait for them."
    parser.add_argument(
        "--into", type=Path, metavar="DIR", help="for a package: all of them as files, for common processors"
    )
    return lambda given: compile_kernels(given.into)


def write_thumbnail(source: Path, target: Path, side: int) -> int:
    """PNG, whatever the target is called: thumbnailers name their files freely."""
    from desktop.commands import flat_picture
    from desktop.io import png
    from desktop.io.atomic import replacing
    from desktop.io.image_files import ImageFile
    from desktop.io.ora_archive import thumbnail

    if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        raise UserError("cli.bad_thumbnail_size", size=side, smallest=SMALLEST_SIDE, largest=LARGEST_SIDE)
    if not target.parent.is_dir():
        raise UserError("file.no_folder", folder=target.parent)
    small = ImageFile(thumbnail(flat_picture(source).pixels, side))
    with replacing(target) as aside, aside.open("rb+") as file:
        png.write_png(file, small)
    return 0


def compile_kernels(folder: Path | None) -> int:
    if folder is None:
        from desktop.core.warm_up import warm_up

        warm_up()
        return 0
    from desktop.frozen import compile_kernels_into

    print(f"{compile_kernels_into(folder)} files")
    return 0
