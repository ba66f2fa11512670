"""OpenRaster in detail: what the archive looks like, what others see in it, what happens when they change it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import flatten
from desktop.core.document import Document
from desktop.core.layers import GroupLayer, Locks, Mask, RasterLayer
from desktop.io import ora_archive
from desktop.io.openraster import load_openraster, save_openraster
from tests.builders import document_with, mask_from, noise, raster_layer
from tests.ora_archives import RECIPE, changed, png, saved, stack_of
from tests.ora_structures import STRIP, Strips, fading_structures, many_structures

ROUNDED_TWICE = 2.5  # levels: a baked part is rounded once more than the picture itself

# What we write


def test_the_archive_is_laid_out_as_the_specification_wants(tmp_path: Path) -> None:
    document = document_with(raster_layer(1, noise(300, 20)), width=600, height=90).changed(resolution_dpi=(300, 299.6))
    path = saved(document, tmp_path / "a.ora")
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert archive.infolist()[0].extra == b""
        merged = np.asarray(Image.open(archive.open("mergedimage.png")))
        small = Image.open(archive.open("Thumbnails/thumbnail.png"))
        assert archive.testzip() is None
    assert np.array_equal(merged, flatten(document))
    assert (small.mode, small.size) == ("RGBA", (256, 38))
    image = stack_of(path)
    assert (image.get("w"), image.get("h"), image.get("xres"), image.get("yres")) == ("600", "90", "300", "300")


def test_attributes_are_those_that_other_programs_know(tmp_path: Path) -> None:
    group = GroupLayer(id=2, name="Gruppe", children=(raster_layer(3, noise(5, 5), x=-7, y=300),), opacity=0.25)
    top = raster_layer(4, noise(5, 5), visible=False, blend_mode=BlendMode.SOFT_LIGHT, locks=Locks(True, True, True))
    stack = stack_of(saved(document_with(raster_layer(1, noise(9, 9)), group, top), tmp_path / "a.ora")).find("stack")
    assert stack is not None
    first, second, third = stack
    assert (first.tag, first.get("visibility"), first.get("composite-op")) == ("layer", "hidden", "svg:soft-light")
    assert first.get("edit-locked") == "true"
    assert (second.tag, second.get("isolation"), second.get("opacity")) == ("stack", "isolate", "0.25")
    inner = second.find("layer")
    assert inner is not None
    assert (inner.get("x"), inner.get("y")) == ("-7", "300")
    assert third.get("composite-op") == "svg:src-over"


def test_clipping_becomes_src_atop_in_a_group_of_its_own(tmp_path: Path) -> None:
    base = raster_layer(2, noise(9, 9), opacity=0.5)
    document = document_with(raster_layer(1, noise(9, 9)), base, raster_layer(3, noise(9, 9), clip_to_below=True))
    stack = stack_of(saved(document, tmp_path / "a.ora")).find("stack")
    assert stack is not None
    run = stack[0]
    assert (run.tag, run.get("opacity")) == ("stack", "0.5")
    assert [child.get("composite-op") for child in run] == ["svg:src-atop", "svg:src-over"]


def test_the_profile_is_in_every_picture_of_the_archive(tmp_path: Path) -> None:
    profile = bytes(imagecodecs.cms_profile("adobergb"))
    document = document_with(raster_layer(1, noise(9, 9))).changed(icc_profile=profile)
    with zipfile.ZipFile(saved(document, tmp_path / "a.ora")) as archive:
        for name in ("mergedimage.png", "data/layer-1.png"):
            assert Image.open(archive.open(name)).info["icc_profile"] == profile


def test_a_masked_layer_is_baked_for_others_and_whole_for_us(tmp_path: Path) -> None:
    pixels, levels = noise(30, 20), noise(30, 20, seed=3, channels=1)[..., 0]
    layer = raster_layer(1, pixels, mask=mask_from(levels), recipe=RECIPE)
    path = saved(document_with(layer), tmp_path / "a.ora")
    with zipfile.ZipFile(path) as archive:
        baked = np.asarray(Image.open(archive.open("data/layer-1.png")))
    assert np.array_equal(baked[..., :3], pixels[..., :3])
    assert np.abs(baked[..., 3] - pixels[..., 3] * (levels / 255.0)).max() <= 0.5001
    back = load_openraster(path).layer(1)
    assert isinstance(back, RasterLayer)
    assert back.recipe == RECIPE
    assert back.mask is not None
    assert back.tiles.same_pixels(layer.tiles)


def test_pixels_under_full_transparency_come_back(tmp_path: Path) -> None:
    pixels = noise(30, 20)
    pixels[..., 3] = 0
    back = load_openraster(saved(document_with(raster_layer(1, pixels)), tmp_path / "a.ora"))
    assert np.array_equal(back.raster_layer(1).tiles.read(back.size.rect())[:20, :30], pixels)


def test_saving_again_packs_only_what_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ora"
    layers = [raster_layer(i, noise(30, 20, seed=i)) for i in (1, 2, 3)]
    save_openraster(document_with(*layers), path)
    packed: list[str] = []
    original = ora_archive.ArchiveWriter._pack_png
    monkeypatch.setattr(
        ora_archive.ArchiveWriter,
        "_pack_png",
        lambda self, name, *rest: (packed.append(name), original(self, name, *rest))[1],
    )
    document = document_with(layers[0], raster_layer(2, noise(30, 20, seed=9)), layers[2])
    save_openraster(document, path)
    assert packed == ["data/layer-2.png", "mergedimage.png", "Thumbnails/thumbnail.png"]
    assert np.array_equal(flatten(load_openraster(path)), flatten(document))


def test_tiles_that_change_places_are_packed_again(tmp_path: Path) -> None:
    first, second, empty = noise(256, 256, seed=1), noise(256, 256, seed=2), np.zeros((256, 256, 4), np.uint8)
    for rows in (((first, empty), (empty, second)), ((empty, second), (first, empty))):
        pixels = np.concatenate([np.concatenate(row, axis=1) for row in rows])
        document = document_with(raster_layer(1, pixels), width=512, height=512)
        back = load_openraster(saved(document, tmp_path / "a.ora"))
        assert back.raster_layer(1).tiles.same_pixels(document.raster_layer(1).tiles)


def test_a_damaged_file_before_does_not_hinder_saving(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    document = document_with(raster_layer(1, noise(30, 20)))
    whole = saved(document, path).read_bytes()
    for content in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole.replace(b"IDAT", b"IDAX")):
        path.write_bytes(content)
        save_openraster(document, path)
        assert np.array_equal(flatten(load_openraster(path)), flatten(document))


# The same picture for programs that know nothing of the extension


def seen_without_extension(document: Document, path: Path) -> Any:
    """What is shown by a reader that has only the plain parts of the archive."""
    save_openraster(document, path)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("scumble/")]
    plain = load_openraster(changed(path, dict.fromkeys(names)))
    assert all(layer.mask is None for layer in plain.iter_layers())
    return flatten(plain)


def assert_same_to_the_eye(one: Any, other: Any) -> None:
    seen = [np.concatenate([p[..., :3] * (p[..., 3:] / 255), p[..., 3:]], axis=2) for p in (one, other)]
    assert np.abs(seen[0] - seen[1]).max() <= ROUNDED_TWICE


@pytest.mark.parametrize("index", range(len(many_structures().names)), ids=many_structures().names)
def test_every_structure_looks_the_same_without_the_extension(tmp_path: Path, index: int) -> None:
    strips = many_structures()
    document = strips.document()
    theirs = seen_without_extension(document, tmp_path / "a.ora")
    part = np.s_[:, index * STRIP : (index + 1) * STRIP]
    assert_same_to_the_eye(theirs[part], flatten(document)[part])


@pytest.mark.parametrize("strips", fading_structures(), ids=lambda strips: strips.names[0])
def test_fading_groups_look_the_same_without_the_extension(tmp_path: Path, strips: Strips) -> None:
    document = strips.document()
    assert_same_to_the_eye(seen_without_extension(document, tmp_path / "a.ora"), flatten(document))


def test_only_what_cannot_be_said_is_flattened(tmp_path: Path) -> None:
    with zipfile.ZipFile(saved(many_structures().document(), tmp_path / "a.ora")) as archive:
        flat = [name for name in archive.namelist() if name.startswith("data/flat-")]
    assert len(flat) == 3  # two masked groups and the layer that is clipped with a mode


# Edited elsewhere


def test_the_extension_is_ignored_where_a_picture_was_edited_elsewhere(tmp_path: Path) -> None:
    hidden = raster_layer(1, noise(30, 20), mask=mask_from(np.zeros((20, 30), np.uint8)), recipe=RECIPE)
    other = raster_layer(2, noise(30, 20, seed=2), mask=mask_from(noise(30, 20, channels=1)[..., 0]))
    path = saved(document_with(hidden, other), tmp_path / "a.ora")
    painted = noise(30, 20, seed=8)
    back = load_openraster(changed(path, {"data/layer-1.png": png(painted)}))
    first, second = back.layers
    assert isinstance(first, RasterLayer)
    assert (first.mask, first.recipe) == (None, None)
    assert np.array_equal(first.tiles.read(back.size.rect())[:20, :30], painted)
    assert second.mask is not None


def test_a_flattened_group_edited_elsewhere_becomes_that_picture(tmp_path: Path) -> None:
    group = GroupLayer(
        id=1, name="Group", children=(raster_layer(2, noise(30, 20)),), mask=mask_from(np.zeros((20, 30), np.uint8))
    )
    path = saved(document_with(group), tmp_path / "a.ora")
    assert load_openraster(path).layers[0].id == 1
    painted = noise(30, 20, seed=8)
    (layer,) = load_openraster(changed(path, {"data/flat-1.png": png(painted)})).layers
    assert isinstance(layer, RasterLayer)
    assert layer.name == "Group"


def test_attributes_changed_elsewhere_count(tmp_path: Path) -> None:
    path = saved(document_with(raster_layer(1, noise(9, 9), mask=Mask(), recipe=RECIPE)), tmp_path / "a.ora")
    with zipfile.ZipFile(path) as archive:
        stack = archive.read("stack.xml")
    renamed = stack.replace(b'name="Layer 1"', b'name="Other"').replace(b'opacity="1.0"', b'opacity="0.5"')
    (layer,) = load_openraster(changed(path, {"stack.xml": renamed})).layers
    assert (layer.name, layer.opacity, layer.mask is not None) == ("Other", 0.5, True)


@pytest.mark.parametrize("record", [b"", b"{}", b"[1]", b"not json", b'{"layers": {"1": {"id": "x"}}}', b"\xff\xfe"])
def test_an_extension_that_makes_no_sense_is_left_out(tmp_path: Path, record: bytes) -> None:
    path = saved(document_with(raster_layer(1, noise(9, 9))), tmp_path / "a.ora")
    document = load_openraster(changed(path, {"scumble/document.json": record}))
    assert np.array_equal(flatten(document)[:9, :9], flatten(document_with(raster_layer(1, noise(9, 9))))[:9, :9])
