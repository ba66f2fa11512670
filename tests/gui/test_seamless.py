"""Edit ▸ Make seamless: the dialog's picture, one edit, and not a byte changed outside the selection."""

from __future__ import annotations

import numpy as np

from desktop.core.composite import flatten
from desktop.core.geometry import Rect
from desktop.core.seamless import SeamlessSettings, edge_step
from desktop.core.select import Joined, Shape
from desktop.io.documents import document_from_image
from desktop.io.formats import ImageFile
from desktop.tools.selecting import select_shape
from desktop.ui.dialogs.seamless_dialog import SeamlessDialog
from tests.gui.conftest import OpenStudio, Studio
from tests.unit.test_seamless import bark


def open_dialog(studio: Studio) -> SeamlessDialog:
    studio.window.perform("edit.seamless")
    dialog = studio.window.editing.seamless.dialog
    assert dialog is not None
    return dialog


def test_a_layer_becomes_a_tile_that_undo_takes_back(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.show(document_from_image(ImageFile(bark(), has_alpha=False)))
    window, before = studio.window, studio.window.state.document
    dialog = open_dialog(studio)
    assert not dialog.preview.pixmap().isNull()
    dialog.evenness.set_value(100)
    dialog.accept()
    studio.wait_for(lambda: window.state.document is not before)
    assert edge_step(flatten(window.state.document)) < 1.4
    window.perform("edit.undo")
    assert np.array_equal(flatten(window.state.document), flatten(before))


def test_outside_the_selection_nothing_changes(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.show(document_from_image(ImageFile(bark(), has_alpha=False)))
    window, frame = studio.window, Rect(40, 30, 100, 80)
    before = flatten(window.state.document)
    opened = window.state.open_document
    assert opened is not None
    select_shape(opened, Shape(frame, np.full((frame.height, frame.width), 255, np.uint8)), Joined.REPLACE)
    selected = window.state.document
    open_dialog(studio).accept()
    studio.wait_for(lambda: window.state.document is not selected)
    after = flatten(window.state.document)
    inside = np.zeros(before.shape[:2], bool)
    inside[frame.top : frame.bottom, frame.left : frame.right] = True
    assert np.array_equal(after[~inside], before[~inside])
    assert edge_step(after[frame.top : frame.bottom, frame.left : frame.right]) < 1.5


def test_cancelling_changes_nothing_and_too_small_is_a_sentence(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.show(document_from_image(ImageFile(bark(), has_alpha=False)))
    window, before = studio.window, studio.window.state.document
    open_dialog(studio).reject()
    assert window.editing.seamless.dialog is None
    assert window.state.document is before
    studio.show(document_from_image(ImageFile(bark(9, 40), has_alpha=False)))
    window.perform("edit.seamless")
    assert "40 × 9" in window.info.text


def test_settings_of_the_last_time_are_offered(open_studio: OpenStudio) -> None:
    studio = open_studio()
    dialog = SeamlessDialog(SeamlessSettings(12, 80), bark(40, 60), studio.window)
    assert (dialog.settings.overlap, dialog.settings.evenness) == (12, 80)
    dialog.deleteLater()
