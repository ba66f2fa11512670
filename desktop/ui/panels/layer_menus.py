"""The menus of the layer list: of a row, of a mask, of an eye, each with the colour tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QWidget, QWidgetAction

from desktop.core.layers import ColorTag
from desktop.ui.i18n import tr
from desktop.ui.panels.layer_painter import Part, tag_color
from desktop.ui.theme import color, tokens

if TYPE_CHECKING:
    from desktop.ui.action_set import ActionSet

TAGS = ""  # a place in a menu
LINE = "-"
MENU = "menu:"  # a submenu of the menu bar

_ROW_MENU = (
    "layer.adjustment", "layer.rename", "layer.duplicate", "layer.to_document", "layer.delete", LINE,
    "menu:fill_layer", "menu:adjustment_layer", "menu:filter_layer", LINE,
    "edit.cut", "edit.copy", "edit.paste", LINE,
    "layer.group", "layer.ungroup", LINE,
    "layer.add_mask", "layer.style", "select.alpha", LINE,
    "layer.clip", "layer.solo", "layer.lock_all", LINE,
    "layer.to_front", "layer.to_back", LINE,
    "layer.merge_down", "layer.merge_visible", "layer.stamp_visible", "layer.flatten", LINE, TAGS,
)  # fmt: skip
_MASK_MENU = (
    "layer.paint_mask", "layer.mask_alone", "layer.mask_enabled", "layer.mask_linked", LINE, "layer.invert_mask",
    "layer.apply_mask", "layer.delete_mask", LINE, "select.mask",
)  # fmt: skip
_EYE_MENU = ("layer.visible", "layer.solo", LINE, TAGS)
MENUS = {Part.MASK: _MASK_MENU, Part.EYE: _EYE_MENU}


def pop_up_menu(parent: QWidget, actions: ActionSet, at: QPoint, part: Part) -> QMenu:
    menu = QMenu(parent)
    actions.refresh()
    for action_id in MENUS.get(part, _ROW_MENU):
        if action_id == LINE:
            menu.addSeparator()
        elif action_id.startswith(MENU):
            menu.addMenu(actions.menus[action_id.removeprefix(MENU)])
        elif action_id == TAGS:
            _add_tags(menu, actions)
        else:
            menu.addAction(actions[action_id])
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(at)
    return menu


def _add_tags(menu: QMenu, actions: ActionSet) -> None:
    row = TagRow(actions, menu)
    holder = QWidgetAction(menu)
    holder.setDefaultWidget(row)
    row.done.connect(menu.close)
    menu.addAction(holder)


class TagRow(QWidget):
    """A dot for each colour tag; a click gives it to the chosen layers."""

    done = Signal()
    SIDE_PX, DOT_PX, LEFT_PX = 24, 12, 24

    def __init__(self, actions: ActionSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self._hovered: ColorTag | None = None
        self.setMouseTracking(True)
        self.setAccessibleName(tr("menu.tags"))
        self.setToolTip(tr("menu.tags"))

    def sizeHint(self) -> QSize:
        return QSize(self.LEFT_PX * 2 + self.SIDE_PX * len(ColorTag), 32)

    def center_of(self, tag: ColorTag) -> QPoint:
        number = list(ColorTag).index(tag)
        return QPoint(self.LEFT_PX + self.SIDE_PX * number + self.SIDE_PX // 2, self.height() // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for tag in ColorTag:
            at, half = QPointF(self.center_of(tag)), self.DOT_PX / 2
            box = QRectF(at.x() - half, at.y() - half, self.DOT_PX, self.DOT_PX)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if tag is ColorTag.NONE:
                painter.setPen(QPen(color(tokens().dim), 1.4))
                painter.drawEllipse(box)
                painter.drawLine(box.topRight() + QPointF(-2, 2), box.bottomLeft() + QPointF(2, -2))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color(tag_color(tag)))
                painter.drawEllipse(box)
            if tag is self._hovered or self._actions[f"layer.tag_{tag.value}"].isChecked():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(color(tokens().text), 1.4))
                painter.drawEllipse(box.adjusted(-3, -3, 3, 3))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered = self._tag_at(event.position().toPoint())
        if self._hovered is not None:
            self.setToolTip(tr(f"tag.{self._hovered.value}"))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        tag = self._tag_at(event.position().toPoint())
        if tag is not None:
            self._actions[f"layer.tag_{tag.value}"].trigger()
            self.done.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the Layer menu has the tags for keys

    def _tag_at(self, position: QPoint) -> ColorTag | None:
        number = (position.x() - self.LEFT_PX) // self.SIDE_PX
        return list(ColorTag)[number] if 0 <= number < len(ColorTag) else None
