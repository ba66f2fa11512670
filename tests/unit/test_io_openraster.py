"""OpenRaster in detail: what the archive looks like, other programs' files, edits by others, hostile archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import flatten
from desktop.core.document import Document, Metadata
from desktop.core.errors import UserError
from desktop.core.layers import AiRecipe, GroupLayer, Locks, Mask, RasterLayer
from desktop.io import ora_archive
from desktop.io.documents import open_document_file
from desktop.io.openraster import load_openraster, save_openraster
from tests.builders import document_with, mask_from, noise, raster_layer
from tests.ora_structures import STRIP, Strips, fading_structures, many_structures

ROUNDED_TWICE = 2.5  # levels: a baked part is rounded once more than the picture itself

RECIPE = AiRecipe("no-such-model", "ab" * 32, (("image", 1),), (("strength", 40.0),), 7)


def png(pixels: Any) -> bytes:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()


def archive_with(path: Path, stack: str | bytes, files: dict[str, bytes] | None = None, **options: Any) -> Path:
    """An OpenRaster file as another program might write it."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        archive.writestr("mimetype", b"image/openraster", zipfile.ZIP_STORED)
        archive.writestr("stack.xml", stack)
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return path


def changed(path: Path, changes: dict[str, bytes | None]) -> Path:
    """The archive with files replaced or removed, as another program that keeps the rest would leave it."""
    with zipfile.ZipFile(path) as source:
        contents = {info.filename: source.read(info) for info in source.infolist()}
    contents |= {name: content for name, content in changes.items() if content is not None}
    with zipfile.ZipFile(path, "w") as target:
        for name, content in contents.items():
            if changes.get(name, b"") is not None:
                target.writestr(name, content)
    return path


def stack_of(path: Path) -> ElementTree.Element:
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read("stack.xml"))


def saved(document: Document, path: Path) -> Path:
    save_openraster(document, path)
    return path


