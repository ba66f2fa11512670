"""What the shape tool does: a drag draws a shape layer, its handles and the context bar change it afterwards."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.core.edits import Edit, OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.core.layers import Layer, LayerId, RasterLayer
from desktop.core.shapes import ShapeContent, ShapeStyle
from desktop.core.transform_box import Handle
from desktop.tools import shape_layers
from desktop.tools.gestures import Gesture, Modifier, PointerEvent
from desktop.tools.layer_edits import place_above
from desktop.tools.locks import check_pixels_free
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping
from desktop.ui.canvas.frame_overlay import REACH_PX, FrameOverlay
from desktop.ui.i18n import tr
from desktop.ui.panels.live_change import LiveChange
from desktop.ui.shape_renderer import render_shape
from desktop.ui.state import Tool

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ShapeCommands(QObject):
    """`changed` when another shape is in hand, or the same one looks different."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.state
        self.overlay = FrameOverlay(window.canvas)
        self._live = LiveChange(self._state, window.ai.settle)
        state = self._state
        for signal in (
            state.tool_changed,
            state.active_layer_changed,
            state.document_replaced,
            state.document_renamed,
        ):
            signal.connect(self._refresh)

    @property
    def active(self) -> RasterLayer | None:
        """The shape layer in hand: the active layer, while the shape tool is."""
        layer = self._state.active_layer
        if self._state.tool is Tool.SHAPE and isinstance(layer, RasterLayer) and layer.shape is not None:
            return layer
        return None

    @property
    def style(self) -> ShapeStyle:
        """Of the shape in hand, or of the next one."""
        layer = self.active
        return self._state.options.shape if layer is None or layer.shape is None else layer.shape.style

    def edit(self, layer_id: LayerId) -> None:
        """Takes a shape layer in hand."""
        self._state.choose_tool(Tool.SHAPE)
        self._state.choose_layer(layer_id)

    # the context bar

    def restyle(self, style: ShapeStyle, *, is_dragging: bool = False) -> None:
        """Changes the shape in hand, or how the next one looks; while a slider is dragged it only shows."""
        self._window.guarded(lambda: self._restyle(style, is_dragging))

    def _restyle(self, style: ShapeStyle, is_dragging: bool) -> None:
        if not (style.has_fill or style.has_stroke):
            raise UserError("shape.invisible")
        if self.active is None or self._state.open_document is None:
            self._state.change_options(shape=style)
            return
        check_pixels_free(self._state.open_document.document, self.active.id)
        self._live.show(EditName.CHANGE_SHAPE, partial(self._restyled, style, is_shown=is_dragging))
        if not is_dragging:
            self._live.keep()
            self._state.change_options(shape=style)

    def end_drag(self, style: ShapeStyle) -> None:
        if self._live.is_running:
            self.restyle(style)

    def drop_drag(self) -> None:
        self._live.drop()

    def _restyled(self, style: ShapeStyle, layer: Layer, *, is_shown: bool) -> Layer:
        opened = self._state.open_document
        assert opened is not None
        document = opened.document
        if not isinstance(layer, RasterLayer) or layer.shape is None or layer.shape.style == style:
            return layer
        content = replace(shape_layers.placed_shape(layer), style=style)
        if layer.name == _name_of(layer.shape.style):
            layer = layer.changed(name=_name_of(style))
        shown = opened.shown.layer(layer.id)
        if not is_shown and isinstance(shown, RasterLayer) and shown.shape == content:
            return shape_layers.finished(shown)  # what was looked at while the slider moved is made already
        return shape_layers.with_shape(layer, content, document, render_shape, is_shown=is_shown)

    # the canvas

    def gesture(self) -> Gesture | None:
        """What a press with the shape tool begins."""
        opened = self._state.open_document
        if opened is None:
            return None
        self._window.ai.settle()
        return self._press(opened)

    def _press(self, opened: OpenDocument) -> Gesture:
        event = yield
        layer, handle = self.active, self._handle_at(event.point)
        snapping = self._window.tools.snapping(() if layer is None else (layer.id,))
        try:
            if layer is not None and handle is not None:
                check_pixels_free(opened.document, layer.id)
                yield from self._reshape(opened, layer, handle, event, snapping)
            else:
                yield from self._draw(opened, event, snapping)
        finally:
            snapping.end()
            self._refresh()

    def _draw(self, opened: OpenDocument, event: PointerEvent, snapping: Snapping) -> Gesture:
        """A new shape; a click takes the shape under the pointer in hand."""
        style, before = self._state.options.shape if self.active is None else self.style, self._state.layer_id
        start, at = _whole(snapping.point(event.point, event.modifiers)), event.point
        layer: RasterLayer | None = None
        try:
            with opened.edit(EditName.ADD_SHAPE) as edit:
                while event.pressed:
                    end = _whole(snapping.point(event.point, event.modifiers))
                    if layer is not None or shape_layers.is_drag(at, event.point):
                        content = ShapeContent(style).between(
                            *shape_layers.constrained(style, start, end, event.modifiers)
                        )
                        layer = self._shown(edit, opened, layer, content)
                    event = yield
                if layer is not None:
                    yield from self._finish(edit, layer)
        except BaseException:
            self._keep_choice(before)
            raise
        if layer is None:
            found = shape_layers.shape_layer_at(opened.document, at)
            if found is not None:
                self._state.choose_layer(found.id)

    def _shown(self, edit: Edit, opened: OpenDocument, layer: RasterLayer | None, content: ShapeContent) -> RasterLayer:
        document = opened.document
        is_new = layer is None
        if layer is None:
            layer = shape_layers.new_shape_layer(document, content, _name_of(content.style))
            edit.insert_layer(layer, *place_above(document, self._state.layer_id))
        layer = shape_layers.with_shape(layer, content, document, render_shape, is_shown=True)
        edit.replace_layer(layer)
        if is_new:
            self._state.choose_layer(layer.id)
        self._show_frame(content)
        return layer

    def _finish(self, edit: Edit, layer: RasterLayer) -> Gesture:
        yield from shape_layers.made(layer)
        done = shape_layers.finished(layer)
        if done.tiles.content_bounds().is_empty:
            raise UserError("shape.empty")
        edit.replace_layer(done)

    def _reshape(
        self, opened: OpenDocument, layer: RasterLayer, handle: Handle, event: PointerEvent, snapping: Snapping
    ) -> Gesture:
        before = shape_layers.placed_shape(layer)
        at, is_changed = event.point, False
        with opened.edit(EditName.CHANGE_SHAPE) as edit:
            while event.pressed:
                if is_changed or event.point != at:
                    point = before.affine.inverse().point(_whole(snapping.point(event.point, event.modifiers)))
                    content = _pulled(before, handle, point, event.modifiers)
                    layer = shape_layers.with_shape(layer, content, opened.document, render_shape, is_shown=True)
                    edit.replace_layer(layer)
                    self._show_frame(content)
                    is_changed = True
                event = yield
            if is_changed:
                yield from self._finish(edit, layer)

    def _keep_choice(self, before: LayerId | None) -> None:
        document = self._state.document
        if before is not None and document is not None and document.has_layer(before):
            self._state.choose_layer(before)

    # the frame

    def _refresh(self) -> None:
        layer = self.active
        if layer is None:
            if self.overlay.quad is not None:
                self.overlay.show(None, {})
        elif not self._window.canvas.pointer.is_busy:
            self._show_frame(shape_layers.placed_shape(layer))
        self.changed.emit()

    def _show_frame(self, content: ShapeContent) -> None:
        handles = _handles_of(content)
        if content.style.is_line:
            start, end = (content.affine.point(point) for point in (content.start, content.end))
            quad = [start, end, end, start]
        else:
            quad = [handles[corner] for corner in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        self.overlay.show(quad, handles)

    def _handle_at(self, point: Point) -> Handle | None:
        layer, canvas = self.active, self._window.canvas
        if layer is None:
            return None
        x, y = canvas.view.image_to_view(point)
        best, found = REACH_PX * canvas.devicePixelRatioF(), None
        for handle, place in _handles_of(shape_layers.placed_shape(layer)).items():
            hx, hy = canvas.view.image_to_view(place)
            distance = max(abs(hx - x), abs(hy - y))
            if distance < best:
                best, found = distance, handle
        return found


def _handles_of(content: ShapeContent) -> dict[Handle, Point]:
    """Corners before sides, in the image; a line has its ends."""
    to_image = content.affine.point
    if content.style.is_line:
        return {(-1, -1): to_image(content.start), (1, 1): to_image(content.end)}
    left, top, right, bottom = content.box
    xs, ys = {-1: left, 0: (left + right) / 2, 1: right}, {-1: top, 0: (top + bottom) / 2, 1: bottom}
    order: tuple[Handle, ...] = ((-1, -1), (1, -1), (1, 1), (-1, 1), (0, -1), (1, 0), (0, 1), (-1, 0))
    return {handle: to_image(Point(xs[handle[0]], ys[handle[1]])) for handle in order}


def _pulled(content: ShapeContent, handle: Handle, point: Point, modifiers: Modifier) -> ShapeContent:
    """The shape with one handle at a point of its own; Shift makes it regular, Alt keeps the middle."""
    if content.style.is_line:
        fixed = content.end if handle == (-1, -1) else content.start
        first, last = shape_layers.constrained(content.style, fixed, point, modifiers & ~Modifier.ALT)
        return content.between(last, first) if handle == (-1, -1) else content.between(first, last)
    left, top, right, bottom = content.box
    across, down = handle
    middle = Point((left + right) / 2, (top + bottom) / 2)
    fixed = Point(left if across > 0 else right, top if down > 0 else bottom)
    if Modifier.ALT in modifiers:
        fixed = Point(2 * middle.x - point.x if across else fixed.x, 2 * middle.y - point.y if down else fixed.y)
    moved = Point(point.x if across else (left + right - fixed.x), point.y if down else (top + bottom - fixed.y))
    if Modifier.SHIFT in modifiers and across and down:
        fixed, moved = shape_layers.constrained(content.style, fixed, moved, Modifier.SHIFT)
    return content.between(fixed, moved)


def _whole(point: Point) -> Point:
    """On the rims of pixels, so that level edges stay sharp."""
    return Point(round(point.x), round(point.y))


def _name_of(style: ShapeStyle) -> str:
    return tr(f"shape.kind.{style.kind.value}")
