"""Kept pictures of what generators become: fitted and turned stamps, a picture placed in a layer, moves of a latent.

`python -m tests.golden.test_generated` writes them again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.core.dynamics import PenSample
from desktop.core.geometry import Point, Rect
from desktop.core.tiles import TileEditor, TileMap
from desktop.tools import generate_tool, latent_moves
from desktop.tools.latent_moves import Space
from desktop.tools.stamping import StampSettings, StampStroke
from tests.generators import SIDE, color_of, shapes

FOLDER = Path(__file__).parent / "generated"
TOLERANCE = 1  # level: where two machines may round the last bit differently
PLACE = Rect(0, 0, 240, 120)
SETTINGS = StampSettings(size_px=36, spacing=0.8, scatter=0.5, size_jitter=0.4, turn_degrees=40, seed=3)

Pixels = NDArray[np.uint8]


def stamps() -> list[Pixels]:
    """A disc, a ring and a box, each in its colour."""
    made = []
    for index, shape in enumerate(shapes()[:, 0]):
        picture = np.empty((SIDE, SIDE, 4), np.uint8)
        picture[..., :3] = color_of(np.roll([0.8, -0.2, -0.7], index))
        picture[..., 3] = np.where(shape > 0, 255, 0)
        made.append(picture)
    return made


def stamped(
    settings: StampSettings = SETTINGS, selection: TileMap | None = None, *, keeps_alpha: bool = False
) -> Pixels:
    ground = np.zeros((PLACE.height, PLACE.width, 4), np.uint8)
    ground[60:] = (90, 90, 90, 255)
    editor = TileEditor(TileMap.from_array(ground))
    stroke = StampStroke(editor, stamps(), settings, selection, keeps_alpha)
    for share in np.linspace(0, 1, 9):
        stroke.add(PenSample(Point(24 + 190 * share, 60 + 24 * float(np.sin(share * 6)))))
    list(stroke.paint())
    stroke.finish()
    return editor.finish().read(PLACE).astype(np.uint8)


def placed(picture: Pixels, rect: Rect) -> Pixels:
    return generate_tool.picture_tiles(picture, rect, 8).read(PLACE).astype(np.uint8)


def moves() -> Pixels:
    """Blends, neighbours and a plane, each latent a patch of its colour."""
    space = Space(is_uniform=False)
    one, other = np.float32([1, -0.5, 0.2]), np.float32([-0.6, 0.4, 0.9])
    blends = [latent_moves.between(one, other, share, space) for share in np.linspace(0, 1, 12)]
    near = latent_moves.nearby(one, space, 12, distance=0.3, seed=5)
    plane = latent_moves.plane(other, latent_moves.axes(3), 6, space)[:12] / 3
    colors = np.array([[color_of(latent) for latent in row] for row in (blends, near, plane)], np.uint8)
    picture = np.full((PLACE.height, PLACE.width, 4), 255, np.uint8)
    picture[..., :3] = cv2.resize(colors, (PLACE.width, PLACE.height), interpolation=cv2.INTER_NEAREST)
    return picture


SAMPLES: dict[str, Callable[[], Pixels]] = {
    "stamps": stamped,
    "stamps-large-and-upright": lambda: stamped(replace(SETTINGS, size_px=70, turn_degrees=0, size_jitter=0)),
    "stamps-half-opaque": lambda: stamped(replace(SETTINGS, opacity=0.5)),
    "stamps-in-a-selection": lambda: stamped(selection=TileMap.filled(Rect(0, 0, 120, 120), (200,))),
    "stamps-alpha-locked": lambda: stamped(keeps_alpha=True),
    "placed-larger": lambda: placed(stamps()[1], Rect(70, 10, 100, 100)),
    "placed-smaller": lambda: placed(stamps()[2], Rect(115, 55, 9, 9)),
    "placed-partly-outside": lambda: placed(stamps()[0], Rect(-30, -20, 80, 80)),
    "moves": moves,
}


def kept(name: str) -> Pixels:
    found = cv2.imread(str(FOLDER / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    assert found is not None, f"no kept picture {name}"
    rgba: Pixels = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA)
    return rgba


def difference(picture: Pixels, name: str) -> int:
    return int(np.abs(picture.astype(int) - kept(name)).max())


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_the_kept_picture(name: str) -> None:
    assert difference(SAMPLES[name](), name) <= TOLERANCE


def test_no_picture_is_kept_for_nothing() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == SAMPLES.keys()


def test_pictures_differ_from_each_other_so_that_they_can_fail() -> None:
    names = list(SAMPLES)
    for index, name in enumerate(names):
        for other in names[:index]:
            assert difference(kept(other), name) > TOLERANCE, (name, other)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for sample, make in SAMPLES.items():
        assert cv2.imwrite(str(FOLDER / f"{sample}.png"), cv2.cvtColor(make(), cv2.COLOR_RGBA2BGRA))
