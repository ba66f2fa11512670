"""Removing: a hole of 300 pixels in a photograph of 12 megapixels. One JSON row a line.

The time that counts is the processor's: on two cores that nobody else uses it is what one waits for, or less.
"""

from __future__ import annotations

import json
import time

import cv2
import numpy as np

from desktop.core.remove import RemoveMethod, RemoveSettings, removed
from desktop.io.image_files import read_image
from desktop.paths import resources_dir

WIDTH, HEIGHT = 4000, 3000
HOLE_PX = 300
GATE_S = 10.0


def main() -> None:
    photo = read_image(resources_dir() / "samples/neuschwanstein.jpg").pixels
    picture = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    picture[..., :3] = np.clip(
        picture[..., :3] + np.random.default_rng(0).normal(0, 4, (HEIGHT, WIDTH, 1)), 0, 255
    ).astype(np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(mask, (WIDTH // 5, HEIGHT * 4 // 5), HOLE_PX // 2, 255, -1, cv2.LINE_AA)
    warm = np.zeros((200, 200), np.uint8)
    warm[80:120, 80:120] = 255
    removed(picture[:200, :200].copy(), warm)  # loads the kernels
    for method in (RemoveMethod.PATCHES, RemoveMethod.TELEA, RemoveMethod.NAVIER_STOKES):
        started, used = time.perf_counter(), time.process_time()
        removed(picture, mask, RemoveSettings(method))
        row = {
            "what": f"a hole of {HOLE_PX} px in {WIDTH * HEIGHT / 1e6:.0f} MP by {method.value}",
            "processor s": round(time.process_time() - used, 2),
            "clock s": round(time.perf_counter() - started, 2),
            "processor s gate": GATE_S,
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
