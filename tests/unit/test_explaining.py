"""Why a network decided: the region that decides lights up, shares add up, and a question can be cancelled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from desktop import why_command
from desktop.cli import run_command_line
from desktop.core.errors import UserError
from desktop.runtime.adapters.base import Asked
from desktop.runtime.attempts import TaskRun
from desktop.runtime.catalog import Catalog
from desktop.runtime.explaining import reduced_size, why_results, windows
from desktop.runtime.messages import Task
from desktop.runtime.runner import Failed, Finished, Progress, Request, Why
from desktop.runtime.segments import like_segments
from desktop.runtime.session import Stopped
from tests.runtime_models import edit_manifest, make_model
from tests.runtime_parts import APART, IMAGE, INPUTS, MEAN_FILL, RESULT, node, one_part
from tests.runtime_runs import KEPT, RunnerHere

SIDE = 48
CLUE = (slice(8, 16), slice(32, 40))  # what the network looks at


def clue_model(folder: Path) -> Path:
    """A mask that is everywhere the mean red of one square of the picture, wherever else anything is."""
    nodes = [
        node("Slice", "image begin end axes", "clue"),
        node("ReduceMean", "clue all_axes", "level", keepdims=1),
        node("Slice", "image zero one channel", "red"),
        node("Mul", "red nothing", "plane"),
        node("Add", "plane level", "result"),
    ]
    rows, columns = CLUE
    constants = {
        "begin": np.array([0, rows.start, columns.start]),
        "end": np.array([1, rows.stop, columns.stop]),
        "axes": np.array([1, 2, 3]),
        "all_axes": np.array([1, 2, 3]),
        "zero": np.array([0]),
        "one": np.array([1]),
        "channel": np.array([1]),
        "nothing": np.array(0, np.float32),
    }
    folder = make_model(folder, nodes, task="segment", constants=constants, out_shape=(1, 1, "height", "width"))
    edit_manifest(folder, 'name = "result"\nrole = "image"', 'name = "result"\nrole = "mask"')
    return folder


def picture() -> np.ndarray:
    """Dark, the clue bright: covering it with the mean changes the answer."""
    pixels = np.random.default_rng(0).integers(0, 60, (SIDE, SIDE, 4), np.uint8)
    pixels[CLUE] = 230
    pixels[..., 3] = 255
    return pixels


def asked_why(folder: Path, why: Why, inputs: dict[str, Any] | None = None) -> tuple[Any, list[Progress]]:
    model = Catalog((folder.parent,)).verified(folder.name)
    heard: list[Progress] = []
    request = Request(model.id, model.sha256, inputs or {"image": picture()}, device="cpu", why=why)
    job = RunnerHere(Catalog((folder.parent,))).submit(request, on_progress=heard.append, on_done=lambda _: None)
    return job.wait(), heard


def found(outcome: Any) -> tuple[np.ndarray, np.ndarray]:
    assert isinstance(outcome, Finished), outcome
    return outcome.result.outputs["why"], outcome.result.outputs["scores"]


def test_the_square_that_decides_lights_up_when_it_is_covered(tmp_path):
    heat, (whole, nothing) = found(asked_why(clue_model(tmp_path / "clue"), Why(parts=12))[0])
    assert heat.shape == (SIDE, SIDE)
    assert np.unravel_index(int(heat.argmax()), heat.shape)[0] in range(4, 20)
    assert heat[CLUE].mean() > 10 * np.abs(heat[24:]).max()
    assert whole > nothing


@pytest.mark.parametrize("rounds", [1, 4])
def test_shares_of_segments_add_up_to_the_score_less_that_of_nothing(tmp_path, rounds):
    why = Why("shapley", parts=9, rounds=rounds, seed=3)
    heat, (whole, nothing) = found(asked_why(clue_model(tmp_path / "clue"), why)[0])
    places = like_segments(picture(), 9)
    shares = [float(heat[places == segment].mean()) for segment in range(places.max() + 1)]
    assert sum(shares) == pytest.approx(whole - nothing, abs=1e-3)
    assert np.bincount(places[CLUE].ravel()).argmax() == int(np.argmax(shares))
    assert max(shares) > 5 * sorted(shares)[-2]


def test_progress_is_told_and_a_number_out_of_range_is_refused(tmp_path):
    folder = clue_model(tmp_path / "clue")
    outcome, heard = asked_why(folder, Why(parts=4))
    found(outcome)
    counted = [progress for progress in heard if progress.total > 1]
    assert counted[-1].done == counted[-1].total == 2 + sum(1 for _ in windows(SIDE, SIDE, 4))
    outcome, _ = asked_why(folder, Why(parts=1))
    assert isinstance(outcome, Failed)
    assert outcome.error.key == "why.bad_number"


def test_an_answer_that_shows_nothing_is_not_explained(tmp_path):
    outcome, _ = asked_why(clue_model(tmp_path / "clue"), Why(), {"image": np.zeros((20, 30, 4), np.uint8)})
    assert isinstance(outcome, Failed)
    assert outcome.error.key == "why.nothing"


def test_a_region_says_what_the_question_is_about(tmp_path):
    """The network makes every pixel red: only the region's own pixels decide what it is."""
    folder = make_model(tmp_path / "copy", [node("Identity", "image", "result")])
    region = np.zeros((SIDE, SIDE), np.uint8)
    region[30:44, 4:20] = 255
    why = Why("shapley", parts=12, rounds=2)
    heat, _ = found(asked_why(folder, why, {"image": picture(), "region": region})[0])
    assert heat[region > 0].mean() > 4 * heat[region == 0].mean()


