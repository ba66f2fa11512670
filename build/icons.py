"""The program's icon in every form that a platform asks for, drawn from resources/app/scumble.svg."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "resources" / "app" / "scumble.svg"
PNG_SIDES = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_SIDES = (16, 24, 32, 48, 64, 128, 256)


def draw(side: int) -> Image.Image:
    """RGBA, `side` pixels square."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QRectF
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])
    image = QImage(side, side, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(SOURCE)).render(painter, QRectF(0, 0, side, side))
    painter.end()
    buffer = QBuffer()
    image.save(buffer, "PNG")
    assert application is not None
    return Image.open(io.BytesIO(bytes(buffer.data().data())))


def write_hicolor(share: Path, name: str) -> None:
    """share/icons/hicolor/…: PNGs and the drawing itself."""
    for side in PNG_SIDES:
        folder = share / "icons" / "hicolor" / f"{side}x{side}" / "apps"
        folder.mkdir(parents=True, exist_ok=True)
        draw(side).save(folder / f"{name}.png", optimize=True)
    scalable = share / "icons" / "hicolor" / "scalable" / "apps"
    scalable.mkdir(parents=True, exist_ok=True)
    (scalable / f"{name}.svg").write_bytes(SOURCE.read_bytes())


def write_ico(target: Path) -> Path:
    draw(256).save(target, format="ICO", sizes=[(side, side) for side in ICO_SIDES])
    return target


def write_icns(target: Path) -> Path:
    draw(512).save(target, format="ICNS")
    return target
