"""The command line as a person or a script uses it: results, JSON, and one sentence for every wrong input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image, ImageCms

import desktop
from desktop.cli import run_command_line
from desktop.io.image_files import read_image, write_image
from desktop.runtime.device import Devices
from tests.runtime_models import (
    add_golden,
    blur_model,
    brightness_model,
    doubling_model,
    edit_manifest,
    endless_model,
    identity_model,
    photo,
)

PATIENCE_S = 60
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own models; the shipped ones are out of sight."""
    monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("desktop.paths.shipped_models_dir", lambda: tmp_path / "shipped")
    folder = tmp_path / "home" / "data" / "models"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def restored_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A JPEG with profile and EXIF."""
    path = tmp_path / "in.jpg"
    exif = Image.Exif()
    exif[0x010F] = "A camera maker"
    Image.fromarray(photo(60, 90)).save(path, quality=95, icc_profile=PROFILE, exif=exif)
    return path


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one sentence on standard error for a wrong input."""
    assert run_command_line([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    assert captured.err.startswith("scumble: ")
    return captured.err


def test_run_keeps_profile_metadata_and_size(models: Path, picture: Path, tmp_path: Path, capsys: Any) -> None:
    blur_model(models / "blur")
    target = tmp_path / "out.png"
    assert run_command_line(["run", "blur", str(picture), str(target), "--json"]) == 0
    facts = told(capsys)
    before, after = read_image(picture), read_image(target)
    assert after.icc_profile == before.icc_profile == PROFILE
    assert b"A camera maker" in (after.exif or b"")
    assert after.pixels.shape == before.pixels.shape
    assert (after.pixels != before.pixels).any()
    assert facts["model"] == "blur"
    assert len(facts["sha256"]) == 64
    assert facts["provider"] == "CPUExecutionProvider"
    assert facts["tiles"] > 1
    assert facts["seconds"] > 0
    assert facts["peak_memory_mb"] > 1
    assert (facts["width"], facts["height"], facts["depth"]) == (90, 60, 8)


def test_the_side_of_tiles_can_be_chosen(models: Path, picture: Path, tmp_path: Path, capsys: Any) -> None:
    blur_model(models / "blur")
    run = ["run", "blur", str(picture), str(tmp_path / "out.png"), "--json", "--tile"]
    assert run_command_line([*run, "1000"]) == 0
    assert told(capsys)["tiles"] == 1


def test_run_keeps_sixteen_bits_and_alpha(models: Path, picture: Path, tmp_path: Path) -> None:
    identity_model(models / "same")
    pixels = photo(30, 40, 4, depth=16)
    pixels[5:20, :, 3] = 1234
    source, target = tmp_path / "deep.png", tmp_path / "out.png"
    write_image(source, replace(read_image(picture), pixels=pixels, has_alpha=True))
    assert run_command_line(["run", "same", str(source), str(target)]) == 0
    np.testing.assert_array_equal(read_image(target).pixels, pixels)


def test_run_takes_parameters_and_says_them(models: Path, tmp_path: Path, capsys: Any) -> None:
    brightness_model(models / "bright")
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    Image.new("RGB", (8, 8), (51, 51, 51)).save(source)
    assert run_command_line(["run", "bright", str(source), str(target), "--param", "amount=40", "--json"]) == 0
    assert told(capsys)["parameters"] == {"amount": 40.0}
    assert (read_image(target).pixels[..., :3] == 153).all()


def test_run_reads_and_writes_openraster(models: Path, tmp_path: Path) -> None:
    brightness_model(models / "bright")
    source, layered, flat = tmp_path / "in.png", tmp_path / "a.ora", tmp_path / "b.png"
    Image.new("RGB", (9, 8), (51, 51, 51)).save(source)
    assert run_command_line(["run", "bright", str(source), str(layered)]) == 0
    assert run_command_line(["run", "bright", str(layered), str(flat)]) == 0
    assert (read_image(flat).pixels == [153, 153, 153, 255]).all()


def test_a_mask_says_where_softly_and_at_any_size(models: Path, tmp_path: Path) -> None:
    brightness_model(models / "bright")
    source, mask, target = tmp_path / "in.png", tmp_path / "mask.png", tmp_path / "out.png"
    Image.new("RGB", (80, 40), (51, 51, 51)).save(source)
    Image.fromarray(np.array([[0, 0, 128, 255, 255]], np.uint8).repeat(2, axis=0)).save(mask)
    assert run_command_line(["run", "bright", str(source), str(target), "--mask", str(mask)]) == 0
    row = read_image(target).pixels[20, :, 0].astype(int)
    assert row[0] == 51
    assert row[-1] == 102
    assert (np.diff(row) >= 0).all()
    assert 70 < row[39] < 84


def test_a_mask_over_an_enlarged_picture_shows_the_enlarged_picture(models: Path, tmp_path: Path) -> None:
    doubling_model(models / "double")
    source, mask, target = tmp_path / "in.png", tmp_path / "mask.png", tmp_path / "out.png"
    Image.new("RGB", (20, 10), (51, 60, 70)).save(source)
    Image.new("L", (20, 10), 0).save(mask)
    assert run_command_line(["run", "double", str(source), str(target), "--mask", str(mask)]) == 0
    assert read_image(target).pixels.shape == (20, 40, 4)
    assert (read_image(target).pixels == [51, 60, 70, 255]).all()


def test_the_result_may_replace_its_source(models: Path, tmp_path: Path) -> None:
    brightness_model(models / "bright")
    source = tmp_path / "in.png"
    Image.new("RGB", (8, 8), (51, 51, 51)).save(source)
    assert run_command_line(["run", "bright", str(source), str(source)]) == 0
    assert (read_image(source).pixels[..., :3] == 102).all()


def test_a_device_that_is_not_there_is_named_with_the_reason(
    models: Path, picture: Path, tmp_path: Path, capsys: Any
) -> None:
    identity_model(models / "same")
    if Devices().cuda_reason() is None:
        pytest.skip("CUDA works here")
    target = tmp_path / "o.png"
    assert run_command_line(["run", "same", str(picture), str(target), "--device", "cuda", "--json"]) == 2
    assert f"“cuda” cannot be used: {Devices().cuda_reason()}" in capsys.readouterr().err
    assert not target.exists()


class TestWrongInput:
    """Every one: exit 2, one sentence, no result and nothing half-written."""

    @pytest.fixture(autouse=True)
    def model(self, models: Path) -> Path:
        return brightness_model(models / "bright")

    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / "results"
        folder.mkdir()
        yield folder / "out.png"
        assert list(folder.iterdir()) == []

    def test_a_missing_picture(self, capsys: Any, target: Path, tmp_path: Path) -> None:
        assert "missing.jpg" in complaint(capsys, "run", "bright", tmp_path / "missing.jpg", target)

    def test_a_folder(self, capsys: Any, target: Path, tmp_path: Path) -> None:
        assert str(tmp_path) in complaint(capsys, "run", "bright", tmp_path, target)

    @pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n\0\0"])
    def test_what_is_no_picture(self, capsys: Any, target: Path, tmp_path: Path, content: bytes) -> None:
        source = tmp_path / "in.png"
        source.write_bytes(content)
        assert "in.png" in complaint(capsys, "run", "bright", source, target)

    def test_half_a_picture(self, capsys: Any, target: Path, picture: Path) -> None:
        picture.write_bytes(picture.read_bytes()[:1500])
        assert "in.jpg" in complaint(capsys, "run", "bright", picture, target)

    def test_a_result_in_a_folder_that_does_not_exist(self, capsys: Any, target: Path, picture: Path) -> None:
        sentence = complaint(capsys, "run", "bright", picture, target.parent / "nowhere" / "out.png")
        assert "nowhere does not exist" in sentence

    def test_a_result_that_is_a_folder(self, capsys: Any, target: Path, picture: Path) -> None:
        assert "is a folder" in complaint(capsys, "run", "bright", picture, target.parent)

    def test_a_format_that_nobody_writes(self, capsys: Any, target: Path, picture: Path) -> None:
        assert ".xyz" in complaint(capsys, "run", "bright", picture, target.with_suffix(".xyz"))

    def test_an_unknown_model(self, capsys: Any, target: Path, picture: Path) -> None:
        assert "Installed models: bright" in complaint(capsys, "run", "brigth", picture, target)

    def test_an_altered_model(self, capsys: Any, target: Path, picture: Path, model: Path) -> None:
        (model / "model.onnx").write_bytes(b"something else")
        assert "model.onnx is not the file" in complaint(capsys, "run", "bright", picture, target)

    def test_a_broken_model(self, capsys: Any, target: Path, picture: Path, model: Path) -> None:
        edit_manifest(model, "format = 1", "format = 7")
        assert "cannot be used" in complaint(capsys, "run", "bright", picture, target)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ("amount=200", "between 0 and 100"),
            ("amount=much", "between 0 and 100"),
            ("amount", "must look like name=value"),
            ("=3", "must look like name=value"),
            ("amont=3", "it has: amount"),
        ],
    )
    def test_a_bad_parameter(self, capsys: Any, target: Path, picture: Path, given: str, words: str) -> None:
        assert words in complaint(capsys, "run", "bright", picture, target, "--param", given)

    def test_a_mask_that_is_no_picture(self, capsys: Any, target: Path, picture: Path, tmp_path: Path) -> None:
        mask = tmp_path / "mask.png"
        mask.write_bytes(b"grey")
        assert "mask.png" in complaint(capsys, "run", "bright", picture, target, "--mask", mask)

    @pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs a limit on the size of files")
    def test_a_full_disk(self, target: Path, tmp_path: Path) -> None:
        """A limit on the size of written files ends writes as a full disk does; the pixels need more than it."""
        source = tmp_path / "in.png"
        Image.fromarray(photo(300, 300)).save(source)
        limited = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
            "from desktop.cli import run_command_line; sys.exit(run_command_line(sys.argv[1:]))"
        )
        command = [sys.executable, "-c", limited, "convert", str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1, done.stderr

    def test_options_that_do_not_exist(self, capsys: Any, target: Path, picture: Path) -> None:
        assert "--fast" in complaint(capsys, "run", "bright", picture, target, "--fast")
        assert "--fast" in complaint(capsys, "--fast")
        assert "64 to 8192" in complaint(capsys, "run", "bright", picture, target, "--tile", "3")
        assert "1280x800" in complaint(capsys, "--size", "large")
        assert "models show needs" in complaint(capsys, "models", "show")


def test_models_list_shows_all_and_what_is_wrong_with_some(models: Path, capsys: Any) -> None:
    identity_model(models / "same")
    edit_manifest(identity_model(models / "bad"), "format = 1", "format = 7")
    assert run_command_line(["models", "list", "--json"]) == 0
    facts = told(capsys)
    assert [model["id"] for model in facts["models"]] == ["same"]
    assert facts["broken"][0]["id"] == "bad"
    assert "format" in facts["broken"][0]["reason"]
    assert run_command_line(["models", "list"]) == 0
    text = capsys.readouterr().out
    assert "same" in text
    assert "bad" in text


def test_models_show_tells_parameters(models: Path, capsys: Any) -> None:
    brightness_model(models / "bright")
    assert run_command_line(["models", "show", "bright", "--json"]) == 0
    facts = told(capsys)
    assert facts["params"][0]["max"] == 100.0
    assert len(facts["model_sha256"]) == 64
    assert run_command_line(["models", "show", "bright"]) == 0
    assert "--param amount=…   Amount: 0 to 100; default 20.0" in capsys.readouterr().out


def test_models_verify_finds_the_altered_one(models: Path, capsys: Any) -> None:
    identity_model(models / "same")
    altered = identity_model(models / "altered")
    assert run_command_line(["models", "verify"]) == 0
    assert capsys.readouterr().out == "altered: intact\nsame: intact\n"
    (altered / "model.onnx").write_bytes(b"x")
    assert run_command_line(["models", "verify", "--json"]) == 1
    facts = told(capsys)
    assert facts["intact"] == ["same"]
    assert "install the model again" in facts["problems"]["altered"]
    assert run_command_line(["models", "verify", "same"]) == 0
    assert run_command_line(["models", "verify", "other"]) == 2


def test_selftest_passes_and_fails(models: Path, capsys: Any) -> None:
    sample = photo(16, 16)
    add_golden(identity_model(models / "same"), sample, sample)
    assert run_command_line(["selftest", "--json"]) == 0
    facts = told(capsys)
    assert facts["passed"]
    assert facts["models"][0]["provider"].endswith("ExecutionProvider")
    add_golden(identity_model(models / "wrong"), sample, 255 - sample)
    assert run_command_line(["selftest"]) == 1
    assert "wrong: FAILED, largest difference" in capsys.readouterr().out


def test_a_program_without_models_does_not_pass(models: Path, capsys: Any) -> None:
    assert run_command_line(["selftest"]) == 1
    assert "No models are installed" in capsys.readouterr().out


def test_convert_changes_the_format_and_keeps_the_rest(picture: Path, tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "out.tiff"
    assert run_command_line(["convert", str(picture), str(target), "--json"]) == 0
    facts = told(capsys)
    assert (facts["width"], facts["height"], facts["depth"], facts["layers"]) == (90, 60, 8, 1)
    np.testing.assert_array_equal(read_image(target).pixels, read_image(picture).pixels)
    assert read_image(target).icc_profile == PROFILE


def test_convert_goes_through_openraster_and_back(picture: Path, tmp_path: Path) -> None:
    layered, flat = tmp_path / "a.ora", tmp_path / "b.png"
    assert run_command_line(["convert", str(picture), str(layered)]) == 0
    assert run_command_line(["convert", str(layered), str(flat)]) == 0
    np.testing.assert_array_equal(read_image(flat).pixels, read_image(picture).pixels)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_no_encoding_takes_is_no_problem(models: Path, tmp_path: Path) -> None:
    source, target = os.fsencode(tmp_path) + b"/in\xff.png", os.fsencode(tmp_path) + b"/out\xff.png"
    Image.new("RGB", (4, 4)).save(os.fsdecode(source))
    for options in ([], ["--json"]):
        command = [sys.executable, "-m", "desktop", "convert", source, target, *options]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_commands_work_where_qt_cannot_be_loaded(models: Path) -> None:
    """A server without a screen has none of Qt's libraries."""
    code = (
        "import sys; sys.modules['PySide6'] = None; from desktop.cli import run_command_line;"
        "sys.exit(run_command_line(['models', 'list']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_version_and_help(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command_line(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"scumble {desktop.__version__}\n"
    with pytest.raises(SystemExit):
        run_command_line(["--help"])
    assert "selftest" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_run_and_leaves_nothing(models: Path, picture: Path, tmp_path: Path, number: int) -> None:
    """As a shell does it: the interrupt goes to the program and its worker alike."""
    endless_model(models / "endless")
    results = tmp_path / "results"
    results.mkdir()
    command = [sys.executable, "-m", "desktop", "run", "endless", str(picture), str(results / "out.png")]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # programs in the background start without
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    signal.signal(signal.SIGINT, heard)
    wait_for_worker(program.pid)
    os.killpg(program.pid, number) if number == signal.SIGINT else program.send_signal(number)
    _, errors = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 130
    assert errors == "scumble: cancelled\n"
    assert list(results.iterdir()) == []
    assert not list(Path("/dev/shm").glob(f"scumble-pixels-{program.pid}-*"))


def wait_for_worker(pid: int) -> None:
    """Until the network runs: the worker has used the processor for a while."""
    program, deadline = psutil.Process(pid), time.monotonic() + PATIENCE_S
    while not any(child.cpu_times().user > 0.6 for child in program.children()):
        assert program.status() != psutil.STATUS_ZOMBIE, "the program ended by itself"
        assert time.monotonic() < deadline, "the worker never got busy"
        time.sleep(0.02)
