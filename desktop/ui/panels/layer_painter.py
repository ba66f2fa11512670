"""How a row of the layer list looks: where its parts lie, and drawing them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Self

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from desktop.core.blend_modes import BlendMode
from desktop.core.document import Document
from desktop.core.effect_table import BY_ID
from desktop.core.layers import AdjustmentLayer, ColorTag, GroupLayer, Layer, LayerId, Locks
from desktop.tools.painting import Plane
from desktop.ui.i18n import tr
from desktop.ui.icons import icon_pixmap
from desktop.ui.panels.layer_rows import ROW_PX, Place, Row
from desktop.ui.panels.thumbnails import Thumbnails
from desktop.ui.theme import color, theme_name, tokens

THUMB_PX = 32
EYE_WIDTH_PX = 36
INDENT_PX, NARROW_INDENT_PX = 16, 10
NARROW_PX = 260  # below this width indents shrink so that names keep room
CLIP_PX = 14
CHECK_PX = 4
GAP_PX = 8
TAG_PX = 4

TAG_COLORS: dict[str, dict[ColorTag, str]] = {  # by theme: bright enough on dark, dark enough on light
    "dark": {
        ColorTag.RED: "#e5605e", ColorTag.ORANGE: "#e0913f", ColorTag.YELLOW: "#d9c24a", ColorTag.GREEN: "#6bb36b",
        ColorTag.BLUE: "#5b93d6", ColorTag.VIOLET: "#a37fd0", ColorTag.GREY: "#9a9a9a",
    },
    "light": {
        ColorTag.RED: "#cc3d3a", ColorTag.ORANGE: "#c8711a", ColorTag.YELLOW: "#b39a1c", ColorTag.GREEN: "#3f8f46",
        ColorTag.BLUE: "#3573bd", ColorTag.VIOLET: "#7d53b5", ColorTag.GREY: "#757575",
    },
}  # fmt: skip


def tag_color(tag: ColorTag) -> str:
    """The tag's colour in the theme that is shown."""
    return TAG_COLORS[theme_name()][tag]


