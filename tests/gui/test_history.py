"""The history panel: steps with sizes, snapshots, forgetting, and thousands of steps without a pause."""

from __future__ import annotations

import errno
import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.snapshots import Snapshots
from desktop.io.scratch import ScratchFile
from desktop.ui.memory import scratch_dir
from desktop.ui.panels.history_model import SIZE_ROLE, size_text
from desktop.ui.panels.history_panel import HistoryPanel
from desktop.ui.theme import tokens
from tests.builders import document_with, noise, raster_layer
from tests.gui.conftest import Studio


@pytest.fixture
def panel(studio: Studio) -> HistoryPanel:
    studio.show_plain()
    studio.window.panels.bring_to_front("history")
    QApplication.processEvents()
    return studio.window.panels.history


def stroke(studio: Studio, y: int) -> None:
    studio.drag((20, y), (60, y))


def test_steps_tell_their_size_and_later_ones_are_dim(studio: Studio, panel: HistoryPanel) -> None:
    stroke(studio, 20)
    stroke(studio, 60)
    studio.window.perform("edit.undo")
    studio.wait_for(lambda: panel.model.rowCount() == 3)
    assert panel.model.index(0).data(SIZE_ROLE) == "256 KB"
    assert panel.model.index(2).data(Qt.ItemDataRole.ForegroundRole) == QColor(tokens().disabled)
    assert panel.model.index(1).data(Qt.ItemDataRole.ForegroundRole) is None
    studio.wait_for(lambda: panel.list.currentIndex().row() == 1)
    assert "2 steps, " in panel.size.text()
    assert "GB" in panel.size.text() or "MB" in panel.size.text()


def test_a_stroke_adds_a_row_and_rebuilds_nothing(studio: Studio, panel: HistoryPanel) -> None:
    resets: list[int] = []
    panel.model.modelReset.connect(lambda: resets.append(1))
    stroke(studio, 20)
    stroke(studio, 60)
    studio.wait_for(lambda: panel.model.rowCount() == 3)
    studio.window.perform("edit.undo")
    stroke(studio, 90)
    QTest.qWait(60)
    assert panel.model.rowCount() == 3
    assert panel.model.index(2).data() == "Brush stroke"
    assert resets == []


def test_a_snapshot_outlives_the_steps_and_comes_back_as_a_step(studio: Studio, panel: HistoryPanel) -> None:
    stroke(studio, 20)
    panel.camera.click()
    assert [panel.snapshots.item(row).text() for row in range(panel.snapshots.count())] == ["Snapshot 1"]
    stroke(studio, 60)
    studio.window.perform("edit.clear_history")
    assert studio.names == ["Brush stroke"]
    assert studio.dialogs.asked == ["confirm"]
    assert studio.on_screen(48, 60) == (0, 0, 0)
    panel.snapshots.setCurrentRow(0)
    panel.restore.click()
    assert studio.names == ["Brush stroke", "Restore snapshot"]
    assert studio.on_screen(48, 60) == (255, 255, 255)
    assert studio.on_screen(48, 20) == (0, 0, 0)
    studio.window.perform("edit.undo")
    assert studio.on_screen(48, 60) == (0, 0, 0)


def test_snapshots_are_renamed_and_deleted_by_keys(studio: Studio, panel: HistoryPanel) -> None:
    panel.camera.click()
    panel.camera.click()
    panel.snapshots.item(1).setText("Before the sky")
    session = studio.window.state.current
    assert session is not None
    assert [snapshot.name for snapshot in session.snapshots.all] == ["Snapshot 1", "Before the sky"]
    panel.snapshots.setCurrentRow(0)
    QTest.keyClick(panel.snapshots, Qt.Key.Key_Delete)
    assert [snapshot.name for snapshot in session.snapshots.all] == ["Before the sky"]
    panel.remove.click()
    assert not panel.snapshots.isVisible()


def test_clearing_can_be_cancelled(studio: Studio, panel: HistoryPanel) -> None:
    stroke(studio, 20)
    studio.dialogs.confirmed = False
    panel.refresh()
    panel.clear.click()
    assert len(studio.names) == 2


def test_snapshots_keep_to_their_budget() -> None:
    one, other = (document_with(raster_layer(1, noise(300, 300, seed=seed))) for seed in (1, 2))
    snapshots = Snapshots()
    snapshots.add("a", one, shown=one, budget_bytes=10)
    assert snapshots.memory_bytes(one) == 0, "shared with what is shown"
    assert snapshots.memory_bytes(other) == 4 * 256 * 1024
    with pytest.raises(UserError, match="no memory left"):
        snapshots.add("b", other, shown=Document(Size(4, 4)), budget_bytes=5 * 256 * 1024)
    assert [snapshot.name for snapshot in snapshots.all] == ["a"]


def test_five_thousand_steps_are_listed_at_once(studio: Studio, panel: HistoryPanel) -> None:
    opened = studio.window.state.open_document
    assert opened is not None
    document = opened.document
    for number in range(4999):
        opened.history.push(f"Step {number}", document.changed(layers=document.layers))
    asked: list[int] = []
    data = panel.model.data
    panel.model.data = lambda index, role=0: (asked.append(index.row()), data(index, role))[1]  # type: ignore[method-assign]
    stroke(studio, 20)
    studio.wait_for(lambda: panel.model.rowCount() == 5001)
    QApplication.processEvents()
    assert len(set(asked)) < 200, "only rows in sight are asked for"
    panel.list.clicked.emit(panel.model.index(100))
    assert opened.history.position == 100


def test_steps_lost_to_a_full_disk_are_told_once(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(self: object, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ScratchFile, "put", no_room)
    studio.show_plain()
    opened = studio.window.state.open_document
    assert opened is not None
    opened.history.limit_to(300_000)
    for number in range(4):
        stroke(studio, 20 + 30 * number)
    assert "The disk for undo steps is full" in studio.window.info.text
    assert str(scratch_dir(studio.window.settings)) in studio.window.info.text
    studio.window.info.show_note("seen")
    stroke(studio, 140)
    assert studio.window.info.text == "seen"
    studio.window.perform("edit.undo")
    assert opened.history.can_redo


def test_sizes_read_well() -> None:
    assert [size_text(count) for count in (1, 262144, 3_500_000, 2 << 30)] == ["1 KB", "256 KB", "3.3 MB", "2.0 GB"]
