"""What the menus of rulers, guides, grid and snapping do, and what a press on a guide or a ruler begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from desktop.core.edits import OpenDocument
from desktop.core.geometry import Point
from desktop.settings import GUIDES_LOCKED, GUIDES_SHOWN, RULER_UNIT, RULERS, SNAP, Setting, Settings
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.guides import add_guide, clear_guides, drag_origin, place_guide, remove_guide
from desktop.tools.snapping import SnapKind
from desktop.ui.canvas.guide_overlay import GuideOverlay
from desktop.ui.dialogs.guide_dialogs import GuideDialogs
from desktop.ui.i18n import tr
from desktop.ui.icons import icon
from desktop.ui.state import EditorState


class GuideCommands:
    """`settle` is called before the document changes: a result that waits is kept first."""

    def __init__(self, state: EditorState, settings: Settings, overlay: GuideOverlay, dialogs: GuideDialogs) -> None:
        self._state, self._settings, self._overlay = state, settings, overlay
        self.aids, self.dialogs = overlay.aids, dialogs
        self.settle: Callable[[], None] = lambda: None
        self.guarded: Callable[[Callable[[], object]], None] = _do
        overlay.menu_asked.connect(self._show_menu)
        overlay.place_asked.connect(lambda index: self.guarded(lambda: self.place(index)))

    # rulers

    def toggle_rulers(self) -> None:
        self._switch(RULERS)

    def set_unit(self, unit: str) -> None:
        self._settings.set(RULER_UNIT, unit)

    def reset_origin(self) -> None:
        self.aids.set_origin(Point(0.0, 0.0))

    # guides

    def toggle_guides(self) -> None:
        self._switch(GUIDES_SHOWN)

    def toggle_lock(self) -> None:
        self._switch(GUIDES_LOCKED)

    def new(self) -> None:
        document = self._state.document
        if document is None:
            return
        guide = self.dialogs.ask_guide(document, self.aids.unit)
        if guide is not None:
            self._change(lambda opened: add_guide(opened, guide))

    def clear(self) -> None:
        self._change(clear_guides)

    def place(self, index: int) -> None:
        """Asks where an existing guide is to be."""
        document = self._state.document
        if document is None or index >= len(document.guides):
            return
        guide = self.dialogs.ask_guide(document, self.aids.unit, document.guides[index])
        if guide is not None:
            self._change(lambda opened: place_guide(opened, index, guide))

    def remove(self, index: int) -> None:
        self._change(lambda opened: remove_guide(opened, index))

    # grid

    def toggle_grid(self) -> None:
        self.aids.show_grid(not self.aids.grid_shown)

    def grid_settings(self) -> None:
        """Every choice shows at once; Cancel brings the grid of before back."""
        before, was_shown = self.aids.own_grid, self.aids.grid_shown
        self.aids.show_grid(True)
        chosen = self.dialogs.ask_grid(self.aids.grid, self.aids.try_grid)
        if chosen is None:
            self.aids.try_grid(before)
            self.aids.show_grid(was_shown)
        else:
            self.aids.set_grid(chosen)

    # snapping

    def toggle_snap(self) -> None:
        self._switch(SNAP)

    def toggle_snap_to(self, kind: str) -> None:
        self.aids.set_snaps_to(SnapKind(kind), not self.aids.snaps_to(SnapKind(kind)))

    # gestures

    def grab(self, point: Point, modifiers: Modifier) -> Gesture | None:
        """Moving the guide under the pointer."""
        if self._overlay.guide_at(point, modifiers) is None:
            return None
        self.settle()
        return self._overlay.grab(point, modifiers)

    def gestures_of_rulers(self) -> dict[str, Callable[[], Gesture | None]]:
        """What is pulled out of the left ruler, the upper one and the corner between them."""
        return {"upright": partial(self._pull, True), "level": partial(self._pull, False), "origin": self._pull_origin}

    def _pull(self, is_upright: bool) -> Gesture | None:
        if self._state.open_document is None:
            return None
        self.settle()
        self._settings.set(GUIDES_SHOWN, True)
        return self._overlay.new_guide(is_upright=is_upright)

    def _pull_origin(self) -> Gesture | None:
        if self._state.open_document is None:
            return None
        return self._origin_gesture()

    def _origin_gesture(self) -> Gesture:
        try:
            yield from drag_origin(self.aids.origin, self.aids.snapping(), self._show_origin)
        finally:
            self.aids.show_crosshair(None)

    def _show_origin(self, origin: Point) -> None:
        self.aids.show_crosshair(origin)
        self.aids.set_origin(origin)

    # menus

    def menu_of_guide(self, index: int) -> QMenu:
        """What can be done with one guide."""
        menu = QMenu(self._overlay.canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, key, work in (
            ("rename", "guide.place", partial(self.place, index)),
            ("trash", "guide.remove", partial(self.remove, index)),
            ("lock", "guide.lock", self.toggle_lock),
        ):
            action = menu.addAction(icon(name), tr(key))
            action.triggered.connect(lambda _checked=False, chosen=work: self.guarded(chosen))
        return menu

    def _show_menu(self, index: int, place: QPoint) -> None:
        self.menu_of_guide(index).popup(place)

    def _change(self, work: Callable[[OpenDocument], None]) -> None:
        opened = self._state.open_document
        if opened is None:
            return
        self.settle()
        self._settings.set(GUIDES_SHOWN, True)
        work(opened)

    def _switch(self, setting: Setting[bool]) -> None:
        self._settings.set(setting, not self._settings.get(setting))


def _do(work: Callable[[], object]) -> None:
    work()
