"""One entry of a menu runs a shipped model: cut out, select the subject, another background, better light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from desktop.core.geometry import Rect
from desktop.core.layers import AdjustmentLayer
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.tools.ai_tool import Where
from desktop.tools.backgrounds import Backdrop, BackgroundSettings
from desktop.ui.dialogs.background_dialog import BackgroundChoice, BackgroundDialog
from tests.gui.conftest import OpenStudio, Studio
from tests.runtime_parts import FIRST, FLOAT, IMAGE, MASK, SLICE, knotted_model, one_part


@pytest.fixture
def studio(open_studio: OpenStudio, tmp_path: Path) -> Studio:
    """A window over a worker whose subject is what is red; the picture is dark grey with its left side red."""
    folder = tmp_path / "onnx"
    one_part(folder / "cutout", "matte", FIRST, IMAGE + MASK, outputs={"result": (FLOAT, None)}, constants=SLICE)
    knotted_model(folder / "auto-enhance", np.linspace(0, 0.5, 9), bend=1.0, side=1)
    catalog = Catalog((folder,))
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    made = open_studio(make_runner=lambda: runner, catalog=catalog)
    made.show_plain(level=0)
    made.window.state.set_color((1.0, 0.0, 0.0))
    made.window.perform("tool.brush")
    made.window.state.change_brush(size_px=200.0, hardness=100.0)
    made.drag((40, 0), (40, 400))
    return made


def perform(studio: Studio, action: str) -> None:
    entries = len(studio.names)
    studio.window.perform(action)
    studio.wait_for(lambda: len(studio.names) > entries)


def test_removing_the_background_is_a_layer_mask_and_one_entry(studio: Studio) -> None:
    entries = len(studio.names)
    perform(studio, "layer.remove_background")
    mask = studio.document.layers[0].mask
    assert mask is not None
    assert mask.tiles.read(Rect(20, 100, 1, 1))[0, 0, 0] == 255
    assert mask.tiles.read(Rect(290, 100, 1, 1))[0, 0, 0] == 0
    assert len(studio.names) == entries + 1
    studio.window.perform("edit.undo")
    assert studio.document.layers[0].mask is None


def test_the_subject_becomes_the_selection(studio: Studio) -> None:
    perform(studio, "select.subject")
    selection = studio.document.selection
    assert selection is not None
    assert selection.read(Rect(20, 100, 1, 1))[0, 0, 0] == 255
    assert selection.read(Rect(290, 100, 1, 1))[0, 0, 0] == 0


def test_another_background_comes_in_layers_as_one_entry(studio: Studio) -> None:
    settings = BackgroundSettings(Backdrop.COLOR, (0.0, 0.0, 1.0), has_shadow=True)
    studio.window.ai.quick.ask_background = lambda: BackgroundChoice(settings)
    perform(studio, "layer.replace_background")
    assert [layer.name for layer in studio.document.layers[1:]] == ["Background", "Shadow", "Subject"]
    assert studio.window.state.layer_id == studio.document.layers[-1].id
    assert studio.seen(290, 20)[2] == 255
    assert studio.seen(20, 100)[:3] == (255, 0, 0)
    studio.window.perform("edit.undo")
    assert len(studio.document.layers) == 1


def test_auto_enhance_is_a_curves_layer_that_can_be_edited(studio: Studio) -> None:
    studio.window.perform("adjust.auto_enhance")
    studio.wait_for(lambda: len(studio.document.layers) == 2)
    layer = studio.document.layers[-1]
    assert isinstance(layer, AdjustmentLayer)
    assert studio.window.state.layer_id == layer.id
    assert studio.seen(20, 100)[:3] == (128, 0, 0)
    studio.window.perform("layer.adjustment")
    assert studio.window.effects.dialog is not None
    studio.window.effects.give_up()
    studio.window.perform("edit.undo")
    assert studio.seen(20, 100)[:3] == (255, 0, 0)


def test_auto_enhance_stays_within_the_selection(studio: Studio) -> None:
    studio.window.perform("select.subject")
    studio.wait_for(lambda: studio.document.selection is not None)
    studio.window.perform("select.invert")
    studio.window.perform("adjust.auto_enhance")
    studio.wait_for(lambda: len(studio.document.layers) == 2)
    assert studio.seen(20, 100)[:3] == (255, 0, 0)


def test_the_panel_offers_curves_where_a_model_answers_with_them(studio: Studio) -> None:
    panel, form = studio.window.panels.ai, studio.window.ai.form
    form.choose_model("cutout")
    assert panel.landing.isVisibleTo(panel)
    assert not panel.curves_landing.isVisibleTo(panel)
    form.choose_model("auto-enhance")
    assert panel.curves_landing.isVisibleTo(panel)
    assert not panel.landing.isVisibleTo(panel)
    assert panel.quick.isVisibleTo(panel)
    panel.curves_landing.button("curves").click()
    form.set_where(Where.ALL)
    assert not panel.quick.isVisibleTo(panel)
    studio.window.perform("ai.run")
    studio.wait_for(lambda: len(studio.document.layers) == 2)
    assert isinstance(studio.document.layers[-1], AdjustmentLayer)


def test_a_background_that_is_no_picture_is_one_sentence_and_changes_nothing(studio: Studio, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    choice = BackgroundChoice(BackgroundSettings(Backdrop.PICTURE), broken)
    studio.window.ai.quick.ask_background = lambda: choice
    entries = len(studio.names)
    studio.window.perform("layer.replace_background")
    studio.wait_for(lambda: studio.window.info.isVisible())
    assert "broken.png" in studio.window.info.text
    assert len(studio.names) == entries


def test_cancelling_the_question_runs_nothing(studio: Studio) -> None:
    studio.window.ai.quick.ask_background = lambda: None
    studio.window.perform("layer.replace_background")
    assert not studio.window.ai.is_running


def test_a_picture_without_a_subject_says_so(studio: Studio) -> None:
    studio.window.perform("edit.undo")
    studio.window.perform("layer.remove_background")
    studio.wait_for(lambda: studio.window.info.isVisible())
    assert "found nothing" in studio.window.info.text
    assert studio.document.layers[0].mask is None


def test_a_picture_that_is_all_subject_says_so(studio: Studio) -> None:
    studio.drag((200, 0), (200, 400))
    studio.drag((290, 0), (290, 400))
    studio.window.perform("layer.remove_background")
    studio.wait_for(lambda: studio.window.info.isVisible())
    assert "no background to hide" in studio.window.info.text
    assert studio.document.layers[0].mask is None


def test_a_model_that_is_not_there_is_one_sentence(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio = open_studio(catalog=Catalog((tmp_path / "empty",)))
    studio.show_plain()
    studio.window.perform("layer.remove_background")
    assert "“cutout” is not installed" in studio.window.info.text


def test_the_dialog_wants_a_colour_or_a_picture(studio: Studio, tmp_path: Path) -> None:
    dialog = BackgroundDialog(studio.window)
    accept = dialog.buttons.buttons()[0]
    dialog.hex.setText("#12")
    assert not accept.isEnabled()
    dialog.hex.setText("336699")
    assert accept.isEnabled()
    assert dialog.choice().settings.color == pytest.approx((0.2, 0.4, 0.6), abs=1e-3)
    dialog.kind.button("picture").click()
    assert not accept.isEnabled()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "behind.png")
    dialog.choose_picture(tmp_path / "behind.png")
    assert accept.isEnabled()
    assert dialog.choice().picture == tmp_path / "behind.png"
    dialog.kind.button("blur").click()
    assert dialog.choice().settings.backdrop is Backdrop.BLUR
    dialog.kind.button("gradient").click()
    dialog.last.set_color("#0000ff")
    dialog.light.click()
    assert accept.isEnabled()
    settings = dialog.choice().settings
    assert (settings.backdrop, settings.color, settings.end_color) == (Backdrop.GRADIENT, (1, 1, 1), (0, 0, 1))
    assert settings.matches_light
    dialog.deleteLater()
