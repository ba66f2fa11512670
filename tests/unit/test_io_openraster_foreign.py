"""OpenRaster from other programs, and from hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from desktop.core.blend_modes import BlendMode
from desktop.core.composite import flatten
from desktop.core.document import Metadata
from desktop.core.errors import UserError
from desktop.core.layers import LONGEST_NAME, GroupLayer, Mask, RasterLayer
from desktop.io.openraster import load_openraster
from tests.builders import document_with, mask_from, noise, raster_layer
from tests.ora_archives import RECIPE, archive_with, changed, failure, foreign, png, saved

# Other programs' files


def test_a_file_of_another_program_opens(tmp_path: Path) -> None:
    body = """
      <layer name="上" src="data/top.png" x="3.0" y="-2" opacity="0.5" composite-op="svg:multiply" edit-locked="true"/>
      <stack name="auto" opacity="1.0"><layer name="inner" src="data/bottom.png"/></stack>
      <stack name="faded" opacity="0.5" isolation="auto"><layer src="data/bottom.png" visibility="hidden"/></stack>
      <stack name="own" isolation="isolate" x="5" y="6"><layer src="data/bottom.png" x="1" y="1"/></stack>
      <layer name="strange" src="data/bottom.png" composite-op="krita:hard mix"/>
      <text>ignored</text>"""
    files = {"data/top.png": png(noise(4, 4)), "data/bottom.png": png(noise(20, 10, channels=3))}
    document = load_openraster(archive_with(tmp_path / "a.ora", foreign(body), files))
    strange, own, faded, auto, top = document.layers
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
    assert strange.blend_mode is BlendMode.NORMAL
    assert len({layer.id for layer in document.iter_layers()}) == 8


def test_endless_names_are_cut(tmp_path: Path) -> None:
    body = f"""<stack name="{"组" * 3000}"><layer name="{"n" * 3000}" src="data/a.png"/></stack>"""
    path = archive_with(tmp_path / "a.ora", foreign(body), {"data/a.png": png(noise(4, 4))})
    document = load_openraster(path)
    assert [layer.name for layer in document.iter_layers()] == ["组" * LONGEST_NAME, "n" * LONGEST_NAME]
    again = load_openraster(saved(document, tmp_path / "again.ora"))
    assert [layer.name for layer in again.iter_layers()] == ["组" * LONGEST_NAME, "n" * LONGEST_NAME]


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
