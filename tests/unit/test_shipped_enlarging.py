"""The shipped upscalers through `scumble batch`: every kind of file keeps what it is, in one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from desktop.cli import run_command_line
from desktop.core.color import Pixels
from desktop.io.image_files import ImageFile, read_image

MODELS = ("upscale-2x-fast", "upscale-2x-faithful", "upscale-2x-photo", "upscale-4x-faithful", "upscale-4x-photo")
SCALES = {name: int(name.removeprefix("upscale-")[0]) for name in MODELS}
RNG = np.random.default_rng(7)


def pictures(folder: Path) -> None:
    """Files that tend to break things, by name."""
    color = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(color[:1, :1]).save(folder / "dot.png")
    Image.fromarray(RNG.integers(0, 256, (3, 1400, 3), np.uint8)).save(folder / "strip.png")
    Image.fromarray(np.dstack([color, np.zeros((20, 30), np.uint8)])).save(folder / "clear.png")
    Image.fromarray(color).convert("P", palette=Image.Palette.ADAPTIVE).save(folder / "palette.png")
    Image.fromarray(np.dstack([color, color[..., :1]]), "CMYK").save(folder / "print.tif")
    ramp = np.broadcast_to(np.linspace(0, 65535, 256).astype(np.uint16), (24, 256))
    cv2.imwrite(str(folder / "ramp16.png"), ramp)
    Image.fromarray((ramp // 257).astype(np.uint8)).save(folder / "ramp8.png")
    soft = np.zeros((40, 60, 4), np.uint8)
    soft[..., :3] = (250, 120, 30)
    soft[10:30, 15:45, 3] = 255
    soft[..., 3] = cv2.GaussianBlur(soft[..., 3], (0, 0), 3)
    Image.fromarray(soft).save(folder / "soft.png")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(color).save(folder / "profile.png", icc_profile=srgb, dpi=(300, 300))
    (folder / "broken.png").write_bytes(b"\x89PNG no more")


@dataclass(frozen=True)
class Made:
    """What a model made of every file: name → (what went in, what came out)."""

    model: str
    files: dict[str, tuple[ImageFile, ImageFile]]

    @property
    def scale(self) -> int:
        return SCALES[self.model]


@pytest.fixture(scope="module", params=MODELS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    model: str = request.param
    source, target = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    pictures(source)
    assert run_command_line(["batch", model, str(source), "--out", str(target)]) == 1, "one file is broken"
    names = sorted(file.name for file in source.iterdir())
    assert {file.name for file in target.iterdir() if file.suffix != ".jsonl"} == set(names) - {"broken.png"}
    return Made(
        model, {name: (read_image(source / name), read_image(target / name)) for name in names if name != "broken.png"}
    )


def levels(pixels: Pixels) -> np.ndarray:
    return pixels[..., :3].astype(np.float64) * 255 / np.iinfo(pixels.dtype).max


def test_every_file_comes_out_as_much_larger_in_its_own_depth(made: Made) -> None:
    for before, after in made.files.values():
        assert after.pixels.shape == (made.scale * before.pixels.shape[0], made.scale * before.pixels.shape[1], 4)
        assert after.pixels.dtype == before.pixels.dtype
        assert (after.is_gray, after.has_alpha) == (before.is_gray, before.has_alpha)


@pytest.mark.parametrize("name", ["ramp8.png", "ramp16.png"])
def test_grey_ramps_keep_their_brightness(made: Made, name: str) -> None:
    before, after = (levels(file.pixels) for file in made.files[name])
    by_column = after.reshape(24, made.scale, 256, made.scale, 3).mean(axis=(0, 1, 3))
    assert abs(after.mean() - before.mean()) <= 0.5
    largest = 1.5 if made.model.endswith("-photo") else 0.5  # of a single column; a ramp as a whole: half a level
    assert np.abs(by_column - before.mean(axis=0))[2:-2].max() <= largest
    assert np.ptp(after, axis=2).max() == 0


def test_sixteen_bits_have_more_than_256_levels(made: Made) -> None:
    assert len(np.unique(made.files["ramp16.png"][1].pixels[..., 0])) > 300


def test_soft_alpha_is_enlarged_smoothly_and_its_colour_reaches_beneath_it(made: Made) -> None:
    before, after = (file.pixels for file in made.files["soft.png"])
    size = (60 * made.scale, 40 * made.scale)
    smooth = cv2.resize(before[..., 3], size, interpolation=cv2.INTER_CUBIC)
    assert np.abs(after[..., 3].astype(int) - smooth).max() <= 4
    assert np.abs(after[..., :3].astype(int) - (250, 120, 30)).max() <= 2, "no dark rim"
    assert not made.files["clear.png"][1].pixels[..., 3].any()


def test_profile_and_resolution_are_kept(made: Made) -> None:
    before, after = made.files["profile.png"]
    assert before.icc_profile
    assert after.icc_profile == before.icc_profile


def test_a_long_strip_has_no_seams(made: Made, tmp_path: Path) -> None:
    before, after = made.files["strip.png"]
    out, cut = tmp_path / "cut.png", tmp_path / "part.png"
    Image.fromarray(before.pixels[:, 480:560, :3]).save(cut)  # across the end of a tile of 512
    assert run_command_line(["run", made.model, str(cut), str(out)]) == 0
    rim = 36 * made.scale  # farther than any of the networks sees
    part = read_image(out).pixels[:, rim:-rim, :3].astype(int)
    first = 480 * made.scale + rim
    assert np.abs(part - after.pixels[:, first : first + part.shape[1], :3]).max() <= 1