class Part(Enum):
    """What of a row the pointer is over."""

    NONE = "none"
    EYE = "eye"
    ARROW = "arrow"
    THUMB = "thumb"
    MASK = "mask"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class RowShape:
    """Where the parts of rows lie, for one width of the list and one shape of the canvas."""

    width: int
    thumb_width: int = THUMB_PX
    thumb_height: int = THUMB_PX

    @classmethod
    def of(cls, document: Document | None, width: int) -> Self:
        if document is None:
            return cls(width)
        size = document.size
        longer = max(size.width, size.height)
        sides = [max(round(side / longer * THUMB_PX), 8) for side in (size.width, size.height)]
        return cls(width, *sides)

    @property
    def indent(self) -> int:
        return INDENT_PX if self.width >= NARROW_PX else NARROW_INDENT_PX

    def row(self, number: int) -> QRect:
        return QRect(0, number * ROW_PX, self.width, ROW_PX)

    def eye(self, number: int) -> QRect:
        return QRect(0, number * ROW_PX, EYE_WIDTH_PX, ROW_PX)

    def left(self, row: Row) -> int:
        return EYE_WIDTH_PX + 4 + row.depth * self.indent + (CLIP_PX if row.layer.clip_to_below else 0)

    def depth_at(self, x: int) -> int:
        return max((x - EYE_WIDTH_PX) // self.indent, 0)

    def thumbs(self, row: Row, number: int) -> dict[Plane, QRect]:
        """Each thumbnail in the shape of the canvas, in the middle of its square."""
        left, middle = self.left(row) + (THUMB_PX - self.thumb_width) // 2, number * ROW_PX + ROW_PX // 2
        top = middle - self.thumb_height // 2
        return {
            Plane.PIXELS: QRect(left, top, self.thumb_width, self.thumb_height),
            Plane.MASK: QRect(left + THUMB_PX + GAP_PX, top, self.thumb_width, self.thumb_height),
        }

    def arrow(self, row: Row, number: int) -> QRect:
        """What opens and closes a group: the arrow and the folder."""
        return QRect(self.left(row) - 8, number * ROW_PX, THUMB_PX + GAP_PX, ROW_PX)

    def part_at(self, row: Row, number: int, position: QPoint) -> Part:
        if self.eye(number).contains(position):
            return Part.EYE
        if isinstance(row.layer, GroupLayer) and self.arrow(row, number).contains(position):
            return Part.ARROW
        thumbs = self.thumbs(row, number)
        if row.layer.mask is not None and thumbs[Plane.MASK].contains(position):
            return Part.MASK
        return Part.THUMB if thumbs[Plane.PIXELS].contains(position) else Part.NAME

    def name(self, row: Row, number: int) -> QRect:
        thumbs = 1 if row.layer.mask is None else 2
        left = self.left(row) + thumbs * (THUMB_PX + GAP_PX) + 4
        return QRect(left, number * ROW_PX, self.width - left - 8, ROW_PX)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen in the list."""

    active: LayerId | None
    plane: Plane
    chosen: Collection[LayerId]
    is_mask_alone: bool
    is_framed: bool  # the active row: among several, or while keys go to the list


class RowPainter:
    """Draws rows with one painter; `widget` lends font and pixel ratio."""

    def __init__(self, painter: QPainter, widget: QWidget, shape: RowShape, thumbs: Thumbnails) -> None:
        self._painter, self._shape, self._thumbs = painter, shape, thumbs
        self._ratio = widget.devicePixelRatioF()
        self._font = widget.font()
        self._small = QFont(self._font)
        self._small.setPointSizeF(max(self._font.pointSizeF() - 1.5, 7))

    def draw(self, row: Row, number: int, choice: Choice, *, is_collapsed: bool) -> None:
        layer, shape = row.layer, self._shape
        self._draw_ground(number, layer, choice)
        ink = tokens().text if layer.visible and row.is_shown and row.is_found else tokens().dim
        eye = shape.eye(number)
        tint = ink if layer.visible else tokens().dim
        self._icon("eye" if layer.visible else "eye-off", tint, eye.center() - QPoint(8, 8), 18)
        if layer.clip_to_below:
            self._icon("clip", ink, QPoint(shape.left(row) - CLIP_PX - 2, eye.center().y() - 6), 14)
        boxes = shape.thumbs(row, number)
        if isinstance(layer, GroupLayer):
            middle = eye.center().y()
            arrow = "chevron-right" if is_collapsed else "chevron-down"
            self._icon(arrow, tokens().dim, QPoint(shape.left(row) - 2, middle - 6), 14)
            self._icon("folder", ink, QPoint(shape.left(row) + 14, middle - 8), 18)
        elif isinstance(layer, AdjustmentLayer):
            self._draw_adjustment(layer, boxes[Plane.PIXELS], ink, choice)
        else:
            self._draw_thumb(layer, boxes[Plane.PIXELS], Plane.PIXELS, choice)
        if layer.mask is not None:
            self._draw_thumb(layer, boxes[Plane.MASK], Plane.MASK, choice)
        self._draw_name(row, number, ink)

    def draw_place(self, place: Place) -> None:
        """Where a dragged layer would land: a frame around a group, or a line between rows."""
        painter = self._painter
        painter.setPen(QPen(color(tokens().accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if place.line_y is None:
            painter.drawRoundedRect(_inner(self._shape.row(place.row)), 5, 5)
            return
        left = EYE_WIDTH_PX + place.depth * self._shape.indent
        y = max(place.line_y, 1)
        painter.drawEllipse(QPoint(left, y), 3, 3)
        painter.drawLine(left + 3, y, self._shape.width - 4, y)

    def _draw_ground(self, number: int, layer: Layer, choice: Choice) -> None:
        painter, is_active = self._painter, layer.id == choice.active
        box = _inner(self._shape.row(number))
        if is_active or layer.id in choice.chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(tokens().selected))
            painter.drawRoundedRect(box, 5, 5)
        if layer.color_tag is not ColorTag.NONE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(tag_color(layer.color_tag)))
            painter.drawRoundedRect(QRectF(2, box.top() + 3, TAG_PX, box.height() - 6), 2, 2)
        if is_active and choice.is_framed:
            painter.setPen(QPen(color(tokens().accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def _draw_name(self, row: Row, number: int, ink: str) -> None:
        painter, layer = self._painter, row.layer
        box = self._shape.name(row, number)
        marks = ["text"] if getattr(layer, "text", None) is not None else []
        marks += ["shape"] if getattr(layer, "shape", None) is not None else []
        marks += ["layer-style"] if getattr(layer, "styles", None) is not None else []
        marks += ["ai"] if getattr(layer, "recipe", None) is not None else []
        for icon in reversed([*marks, *lock_icons(layer.locks)]):
            self._icon(icon, tokens().dim, QPoint(box.right() - 14, box.center().y() - 6), 14)
            box.adjust(0, 0, -18, 0)
        note = _note_of(layer)
        name = box.adjusted(0, 4, 0, -ROW_PX // 2) if note else box
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        lines = [(layer.name, name, self._font, ink)]
        if note:
            lines.append((note, box.adjusted(0, ROW_PX // 2, 0, -4), self._small, tokens().dim))
        for text, place, font, tint in lines:
            painter.setFont(font)
            painter.setPen(color(tint))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, max(place.width(), 0))
            painter.drawText(place, flags, shown)

    def _draw_thumb(self, layer: Layer, box: QRect, plane: Plane, choice: Choice) -> None:
        t, painter = tokens(), self._painter
        painter.fillRect(box, color(t.checker_light))
        dark = color(t.checker_dark)
        for y in range(0, box.height(), CHECK_PX):
            for x in range((y // CHECK_PX % 2) * CHECK_PX, box.width(), CHECK_PX * 2):
                painter.fillRect(QRect(box.left() + x, box.top() + y, CHECK_PX, CHECK_PX).intersected(box), dark)
        pixmap = self._thumbs.pixmap(layer, plane, self._ratio)
        if pixmap is not None:
            painter.drawPixmap(box, pixmap)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5)
        painter.setPen(QPen(color(t.line), 1))
        painter.drawRect(frame)
        if plane is Plane.MASK and layer.mask is not None and not layer.mask.enabled:
            painter.setPen(QPen(color(t.error), 2))
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
        if layer.id == choice.active and plane is choice.plane:  # what a brush would paint on
            painter.setPen(QPen(color(t.accent), 2))
            painter.drawRoundedRect(frame.adjusted(-1.5, -1.5, 1.5, 1.5), 2, 2)
            if plane is Plane.MASK and choice.is_mask_alone:
                self._draw_badge(box)

    def _draw_adjustment(self, layer: AdjustmentLayer, box: QRect, ink: str, choice: Choice) -> None:
        """An adjustment has no pixels: its sign stands in a frame."""
        t, painter = tokens(), self._painter
        square = QRectF(0, 0, THUMB_PX - 2, THUMB_PX - 2)
        square.moveCenter(QRectF(box).center())
        is_chosen = layer.id == choice.active and choice.plane is Plane.PIXELS
        painter.setBrush(color(t.sunken))
        painter.setPen(QPen(color(t.accent if is_chosen else t.line), 2 if is_chosen else 1))
        painter.drawRoundedRect(square, 4, 4)
        self._icon(sign_of(layer), ink, square.center().toPoint() - QPoint(8, 8), 18)

    def _draw_badge(self, box: QRect) -> None:
        """An eye in the corner: the canvas shows this mask alone."""
        corner = QRect(box.right() - 12, box.bottom() - 12, 14, 14)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(color(tokens().accent_fill))
        self._painter.drawRoundedRect(corner, 3, 3)
        self._icon("eye", tokens().on_accent, corner.topLeft() + QPoint(1, 1), 12)

    def _icon(self, name: str, tint: str, at: QPoint, side: int) -> None:
        self._painter.drawPixmap(at, icon_pixmap(name, tint, side, self._ratio))


def sign_of(layer: AdjustmentLayer) -> str:
    """The icon of an adjustment layer."""
    effect = BY_ID.get(layer.settings.effect)
    if effect is not None and effect.fill is not None:
        return "bucket"
    return "adjust" if effect is None or effect.is_adjustment else "filter"


def lock_icons(locks: Locks) -> list[str]:
    """One icon for each lock, a single one for all of them."""
    if locks.all:
        return ["lock"]
    return [f"lock-{name}" for name in ("alpha", "pixels", "position") if getattr(locks, name)]


def mode_text(layer: Layer) -> str:
    """The blend mode's name; a group that lets its layers through has none of its own."""
    if isinstance(layer, GroupLayer) and layer.pass_through:
        return tr("blend.pass-through")
    return tr(f"blend.{layer.blend_mode.value}")


def _note_of(layer: Layer) -> str:
    """What differs from a plain layer: "Multiply · 60 %"."""
    passes = isinstance(layer, GroupLayer) and layer.pass_through
    mode = mode_text(layer) if passes or layer.blend_mode is not BlendMode.NORMAL else ""
    opacity = f"{round(layer.opacity * 100)} %" if layer.opacity < 1 else ""
    return " · ".join(part for part in (mode, opacity) if part)


def _inner(row: QRect) -> QRectF:
    return QRectF(row).adjusted(2, 1, -2, -1)
