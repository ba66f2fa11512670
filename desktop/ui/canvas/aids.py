"""Rulers, guides, grid and snapping of a window: what is shown, what attracts. Widgets change it here and listen."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop.core.geometry import Point
from desktop.core.layers import LayerId
from desktop.settings import GRID, GUIDES_LOCKED, GUIDES_SHOWN, RULER_UNIT, RULERS, SNAP, SNAP_TO, Setting, Settings
from desktop.tools.grid import LARGEST_SPACING_PX, MOST_SUBDIVISIONS, Grid
from desktop.tools.snapping import TOLERANCE_PX, SnapKind, SnapLine, Snapping, SnapTargets, snap_lines
from desktop.ui.documents import DocumentAids
from desktop.ui.state import EditorState
from desktop.ui.units import Unit

if TYPE_CHECKING:
    from desktop.ui.canvas.canvas_widget import CanvasWidget

_OF_WINDOW = (RULERS, RULER_UNIT, GUIDES_SHOWN, GUIDES_LOCKED, SNAP, SNAP_TO)
_COLOR = re.compile(r"#[0-9a-f]{6}")


class CanvasAids(QObject):
    """Choices of the window live in the settings, those of one picture in its session."""

    changed = Signal()
    held_changed = Signal()  # the lines a gesture is held by
    crosshair_changed = Signal()

    def __init__(self, state: EditorState, settings: Settings, canvas: CanvasWidget) -> None:
        super().__init__(canvas)
        self._state, self._settings, self._canvas = state, settings, canvas
        self.held: tuple[SnapLine, ...] = ()
        self.crosshair: Point | None = None  # where the zero of the rulers is being put
        settings.changed.connect(self._setting_changed)
        state.document_replaced.connect(self.changed)

    # the window

    @property
    def rulers_shown(self) -> bool:
        return self._settings.get(RULERS)

    @property
    def unit(self) -> Unit:
        return Unit(self._settings.get(RULER_UNIT))

    @property
    def guides_shown(self) -> bool:
        return self._settings.get(GUIDES_SHOWN)

    @property
    def guides_locked(self) -> bool:
        return self._settings.get(GUIDES_LOCKED)

    @property
    def snaps(self) -> bool:
        return self._settings.get(SNAP)

    def snaps_to(self, kind: SnapKind) -> bool:
        return kind.value in self._settings.get(SNAP_TO)

    def set_snaps_to(self, kind: SnapKind, wanted: bool) -> None:
        chosen = [other.value for other in SnapKind if (wanted if other is kind else self.snaps_to(other))]
        self._settings.set(SNAP_TO, tuple(chosen))

    # the shown picture

    @property
    def grid(self) -> Grid:
        return self._of_document().grid or _grid_of_texts(self._settings.get(GRID))

    def set_grid(self, grid: Grid) -> None:
        """For the shown picture, and for the next ones until they get a grid of their own."""
        self.try_grid(grid)
        self._settings.set(GRID, _texts_of_grid(grid))

    def try_grid(self, grid: Grid | None) -> None:
        """While it is being chosen; None goes back to the one last chosen."""
        self._of_document().grid = grid
        self.changed.emit()

    @property
    def own_grid(self) -> Grid | None:
        return self._of_document().grid

    @property
    def grid_shown(self) -> bool:
        return self._of_document().grid_shown

    def show_grid(self, shown: bool) -> None:
        self._of_document().grid_shown = shown
        self.changed.emit()

    @property
    def origin(self) -> Point:
        """The zero of the rulers, in image pixels."""
        return self._of_document().ruler_origin

    def set_origin(self, origin: Point) -> None:
        self._of_document().ruler_origin = origin
        self.changed.emit()

    def show_crosshair(self, point: Point | None) -> None:
        self.crosshair = point
        self.crosshair_changed.emit()

    # snapping

    def snapping(self, moved: Collection[LayerId] = (), *, without_guides: bool = False) -> Snapping:
        """For a gesture that begins now; what is hidden does not attract, nor does what is moved."""
        document = self._state.document
        if document is None or not self.snaps:
            return Snapping(SnapTargets())
        kinds = {kind for kind in SnapKind if self.snaps_to(kind)}
        if without_guides or not self.guides_shown:
            kinds -= {SnapKind.GUIDES}
        grid = self.grid if SnapKind.GRID in kinds and self.grid_shown else None
        tolerance = TOLERANCE_PX * self._canvas.devicePixelRatioF()
        targets = SnapTargets(snap_lines(document, kinds, moved=moved), grid)
        return Snapping(targets, lambda: self._canvas.view.zoom, self._hold, tolerance_px=tolerance)

    def _hold(self, lines: tuple[SnapLine, ...]) -> None:
        if lines != self.held:
            self.held = lines
            self.held_changed.emit()

    def _of_document(self) -> DocumentAids:
        return DocumentAids() if self._state.current is None else self._state.current.aids

    def _setting_changed(self, setting: Setting[Any]) -> None:
        if setting in _OF_WINDOW:
            self.changed.emit()


def _texts_of_grid(grid: Grid) -> tuple[str, ...]:
    numbers = (grid.spacing.x, grid.spacing.y, grid.subdivisions, grid.offset.x, grid.offset.y)
    return (*(f"{number:g}" for number in numbers), grid.color)


def _grid_of_texts(texts: tuple[str, ...]) -> Grid:
    """What was chosen last; a damaged setting gives the grid of the program."""
    try:
        *numbers, color = texts
        across, down, parts, left, top = (float(number) for number in numbers)
    except ValueError:
        return Grid()
    is_sane = all(1 <= side <= LARGEST_SPACING_PX for side in (across, down)) and 1 <= parts <= MOST_SUBDIVISIONS
    if not is_sane or not all(abs(side) <= LARGEST_SPACING_PX for side in (left, top)) or not _COLOR.fullmatch(color):
        return Grid()
    return Grid(Point(across, down), int(parts), Point(left, top), color)
