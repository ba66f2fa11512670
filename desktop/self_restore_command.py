"""`scumble self-denoise`: a network learns on the picture itself, by a Python with the train extra."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from desktop.commands import Printer, ProgressLine, check_target, flat_picture, write_picture
from desktop.core.color import Depth
from desktop.core.errors import UserError
from desktop.paths import settings_file
from desktop.runtime.runner import Progress, Stage
from desktop.settings import TRAIN_PYTHON, Settings
from desktop.tools.self_restoring import SELF_PROGRAMS, put_picture, restored_pixels, self_arguments
from desktop.training_programs import told, train_python, training_root

END_WITHIN_S = 3.0  # of a program that was asked to end


def self_restore(kind: str, source: Path, target: Path, minutes: float, tell: Printer) -> int:
    """UserError when there is no fitting Python, a file is wrong, or the program ends with a sentence of its own."""
    check_target(target)
    picture = flat_picture(source)
    depth: Depth = 8 if picture.pixels.dtype.itemsize == 1 else 16
    python = train_python(Settings(settings_file()).get(TRAIN_PYTHON))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="scumble-job-") as name:
        folder = Path(name)
        arguments = self_arguments(folder, minutes)
        put_picture(folder, picture)
        run_program(python, [*SELF_PROGRAMS[kind], *arguments, "--report", name], folder / "said.txt")
        pixels = restored_pixels(folder, depth)
    write_picture(target, replace(picture, pixels=pixels))
    seconds, (height, width) = time.perf_counter() - started, pixels.shape[:2]
    facts = {"input": str(source), "output": str(target), "width": width, "height": height, "depth": depth}
    tell(
        facts | {"minutes": minutes, "seconds": round(seconds, 3)},
        f"{target}: {width} × {height} pixels, learned on for {seconds / 60:.1f} min",
    )
    return 0


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
