"""Single-colour icons from resources/icons, tinted by the theme. 20 pixels, one family."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication

from desktop.paths import resources_dir
from desktop.ui.theme import theme_name, tokens

ICON_PX = 20
FALLBACK_ICON = "ai"
KEPT_PIXMAPS = 512  # a list of layers draws some for each row and each paint: twenty rows took two milliseconds
PLAIN_NAME = re.compile(r"[a-z0-9-]{1,60}")
_SCALES = (1, 2, 3)
_NAME = "iconName"


def has_icon(name: str) -> bool:
    """Models say the name of theirs: whatever is no plain name is none of ours."""
    return PLAIN_NAME.fullmatch(name) is not None and (resources_dir() / "icons" / f"{name}.svg").is_file()


def icon(name: str) -> QIcon:
    """The icon in the colours of the theme shown now."""
    return _tinted(name, theme_name())


def no_icon() -> QIcon:
    """Takes the room of an icon and shows nothing."""
    pixmap = QPixmap(ICON_PX, ICON_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)


@lru_cache(maxsize=KEPT_PIXMAPS)
def icon_pixmap(name: str, tint: str, side_px: int = ICON_PX, pixel_ratio: float = 1.0) -> QPixmap:
    """One icon in any colour, sharp at the given device pixel ratio; not to be painted on."""
    side = round(side_px * pixel_ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(_source(name).replace(b"currentColor", tint.encode()))).render(
        painter, QRectF(0, 0, side, side)
    )
    painter.end()
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap


def app_icon() -> QIcon:
    """The program's own mark, the one picture here with colours of its own."""
    return QIcon(str(_app_file()))


def app_pixmap(side_px: int, pixel_ratio: float = 1.0) -> QPixmap:
    side = round(side_px * pixel_ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(str(_app_file())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap


def set_icon(target: QAbstractButton | QAction, name: str) -> None:
    """Gives a button or action an icon that follows the theme."""
    target.setProperty(_NAME, name)
    target.setIcon(icon(name))


def retint(application: QApplication) -> None:
    """After a change of theme: every icon set by `set_icon` again."""
    for widget in application.allWidgets():
        _retint_one(widget)
        for action in widget.actions():
            _retint_one(action)


def _retint_one(target: object) -> None:
    if isinstance(target, QAbstractButton | QAction) and (name := target.property(_NAME)):
        target.setIcon(icon(name))


@cache
def _tinted(name: str, _theme: str) -> QIcon:
    result = QIcon()
    for scale in _SCALES:
        for mode, tint in ((QIcon.Mode.Normal, tokens().text), (QIcon.Mode.Disabled, tokens().disabled)):
            result.addPixmap(icon_pixmap(name, tint, ICON_PX, scale), mode)
    assert not result.availableSizes() or QSize(ICON_PX, ICON_PX) in result.availableSizes()
    return result


@cache
def _source(name: str) -> bytes:
    path = resources_dir() / "icons" / f"{name}.svg"
    return (path if path.is_file() else path.with_name(f"{FALLBACK_ICON}.svg")).read_bytes()


def _app_file() -> Path:
    return resources_dir() / "app" / "scumble.svg"
