"""What Qt has to say goes into the log, so that one place shows all that went wrong."""

from __future__ import annotations

import logging

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

logger = logging.getLogger("desktop.qt")

OFFSCREEN_NOISE = "This plugin does not support"  # sizes, raising, grabbing: there is no screen to do it on
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_qt_messages() -> None:
    qInstallMessageHandler(_log)


def _log(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    if not text.startswith(OFFSCREEN_NOISE):
        logger.log(LEVELS.get(kind, logging.WARNING), text)