def failure(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        open_document_file(path)
    assert str(path) in str(caught.value)
    return caught.value


def foreign(body: str, *, width: int = 20, height: int = 10) -> str:
    return f"<?xml version='1.0'?><image version='0.0.3' w='{width}' h='{height}'><stack>{body}</stack></image>"


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


# Other programs' files


def test_a_file_of_another_program_opens(tmp_path: Path) -> None:
    body = """
      <layer name="上" src="data/top.png" x="3.0" y="-2" opacity="0.5" composite-op="svg:multiply" edit-locked="true"/>
      <stack name="auto" opacity="1.0"><layer name="inner" src="data/bottom.png"/></stack>
      <stack name="faded" opacity="0.5" isolation="auto"><layer src="data/bottom.png" visibility="hidden"/></stack>
      <stack name="own" isolation="isolate" x="5" y="6"><layer src="data/bottom.png" x="1" y="1"/></stack>
      <layer name="plus" src="data/bottom.png" composite-op="svg:plus"/>
      <text>ignored</text>"""
    files = {"data/top.png": png(noise(4, 4)), "data/bottom.png": png(noise(20, 10, channels=3))}
    document = load_openraster(archive_with(tmp_path / "a.ora", foreign(body), files))
    plus, own, faded, auto, top = document.layers
    assert (top.name, top.opacity, top.blend_mode) == ("上", 0.5, BlendMode.MULTIPLY)
    assert top.locks.all
    assert isinstance(top, RasterLayer)
    assert top.tiles.content_bounds().x == 3
    assert isinstance(auto, GroupLayer)
    assert auto.pass_through
    assert isinstance(faded, GroupLayer)
    assert not faded.pass_through
    assert not faded.children[0].visible
    assert isinstance(own, GroupLayer)
    assert isinstance(own.children[0], RasterLayer)
    assert own.children[0].tiles.content_bounds().x == 6
    assert plus.blend_mode is BlendMode.NORMAL
    assert len({layer.id for layer in document.iter_layers()}) == 8


def test_sixteen_bit_layers_make_a_sixteen_bit_document(tmp_path: Path) -> None:
    deep = imagecodecs.png_encode(noise(20, 10, depth=16))
    body = '<layer src="data/b.png"/><layer src="data/a.png"/>'
    files = {"data/a.png": png(noise(20, 10)), "data/b.png": deep}
    document = load_openraster(archive_with(tmp_path / "a.ora", foreign(body), files))
    assert document.depth == 16
    lower = document.layers[0]
    assert isinstance(lower, RasterLayer)
    assert np.array_equal(lower.tiles.read(document.size.rect()), noise(20, 10).astype(np.uint16) * 257)


def test_a_profile_inside_the_layers_is_taken_over(tmp_path: Path) -> None:
    profile = bytes(imagecodecs.cms_profile("adobergb"))
    made = io.BytesIO()
    Image.fromarray(noise(4, 4)).save(made, "PNG", icc_profile=profile)
    path = archive_with(tmp_path / "a.ora", foreign('<layer src="a.png"/>'), {"a.png": made.getvalue()})
    assert load_openraster(path).icc_profile == profile


def test_src_atop_on_several_layers_clips_to_all_of_them(tmp_path: Path) -> None:
    body = '<layer src="c.png" composite-op="svg:src-atop"/><layer src="b.png"/><layer src="a.png"/>'
    files = {f"{name}.png": png(noise(20, 10, seed=seed)) for seed, name in enumerate("abc")}
    document = load_openraster(archive_with(tmp_path / "a.ora", foreign(body), files))
    group, clipped = document.layers
    assert isinstance(group, GroupLayer)
    assert len(group.children) == 2
    assert clipped.clip_to_below
    alpha = flatten(document.changed(layers=(group,)))[..., 3].astype(int)
    assert np.abs(flatten(document)[..., 3] - alpha).max() <= 1


# Hostile and broken archives


@pytest.mark.parametrize(
    "stack",
    [
        b"",
        b"<image",
        b"<picture/>",
        b"<image w='10'><stack/></image>",
        b"<image w='ten' h='10'><stack/></image>",
        b"<image w='0' h='10'><stack/></image>",
        b"<image w='-5' h='10'><stack/></image>",
        b"<image w='9999999999' h='1'><stack/></image>",
        foreign('<layer src="no.png"/>').encode(),
        foreign('<layer src="bad.png"/>').encode(),
        foreign('<layer src="../../etc/passwd"/>').encode(),
        foreign('<layer src="/etc/passwd"/>').encode(),
        foreign('<layer src="C:\\\\x.png"/>').encode(),
        foreign('<layer src="a.png" x="1e300"/>').encode(),
        foreign('<layer src="a.png" y="-99999999"/>').encode(),
        foreign("<stack>" * 200 + "</stack>" * 200).encode(),
        foreign("<layer/>" * 60_000).encode(),
        foreign("<layer>").encode("utf-16"),
    ],
    ids=lambda stack: stack[:40].decode("latin1"),
)
def test_a_stack_that_makes_no_sense_is_refused(tmp_path: Path, stack: bytes) -> None:
    files = {"a.png": png(noise(4, 4)), "bad.png": b"\x89PNG\r\n\x1a\nnot really a picture at all......"}
    assert failure(archive_with(tmp_path / "a.ora", stack, files)).key == "file.bad_openraster"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_never_expanded(tmp_path: Path, encoding: str) -> None:
    laughs = "".join(f"<!ENTITY l{i} '{f'&l{i - 1};' * 10 if i else 'ha'}'>" for i in range(12))
    bomb = f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE image [{laughs}]><image w='9' h='9' name='&l11;'/>"
    error = failure(archive_with(tmp_path / "a.ora", bomb.encode(encoding)))
    assert "document type" in str(error)
    outside = "<!DOCTYPE image SYSTEM 'file:///etc/passwd'><image w='9' h='9'/>"
    assert "document type" in str(failure(archive_with(tmp_path / "a.ora", outside)))


def test_a_missing_stack_or_a_strange_mimetype_is_refused(tmp_path: Path) -> None:
    path = saved(document_with(raster_layer(1, noise(9, 9))), tmp_path / "a.ora")
    whole = path.read_bytes()
    changed(path, {"stack.xml": None})
    assert "stack.xml is missing" in str(failure(path))
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert failure(path).key == "file.bad_openraster"


def stating(width: int, height: int, *, content: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


def test_a_layer_that_states_an_enormous_size_is_refused_before_unpacking(tmp_path: Path) -> None:
    body = foreign('<layer src="a.png"/>')
    path = archive_with(tmp_path / "a.ora", body, {"a.png": stating(100_000, 100_000)})
    assert failure(path).key == "file.too_many_pixels"


def test_a_bomb_of_zeros_behind_a_small_picture_is_refused(tmp_path: Path) -> None:
    bomb = stating(4, 4) + bytes(40 << 20)
    path = archive_with(
        tmp_path / "a.ora", foreign('<layer src="a.png"/>'), {"a.png": bomb}, compression=zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 100_000
    assert "absurdly large" in str(failure(path))


def test_a_canvas_too_large_is_refused(tmp_path: Path) -> None:
    assert failure(archive_with(tmp_path / "a.ora", foreign("", width=60_000, height=60_000))).key == (
        "file.too_many_pixels"
    )


def test_an_entry_that_is_longer_than_it_states_is_refused(tmp_path: Path) -> None:
    path = archive_with(tmp_path / "a.ora", foreign('<layer src="a.png"/>'), {"a.png": png(noise(20, 10))})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("a.png").file_size
    for at in range(len(data) - 4):
        if data[at : at + 4] == struct.pack("<I", size):
            data[at : at + 4] = struct.pack("<I", size - 40)
    path.write_bytes(data)
    assert failure(path).key == "file.bad_openraster"


def test_the_same_picture_named_many_times_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    original = imagecodecs.png_decode
    monkeypatch.setattr(imagecodecs, "png_decode", lambda data: (calls.append(1), original(data))[1])
    body = foreign('<layer src="a.png"/>' * 50)
    document = load_openraster(archive_with(tmp_path / "a.ora", body, {"a.png": png(noise(20, 10))}))
    assert (len(document.layers), len(calls)) == (50, 1)


def test_random_damage_to_an_archive_gives_a_document_or_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    group = GroupLayer(id=3, name="g", children=(raster_layer(4, noise(9, 9)),), mask=mask_from(noise(9, 9)[..., 0]))
    document = document_with(raster_layer(1, noise(20, 10), mask=Mask(), recipe=RECIPE), group)
    whole = saved(document.changed(metadata=Metadata(b"II*\0", b"<x/>")), path).read_bytes()
    rng = np.random.default_rng(4)
    opened = 0
    for _ in range(250):
        damaged = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(54, len(damaged))] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            load_openraster(path)
            opened += 1
        except UserError as error:
            assert error.key.startswith("file."), error  # noqa: PT017 - some damage does no harm
    assert opened < 200
