"""`scumble self-denoise` with a program in place of PyTorch's: what is kept, and what is said when it fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from desktop import self_restore_command
from desktop.cli import run_command_line
from desktop.core.errors import UserError
from desktop.core.geometry import Rect, Size
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from desktop.tools.self_restoring import part_of

LEARNER = """
import json, pathlib, sys
import cv2
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert given["--minutes"] == "0.5" and pathlib.Path(given["--report"]).is_dir()
picture = cv2.imread(given["--pictures"], cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
print(json.dumps({"step": 1, "of": 2}), flush=True)
out = pathlib.Path(given["--out"])
out.mkdir()
cv2.imwrite(str(out / "picture.png"), picture // 2)
"""


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the program that is started; it can be written anew."""
    file = tmp_path / "stand_in_for_torch.py"
    file.write_text(LEARNER, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    programs = dict.fromkeys(("denoise", "prior", "fill"), ("stand_in_for_torch",))
    monkeypatch.setattr(self_restore_command, "SELF_PROGRAMS", programs)
    monkeypatch.setattr(self_restore_command, "train_python", lambda _chosen: Path(sys.executable))
    return file


def test_depth_transparency_and_resolution_are_kept(
    learner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.full((20, 30, 4), 40_000, np.uint16)
    pixels[:10, :, 3] = 1_000
    write_image(tmp_path / "in.png", ImageFile(pixels, has_alpha=True, resolution_dpi=(300.0, 300.0)))
    target = tmp_path / "out.png"
    order = ["self-denoise", str(tmp_path / "in.png"), str(target), "--minutes", "0.5", "--json"]
    assert run_command_line(order) == 0
    result = read_image(target)
    assert result.pixels[:, :, 0].tolist() == [[20_000] * 30] * 20
    assert np.array_equal(result.pixels[..., 3], pixels[..., 3])
    assert result.resolution_dpi is not None
    assert result.resolution_dpi[0] == pytest.approx(300, abs=0.1)
    assert json.loads(capsys.readouterr().out)["depth"] == 16


def test_its_last_words_are_the_error_and_nothing_is_written(
    learner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learner.write_text("import sys\nsys.exit('There is nothing to learn from.')\n", encoding="utf-8")
    write_image(tmp_path / "in.png", ImageFile(np.full((20, 30, 4), 255, np.uint8)))
    target = tmp_path / "out.png"
    assert run_command_line(["self-denoise", str(tmp_path / "in.png"), str(target), "--minutes", "0.5"]) == 2
    assert "There is nothing to learn from." in capsys.readouterr().err
    assert run_command_line(["self-denoise", str(tmp_path / "in.png"), str(target), "--minutes", "0"]) == 2
    assert "0.1 to 600 minutes, not 0" in capsys.readouterr().err
    assert not target.exists()


def test_a_hole_is_filled_from_what_lies_around_it_and_the_rest_stays(learner: Path, tmp_path: Path) -> None:
    pixels = np.full((300, 900, 4), 255, np.uint8)
    pixels[..., :3] = np.arange(900, dtype=np.uint16)[None, :, None] % 256
    mask = np.zeros((300, 900, 4), np.uint8)
    mask[100:120, 400:420, :3] = 255
    mask[110:112, 400:420, :3] = 51
    mask[..., 3] = 255
    write_image(tmp_path / "in.png", ImageFile(pixels, has_alpha=False))
    write_image(tmp_path / "mask.png", ImageFile(mask, has_alpha=False))
    order = ["deep-prior", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--minutes", "0.5"]
    assert run_command_line([*order, "--mask", str(tmp_path / "mask.png")]) == 0
    result, share = read_image(tmp_path / "out.png").pixels.astype(int), mask[..., :3].astype(float) / 255
    wanted = pixels[..., :3] + (pixels[..., :3] // 2 - pixels[..., :3].astype(float)) * share
    assert np.abs(result[..., :3] - wanted).max() <= 1


def test_what_is_learned_on_is_a_part_of_the_picture() -> None:
    size = Size(4000, 3000)
    assert part_of("denoise", size, None) == size.rect()
    assert part_of("fill", size, Rect(1000, 1000, 200, 100)) == Rect(904, 904, 392, 292)
    assert part_of("fill", size, Rect(3995, 0, 5, 5)) == Rect(3936, 0, 64, 64), "inside the picture, and wide enough"
    assert part_of("prior", Size(500, 400), None) == Rect(0, 0, 500, 400)
    for kind, selected in (("prior", None), ("fill", None), ("fill", Rect(0, 0, 2000, 2000))):
        with pytest.raises(UserError):
            part_of(kind, size, selected)


def test_a_mask_of_another_size_is_refused(learner: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(tmp_path / "in.png", ImageFile(np.full((80, 90, 4), 255, np.uint8)))
    write_image(tmp_path / "mask.png", ImageFile(np.full((80, 91, 4), 255, np.uint8)))
    order = ["deep-prior", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--mask", str(tmp_path / "mask.png")]
    assert run_command_line(order) == 2
    assert "91 × 80 pixels, the picture has another size" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
