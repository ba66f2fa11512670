"""The brush in hand in the context bar: its picture opens the brushes; beside it the editor and symmetry."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from desktop.core.symmetry import SymmetryKind
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.brush_pictures import stroke_pixmap
from desktop.ui.commands.brush_commands import BrushCommands
from desktop.ui.i18n import tr
from desktop.ui.panels.brush_editor import BrushEditor
from desktop.ui.panels.brush_panel import BrushPicker
from desktop.ui.panels.symmetry_popover import SymmetryPopover
from desktop.ui.state import PAINT_TOOLS, EditorState
from desktop.ui.theme import tokens
from desktop.ui.widgets.basics import IconButton

PICTURE = QSize(64, 22)


class BrushBar(QWidget):
    """The popovers are made when they are first opened."""

    def __init__(self, state: EditorState, brushes: BrushCommands, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._brushes, self._actions = state, brushes, actions
        self._picker: BrushPicker | None = None
        self._editor: BrushEditor | None = None
        self._symmetry: SymmetryPopover | None = None
        self.picture = QToolButton(self)
        self.picture.setIconSize(PICTURE)
        self.picture.setFixedSize(PICTURE.width() + 12, 28)
        self.picture.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.edit, self.mirror = IconButton("brush-settings", self), IconButton("symmetry", self)
        self.mirror.setCheckable(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.picture, self.edit, self.mirror):
            row.addWidget(button)
        self.picture.clicked.connect(self.open_picker)
        self.edit.clicked.connect(self.open_editor)
        self.mirror.clicked.connect(self.open_symmetry)
        self._later = QTimer(self, singleShot=True, interval=60)  # a dragged slider must not wait for pictures
        self._later.timeout.connect(self._draw)
        state.options_changed.connect(self._refresh)
        state.tool_changed.connect(self._refresh)

    def retranslate(self) -> None:
        self.picture.setToolTip(tip_of(action_spec("brush.picker")))
        self.picture.setAccessibleName(tr("action.brush.picker"))
        self.edit.set_tip(tip_of(action_spec("brush.edit")))
        self.mirror.set_tip(tr("brush.symmetry"))
        self._refresh()

    def open_picker(self) -> None:
        if self._picker is None:
            self._picker = BrushPicker(self._state, self._brushes, self._actions, self)
        self._picker.open_below(self._anchor(self.picture))

    def open_editor(self) -> None:
        if self._editor is None:
            self._editor = BrushEditor(self._state, self._brushes, self._actions, self)
        self._editor.open_below(self._anchor(self.edit))

    def open_symmetry(self) -> None:
        if self._symmetry is None:
            self._symmetry = SymmetryPopover(self._state, self)
        self._refresh()
        self._symmetry.open_below(self._anchor(self.mirror))

    @property
    def picker(self) -> BrushPicker | None:
        return self._picker

    @property
    def editor(self) -> BrushEditor | None:
        return self._editor

    @property
    def symmetry(self) -> SymmetryPopover | None:
        return self._symmetry

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._later.start()
        super().changeEvent(event)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        self._later.start()

    def _anchor(self, button: QWidget) -> QWidget:
        """The button, or the window where the bar is not shown with this tool."""
        return button if button.isVisible() else self.window()

    def _refresh(self) -> None:
        self.mirror.setChecked(self._state.options.symmetry.kind is not SymmetryKind.OFF)
        if self.isVisible() and self._state.tool in PAINT_TOOLS:
            self._later.start()

    def _draw(self) -> None:
        ratio = self.devicePixelRatioF()
        settings = self._brushes.settings()
        pixmap = stroke_pixmap(settings, PICTURE.width(), PICTURE.height(), tokens().text, ratio)
        self.picture.setIcon(QIcon(pixmap))
