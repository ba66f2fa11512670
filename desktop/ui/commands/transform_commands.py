"""The free transform: an edit that stays open from Ctrl+T until Enter keeps it or Escape discards it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from desktop.core.document import Document
from desktop.core.edits import Edit, OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point, Rect
from desktop.core.mesh_warp import WarpMesh
from desktop.core.resample import Resampling
from desktop.core.transform_box import HANDLES, Handle, TransformBox
from desktop.core.warp import bounds_after
from desktop.tools.gestures import Gesture, GestureCancelled, Modifier, PointerEvent
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping
from desktop.tools.transforming import TransformSubject, subject_of
from desktop.ui.canvas.frame_overlay import FrameOverlay, handle_at
from desktop.ui.canvas.mesh_overlay import MeshOverlay, point_at
from desktop.ui.i18n import tr
from desktop.ui.makers import MAKERS
from desktop.ui.state import Tool

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

LOOKS = ("view.zoom_in", "view.zoom_out", "view.fit", "view.actual", "view.upright")  # may be done meanwhile


class _DiscardedError(Exception):
    """Leaves the edit's block without a trace."""


class TransformCommands(QObject):
    """`changed` when the frame is another one, or when it begins or ends."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self.box: TransformBox | None = None
        self.mesh: WarpMesh | None = None  # takes the place of the box
        self.resampling = Resampling.BICUBIC
        self._subject: TransformSubject | None = None
        self._opened: OpenDocument | None = None
        self._edit: Edit | None = None
        self._before = Tool.MOVE
        self._is_keeping = False
        self.overlay, self.net = FrameOverlay(window.canvas), MeshOverlay(window.canvas)
        self._state.document_left.connect(self.discard)
        self._state.tool_changed.connect(self._tool_changed)

    @property
    def is_active(self) -> bool:
        return self._edit is not None

    def begin(self) -> None:
        """Takes hold of the chosen layers, or of what is selected of one. UserError when that cannot be."""
        opened = self._state.open_document
        if opened is None or self.is_active:
            return
        self._window.ai.settle()
        self._subject = subject_of(opened.document, self._state.chosen_ids)
        if self._state.tool is not Tool.TRANSFORM:
            self._before = self._state.tool
        self._opened, self._edit = opened, opened.edit(EditName.TRANSFORM)
        self._edit.__enter__()
        self._window.canvas.hides_selection = True
        self._state.choose_tool(Tool.TRANSFORM)
        self._show(TransformBox.around(self._subject.bounds))

    def keep(self) -> None:
        """Makes every pixel in a thread and ends as one entry; as none when nothing was changed."""
        subject, box = self._subject, self.box
        if subject is None or box is None or self._is_keeping:
            return
        if box.is_identity and self.mesh is None:
            self.discard()
            return
        wanted = self.mesh or box
        if subject.gives_up_makers(wanted) and not self._window.dialogs.confirm(
            tr("transform.pixels_title"), tr("transform.pixels_text"), tr("transform.pixels")
        ):
            return
        self._is_keeping = True
        self._window.status.show_task(tr("transform.working"))
        how = self.resampling
        self._window.background.run(
            lambda: subject.settled(wanted, how, MAKERS),
            on_done=lambda document: self._land(subject, document),
            on_error=self._failed,
            name="transform",
        )

    def discard(self) -> None:
        edit = self._taken()
        if edit is not None:
            edit.__exit__(_DiscardedError, _DiscardedError(), None)
        self._leave()

    def gives_way(self, action_id: str) -> bool:
        """Whether another action may be done now; a frame that was not touched is given up for it."""
        if not self.is_active or action_id in LOOKS:
            return True
        if self.box is not None and self.box.is_identity and self.mesh is None and not self._is_keeping:
            self.discard()
            return True
        self._window.info.show_note(tr("transform.pending"))
        return False

    def switch_mesh(self) -> None:
        """From the frame to a mesh of control points, and back to the frame as it was."""
        if self.box is None or self._subject is None or self._is_keeping:
            return
        if self.mesh is None:
            self._show_mesh(WarpMesh.over(self._subject.bounds, self.box.matrix()))
        else:
            self._show(self.box)

    def set_numbers(self, **changes: object) -> None:
        """Typed numbers: fields of the frame."""
        if self.box is not None and not self._is_keeping:
            self._try(replace(self.box, **changes))  # type: ignore[arg-type]

    def set_resampling(self, how: Resampling) -> None:
        self.resampling = how
        if self.mesh is not None and not self._is_keeping:
            self._show_mesh(self.mesh)
        elif self.box is not None and not self._is_keeping:
            self._show(self.box)

    def flip_across(self) -> None:
        if self.box is not None and not self._is_keeping:
            self._try(self.box.mirrored(across=True))

    def flip_down(self) -> None:
        if self.box is not None and not self._is_keeping:
            self._try(self.box.mirrored(across=False))

    def key(self, key: Qt.Key) -> bool:
        if not self.is_active:
            return False
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.keep()
        elif key == Qt.Key.Key_Escape:
            self.discard()
        elif key in steps and self.box is not None and not self._is_keeping:
            step = self._window.canvas.view.axis_in_image(*steps[key])
            if self.mesh is not None:
                self._show_mesh(self.mesh.moved(*step))
            else:
                self._try(self.box.moved(*step))
        else:
            return False
        return True

    def cursor(self) -> Qt.CursorShape | None:
        """What a press would do: move inside, scale at a handle, turn outside."""
        place, box = self._window.canvas.hover, self.box
        if box is None or place is None:
            return None
        point = self._window.canvas.view.view_to_image(*place)
        if self.mesh is not None:
            is_near = point_at(self._window.canvas, self.mesh, point) is not None
            return Qt.CursorShape.PointingHandCursor if is_near else Qt.CursorShape.SizeAllCursor
        if handle_at(self._window.canvas, box.place, point) is not None:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.SizeAllCursor if box.contains(point) else Qt.CursorShape.CrossCursor

    def gesture(self) -> Gesture | None:
        """A drag of a handle, of the inside, or around the outside."""
        if self.box is None or self._is_keeping:
            return None
        return self._drag(self.box) if self.mesh is None else self._pull(self.mesh)

    def _pull(self, start: WarpMesh) -> Gesture:
        """A drag of a control point, or of the whole mesh."""
        event = yield
        pressed, number = event.point, point_at(self._window.canvas, start, event.point)
        try:
            while event.pressed:
                dx, dy = _way(pressed, event.point)
                if (dx, dy) != (0, 0):
                    self._show_mesh(start.moved(dx, dy) if number is None else start.with_point(number, dx, dy))
                event = yield
        except GestureCancelled:
            self._show_mesh(start)
            raise

    def _drag(self, start: TransformBox) -> Gesture:
        event = yield
        pressed, handle = event.point, handle_at(self._window.canvas, start.place, event.point)
        snapping = self._window.aids.snapping(self._state.layer_id)
        change = self._change_of(handle, start.contains(pressed), snapping, event)
        try:
            self._try(change(start, pressed, event))
            while event.pressed:
                event = yield
                self._try(change(start, pressed, event))
        except GestureCancelled:
            self._show(start)
            raise
        finally:
            snapping.end()

    def _change_of(
        self, handle: Handle | None, is_inside: bool, snapping: Snapping, press: PointerEvent
    ) -> Callable[[TransformBox, Point, PointerEvent], TransformBox]:
        """What the drag does, decided at the press."""
        if handle is None and is_inside:
            return lambda start, pressed, event: _moved(start, pressed, event, snapping)
        if handle is None:
            return lambda start, pressed, event: start.turned(
                pressed, event.point, stepped=Modifier.SHIFT in event.modifiers
            )
        grasped = handle
        if Modifier.CTRL in press.modifiers:
            if handle[0] and handle[1]:
                return lambda start, pressed, event: start.pulled(grasped, *_way(pressed, event.point))
            return lambda start, pressed, event: start.skewed(grasped, *_way(pressed, event.point))
        return lambda start, pressed, event: start.scaled(
            grasped,
            *_way(pressed, event.point),
            keeps_ratio=Modifier.SHIFT in event.modifiers,
            from_middle=Modifier.ALT in event.modifiers,
        )

    def _try(self, box: TransformBox) -> None:
        """Shows a frame unless its result would be absurd; then the last one stays."""
        assert self._subject is not None
        try:
            bounds_after(box.matrix(), self._subject.bounds)
        except UserError as error:
            self._window.show_error(error)
            return
        self._show(box)

    def _show(self, box: TransformBox) -> None:
        assert self._edit is not None
        assert self._subject is not None
        self.box, self.mesh = box, None
        self.net.show(None)
        self._edit.replace_document(self._subject.shown(box, self.resampling))
        self.overlay.show(box.quad(), {handle: box.place(handle) for handle in HANDLES})
        self.changed.emit()

    def _show_mesh(self, mesh: WarpMesh) -> None:
        """Shows a mesh unless its result would be absurd; then the last one stays."""
        assert self._edit is not None
        assert self._subject is not None
        try:
            mesh.bounds()
        except UserError as error:
            self._window.show_error(error)
            return
        self.mesh = mesh
        self._edit.replace_document(self._subject.shown(mesh, self.resampling))
        self.overlay.show(None, {})
        self.net.show(mesh)
        self.changed.emit()

    def _land(self, subject: TransformSubject, document: Document) -> None:
        if subject is not self._subject:
            return  # discarded meanwhile
        edit = self._taken()
        assert edit is not None
        edit.replace_document(document)
        edit.__exit__(None, None, None)
        self._leave()

    def _failed(self, error: UserError) -> None:
        self._is_keeping = False
        self._window.status.show_task("")
        self._window.show_error(error)

    def _taken(self) -> Edit | None:
        edit, self._edit = self._edit, None
        return edit

    def _leave(self) -> None:
        if self._subject is None:
            return
        if self._is_keeping:
            self._window.status.show_task("")
        self._opened = self._subject = self.box = self.mesh = None
        self.net.show(None)
        self._is_keeping = False
        self.overlay.show(None, {})
        self._window.canvas.hides_selection = False
        if self._state.tool is Tool.TRANSFORM:
            self._state.choose_tool(self._before)
        self.changed.emit()

    def _tool_changed(self) -> None:
        if self._state.tool is not Tool.TRANSFORM and self.is_active:
            self.discard()


def _moved(start: TransformBox, pressed: Point, event: PointerEvent, snapping: Snapping) -> TransformBox:
    dx, dy = (round(part) for part in _way(pressed, event.point))
    if dx == dy == 0:
        return start
    if Modifier.SHIFT in event.modifiers:
        dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
    quad = start.quad()
    xs, ys = [corner.x for corner in quad], [corner.y for corner in quad]
    bounds = Rect.from_edges(round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys)))
    return start.moved(*snapping.offset(bounds, dx, dy, event.modifiers))


def _way(start: Point, end: Point) -> tuple[float, float]:
    return end.x - start.x, end.y - start.y
