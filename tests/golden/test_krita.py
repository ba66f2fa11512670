"""What is saved as OpenRaster looks the same in Krita, pixel by pixel. Needs Krita and xvfb-run; long, so nightly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop.core.blend_modes import BlendMode
from desktop.core.color import Depth
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.layers import Layer
from desktop.io.image_files import read_image
from desktop.io.openraster import load_openraster, save_openraster
from tests.builders import document_with, raster_layer
from tests.ora_structures import HEIGHT, STRIP, Strips, fading_structures, many_structures, smooth

KRITA_SECONDS = 180
# Krita rounds to 8 bits after every layer, and opacity to 1/255; ours is rounded once. The hue of a nearly gray pixel
# hangs on the last bit, so that one pixel in a thousand may be further off.
MOST_LEVELS_OFF, MEAN_LEVELS_OFF = 3, 0.6
ALMOST_ALL_PERCENT = 99.9
# A rounding of Krita's moves pixels over a step: there only the mean counts. Its dissolve is another grain each time.
WITH_STEP = {mode.value for mode in (BlendMode.HARD_MIX, BlendMode.DARKER_COLOR, BlendMode.LIGHTER_COLOR)}
COMPARABLE = [mode for mode in BlendMode if mode is not BlendMode.DISSOLVE]

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not (shutil.which("krita") and shutil.which("xvfb-run")), reason="needs Krita and xvfb-run"),
]


def krita_export(document: Document, folder: Path, suffix: str = ".png") -> Path:
    """What Krita writes after opening the document."""
    source, target = folder / "picture.ora", folder / f"exported{suffix}"
    save_openraster(document, source)
    command = ["xvfb-run", "-a", "krita", str(source), "--export", "--export-filename", str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=KRITA_SECONDS)
    return target


def premultiplied_levels(pixels: Any) -> Any:
    """Float 8-bit levels, colour times alpha: what can be seen."""
    levels = pixels.astype(np.float64) / (257 if pixels.dtype == np.uint16 else 1)
    levels[..., :3] *= levels[..., 3:] / 255
    return levels


def levels_off(document: Document, folder: Path, names: list[str]) -> dict[str, tuple[float, float]]:
    """(almost the largest, mean) difference in each strip of the canvas."""
    return strips_off(read_image(krita_export(document, folder)).pixels, document, names)


def strips_off(theirs: Any, document: Document, names: list[str]) -> dict[str, tuple[float, float]]:
    off = np.abs(premultiplied_levels(theirs) - premultiplied_levels(flatten(document)))
    strips = [off[:, index * STRIP : (index + 1) * STRIP] for index in range(len(names))]
    most = [float(np.percentile(strip, ALMOST_ALL_PERCENT)) for strip in strips]
    return {name: (most[index], float(strips[index].mean())) for index, name in enumerate(names)}


def assert_close(off: dict[str, tuple[float, float]]) -> None:
    print({name: (round(most, 1), round(mean, 2)) for name, (most, mean) in off.items()})
    most = {name: pair[0] for name, pair in off.items() if name not in WITH_STEP}
    bad = {name: off[name] for name in off if most.get(name, 0) > MOST_LEVELS_OFF or off[name][1] > MEAN_LEVELS_OFF}
    assert not bad


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("is_opaque", [True, False])
def test_every_blend_mode_looks_the_same_in_krita(tmp_path: Path, depth: Depth, is_opaque: bool) -> None:
    width = STRIP * len(COMPARABLE)
    layers: list[Layer] = [raster_layer(1, smooth(1, width=width, depth=depth, is_opaque=is_opaque))]
    for index, mode in enumerate(COMPARABLE):
        pixels = smooth(20 + index, depth=depth)
        layers.append(raster_layer(2 + index, pixels, x=STRIP * index, blend_mode=mode, opacity=0.7))
    document = document_with(*layers, width=width, height=HEIGHT, depth=depth)
    assert_close(levels_off(document, tmp_path, [mode.value for mode in COMPARABLE]))


def test_masks_groups_and_clipping_look_the_same_in_krita(tmp_path: Path) -> None:
    s = many_structures()
    assert_close(levels_off(s.document(), tmp_path, s.names))


def test_what_krita_saves_looks_the_same_here(tmp_path: Path) -> None:
    s = many_structures()
    back = load_openraster(krita_export(s.document(), tmp_path, ".ora"))
    assert_close(strips_off(flatten(back), s.document(), s.names))


@pytest.mark.parametrize("strips", fading_structures(), ids=lambda strips: strips.names[0])
def test_a_fading_group_that_changes_its_backdrop_looks_the_same_in_krita(tmp_path: Path, strips: Strips) -> None:
    assert_close(levels_off(strips.document(), tmp_path, strips.names))


def test_layers_beyond_the_canvas_and_strange_names_open_in_krita(tmp_path: Path) -> None:
    names = ["層 ✓ <&>\"'", "\x00\x1f", "a\nb"]
    layers = [
        raster_layer(index + 1, smooth(index), x=-30 + 20 * index, y=-300 + 300 * (index % 2)).changed(name=name)
        for index, name in enumerate(names)
    ]
    document = document_with(*layers, width=STRIP, height=HEIGHT)
    assert_close(levels_off(document, tmp_path, ["names"]))