def test_a_filled_hole_is_explained_by_what_is_around_it(tmp_path):
    """The network fills with the mean of the picture: the bright square outside decides, the hole itself does not."""
    folder = one_part(tmp_path / "holes", "inpaint", MEAN_FILL, IMAGE + APART + RESULT, inputs=INPUTS)
    hole = np.zeros((SIDE, SIDE), np.uint8)
    hole[30:44, 6:20] = 255
    heat, (whole, nothing) = found(asked_why(folder, Why(parts=8), {"image": picture(), "mask": hole})[0])
    assert whole == pytest.approx(1, abs=0.01)
    assert whole >= nothing
    assert heat[CLUE].mean() > 3 * np.abs(heat[hole > 0]).mean()


def test_colours_are_explained_by_what_decides_them_and_classes_by_the_one_that_is_asked_for(tmp_path):
    """Hues are what counts of a picture that was coloured; a class is one more parameter of the request."""
    shipped = Catalog((Path("onnx"),))
    for name, parameters in (("colourise", {}), ("outlines", {"domain": "Flat"}), ("outlines", {"domain": "Outlined"})):
        model = shipped.verified(name)
        request = Request(model.id, model.sha256, {"image": picture()}, parameters, device="cpu", why=Why(parts=2))
        outcome = RunnerHere(shipped).submit(request, on_progress=lambda _: None, on_done=lambda _: None).wait()
        heat, (whole, nothing) = found(outcome)
        assert heat.shape == (SIDE, SIDE)
        assert whole == pytest.approx(1, abs=0.01)
        assert whole >= nothing


def test_a_model_without_a_picture_cannot_be_asked(tmp_path):
    shipped = Catalog((Path("onnx"),))
    model = shipped.verified("digits")
    request = Request(model.id, model.sha256, {}, device="cpu", why=Why())
    outcome = RunnerHere(shipped).submit(request, on_progress=lambda _: None, on_done=lambda _: None).wait()
    assert isinstance(outcome, Failed)
    assert outcome.error.key == "why.no_picture"


def test_large_pictures_are_asked_about_in_small():
    assert reduced_size(1000, 4000) == (80, 320)
    shapes = why_results(Asked({"image": (3000, 4000, 4)}, {"image": "uint8"}, 1))
    assert shapes == {"why": ((240, 320), "float32"), "scores": ((2,), "float32")}


@pytest.mark.parametrize("size", [(40, 60), (3, 50), (1, 1)])
def test_segments_are_in_one_piece_and_numbered_without_gaps(size):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 4), np.uint8)
    places = like_segments(pixels, 10)
    assert places.shape == size
    assert set(np.unique(places)) == set(range(places.max() + 1))
    assert places.max() < 10


def test_windows_cover_every_place_equally():
    times = np.zeros((40, 60), int)
    for window in windows(40, 60, 6):
        times[window] += 1
    assert times.min() >= 4


def test_why_is_part_of_a_request_and_nothing_else_changes():
    request = Request("a", "b", {})
    assert replace(request, why=Why()).why == Why("occlusion", 14, 6, 0)
    assert isinstance(UserError("why.nothing", model_id="a"), UserError)


def test_a_question_can_be_cancelled_in_its_middle(tmp_path):
    folder = clue_model(tmp_path / "clue")
    model = Catalog((folder.parent,)).verified(folder.name)
    shapes = why_results(Asked({"image": (SIDE, SIDE, 4)}, {"image": "uint8"}, 1))
    results = {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes.items()}
    heard: list[Progress] = []

    def tell(progress: Progress) -> None:
        heard.append(progress)
        if progress.done == 3:
            run.stop()

    task = Task(1, folder, model.manifest, {}, {}, {}, 0, "cpu", why=Why())
    run = TaskRun(task, KEPT, tell)
    with pytest.raises(Stopped):
        run.run({"image": picture()}, results)
    assert heard[-1].done == 3
    assert not results["why"].any()


def test_the_command_line_writes_the_map_with_its_legend_or_nothing(tmp_path, monkeypatch, capsys):
    folder = clue_model(tmp_path / "onnx" / "clue")
    monkeypatch.setattr(why_command.paths, "model_folders", lambda: (folder.parent,))
    monkeypatch.setattr(why_command, "WorkerRunner", RunnerHere)
    Image.fromarray(picture()).save(tmp_path / "in.png")
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "black.png")
    arguments = ["why", "clue", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--parts", "6", "--json"]
    assert run_command_line(arguments) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["method"] == "occlusion"
    assert facts["score"] > facts["score_of_nothing"]
    sheet = np.asarray(Image.open(tmp_path / "out.png").convert("RGB")).astype(int)
    assert sheet.shape[0] > SIDE, "the legend lies under the picture"
    rows, columns = CLUE
    assert sheet[rows, columns, 0].mean() > sheet[rows, columns, 2].mean() + 40, "orange"
    assert run_command_line(["why", "clue", str(tmp_path / "black.png"), str(tmp_path / "none.png")]) == 2
    assert "found nothing" in capsys.readouterr().err
    assert not (tmp_path / "none.png").exists()
