"""Why this answer: asked of the model in the panel or of what is pointed at, shown over the picture, put away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop import paths
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.runtime.runner import Why
from desktop.tools.why_map import percent
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_parts import APART, FIRST, FLOAT, IMAGE, INPUTS, MASK, MEAN_FILL, RESULT, SLICE, one_part
from tests.unit.test_runtime_clicks import click_model


@pytest.fixture
def studio(open_studio: OpenStudio, tmp_path: Path) -> Studio:
    """A worker whose subject is what is red; the picture is dark with its left side red."""
    folder = tmp_path / "onnx"
    one_part(folder / "cutout", "matte", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
    click_model(folder / "clicks")
    one_part(folder / "holes", "inpaint", MEAN_FILL, IMAGE + APART + RESULT, inputs=INPUTS)
    catalog = Catalog((folder,))
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    made = open_studio(make_runner=lambda: runner, catalog=catalog)
    made.show_plain(level=40)
    made.window.state.set_color((200 / 255, 0.0, 0.0))
    made.window.perform("tool.brush")
    made.window.state.change_brush(size_px=160.0, hardness=100.0)
    made.drag((40, 0), (40, 400))
    made.window.ai.form.choose_model("cutout")
    made.window.why.questions = {"occlusion": Why("occlusion", parts=5), "shapley": Why("shapley", parts=6, rounds=1)}
    return made


def ask(studio: Studio) -> None:
    studio.window.perform("ai.why")
    studio.wait_for(lambda: studio.window.why.answer is not None)


def test_what_is_red_decided_and_lights_up_over_the_picture(studio: Studio) -> None:
    before = studio.on_screen(60, 100), studio.on_screen(290, 100)
    entries = len(studio.names)
    ask(studio)
    answer = studio.window.why.answer
    assert answer is not None
    width = answer.heat.shape[1]
    assert answer.heat[:, : width // 4].mean() > 5 * abs(answer.heat[:, -width // 4 :]).mean()
    assert len(studio.names) == entries, "nothing of the document changes"
    bar = studio.window.why.bar
    assert bar.isVisible()
    assert bar.legend.isVisible()
    assert bar.most.text() == percent(answer.limit)
    orange, dimmed = studio.on_screen(60, 100), studio.on_screen(290, 100)
    assert orange[1] > before[0][1] + 20, "red turns orange"
    assert dimmed[0] < before[1][0]
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    assert studio.window.why.answer is None
    assert not bar.isVisible()
    assert studio.on_screen(60, 100) == before[0]


def test_the_other_method_asks_anew_and_its_shares_add_up(studio: Studio) -> None:
    ask(studio)
    QTest.mouseClick(studio.window.why.bar.method.button("shapley"), Qt.MouseButton.LeftButton)
    assert studio.window.why.is_running
    assert studio.window.why.bar.cancel.isVisible()
    studio.wait_for(lambda: studio.window.why.answer is not None)
    answer = studio.window.why.answer
    assert answer is not None
    assert answer.scores[0] > answer.scores[1]
    assert answer.heat.max() > 0


def test_a_question_is_cancelled_where_it_was_asked(studio: Studio) -> None:
    studio.window.perform("ai.why")
    assert studio.window.why.is_running
    QTest.mouseClick(studio.window.why.bar.cancel, Qt.MouseButton.LeftButton)
    assert not studio.window.why.is_shown
    assert not studio.window.why.bar.isVisible()
    assert studio.window.actions_by_id["ai.why"].isEnabled()


def test_what_is_pointed_at_is_what_is_asked_about(studio: Studio) -> None:
    window = studio.window
    window.perform("tool.object")
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, studio.at((40, 100)))
    studio.wait_for(lambda: not window.objects.is_running)
    assert window.why.model is window.objects.model
    ask(studio)
    assert window.why.answer is not None
    assert window.why.answer.heat[:, :60].max() > 0
    assert window.objects.clicks.points, "the object is still meant"


def test_a_hole_that_is_painted_for_removal_is_what_is_asked_about(studio: Studio) -> None:
    """The network fills with the mean of the picture: what is red decided, and what lies in the hole did not."""
    window = studio.window
    window.perform("tool.remove")
    retouch = window.state.options.retouch
    window.state.change_options(retouch=replace(retouch, remove=replace(retouch.remove, at_once=False)))
    assert window.why.model is not None
    assert window.why.model.id == "cutout", "nothing is painted yet: the panel's model"
    studio.drag((220, 100), (240, 100))
    assert window.why.model.id == "holes"
    ask(studio)
    answer = window.why.answer
    assert answer is not None
    assert answer.heat.max() > 0
    assert not window.state.region.is_empty, "the hole is still meant"
    assert len(studio.names) == 2, "nothing was filled"


def test_an_answer_that_shows_nothing_is_told_as_such(studio: Studio) -> None:
    studio.show_plain(level=0)
    studio.window.perform("ai.why")
    studio.wait_for(lambda: not studio.window.why.is_running)
    assert "found nothing" in studio.window.info.text


def test_a_generator_cannot_be_asked_and_the_shipped_ones_that_see_pictures_can(open_studio: OpenStudio) -> None:
    made = open_studio(catalog=Catalog((paths.model_folders()[0],)))
    made.show_plain(level=90)
    form = made.window.ai.form
    made.wait_for(lambda: bool(form.models))
    for model in form.models:
        form.choose_model(model.id)
        assert made.window.why.can_ask, model.id
