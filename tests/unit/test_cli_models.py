"""`scumble run` for models of all kinds, `generate` and `batch`: files, JSON, and one sentence for a wrong order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from desktop.batch_command import RECORD_NAME
from desktop.cli import run_command_line
from desktop.io.image_files import ImageFile, read_image, write_image
from desktop.runtime.latents import draw
from desktop.runtime.manifest import Input
from tests.runtime_models import brightness_model, endless_model, identity_model, photo
from tests.runtime_parts import (
    APART,
    FILL,
    FIRST,
    FLOAT,
    IMAGE,
    INPUTS,
    MASK,
    PLANES,
    RESULT,
    SLICE,
    graph_bytes,
    node,
    one_part,
    write_model,
)
from tests.runtime_runs import RunnerHere
from tests.unit.test_runtime_clicks import click_model
from tests.unit.test_runtime_generate import KIND, LABEL, PICTURE, TO_PICTURE, paint, plain_generator

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("desktop.paths.shipped_models_dir", lambda: tmp_path / "shipped")
    folder = tmp_path / "home" / "data" / "models"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def runs_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting a worker costs most of a second; the tests that are about it are marked."""
    if "real_worker" not in request.node.name:
        for module in ("run_commands", "generate_command", "batch_command"):
            monkeypatch.setattr(f"desktop.{module}.WorkerRunner", RunnerHere)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def picture_file(path: Path, pixels: Any = None, **facts: Any) -> Path:
    write_image(path, ImageFile(photo(40, 60, 4) if pixels is None else pixels, **facts))
    return path


