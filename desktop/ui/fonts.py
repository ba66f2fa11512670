"""The font of the interface: the system's own, or the best there is where the system names none."""

from __future__ import annotations

import logging

from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication

logger = logging.getLogger(__name__)

CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei")
PREFERRED = (
    "Inter",
    "Noto Sans",
    "Cantarell",
    "Ubuntu",
    "Open Sans",
    "Liberation Sans",
    "DejaVu Sans",
    "Noto Sans CJK SC",
)
OFFSCREEN_PX = 13  # where no desktop says how large text is


def choose_font(application: QApplication) -> None:
    """Leaves a desktop's font alone; without a desktop takes a good one at a fixed size."""
    families = set(QFontDatabase.families())
    if not families:
        logger.warning(
            "No fonts are installed, so text cannot be shown; on Debian or Ubuntu: "
            "sudo apt-get install -y fontconfig fonts-dejavu-core"
        )
        return
    if QGuiApplication.platformName() != "offscreen" and application.font().exactMatch():
        return
    latin = next((name for name in PREFERRED if name in families), sorted(families)[0])
    font = QFont([latin, *(name for name in CHINESE if name in families)])
    font.setPixelSize(OFFSCREEN_PX)
    application.setFont(font)
