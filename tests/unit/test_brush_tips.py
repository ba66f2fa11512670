"""Tips and brushes as files, good and bad."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop.core.blend_modes import BlendMode
from desktop.core.brush import BrushMode, BrushSettings
from desktop.core.dynamics import Curve, Dynamic, Sensor, Target
from desktop.core.errors import UserError
from desktop.core.stabilizer import StabilizerSettings, Steadying
from desktop.core.tips import STAMP_BUDGET_BYTES, ImageTip
from desktop.io.brush_library import BrushLibrary
from desktop.io.brush_presets import read_preset, write_preset
from desktop.io.brush_tips import read_tip, write_tip
from desktop.io.formats import ImageFile
from desktop.io.image_files import write_image
from desktop.paths import resources_dir

LEVELS = (np.arange(1, 13, dtype=np.uint8) * 20).reshape(3, 4)


def gbr(version: int, planes: np.ndarray, name: str = "Ümlaut", depth: int | None = None, spacing: int = 40) -> bytes:
    height, width = planes.shape[:2]
    stored = name.encode() + b"\0"
    head = struct.pack(">3I", version, width, height)
    head += struct.pack(">I", depth or (1 if planes.ndim == 2 else planes.shape[2]))
    if version > 1:
        head += b"GIMP" + struct.pack(">I", spacing)
    return struct.pack(">I", len(head) + 4 + len(stored)) + head + stored + planes.tobytes()


def file_of(tmp_path: Path, data: bytes, name: str = "tip.gbr") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("version", "spacing"), [(1, 0.25), (2, 0.4)])
def test_grey_gimp_brushes(tmp_path: Path, version: int, spacing: float) -> None:
    tip = read_tip(file_of(tmp_path, gbr(version, LEVELS)))
    assert (tip.name, tip.spacing) == ("Ümlaut", spacing)
    assert np.array_equal(np.round(tip.strength * 255).astype(np.uint8), LEVELS)


@pytest.mark.parametrize("version", [1, 2])
def test_coloured_gimp_brushes_give_their_alpha(tmp_path: Path, version: int) -> None:
    planes = np.dstack([LEVELS * 0, LEVELS * 0 + 255, LEVELS // 2, LEVELS])
    tip = read_tip(file_of(tmp_path, gbr(version, planes)))
    assert np.array_equal(np.round(tip.strength * 255).astype(np.uint8), LEVELS)


def test_float_gimp_brushes_of_version_3(tmp_path: Path) -> None:
    values = np.array([[0.25, 0.5], [1.0, 0.75]], np.float32)
    halves = (values.view(np.uint32) >> 16).astype(">u2")
    tip = read_tip(file_of(tmp_path, gbr(3, halves, depth=18)))
    assert np.array_equal(tip.strength, values)


def test_a_picture_without_alpha_paints_where_it_is_dark(tmp_path: Path) -> None:
    pixels = np.full((8, 10, 4), 255, np.uint8)
    pixels[2:6, 3:5, :3] = 0
    write_image(tmp_path / "tip.png", ImageFile(pixels))
    tip = read_tip(tmp_path / "tip.png")
    assert tip.strength.shape == (4, 2), "the empty margin is cut off"
    assert (tip.strength == 1).all()
    assert tip.name == "tip"


def test_a_16_bit_picture_with_alpha_paints_where_it_is_opaque(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 4), np.uint16)
    pixels[1:3, 1:3] = (65535, 65535, 65535, 32768)
    write_image(tmp_path / "tip.png", ImageFile(pixels))
    assert read_tip(tmp_path / "tip.png").strength == pytest.approx(np.full((2, 2), 0.5), abs=1e-4)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (gbr(2, LEVELS)[:-1], "brush.tip_damaged"),
        (gbr(2, LEVELS)[:24], "brush.tip_damaged"),
        (gbr(2, LEVELS)[:27], "brush.tip_damaged"),
        (gbr(2, LEVELS)[:30], "brush.tip_damaged"),
        (gbr(1, LEVELS)[:22], "brush.tip_damaged"),
        (gbr(2, LEVELS, depth=2), "brush.tip_kind"),
        (gbr(7, LEVELS), "brush.tip_kind"),
        (gbr(2, LEVELS * 0), "brush.tip_empty"),
        (gbr(2, LEVELS)[:8] + struct.pack(">2I", 1 << 30, 1 << 30) + gbr(2, LEVELS)[16:], "brush.tip_size"),
        (gbr(2, LEVELS)[:8] + struct.pack(">2I", 0, 4) + gbr(2, LEVELS)[16:], "brush.tip_size"),
        (b"", "file.empty"),
        (b"no picture at all, only words", "file.not_a_picture"),
    ],
)
def test_broken_tips_are_refused_with_a_sentence(tmp_path: Path, data: bytes, key: str) -> None:
    with pytest.raises(UserError) as caught:
        read_tip(file_of(tmp_path, data))
    assert caught.value.key == key


@pytest.mark.parametrize("position", range(0, 24, 3))
def test_any_damaged_header_gives_a_tip_or_a_sentence(tmp_path: Path, position: int) -> None:
    said: list[str] = []
    for value in (0, 1, 127, 255):
        data = bytearray(gbr(2, LEVELS))
        data[position] = value
        try:
            assert read_tip(file_of(tmp_path, bytes(data))).strength.size
        except UserError as error:
            said.append(str(error))
    assert all(said)


def test_a_missing_tip_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        read_tip(tmp_path / "none.gbr")


def test_written_tips_read_back_the_same(tmp_path: Path) -> None:
    write_tip(tmp_path / "tip.png", ImageTip("tip", LEVELS / np.float32(255)))
    assert np.array_equal(np.round(read_tip(tmp_path / "tip.png").strength * 255).astype(np.uint8), LEVELS)


def test_a_stamp_keeps_the_tips_paint_at_every_size() -> None:
    tip = ImageTip("", np.random.default_rng(1).random((60, 90)).astype(np.float32))
    for diameter in (9, 30, 90, 200):
        stamp = tip.stamp(diameter, 0, 1)
        assert stamp.sum() == pytest.approx(tip.strength.sum() * (diameter / 90) ** 2, rel=0.05)
        assert not stamp[[0, -1]].any()
        assert not stamp[:, [0, -1]].any()


def test_a_stamp_turned_by_a_quarter_is_the_tip_turned() -> None:
    tip = ImageTip("", np.random.default_rng(2).random((40, 40)).astype(np.float32))
    turned = tip.stamp(40, 90, 1)
    assert turned == pytest.approx(np.rot90(tip.stamp(40, 0, 1), -1), abs=0.02)
    assert tip.stamp(40, 0, 1, True) == pytest.approx(tip.stamp(40, 0, 1)[:, ::-1], abs=0.02)


def test_stamps_are_shared_and_kept_within_the_budget() -> None:
    tip = ImageTip("", np.ones((64, 64), np.float32))
    assert tip.stamp(100, 10.2, 0.5) is tip.stamp(100.1, 10.0, 0.5)
    for angle in range(0, 360, 4):
        tip.stamp(700, angle, 1)
    assert tip._bytes <= STAMP_BUDGET_BYTES
    assert sum(stamp.nbytes for stamp in tip._stamps.values()) == tip._bytes


def test_the_outline_goes_around_the_tip() -> None:
    strength = np.zeros((50, 100), np.float32)
    strength[:, :] = 1
    (line,) = ImageTip("", strength).outline()
    assert np.abs(line[:, 0]).max() == pytest.approx(0.5, abs=0.03)
    assert np.abs(line[:, 1]).max() == pytest.approx(0.25, abs=0.03)


FULL = BrushSettings(
    diameter_px=33.5,
    hardness=0.4,
    opacity=0.8,
    flow=0.25,
    spacing=0.3,
    angle=-30,
    roundness=0.5,
    scatter=0.75,
    size_jitter=0.1,
    angle_jitter=0.2,
    seed=9,
    mode=BrushMode.ERASE,
    blend_mode=BlendMode.MULTIPLY,
    dynamics=(Dynamic(Sensor.TILT, Target.ROUNDNESS, Curve(((0.0, 1.0), (0.5, 0.25), (1.0, 0.0)))),),
    stabilizer=StabilizerSettings(Steadying.STRING, 44),
)


def test_a_brush_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_preset(tmp_path / "full.toml", 'A "quoted" \\ name', FULL)
    preset = read_preset(tmp_path / "full.toml")
    assert preset.name == 'A "quoted" \\ name'
    assert preset.settings == FULL


HUGE = "9" * 400  # more than a float can hold
GOOD = 'format = 1\nname = "x"\n[brush]\nsize = 20\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("format = ", "brush.bad_preset"),
        ("format = 2\nname = 'x'", "brush.other_format"),
        ("format = 1\nname = ''", "brush.bad_name"),
        ("format = 1\nname = 'x'\nbrush = 3", "brush.bad_entry"),
        (GOOD + "hardness = 101", "brush.bad_number"),
        (GOOD + "hardness = nan", "brush.bad_number"),
        (GOOD + "flow = true", "brush.bad_number"),
        (GOOD + "spacing = 'wide'", "brush.bad_number"),
        (GOOD + "blend_mode = 'nice'", "brush.bad_choice"),
        (GOOD + "stabilizer = 4", "brush.bad_choice"),
        (GOOD + "tip = '../../secret.png'", "brush.bad_entry"),
        (GOOD + "tip = 'missing.png'", "file.missing"),
        (GOOD + "[[dynamics]]\nsensor = 'mood'\ntarget = 'size'", "brush.bad_choice"),
        (GOOD + "[[dynamics]]\ntarget = 'size'", "brush.bad_choice"),
        (GOOD + "[[dynamics]]\nsensor = 'tilt'\ntarget = 'size'\ncurve = [[0, 0], [2, 1]]", "brush.bad_entry"),
        (GOOD + "[[dynamics]]\nsensor = 'tilt'\ntarget = 'size'\ncurve = [[0, 0]]", "brush.bad_entry"),
        (GOOD + "[[dynamics]]\nsensor = 'tilt'\ntarget = 'size'\ncurve = 'steep'", "brush.bad_entry"),
        (GOOD + f"[[dynamics]]\nsensor = 'tilt'\ntarget = 'size'\ncurve = [[0, {HUGE}], [1, 1]]", "brush.bad_entry"),
        (GOOD + f"hardness = {HUGE}", "brush.bad_number"),
        (GOOD + f"order = {'9' * 5000}", "brush.bad_preset"),
    ],
)
def test_broken_brushes_are_refused_with_a_sentence(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_preset(path)
    assert caught.value.key == key


def test_every_shipped_brush_can_be_read() -> None:
    library = BrushLibrary(resources_dir() / "brushes", Path("nowhere"))
    assert len(library.presets()) >= 12
    assert library.problems == []
    assert sum(preset.settings.tip is not None for preset in library.presets()) >= 8


@pytest.fixture
def library(tmp_path: Path) -> BrushLibrary:
    return BrushLibrary(resources_dir() / "brushes", tmp_path / "own")


def test_own_brushes_are_saved_renamed_and_deleted(library: BrushLibrary, tmp_path: Path) -> None:
    tip = ImageTip("t", LEVELS / np.float32(255))
    saved = library.save("  My brush ", replace(FULL, tip=tip))
    assert (saved.name, saved.is_shipped) == ("My brush", False)
    again = BrushLibrary(resources_dir() / "brushes", tmp_path / "own").find(saved.id)
    assert again is not None
    assert again.settings.tip is not None
    assert np.array_equal(again.settings.tip.strength, tip.strength)
    renamed = library.rename(saved, "画笔")
    assert [preset.name for preset in library.presets() if not preset.is_shipped] == ["画笔"]
    library.delete(renamed)
    assert not list((tmp_path / "own").rglob("*.*"))


def test_saving_under_the_same_name_replaces(library: BrushLibrary) -> None:
    first = library.save("Mine", FULL)
    second = library.save("Mine", replace(FULL, flow=0.5))
    assert (first.id, second.settings.flow) == (second.id, 0.5)


def test_shipped_brushes_stay(library: BrushLibrary) -> None:
    shipped = library.presets()[0]
    for change in (lambda: library.delete(shipped), lambda: library.rename(shipped, "x")):
        with pytest.raises(UserError, match="came with the program"):
            change()


def test_gimp_brushes_and_brush_files_are_imported(library: BrushLibrary, tmp_path: Path) -> None:
    preset = library.import_file(file_of(tmp_path, gbr(2, LEVELS)))
    assert (preset.name, preset.settings.spacing, preset.settings.diameter_px) == ("Ümlaut", 0.4, 4.0)
    chalk = library.import_file(resources_dir() / "brushes" / "chalk.toml")
    assert (chalk.name, chalk.is_shipped) == ("Chalk", False)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("size = ", "brush.bad_preset"),
        (GOOD + f"order = {'9' * 5000}", "brush.bad_preset"),
        (GOOD + f"[[dynamics]]\nsensor = 'tilt'\ntarget = 'size'\ncurve = [[0, {HUGE}], [1, 1]]", "brush.bad_entry"),
        (GOOD + "tip = 'cut.gbr'", "brush.tip_damaged"),
    ],
)
def test_a_broken_brush_among_others_is_told_and_left_out(
    library: BrushLibrary, tmp_path: Path, text: str, key: str
) -> None:
    (tmp_path / "own" / "tips").mkdir(parents=True)
    (tmp_path / "own" / "tips" / "cut.gbr").write_bytes(gbr(2, LEVELS)[:26])
    (tmp_path / "own" / "bad.toml").write_text(text, encoding="utf-8")
    (tmp_path / "own" / "good.toml").write_text(GOOD, encoding="utf-8")
    assert library.find("good") is not None
    assert len(library.presets()) >= 13
    assert [error.key for error in library.problems] == [key]


def test_a_brush_named_after_a_file_that_is_no_utf8_can_be_kept(library: BrushLibrary) -> None:
    assert library.save("caf\udce9", BrushSettings()).name == "caf?"
