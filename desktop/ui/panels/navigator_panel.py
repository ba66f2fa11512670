"""The navigator: the whole picture small, the frame of the view in it, and the zoom."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.core.geometry import Point
from desktop.ui.action_set import ActionSet, tip_of
from desktop.ui.actions import action_spec
from desktop.ui.canvas.canvas_widget import CanvasWidget
from desktop.ui.canvas.scrolling import WHEEL_ZOOM
from desktop.ui.i18n import tr
from desktop.ui.state import EditorState
from desktop.ui.widgets.basics import IconButton, rule
from desktop.ui.widgets.overview import Overview
from desktop.ui.widgets.value_slider import Range, ValueSlider

SIDE_PX = 640  # the level shown is the first one that is no larger
CHANGE_MS = 120  # a stroke shows here a moment later
SLICE_MS = 15  # between two slices of work
SLICE_S = 0.004
ZOOM = Range(1, 6400, 100, curve=4)


class NavigatorPanel(QWidget):
    def __init__(
        self, state: EditorState, canvas: CanvasWidget, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._canvas = state, canvas
        self.overview = Overview(self)
        self.zoom = ValueSlider(ZOOM, unit="%", parent=self)
        self.fit, self.actual = IconButton("fit", self), IconButton("actual-size", self)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._work)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(self.zoom, 1)
        row.addWidget(self.fit)
        row.addWidget(self.actual)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.overview, 1)
        column.addWidget(rule(self))
        column.addLayout(row)
        self.fit.clicked.connect(actions["view.fit"].trigger)
        self.actual.clicked.connect(actions["view.actual"].trigger)
        self.zoom.value_changed.connect(lambda percent: canvas.zoom_to(percent / 100))
        self.overview.dragged.connect(self._center_on)
        self.overview.zoomed.connect(lambda notches: canvas.zoom_to(canvas.view.zoom * WHEEL_ZOOM**notches))
        canvas.view_changed.connect(self._refresh_view)
        state.document_replaced.connect(self._document_replaced)
        self._document_replaced()

    def retranslate(self) -> None:
        self.overview.setAccessibleName(tr("navigator.overview"))
        self.overview.setToolTip(tr("navigator.overview"))
        self._refresh_empty()
        self.zoom.set_tip(tr("navigator.zoom"))
        self.fit.set_tip(tip_of(action_spec("view.fit")))
        self.actual.set_tip(tip_of(action_spec("view.actual")))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start(SLICE_MS)

    def resizeEvent(self, event: object) -> None:
        self._refresh_view()

    def _document_replaced(self) -> None:
        opened = self._state.open_document
        self.overview.set_picture(None, None)
        self._refresh_empty()
        for part in (self.zoom, self.fit, self.actual):
            part.setEnabled(opened is not None)
        if opened is not None:
            opened.changed.connect(self._changed)
            opened.tree_changed.connect(self._changed)
        self._changed()
        self._refresh_view()

    def _refresh_empty(self) -> None:
        self.overview.empty_text = tr("navigator.empty") if self._state.open_document is None else ""
        self.overview.update()

    def _changed(self, *_: object) -> None:
        if not self._timer.isActive():
            self._timer.start(CHANGE_MS)

    def _work(self) -> None:
        """A few milliseconds of tiles at a time; nothing while the panel is behind others."""
        picture, opened = self._canvas.picture, self._state.open_document
        if picture is None or opened is None or self.visibleRegion().isEmpty():
            return
        if picture.is_stale or opened.is_editing:
            self._timer.start(CHANGE_MS)
            return
        pixels = picture.overview(SIDE_PX, SLICE_S)
        if pixels is None:
            self._timer.start(SLICE_MS)
        else:
            self.overview.set_picture(pixels, picture.size)

    def _refresh_view(self) -> None:
        view, size = self._canvas.view, self._canvas.view_size
        corners = ((0, 0), (size.width, 0), (size.width, size.height), (0, size.height))
        self.overview.set_frame(tuple(view.view_to_image(x, y) for x, y in corners))
        self.zoom.set_value(view.zoom * 100)
        if not self.overview.has_picture:
            self._changed()

    def _center_on(self, point: Point) -> None:
        size = self._canvas.view_size
        x, y = self._canvas.view.image_to_view(point)
        self._canvas.pan_by(size.width / 2 - x, size.height / 2 - y)
