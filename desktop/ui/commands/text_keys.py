"""Which key means what while one writes on the canvas."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QTextCursor

Keys = QKeySequence.StandardKey
Step = QTextCursor.MoveOperation


class TextCommand(Enum):
    KEEP = auto()
    DISCARD = auto()
    COPY = auto()
    CUT = auto()
    PASTE = auto()
    SELECT_ALL = auto()
    UNDO = auto()
    REDO = auto()


COMMANDS: tuple[tuple[Keys, TextCommand], ...] = (
    (Keys.Copy, TextCommand.COPY),
    (Keys.Cut, TextCommand.CUT),
    (Keys.Paste, TextCommand.PASTE),
    (Keys.SelectAll, TextCommand.SELECT_ALL),
    (Keys.Undo, TextCommand.UNDO),
    (Keys.Redo, TextCommand.REDO),
)
MOVES: tuple[tuple[Keys, Keys, Step], ...] = (  # alone, with Shift, where it leads
    (Keys.MoveToNextChar, Keys.SelectNextChar, Step.NextCharacter),
    (Keys.MoveToPreviousChar, Keys.SelectPreviousChar, Step.PreviousCharacter),
    (Keys.MoveToNextWord, Keys.SelectNextWord, Step.NextWord),
    (Keys.MoveToPreviousWord, Keys.SelectPreviousWord, Step.PreviousWord),
    (Keys.MoveToNextLine, Keys.SelectNextLine, Step.Down),
    (Keys.MoveToPreviousLine, Keys.SelectPreviousLine, Step.Up),
    (Keys.MoveToStartOfLine, Keys.SelectStartOfLine, Step.StartOfLine),
    (Keys.MoveToEndOfLine, Keys.SelectEndOfLine, Step.EndOfLine),
    (Keys.MoveToStartOfBlock, Keys.SelectStartOfBlock, Step.StartOfBlock),
    (Keys.MoveToEndOfBlock, Keys.SelectEndOfBlock, Step.EndOfBlock),
    (Keys.MoveToStartOfDocument, Keys.SelectStartOfDocument, Step.Start),
    (Keys.MoveToEndOfDocument, Keys.SelectEndOfDocument, Step.End),
)
DELETIONS: tuple[tuple[Keys, Step], ...] = (
    (Keys.Delete, Step.NextCharacter),
    (Keys.DeleteStartOfWord, Step.PreviousWord),
    (Keys.DeleteEndOfWord, Step.NextWord),
    (Keys.DeleteEndOfLine, Step.EndOfLine),
)
_CTRL, _ALT, _META = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.MetaModifier,
)


def command_of(event: QKeyEvent) -> TextCommand | None:
    if event.key() == Qt.Key.Key_Escape:
        return TextCommand.DISCARD
    is_ctrl = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == _CTRL
    if event.key() == Qt.Key.Key_Enter or (event.key() == Qt.Key.Key_Return and is_ctrl):
        return TextCommand.KEEP
    if event.key() == Qt.Key.Key_Y and is_ctrl:
        return TextCommand.REDO
    return next((command for key, command in COMMANDS if event.matches(key)), None)


def move_of(event: QKeyEvent) -> tuple[Step, bool] | None:
    """Where a key leads, and whether it selects on the way."""
    for alone, selecting, step in MOVES:
        if event.matches(alone):
            return step, False
        if event.matches(selecting):
            return step, True
    return None


def deletion_of(event: QKeyEvent) -> Step | None:
    """Up to where a key deletes."""
    is_plain = not event.modifiers() & (_CTRL | _ALT | _META)
    if event.key() == Qt.Key.Key_Backspace and is_plain:
        return Step.PreviousCharacter
    return next((step for key, step in DELETIONS if event.matches(key)), None)


def letters_of(event: QKeyEvent) -> str:
    """What a key writes; empty for shortcuts. Ctrl and Alt together are AltGr."""
    if event.key() == Qt.Key.Key_Return:
        return "" if event.modifiers() & (_CTRL | _ALT | _META) else "\n"
    if event.key() == Qt.Key.Key_Tab:
        return "" if event.modifiers() & (_CTRL | _ALT | _META) else "\t"
    held = event.modifiers() & (_CTRL | _ALT | _META)
    text = event.text()
    return text if text.isprintable() and held in (Qt.KeyboardModifier.NoModifier, _CTRL | _ALT) else ""
