"""Whatever tree is saved as OpenRaster comes back the same, and programs without our extension see the same picture."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import flatten
from desktop.core.document import Document, Guide, Metadata
from desktop.core.geometry import Rect, Size
from desktop.core.layers import (
    AdjustmentLayer,
    AiRecipe,
    Alignment,
    EffectSettings,
    GroupLayer,
    Layer,
    Locks,
    Mask,
    RasterLayer,
    TextContent,
)
from desktop.core.tiles import TileMap
from desktop.io.openraster import load_openraster, save_openraster
from desktop.io.ora_records import RECORD_FILE
from tests.builders import noise

WIDTH, HEIGHT = 40, 24

# Rounding to 8 bits once more where a mask, a clip or a group is baked, blown up by modes that divide.
GENTLE_MODES = [BlendMode.NORMAL, BlendMode.MULTIPLY, BlendMode.SCREEN, BlendMode.DARKEN, BlendMode.DIFFERENCE]
BAKING_TOLERANCE = 6

opacities = st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 1.0, 1.0, 1.0])
names = st.text(max_size=8)
offsets = st.integers(-300, 60)


def masks() -> st.SearchStrategy[Mask | None]:
    def build(seed: int, x: int, default: int, enabled: bool, linked: bool) -> Mask:
        levels = noise(30, 20, seed=seed, channels=1)[..., 0]
        return Mask(TileMap.from_array(levels, x, 2, default=default), enabled, linked)

    made = st.builds(
        build, st.integers(0, 3), st.integers(-9, 20), st.sampled_from([0, 128, 255]), st.booleans(), st.booleans()
    )
    return st.none() | made | st.just(Mask())


recipes = st.none() | st.builds(
    AiRecipe,
    model_id=names,
    model_sha256=st.just("ab" * 32),
    inputs=st.just((("image", 1), ("style", 0))),
    parameters=st.just((("strength", 40.0), ("steps", 3), ("half", True), ("mode", "soft"))),
    seed=st.integers(0, 2**63),
    region=st.builds(Rect, offsets, offsets, st.integers(0, 9), st.integers(0, 9)),
)


def fields(modes: list[BlendMode]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "name": names,
        "visible": st.sampled_from([True, True, True, False]),
        "opacity": opacities,
        "blend_mode": st.sampled_from(modes),
        "clip_to_below": st.sampled_from([False, False, True]),
        "locks": st.builds(Locks, st.booleans(), st.booleans(), st.booleans()),
        "mask": masks(),
    }


def rasters(depth: Any, modes: list[BlendMode]) -> st.SearchStrategy[Layer]:
    def build(seed: int, x: int, y: int, is_empty: bool, recipe: AiRecipe | None, **rest: Any) -> RasterLayer:
        pixels = noise(33, 21, seed=seed, depth=depth)
        tiles = TileMap(4, pixels.dtype) if is_empty else TileMap.from_array(pixels, x, y)
        text = (
            TextContent("Zwei\nZeilen", x=3.5, alignment=Alignment.CENTER, bounds=Rect(1, 2, 3, 4))
            if seed == 3
            else None
        )
        return RasterLayer(id=0, tiles=tiles, recipe=recipe, text=text, **rest)

    return st.builds(
        build,
        seed=st.integers(0, 4),
        x=st.integers(-12, 30),
        y=st.integers(-270, 20) | st.integers(-8, 8),
        is_empty=st.sampled_from([False] * 5 + [True]),
        recipe=recipes,
        **fields(modes),
    )


def adjustments(modes: list[BlendMode]) -> st.SearchStrategy[Layer]:
    """The gentle ones: what rounds a level once more must not become another picture."""
    settings_ = st.sampled_from(
        [
            EffectSettings("invert"),
            EffectSettings("gaussian-blur", (("radius", 2.5),)),
            EffectSettings("curves", (("all", "0,0.1 1,0.8"),)),
            EffectSettings("lut", (("strength", 50.0),), b"LUT_1D_SIZE 2\n0 0 0\n0.5 0.5 0.5\n"),
            EffectSettings("gradient-fill", (("first", "#ff0000"), ("second_opacity", 30.0))),
            EffectSettings("of-a-later-version", (("strength", 3), ("mode", "soft"), ("half", True))),
        ]
    )
    return st.builds(AdjustmentLayer, id=st.just(0), settings=settings_, **fields(modes))


def trees(depth: Any, modes: list[BlendMode]) -> st.SearchStrategy[tuple[Layer, ...]]:
    def groups(children: st.SearchStrategy[Layer]) -> st.SearchStrategy[Layer]:
        return st.builds(
            GroupLayer,
            id=st.just(0),
            children=st.lists(children, max_size=3).map(tuple),
            pass_through=st.booleans(),
            **fields(modes),
        )

    return st.lists(st.recursive(rasters(depth, modes) | adjustments(modes), groups, max_leaves=6), max_size=4).map(
        tuple
    )


def numbered(layers: tuple[Layer, ...], start: list[int]) -> tuple[Layer, ...]:
    result = []
    for layer in layers:
        start[0] += 3
        changed = layer.changed(id=start[0])
        if isinstance(changed, GroupLayer):
            changed = changed.changed(children=numbered(changed.children, start))
        result.append(changed)
    return tuple(result)


@st.composite
def documents(draw: Any, modes: list[BlendMode] | None = None) -> Document:
    depth = draw(st.sampled_from([8, 8, 16]))
    layers = numbered(draw(trees(depth, modes or list(BlendMode))), [draw(st.integers(0, 5))])
    selection = draw(st.none() | st.just(TileMap.from_array(noise(9, 9, channels=1), -3, 4)))
    return Document(
        Size(WIDTH, HEIGHT),
        depth=depth,
        resolution_dpi=draw(st.sampled_from([(72.0, 72.0), (299.99, 150.5)])),
        metadata=Metadata(draw(st.none() | st.binary(max_size=9)), draw(st.none() | st.binary(max_size=9))),
        layers=layers,
        selection=selection,
        guides=draw(st.lists(st.builds(Guide, st.floats(-9, 99), st.booleans()), max_size=2).map(tuple)),
    )


def described(layers: tuple[Layer, ...]) -> list[Any]:
    """Everything about layers but their pixels."""
    result: list[Any] = []
    for layer in layers:
        mask = (layer.mask.enabled, layer.mask.linked) if layer.mask is not None else None
        if isinstance(layer, GroupLayer):
            rest: list[Any] = [layer.pass_through, described(layer.children)]
        else:
            rest = [layer.recipe, layer.text] if isinstance(layer, RasterLayer) else [layer.settings]
        looks = (layer.name, layer.visible, layer.opacity, layer.blend_mode, layer.clip_to_below)
        result.append((layer.id, *looks, layer.locks, mask, *rest))
    return result


def tile_maps(document: Document) -> list[TileMap]:
    maps = [layer.tiles for layer in document.iter_layers() if isinstance(layer, RasterLayer)]
    maps += [layer.mask.tiles for layer in document.iter_layers() if layer.mask is not None]
    return maps + ([document.selection] if document.selection is not None else [])


def assert_equal(loaded: Document, saved: Document) -> None:
    assert loaded.changed(layers=(), selection=None) == saved.changed(layers=(), selection=None)
    assert described(loaded.layers) == described(saved.layers)
    ours, theirs = tile_maps(loaded), tile_maps(saved)
    assert len(ours) == len(theirs)
    assert all(one.same_pixels(other) for one, other in zip(ours, theirs, strict=True))


def saved_file(document: Document, folder: str) -> Path:
    path = Path(folder) / "picture.ora"
    save_openraster(document, path)
    return path


def unpacked(png: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def without_extension(path: Path) -> Path:
    """What a program that knows nothing of scumble/ reads."""
    plain = path.with_name("plain.ora")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(plain, "w") as target:
        for info in source.infolist():
            if not info.filename.startswith("scumble/"):
                target.writestr(info, source.read(info))
    return plain


@settings(max_examples=60, deadline=None)
@given(documents())
def test_a_saved_document_comes_back_exactly(document: Document) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_equal(load_openraster(saved_file(document, folder)), document)


@settings(max_examples=60, deadline=None)
@given(documents(GENTLE_MODES))
def test_programs_without_the_extension_show_the_same_picture(document: Document) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = load_openraster(without_extension(saved_file(document, folder)))
    assert all(layer.mask is None for layer in plain.iter_layers())
    ours, theirs = flatten(document).astype(np.int64), flatten(plain.changed(depth=document.depth)).astype(np.int64)
    if document.depth == 16:
        ours, theirs = ours // 257, theirs // 257
    premultiplied = [np.concatenate([p[..., :3] * p[..., 3:] // 255, p[..., 3:]], axis=2) for p in (ours, theirs)]
    assert np.abs(premultiplied[0] - premultiplied[1]).max() <= BAKING_TOLERANCE


@settings(max_examples=15, deadline=None)
@given(documents())
def test_saving_again_copies_packed_pixels_and_gives_the_same_pictures(document: Document) -> None:
    """What is packed anew, the pictures made of several layers, may be packed in other bytes of the same pixels."""
    with tempfile.TemporaryDirectory() as folder:
        path = saved_file(document, folder)
        first = shutil.copy(path, path.with_name("first.ora"))
        save_openraster(document, path)
        with zipfile.ZipFile(path) as now, zipfile.ZipFile(first) as then:
            assert now.namelist() == then.namelist()
            copied = {one["file"] for one in json.loads(now.read(RECORD_FILE)).get("stored", {}).values()}
            for name in now.namelist():
                if name.endswith(".png") and name not in copied:
                    assert np.array_equal(unpacked(now.read(name)), unpacked(then.read(name)))
                elif name != RECORD_FILE:
                    assert now.read(name) == then.read(name)
