"""Filter ▸ Restore ▸ Scratches and dust: what the window finds, selects and fills."""

from __future__ import annotations

import numpy as np
import pytest

from desktop.core.composite import flatten
from desktop.io.documents import document_from_image
from desktop.io.formats import ImageFile
from desktop.ui.dialogs.blemish_dialog import BlemishDialog
from tests.gui.conftest import OpenStudio, Studio
from tests.unit.test_blemishes import damaged, print_of


@pytest.fixture
def studio(open_studio: OpenStudio) -> Studio:
    studio = open_studio()
    studio.show(document_from_image(ImageFile(damaged(print_of())[0], has_alpha=False)))
    return studio


def open_dialog(studio: Studio) -> BlemishDialog:
    studio.window.perform("restore.mend")
    dialog = studio.window.editing.mending.dialog
    assert dialog is not None
    studio.wait_for(dialog.mend.isEnabled)
    return dialog


def test_what_was_found_becomes_a_selection_that_can_be_corrected(studio: Studio) -> None:
    dialog = open_dialog(studio)
    assert not dialog.preview.pixmap().isNull()
    before = dialog.share.text()
    dialog.sensitivity.set_value(90)
    dialog.sensitivity.value_changed.emit(90)
    studio.wait_for(lambda: dialog.share.text() != before)
    dialog.select.click()
    document = studio.window.state.document
    assert document.selection is not None
    selected = document.selection.read(document.size.rect())[..., 0] > 127
    assert (selected & (damaged(print_of())[1] > 200)).sum() > 0.8 * (damaged(print_of())[1] > 200).sum()
    assert studio.window.editing.mending.dialog is None
    studio.window.perform("edit.undo")
    assert studio.window.state.document.selection is None


def test_what_was_found_is_filled_at_once(studio: Studio) -> None:
    clean, core = print_of(), damaged(print_of())[1] > 200
    dialog = open_dialog(studio)
    dialog.mend.click()
    removal = studio.window.editing.removal
    studio.wait_for(lambda: removal.share is None)
    document = studio.window.state.document
    assert np.abs(flatten(document)[core].astype(int) - clean[core]).mean() < 20


def test_leaving_changes_nothing(studio: Studio) -> None:
    dialog, before = open_dialog(studio), studio.window.state.document
    dialog.leave.click()
    assert studio.window.state.document is before
    assert studio.window.editing.mending.dialog is None
