"""What the Select menu and the selection tools do: shapes, the corners of a polygon, changes of the whole selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal

from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.select import Joined, polygon
from desktop.core.tiles import TileMap
from desktop.tools import selecting
from desktop.tools.gestures import Gesture, Modifier
from desktop.tools.selecting import Box
from desktop.tools.snapping import Snapping, no_snapping
from desktop.ui.background import Background
from desktop.ui.commands.magnetic_commands import MagneticLasso
from desktop.ui.commands.selection_change import AMOUNTS, SelectionChange, land_selection
from desktop.ui.dialogs.amount_dialog import Amount
from desktop.ui.documents import DocumentSession
from desktop.ui.state import EditorState, Tool

CLOSING_SCREEN_PX = 8.0


class SelectCommands(QObject):
    """`outline_changed` (points of a closed line or None) while a shape is drawn; `failed` (UserError)."""

    outline_changed = Signal(object)
    failed = Signal(object)

    def __init__(
        self, state: EditorState, background: Background, ask_amount: Callable[[Amount], float | None]
    ) -> None:
        super().__init__(background)
        self._state, self._background, self._ask_amount = state, background, ask_amount
        self.snapping: Callable[[], Snapping] = no_snapping
        self._corners: list[Point] = []
        self._how = Joined.REPLACE
        self._amounts: dict[str, float] = {}
        self._painted: dict[DocumentSession, tuple[Tool, TileMap]] = {}  # quick masks: tool and region before
        self.magnetic = MagneticLasso(state, background)
        self.magnetic.outline_changed.connect(self.outline_changed.emit)
        self.magnetic.failed.connect(self.failed.emit)
        self.changing = SelectionChange(background)
        self.changing.failed.connect(self.failed.emit)
        state.document_left.connect(self.changing.give_up)
        state.tool_changed.connect(self.give_up)
        state.document_replaced.connect(self.give_up)
        state.document_closed.connect(self._forget_quick_mask)

    # the tools

    def gesture(self, tool: Tool, modifiers: Modifier, zoom: float) -> Gesture | None:
        """What a press with a selection tool begins."""
        opened, settings = self._state.open_document, self._state.options.select.settings()
        if opened is None:
            return None
        if tool in (Tool.RECTANGLE, Tool.ELLIPSE):
            return selecting.drag_box(opened, Box(tool.value), settings, self.outline_changed.emit, self.snapping())
        if tool is Tool.LASSO:
            return selecting.draw_lasso(opened, settings, self.outline_changed.emit)
        if tool is Tool.WAND:
            return selecting.touch_wand(opened, self._state.layer_id, settings)
        if tool is Tool.MAGNETIC:
            if not self.magnetic.is_drawing:
                self.magnetic.how = selecting.how_of(settings, modifiers)
            return self.magnetic.gesture()
        if not self._corners:
            self._how = selecting.how_of(settings, modifiers)
        return self._corner(CLOSING_SCREEN_PX / zoom)

    @property
    def corners(self) -> Sequence[Point]:
        """Of the polygon that is being drawn."""
        return tuple(self._corners)

    def key(self, key: Qt.Key) -> bool:
        """What keys mean while a polygon is drawn; False when they mean nothing here."""
        if self.magnetic.key(key):
            return True
        if not self._corners:
            return key == Qt.Key.Key_Escape and self.changing.give_up()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self._corners.pop()
            self.outline_changed.emit(self._corners or None)
        elif key == Qt.Key.Key_Escape:
            self.give_up()
        else:
            return False
        return True

    def give_up(self) -> None:
        """Forgets the polygon or the line that is being drawn."""
        self.magnetic.give_up()
        if self._corners:
            self._corners = []
            self.outline_changed.emit(None)

    # the menu

    @property
    def is_quick_mask(self) -> bool:
        """The selection of the shown document is being painted."""
        return self._state.current in self._painted

    def _forget_quick_mask(self, session: DocumentSession) -> None:
        self._painted.pop(session, None)
        self._state.quick_masks.discard(session)

    def toggle_quick_mask(self) -> None:
        """The selection becomes a red mask to paint with the region brush; once more, and it is the selection again."""
        session, region = self._state.current, self._state.region
        if session is None:
            return
        opened = session.open_document
        if session in self._painted:
            tool, before = self._painted.pop(session)
            self._state.quick_masks.discard(session)
            painted = region.tiles
            land_selection(opened, None if painted.content_bounds().is_empty else painted)
            region.set_tiles(before)
            self._state.choose_tool(tool)
        else:
            self._painted[session] = (self._state.tool, region.tiles)
            self._state.quick_masks.add(session)
            selection = opened.document.selection
            region.set_tiles(TileMap(1) if selection is None else selection)
            self._state.choose_tool(Tool.REGION)

    def modify(self, kind: str) -> None:
        """Asks how far, then grows, shrinks, feathers, borders or smooths the selection in the background."""
        opened, amount = self._state.open_document, AMOUNTS[kind]
        if opened is None or opened.document.selection is None:
            raise UserError("select.nothing")
        wanted = self._ask_amount(amount.starting_at(self._amounts.get(kind, amount.value)))
        if wanted is None:
            return
        self._amounts[kind] = wanted
        self.changing.start(opened, kind, wanted)

    # the polygon

    def _corner(self, closing_px: float) -> Gesture:
        """One click: a corner more; near the first one, or twice at one place, the polygon is closed."""
        event = yield
        place = event.point
        while event.pressed:
            place = event.point
            self.outline_changed.emit([*self._corners, place])
            event = yield
        near = [_distance(place, corner) <= closing_px for corner in self._corners]
        if len(near) >= 2 and (near[0] or near[-1]):
            self._close()
            return
        if not near or not near[-1]:
            self._corners.append(place)
        self.outline_changed.emit(self._corners)

    def _close(self) -> None:
        opened, corners, options = self._state.open_document, self._corners, self._state.options.select
        self._corners = []
        self.outline_changed.emit(None)
        if opened is not None and len(corners) >= 3:
            shape = polygon(corners, opened.document.size.rect(), antialias=options.antialias)
            selecting.select_shape(opened, shape, self._how, options.feather)


def _distance(one: Point, other: Point) -> float:
    return max(abs(one.x - other.x), abs(one.y - other.y))
