"""A text while it is being written: letters, caret, selection, and what an input method is composing.

No widgets here. Points and rectangles are those before the text's own map (`affine`), which leads to image pixels;
places in the text are UTF-16 units, as Qt counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QTextCursor, QTextDocument

from desktop.core.affine import Affine
from desktop.core.geometry import Point
from desktop.core.layers import Alignment, TextContent
from desktop.tools.text_layers import LONGEST_TEXT
from desktop.ui.text_renderer import laid_out, lines_within

Step = QTextCursor.MoveOperation
_KEEP, _LET_GO = QTextCursor.MoveMode.KeepAnchor, QTextCursor.MoveMode.MoveAnchor
_ANCHORS = {Alignment.CENTER: 0.5, Alignment.RIGHT: 1.0}  # which share of a line stays where it is while one writes
LINE_END_SHARE = 0.25  # of the size: how wide a chosen end of a line is


class TextDraft:
    """Starts with the caret at the end. `content` is what the layer would be made of now."""

    def __init__(self, content: TextContent) -> None:
        self._style = content
        self._source = QTextDocument()
        self._source.setPlainText(content.text)
        self._source.clearUndoRedoStacks()
        self._cursor = QTextCursor(self._source)
        self._cursor.movePosition(Step.End)
        self._composed, self._composed_caret = "", 0
        self._laid: QTextDocument | None = None
        self._walker: QTextCursor | None = None  # knows the column while one goes up and down
        self._anchor = self._anchor_of(content)

    # what it is

    @property
    def content(self) -> TextContent:
        """With what is being composed."""
        style = replace(self._style, text=self._shown_text())
        share = self._anchor_share()
        return replace(style, x=self._anchor - share * self._layout().textWidth()) if share else style

    @property
    def affine(self) -> Affine:
        """From the draft's own points to those of the image."""
        return self._style.affine

    @property
    def text(self) -> str:
        """Without what is being composed."""
        return self._source.toPlainText()

    @property
    def is_composing(self) -> bool:
        return bool(self._composed)

    @property
    def has_selection(self) -> bool:
        return bool(self._cursor.hasSelection())

    @property
    def selected_text(self) -> str:
        return self._cursor.selection().toPlainText()

    @property
    def place(self) -> int:
        """Where the caret is."""
        return int(self._cursor.position())

    @property
    def other_end(self) -> int:
        """Where the selection began; the caret's place when there is none."""
        return int(self._cursor.anchor())

    @property
    def line(self) -> tuple[str, int, int]:
        """The paragraph around the caret, with the caret's place and the selection's other end in it."""
        block = self._cursor.block()
        length = block.length() - 1
        start = block.position()
        return block.text(), self.place - start, min(max(self.other_end - start, 0), length)

    # writing

    def restyle(self, **changes: object) -> None:
        """Other fields of the content; `text` is none of them."""
        share = self._anchor_share()
        before = self.content
        self._style = replace(before, text=self._style.text, **changes)  # type: ignore[arg-type]
        self._forget_layout()
        if "x" in changes or share != self._anchor_share():
            self._anchor = self._anchor_of(self._style)

    def insert(self, text: str) -> bool:
        """In the place of what is selected; False when the text would become too long."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        if len(self.text) - len(self.selected_text) + len(text) > LONGEST_TEXT:
            return False
        if len(text) != 1 or text.isspace():  # a step of its own: Qt joins what was typed as long as nothing is saved
            self._source.setModified(False)
        self._cursor.insertText(text)
        self._forget_layout()
        return True

    def delete(self, step: Step) -> str:
        """The selection, or what lies between the caret and where a step leads; returns what is gone."""
        if not self._cursor.hasSelection():
            self.go(step, selects=True)
        gone = self.selected_text
        self._cursor.removeSelectedText()
        self._forget_layout()
        return gone

    def compose(self, text: str, caret: int) -> None:
        """What an input method shows at the caret and has not handed over yet."""
        if text and self._cursor.hasSelection():
            self._cursor.removeSelectedText()
        self._composed, self._composed_caret = text, caret
        self._forget_layout()

    def replace_near(self, start: int, length: int, text: str) -> bool:
        """What an input method hands over: `length` units from `start` beside the caret give way to it."""
        if length:
            place = min(max(self.place + start, 0), self._last)
            self._cursor.setPosition(place)
            self._cursor.setPosition(min(place + length, self._last), _KEEP)
        return self.insert(text)

    def undo(self) -> None:
        self._source.undo(self._cursor)
        self._forget_layout()

    def redo(self) -> None:
        self._source.redo(self._cursor)
        self._forget_layout()

    # caret and selection

    def go(self, step: Step, *, selects: bool = False) -> None:
        """One step; without `selects` a selection collapses to the side the step leads to."""
        sides = {Step.NextCharacter: self._cursor.selectionEnd(), Step.PreviousCharacter: self._cursor.selectionStart()}
        if self._cursor.hasSelection() and not selects and step in sides:
            self._put(sides[step])
            return
        walker = self._walker
        if walker is None:
            walker = QTextCursor(self._layout())
            walker.setPosition(self.other_end)
            walker.setPosition(self.place, _KEEP)
        is_stuck = not walker.movePosition(step, _KEEP if selects else _LET_GO)
        if is_stuck and step in (Step.Up, Step.Down):
            walker.movePosition(Step.Start if step is Step.Up else Step.End, _KEEP if selects else _LET_GO)
        self._cursor.setPosition(walker.anchor())
        self._cursor.setPosition(walker.position(), _KEEP)
        self._walker = walker

    def select_all(self) -> None:
        self._cursor.select(QTextCursor.SelectionType.Document)
        self._walker = None

    def put_at(self, point: Point, *, selects: bool = False) -> None:
        """The caret nearest to a point; `selects` keeps the selection's other end."""
        self._put(self._place_at(point), selects=selects)

    def select_at(self, point: Point, unit: QTextCursor.SelectionType) -> None:
        """The word, or all of the paragraph, at a point."""
        walker = QTextCursor(self._layout())
        walker.setPosition(self._place_at(point))
        walker.select(unit)
        self._put(walker.anchor())
        self._put(walker.position(), selects=True)

    # where it lies

    def holds(self, point: Point, margin: float) -> bool:
        """Whether a point lies on the text or so near that it is meant."""
        rect = self.box()
        return bool(rect.adjusted(-margin, -margin, margin, margin).contains(point.x, point.y))

    def box(self) -> QRectF:
        """Around all lines; for a text in a box, as wide and as high as that."""
        content, size = self.content, self._layout().size()
        return QRectF(content.x, content.y, max(content.width, size.width(), 1), content.height or size.height())

    def has_hidden_lines(self) -> bool:
        """Whether some lines have no room in the box."""
        return not lines_within(self._layout(), self._style.height)[1]

    def caret(self) -> QRectF:
        """As high as its line, without width."""
        place = self.place + (self._composed_caret if self._composed else 0)
        return self._moved(self._caret_in(self._layout(), place))

    def selection(self) -> list[QRectF]:
        """What is selected, line by line."""
        cursor = self._cursor
        return self._spans(cursor.selectionStart(), cursor.selectionEnd()) if cursor.hasSelection() else []

    def composed(self) -> list[QRectF]:
        """Where the letters lie that an input method is still composing."""
        return self._spans(self.place, self.place + _units(self._composed)) if self._composed else []

    # in detail

    @property
    def _last(self) -> int:
        return int(self._source.characterCount()) - 1

    def _shown_text(self) -> str:
        if not self._composed:
            return self.text
        raw, cut = self.text.encode("utf-16-le", "surrogatepass"), 2 * self.place
        before, after = (part.decode("utf-16-le", "surrogatepass") for part in (raw[:cut], raw[cut:]))
        return before + self._composed + after

    def _layout(self) -> QTextDocument:
        if self._laid is None:
            self._laid = laid_out(replace(self._style, text=self._shown_text()))
            self._laid.size()  # lays out
        return self._laid

    def _forget_layout(self) -> None:
        self._laid = self._walker = None

    def _anchor_share(self) -> float:
        return 0.0 if self._style.width else _ANCHORS.get(self._style.alignment, 0.0)

    def _anchor_of(self, content: TextContent) -> float:
        share = self._anchor_share()
        return content.x + (share * self._layout().textWidth() if share else 0.0)

    def _put(self, place: int, *, selects: bool = False) -> None:
        self._cursor.setPosition(min(max(place, 0), self._last), _KEEP if selects else _LET_GO)
        self._walker = None

    def _place_at(self, point: Point) -> int:
        content = self.content
        where = QPointF(point.x - content.x, point.y - content.y)
        place = int(self._layout().documentLayout().hitTest(where, Qt.HitTestAccuracy.FuzzyHit))
        return max(place, 0)

    def _moved(self, rect: QRectF) -> QRectF:
        content = self.content
        return rect.translated(content.x, content.y)

    def _caret_in(self, layout: QTextDocument, place: int) -> QRectF:
        block = layout.findBlock(place)
        origin = layout.documentLayout().blockBoundingRect(block).topLeft()
        inside = place - block.position()
        line = block.layout().lineForTextPosition(inside)
        if not line.isValid():
            return QRectF(origin.x(), origin.y(), 0, self._style.size_px)
        return QRectF(origin.x() + _x_in(line, inside), origin.y() + line.y(), 0, line.height())

    def _spans(self, start: int, end: int) -> list[QRectF]:
        return [self._moved(rect) for rect in self._spans_in(self._layout(), start, end)]

    def _spans_in(self, layout: QTextDocument, start: int, end: int) -> Iterator[QRectF]:
        block = layout.findBlock(start)
        while block.isValid() and block.position() < end:
            origin = layout.documentLayout().blockBoundingRect(block).topLeft()
            lines = block.layout()
            for number in range(lines.lineCount()):
                line = lines.lineAt(number)
                first = max(start - block.position(), line.textStart())
                line_end = line.textStart() + line.textLength()
                last = min(end - block.position(), line_end)
                goes_on = number == lines.lineCount() - 1 and end - block.position() > line_end
                if first > last or (first == last and not goes_on):
                    continue
                left, right = sorted((_x_in(line, first), _x_in(line, last)))
                right += self._style.size_px * LINE_END_SHARE if goes_on else 0
                yield QRectF(origin.x() + left, origin.y() + line.y(), right - left, line.height())
            block = block.next()


def _x_in(line: object, place: int) -> float:
    found = line.cursorToX(place)  # type: ignore[attr-defined]
    return float(found[0] if isinstance(found, tuple) else found)


def _units(text: str) -> int:
    """How long Qt calls a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
