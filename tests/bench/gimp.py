"""GIMP 2.10 on the same flatten: its seconds for layers of given modes and opacities, measured inside GIMP itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

GIMP_SECONDS = 300
PROGRAMS = ("gimp-console-2.10", "gimp-console", "gimp")
REPEATS = 2

# GIMP's numbers for the six modes of the bench, in their default (linear light) and their legacy (perceptual) kind.
DEFAULT_MODES = (28, 30, 31, 23, 45, 35)
LEGACY_MODES = (0, 3, 4, 19, 18, 9)


def gimp_program() -> str | None:
    return next((path for name in PROGRAMS if (path := shutil.which(name)) is not None), None)


def flatten_seconds(layers: Sequence[Any], modes: Sequence[int], opacity: float) -> float:
    """Best time of gimp-image-flatten over straight RGBA layers (H, W, 4), masks baked in. RuntimeError if it fails."""
    program = gimp_program()
    assert program is not None
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{index}.png" for index in range(len(layers))]
        for path, pixels in zip(paths, layers, strict=True):
            options = [cv2.IMWRITE_PNG_COMPRESSION, 0]
            cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA), options)
        side = layers[0].shape[0]
        script = _script(side, [(path, modes[index % len(modes)]) for index, path in enumerate(paths)], opacity)
        command = [program, "-i", "-d", "-f", "-b", script, "-b", "(gimp-quit 1)"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=GIMP_SECONDS, check=False)
    times = [float(found) for found in re.findall(r"FLATTEN ([0-9.]+)", result.stdout + result.stderr)]
    if not times:
        raise RuntimeError((result.stderr or result.stdout)[-500:])
    return min(times)


def _script(side: int, layers: Sequence[tuple[Path, int]], opacity: float) -> str:
    """Loads the layers, flattens duplicates of the picture, and prints the seconds of each flatten."""
    loads = " ".join(
        f'(let ((layer (car (gimp-file-load-layer RUN-NONINTERACTIVE image "{path}"))))'
        f" (gimp-image-insert-layer image layer 0 0) (gimp-layer-set-mode layer {mode})"
        f" (gimp-layer-set-opacity layer {opacity * 100}))"
        for path, mode in layers
    )
    timed = (
        "(let ((copy (car (gimp-image-duplicate image))) (start (gettimeofday)))"
        " (gimp-image-flatten copy)"
        " (let ((end (gettimeofday)))"
        ' (gimp-message (string-append "FLATTEN " (number->string'
        " (+ (- (car end) (car start)) (/ (- (cadr end) (cadr start)) 1000000.0))))))"
        " (gimp-image-delete copy))"
    )
    return f"(let ((image (car (gimp-image-new {side} {side} RGB)))) {loads} {' '.join([timed] * REPEATS)})"
