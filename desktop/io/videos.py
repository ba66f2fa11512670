"""Frames as an MP4 video, written by the FFmpeg in OpenCV. A video has no transparency: frames lie on white paper."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError

CODEC = "mp4v"  # MPEG-4 part 2: every build of OpenCV with FFmpeg can write it
PAPER = 255


def mp4_of(frames: Sequence[NDArray[np.uint8]], *, frames_a_second: float) -> bytes:
    """Frames (H, W, 4) of one size with straight alpha → a whole MP4 file. UserError where OpenCV cannot write one.

    Sides are made even, as the codec asks, by repeating the last row or column.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frames.mp4"  # FFmpeg goes by the ending, which a file to be moved into place has not
        _write(file, [_even_on_paper(frame) for frame in frames], frames_a_second)
        if _frames_in(file) != len(frames):  # the writer itself says nothing of a full disk
            raise UserError("animation.no_video")
        return file.read_bytes()


def _write(file: Path, frames: Sequence[NDArray[np.uint8]], frames_a_second: float) -> None:
    height, width = frames[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*CODEC)
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, code, frames_a_second, (width, height))
    try:
        if not writer.isOpened():
            raise UserError("animation.no_video")
        for frame in frames:
            writer.write(frame)
    finally:
        writer.release()


def _frames_in(file: Path) -> int:
    """As many as can be read again."""
    reader = cv2.VideoCapture(str(file), cv2.CAP_FFMPEG)
    try:
        count = 0
        while reader.grab():
            count += 1
        return count
    finally:
        reader.release()


def _even_on_paper(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) → (H, W, 3) in OpenCV's order, on white, with even sides."""
    alpha = frame[..., 3:].astype(np.float32) / 255
    rgb = np.rint(frame[..., :3] * alpha + PAPER * (1 - alpha)).astype(np.uint8)
    height, width = rgb.shape[:2]
    even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(even[..., ::-1])
