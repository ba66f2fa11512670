"""Draws shapes with Qt's paths, tile by tile: the renderer of shape layers, for the window and the command line."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPainterPathStroker, QPolygonF

from desktop.core.color import Gray8
from desktop.core.geometry import Point, Rect
from desktop.core.shapes import MITRE_REACH, Arrows, ShapeContent, ShapeKind, arrow_px, corners_of
from desktop.tools.shape_layers import Coverage
from desktop.ui.text_renderer import qt_transform


def render_shape(content: ShapeContent, place: Rect) -> Coverage:
    """What fill and stroke cover in a rectangle of the image. May be called in any thread."""
    outline, style = _outline(content), content.style
    nothing = np.zeros((place.height, place.width), np.uint8)
    drawn = qt_transform(content.affine)
    fill = _covered(drawn.map(outline), place) if style.has_fill else nothing
    stroke = _covered(drawn.map(_stroked(outline, content)), place) if style.has_stroke else nothing
    return Coverage(fill, stroke)


def _outline(content: ShapeContent) -> QPainterPath:
    path = QPainterPath()
    left, top, right, bottom = content.box
    box = QRectF(left, top, right - left, bottom - top)
    kind = content.style.kind
    if kind is ShapeKind.RECTANGLE:
        radius = min(content.style.radius_px, box.width() / 2, box.height() / 2)
        if radius > 0:
            path.addRoundedRect(box, radius, radius)
        else:
            path.addRect(box)
    elif kind is ShapeKind.ELLIPSE:
        path.addEllipse(box)
    elif kind is ShapeKind.LINE:
        start, end = _shortened(content)
        path.moveTo(start)
        path.lineTo(end)
    else:
        path.addPolygon(QPolygonF([_q(corner) for corner in corners_of(content)]))
        path.closeSubpath()
    return path


def _stroked(outline: QPainterPath, content: ShapeContent) -> QPainterPath:
    style = content.style
    stroker = QPainterPathStroker()
    stroker.setWidth(style.stroke_px)
    stroker.setJoinStyle(Qt.PenJoinStyle.SvgMiterJoin)
    stroker.setMiterLimit(MITRE_REACH)
    stroker.setCapStyle(Qt.PenCapStyle.FlatCap)
    path = stroker.createStroke(outline)
    path.setFillRule(Qt.FillRule.WindingFill)
    if style.is_line:
        for tip, tail, wanted in (
            (content.end, content.start, (Arrows.END, Arrows.BOTH)),
            (content.start, content.end, (Arrows.START, Arrows.BOTH)),
        ):
            if style.arrows in wanted:
                path.addPath(_head(tip, tail, arrow_px(style)))
    return path


def _shortened(content: ShapeContent) -> tuple[QPointF, QPointF]:
    """The ends of a line, drawn in under its arrow heads, so that their points stay sharp."""
    start, end, arrows = content.start, content.end, content.style.arrows
    length = math.hypot(end.x - start.x, end.y - start.y)
    share = min(arrow_px(content.style) * 0.75 / length, 0.5) if length else 0.0
    dx, dy = (end.x - start.x) * share, (end.y - start.y) * share
    first = start.translated(dx, dy) if arrows in (Arrows.START, Arrows.BOTH) else start
    last = end.translated(-dx, -dy) if arrows in (Arrows.END, Arrows.BOTH) else end
    return _q(first), _q(last)


def _head(tip: Point, tail: Point, size: float) -> QPainterPath:
    """A triangle, its point at `tip`."""
    length = math.hypot(tip.x - tail.x, tip.y - tail.y)
    path = QPainterPath()
    if length == 0:
        return path
    ux, uy = (tip.x - tail.x) / length, (tip.y - tail.y) / length
    base, half = tip.translated(-ux * size, -uy * size), size / 2
    path.addPolygon(
        QPolygonF([_q(tip), _q(base.translated(-uy * half, ux * half)), _q(base.translated(uy * half, -ux * half))])
    )
    path.closeSubpath()
    return path


def _covered(path: QPainterPath, place: Rect) -> Gray8:
    pixels = np.zeros((place.height, place.width), np.uint8)
    if not path.controlPointRect().intersects(QRectF(place.x, place.y, place.width, place.height)):
        return pixels
    image = QImage(pixels.data, place.width, place.height, place.width, QImage.Format.Format_Grayscale8)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-place.x, -place.y)
    painter.fillPath(path, Qt.GlobalColor.white)
    painter.end()
    del image
    return pixels


def _q(point: Point) -> QPointF:
    return QPointF(point.x, point.y)