def refusal(capsys: Any, *words: str) -> str:
    """The sentence of an order that is refused."""
    assert run_command_line(list(words)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("scumble: ")
    assert said.err.count("\n") == 1
    return said.err


class TestRun:
    def test_a_mask_comes_as_a_grey_picture_or_as_a_cut_out(self, models: Path, tmp_path: Path) -> None:
        one_part(models / "red", "segment", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
        source = picture_file(tmp_path / "in.png", icc_profile=PROFILE)
        pixels = read_image(source).pixels
        assert run_command_line(["run", "red", "in.png", "mask.png"]) == 0
        with Image.open(tmp_path / "mask.png") as written:
            assert written.mode == "L"
            np.testing.assert_array_equal(np.asarray(written), pixels[..., 0])
        assert run_command_line(["run", "red", "in.png", "cut.png", "--cutout"]) == 0
        cut = read_image(tmp_path / "cut.png")
        np.testing.assert_array_equal(cut.pixels[..., :3], pixels[..., :3])
        np.testing.assert_array_equal(cut.pixels[..., 3], pixels[..., 0])
        assert cut.icc_profile == PROFILE

    def test_a_subject_comes_before_another_background(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        one_part(models / "red", "matte", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
        picture_file(tmp_path / "in.png")
        assert run_command_line(["run", "red", "in.png", "out.jpg", "--background", "#0000ff", "--shadow"]) == 0
        capsys.readouterr()
        with Image.open(tmp_path / "out.jpg") as written, Image.open(tmp_path / "in.png") as source:
            assert written.size == source.size
            assert np.asarray(written.convert("RGB"))[..., 2].mean() > np.asarray(source.convert("RGB"))[..., 2].mean()
        assert "is no background" in refusal(capsys, "run", "red", "in.png", "x.png", "--background", "nowhere.png")
        assert not (tmp_path / "x.png").exists()

    def test_a_cut_out_needs_a_kind_of_file_with_transparency(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        one_part(models / "red", "segment", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
        picture_file(tmp_path / "in.png")
        assert "use PNG" in refusal(capsys, "run", "red", "in.png", "out.jpg", "--cutout")

    def test_the_mask_of_an_inpainting_model_is_its_input(self, models: Path, tmp_path: Path) -> None:
        one_part(
            models / "fill", "inpaint", FILL, IMAGE + APART + RESULT, inputs=INPUTS, constants={"one": np.float32([1])}
        )
        pixels = photo(40, 60, 4)
        picture_file(tmp_path / "in.png", pixels)
        mask = np.zeros((40, 60), np.uint8)
        mask[10:20, 10:20] = 255
        Image.fromarray(mask).save(tmp_path / "hole.png")
        assert run_command_line(["run", "fill", "in.png", "out.png", "--mask", "hole.png"]) == 0
        result = read_image(tmp_path / "out.png").pixels
        assert (result[10:20, 10:20, :3] == 255).all()
        np.testing.assert_array_equal(result[mask == 0], pixels[mask == 0])

    def test_two_pictures_and_clicks_are_handed_on(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        tables = IMAGE + '[[inputs]]\nname = "other"\nrole = "image2"\n' + RESULT
        inputs = {"image": PLANES, "other": PLANES}
        one_part(models / "max", "two_image", [node("Max", "image other", "result")], tables, inputs=inputs)
        click_model(models / "click")
        left = np.zeros((64, 64, 4), np.uint8)
        left[..., 3] = 255
        left[:, 32:, 0] = 255
        picture_file(tmp_path / "a.png", left)
        picture_file(tmp_path / "b.png", left[:, ::-1].copy())
        assert run_command_line(["run", "max", "a.png", "m.png", "--image2", "b.png"]) == 0
        assert (read_image(tmp_path / "m.png").pixels[..., 0] == 255).all()
        assert run_command_line(["run", "click", "a.png", "k.png", "--point", "60,30,+", "--point", "3,3,-"]) == 0
        mask = read_image(tmp_path / "k.png").pixels[..., 0]
        assert (mask[:, 40:] == 255).all()
        assert (mask[:, :24] == 0).all()
        capsys.readouterr()
        assert "needs the input “image2”" in refusal(capsys, "run", "max", "a.png", "x.png")
        assert "takes no input “style”" in refusal(
            capsys, "run", "max", "a.png", "x.png", "--image2", "b.png", "--style", "b.png"
        )
        assert "is not a place" in refusal(capsys, "run", "click", "a.png", "x.png", "--point", "60,30")
        assert "is not a place" in refusal(capsys, "run", "click", "a.png", "x.png", "--box", "1,2,three,4")

    def test_a_model_without_a_picture_is_sent_to_generate(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        plain_generator(models / "faces")
        picture_file(tmp_path / "in.png")
        assert "scumble generate faces OUT" in refusal(capsys, "run", "faces", "in.png", "out.png")


class TestGenerate:
    def test_one_picture_of_a_seed_again_and_again_with_a_real_worker(
        self, models: Path, tmp_path: Path, capsys: Any
    ) -> None:
        plain_generator(models / "faces")
        for name in ("a.png", "b.png"):
            assert run_command_line(["generate", "faces", name, "--seed", "5", "--json"]) == 0
            facts = json.loads(capsys.readouterr().out)
            assert (facts["seeds"], facts["width"], facts["height"]) == ([5], 6, 4)
            assert facts["outputs"] == [name]
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    def test_several_become_numbered_files_or_a_sheet(self, models: Path, tmp_path: Path) -> None:
        plain_generator(models / "faces")
        assert run_command_line(["generate", "faces", "f.png", "--seed", "7", "--count", "11"]) == 0
        names = sorted(path.name for path in tmp_path.glob("f-*.png"))
        assert names == [f"f-{number:02}.png" for number in range(1, 12)]
        assert run_command_line(["generate", "faces", "sheet.png", "--seed", "7", "--count", "11", "--grid"]) == 0
        page = read_image(tmp_path / "sheet.png").pixels
        assert page.shape == (3 * 4 + 2 * 2, 4 * 6 + 3 * 2, 4)
        np.testing.assert_array_equal(page[6:10, 8:14], read_image(tmp_path / "f-06.png").pixels)

    def test_labels_latents_and_truncation(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        table = {"table": np.float32([[-1, -1, -1], [0, 0, 0], [1, 0, -1]])}
        nodes = [node("Gather", "table label", "z", axis=0), *paint("z")]
        graph = graph_bytes(nodes, {"label": (7, ["n"])}, {"picture": (FLOAT, None)}, {**TO_PICTURE, **table})
        write_model(models / "kinds", "generate", {"main": graph}, LABEL + PICTURE + KIND)
        plain_generator(models / "faces")
        for label in ("hat", "2"):
            assert run_command_line(["generate", "kinds", "k.png", "--label", label]) == 0
            assert (read_image(tmp_path / "k.png").pixels[0, 0] == (255, 128, 0, 255)).all()
        np.save(tmp_path / "z.npy", np.float32([[1, 1, 1], [-1, -1, -1]]))
        assert run_command_line(["generate", "faces", "l.png", "--latent", "z.npy"]) == 0
        assert (read_image(tmp_path / "l-1.png").pixels == 255).all()
        assert (read_image(tmp_path / "l-2.png").pixels[..., :3] == 0).all()
        assert run_command_line(["generate", "faces", "t.png", "--seed", "3", "--truncation", "0.5"]) == 0
        wanted = np.rint((draw(Input(name="z", role="latent"), 0, 3, (3,)) * 0.5 + 1) * 127.5)
        assert np.abs(read_image(tmp_path / "t.png").pixels[0, 0, :3] - np.clip(wanted, 0, 255)).max() <= 1

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--count", "0"], "Between 1 and 1000 pictures"),
            (["--count", "1000000"], "Between 1 and 1000 pictures"),
            (["--seed", "-3"], "The seed must be"),
            (["--truncation", "nan"], "truncation must be"),
            (["--label", "cat"], "has no classes"),
            (["--latent", "bad.json"], "each latent of this model has 3 numbers"),
            (["--latent", "nan.json"], "not finite"),
            (["--latent", "gone.npy"], "There is no file"),
            (["--param", "size=3"], "has no parameter"),
            (["--image", "in.png"], "takes no input “image”"),
        ],
    )
    def test_wrong_orders_are_refused(
        self, models: Path, tmp_path: Path, capsys: Any, words: list[str], message: str
    ) -> None:
        plain_generator(models / "faces")
        picture_file(tmp_path / "in.png")
        (tmp_path / "bad.json").write_text("[1, 2]")
        (tmp_path / "nan.json").write_text("[1, NaN, 2]")
        assert message in refusal(capsys, "generate", "faces", "out.png", *words)
        assert not list(tmp_path.glob("out*"))

    def test_a_model_that_does_not_generate_is_sent_to_run(self, models: Path, capsys: Any) -> None:
        identity_model(models / "same")
        assert "scumble run same IN OUT" in refusal(capsys, "generate", "same", "out.png")


class TestBatch:
    def test_all_pictures_of_folders_and_patterns_are_done(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        """Depth, profile and kind of file are kept, as by `run`."""
        brightness_model(models / "bright")
        (tmp_path / "in").mkdir()
        deep = photo(30, 20, 4, depth=16)
        picture_file(tmp_path / "in" / "deep.png", deep, icc_profile=PROFILE)
        picture_file(tmp_path / "in" / "flat.jpg")
        (tmp_path / "in" / "notes.txt").write_text("no picture")
        picture_file(tmp_path / "one.webp")
        assert (
            run_command_line(["batch", "bright", "in", "*.webp", "--out", "done", "--param", "amount=0", "--json"]) == 0
        )
        said = capsys.readouterr()
        facts = json.loads(said.out)
        assert len(facts["done"]) == 3
        assert facts["failed"] == facts["skipped"] == []
        assert "[1/3] deep.png: done in" in said.err
        written = read_image(tmp_path / "done" / "deep.png")
        np.testing.assert_array_equal(written.pixels, deep)
        assert written.icc_profile == PROFILE
        assert {path.name for path in (tmp_path / "done").iterdir()} == {
            "deep.png",
            "flat.jpg",
            "one.webp",
            RECORD_NAME,
        }

    def test_it_goes_on_where_it_was_stopped(self, models: Path, tmp_path: Path, capsys: Any) -> None:
        brightness_model(models / "bright")
        for name in ("a", "b", "c"):
            picture_file(tmp_path / f"{name}.png", photo(20, 20, 4, seed=ord(name)))
        order = ["batch", "bright", "a.png", "b.png", "c.png", "--out", "out", "--json"]

        def done(*words: str) -> list[str]:
            assert run_command_line([*order, *words]) == 0
            return [Path(facts["output"]).name for facts in json.loads(capsys.readouterr().out)["done"]]

        assert done() == ["a.png", "b.png", "c.png"]
        assert done() == []
        (tmp_path / "out" / "b.png").unlink()
        assert done() == ["b.png"]
        picture_file(tmp_path / "c.png", photo(20, 20, 4, seed=5))
        assert done() == ["c.png"]
        assert done("--param", "amount=50") == ["a.png", "b.png", "c.png"]
        record = tmp_path / "out" / RECORD_NAME
        record.write_text(record.read_text()[:-30])
        assert done("--param", "amount=50") == ["c.png"], "a line that a kill cut off does not count"
        assert done("--param", "amount=50") == []

    def test_one_bad_file_does_not_stop_the_rest_with_real_workers(
        self, models: Path, tmp_path: Path, capsys: Any
    ) -> None:
        identity_model(models / "same")
        picture_file(tmp_path / "a.png")
        (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n junk")
        picture_file(tmp_path / "c.png")
        order = ["batch", "same", "a.png", "b.png", "gone.png", "c.png", "--out", "out", "--jobs", "2"]
        assert run_command_line(order) == 1
        said = capsys.readouterr()
        assert "2 done, 0 skipped because they were done before, 2 failed." in said.out
        assert "b.png: " in said.out
        assert "There is no file gone.png." in said.out
        assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["a.png", "c.png"]

    def test_two_pictures_of_one_name_do_not_overwrite_each_other(self, models: Path, tmp_path: Path) -> None:
        identity_model(models / "same")
        for folder, level in (("x", 10), ("y", 20)):
            (tmp_path / folder).mkdir()
            picture_file(tmp_path / folder / "p.png", np.full((5, 5, 4), level, np.uint8))
        assert run_command_line(["batch", "same", "x", "y", "--out", "out"]) == 0
        assert (read_image(tmp_path / "out" / "p.png").pixels == 10).all()
        assert (read_image(tmp_path / "out" / "p-2.png").pixels == 20).all()

    def test_masks_are_written_as_png(self, models: Path, tmp_path: Path) -> None:
        one_part(models / "red", "matte", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
        picture_file(tmp_path / "a.jpg")
        assert run_command_line(["batch", "red", "a.jpg", "--out", "out"]) == 0
        assert read_image(tmp_path / "out" / "a.png").is_gray

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["same", "empty", "--out", "out"], "There are no pictures in empty"),
            (["same", "*.tiff", "--out", "out"], r"There are no pictures in *.tiff"),
            (["same", "a.png", "--out", "out", "--jobs", "0"], "--jobs must be 1 to 64"),
            (["same", "a.png", "--out", "."], "would be overwritten by its own result"),
            (["same", "a.png", "--out", "a.png"], "cannot be written"),
            (["none", "a.png", "--out", "out"], "no model “none”"),
            (["same", "a.png", "--out", "out", "--param", "x=1"], "has no parameter “x”"),
            (["same", "a.png"], "--out"),
        ],
    )
    def test_wrong_orders_are_refused_before_anything_is_done(
        self, models: Path, tmp_path: Path, capsys: Any, words: list[str], message: str
    ) -> None:
        identity_model(models / "same")
        picture_file(tmp_path / "a.png")
        (tmp_path / "empty").mkdir()
        assert message in refusal(capsys, "batch", *words)
        assert not (tmp_path / "out").exists()

    def test_an_interrupt_keeps_what_is_done_with_a_real_worker(
        self, models: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
    ) -> None:
        import threading

        import desktop.batch_command as batch

        endless_model(models / "endless")
        picture_file(tmp_path / "a.png")
        real_join = threading.Thread.join

        def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
            if timeout == 0.2:
                monkeypatch.setattr(batch.threading.Thread, "join", real_join)
                raise KeyboardInterrupt
            real_join(thread, timeout)

        monkeypatch.setattr(batch.threading.Thread, "join", interrupted)
        assert run_command_line(["batch", "endless", "a.png", "--out", "out"]) == 130
        assert capsys.readouterr().err == "scumble: cancelled\n"
        assert not list((tmp_path / "out").iterdir())


def test_a_latent_of_a_picture_is_taken_where_the_model_has_an_encoder(models: Path, tmp_path: Path) -> None:
    from tests.unit.test_runtime_generate import autoencoder

    autoencoder(models / "auto")
    picture_file(tmp_path / "in.png", np.full((9, 9, 4), (255, 0, 102, 255), np.uint8))
    assert run_command_line(["generate", "auto", "out.png", "--image", "in.png"]) == 0
    assert (read_image(tmp_path / "out.png").pixels == (255, 0, 102, 255)).all()
