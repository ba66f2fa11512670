"""`scumble self-denoise`, `scumble deep-prior`: a network learns on the picture itself, by a Python with PyTorch."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from desktop.commands import Printer, ProgressLine, check_target, flat_picture, write_picture
from desktop.core.color import Depth, Gray8, Pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.tiles import TileMap
from desktop.io.formats import ImageFile
from desktop.paths import settings_file
from desktop.run_commands import mask_levels
from desktop.runtime.runner import Progress, Stage
from desktop.settings import TRAIN_PYTHON, Settings
from desktop.tools.self_restoring import SELF_PROGRAMS, part_of, put_picture, restored_pixels, self_arguments
from desktop.training_programs import told, train_python, training_root

END_WITHIN_S = 3.0  # of a program that was asked to end


def self_restore(kind: str, source: Path, target: Path, minutes: float, tell: Printer, mask: Path | None = None) -> int:
    """UserError when there is no fitting Python, a file is wrong, or the program ends with a sentence of its own."""
    check_target(target)
    picture = flat_picture(source)
    hole = None if mask is None else _hole(mask, picture)
    size = Size(picture.pixels.shape[1], picture.pixels.shape[0])
    part = part_of(kind, size, None if hole is None else TileMap.from_array(hole).content_bounds())
    depth: Depth = 8 if picture.pixels.dtype.itemsize == 1 else 16
    python = train_python(Settings(settings_file()).get(TRAIN_PYTHON))
    started = time.perf_counter()
    rows, columns = slice(part.top, part.bottom), slice(part.left, part.right)
    seen = replace(picture, pixels=np.ascontiguousarray(picture.pixels[rows, columns]))
    with tempfile.TemporaryDirectory(prefix="scumble-job-") as name:
        folder = Path(name)
        arguments = self_arguments(folder, minutes, has_hole=hole is not None)
        put_picture(folder, seen, None if hole is None else hole[rows, columns])
        run_program(python, [*SELF_PROGRAMS[kind], *arguments, "--report", name], folder / "said.txt")
        pixels = picture.pixels.copy()
        pixels[rows, columns] = _mixed(seen.pixels, restored_pixels(folder, depth), hole, (rows, columns))
    write_picture(target, replace(picture, pixels=pixels))
    seconds = time.perf_counter() - started
    facts = {"input": str(source), "output": str(target), "width": size.width, "height": size.height, "depth": depth}
    tell(
        facts | {"minutes": minutes, "seconds": round(seconds, 3)},
        f"{target}: {size.width} × {size.height} pixels, learned on for {seconds / 60:.1f} min",
    )
    return 0


def _hole(mask: Path, picture: ImageFile) -> Gray8:
    levels = mask_levels(mask)
    if levels.shape != picture.pixels.shape[:2]:
        height, width = levels.shape
        raise UserError("restoring.other_mask", mask=mask, width=width, height=height)
    return levels


def _mixed(before: Pixels, found: Pixels, hole: Gray8 | None, where: tuple[slice, slice]) -> Pixels:
    """FOUND under the soft mask."""
    if hole is None:
        return found
    share = hole[where][..., None].astype(np.float32) / 255
    mixed: Pixels = np.rint(before + (found.astype(np.float32) - before) * share).astype(before.dtype)
    return mixed


def run_program(python: Path, arguments: list[str], complaints: Path) -> None:
    """To its end, with its progress on a line; whatever ends us ends it. What it says on its error output is kept."""
    line = ProgressLine()
    with (
        complaints.open("w", encoding="utf-8") as said,
        subprocess.Popen(
            [str(python), "-m", *arguments],
            cwd=training_root(python),
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            errors="replace",
        ) as process,
    ):
        try:
            assert process.stdout is not None
            for text in process.stdout:
                news = told(text)
                if news is not None:
                    line.show(Progress(Stage.RUNNING, int(news["step"]), int(news["of"])))
            code = process.wait()
        finally:
            _end(process)
            line.erase()
    if code:
        last = complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise UserError("restoring.failed", reason=last[-1] if last else str(code))


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
