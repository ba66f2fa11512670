"""Fill with texture takes the model in hand; the seed of the AI panel; a phrase in the Generate panel."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.tools.ai_tool import Where
from desktop.ui.panels.model_card import ParameterForm
from desktop.ui.widgets.phrase_field import PhraseField
from tests.gui.conftest import OpenStudio, Studio
from tests.word_models import noise_filter, word_generator


@pytest.fixture
def studio(open_studio: OpenStudio, tmp_path: Path) -> Studio:
    catalog = Catalog((noise_filter(tmp_path / "onnx/textures").parent,))
    runner = WorkerRunner(catalog, RunnerLimits(idle_s=30, grace_s=1))
    made = open_studio(make_runner=lambda: runner, catalog=catalog)
    made.show_plain(level=0)
    return made


def test_the_selection_is_filled_with_a_texture_of_a_seed_and_another_seed_is_another(studio: Studio) -> None:
    window, form = studio.window, studio.window.ai.form
    window.perform("edit.fill_texture")
    assert form.model is not None
    assert form.model.id == "textures"
    assert form.where is Where.ALL
    window.perform("select.all")
    window.perform("edit.fill_texture")
    assert form.where is Where.SELECTION
    seen = []
    for seed in (1, 2):
        form.set_seed(seed)
        entries = len(studio.names)
        window.perform("ai.run")
        studio.wait_for(lambda entries=entries: len(studio.names) > entries or window.ai.has_preview)
        if window.ai.has_preview:
            window.perform("ai.keep")
        layer = studio.document.layers[-1]
        assert layer.recipe.seed == seed
        seen.append(studio.seen(40, 40))
    assert seen[0] != seen[1]


def test_the_form_says_which_words_are_unknown_and_takes_those_that_are_known(studio: Studio, tmp_path: Path) -> None:
    manifest = Catalog((word_generator(tmp_path / "more/words").parent,)).verified("words").manifest
    taken: list[object] = []
    form = ParameterForm(manifest, {"prompt": "red"}, lambda _name, value: taken.append(value))
    field = form.controls["prompt"]
    assert isinstance(field, PhraseField)
    field.field.setText("gren")
    field.field.editingFinished.emit()
    assert not taken
    assert "green" in field.trouble.text()
    field.field.setText("green")
    field.field.editingFinished.emit()
    assert taken == ["green"]
    assert field.trouble.isHidden()
    assert field.field.focusPolicy() & Qt.FocusPolicy.TabFocus
    form.deleteLater()
