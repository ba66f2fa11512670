"""Guides of a document: dragging them out of a ruler, moving, removing. Each gesture is one history entry."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from desktop.core.document import Document, Guide
from desktop.core.edits import Edit, OpenDocument
from desktop.core.errors import UserError
from desktop.core.geometry import Point
from desktop.tools.gestures import Gesture, GestureCancelled, PointerEvent
from desktop.tools.names import EditName
from desktop.tools.snapping import Snapping

IsInside = Callable[[Point], bool]  # False where letting go of a guide removes it


def drag_new_guide(
    open_document: OpenDocument, snapping: Snapping, is_inside: IsInside, *, is_vertical: bool
) -> Gesture:
    """Pulls a new guide out of a ruler; back on the ruler there is none."""
    event = yield
    before = open_document.document
    drag = _Drag(before, len(before.guides), Guide(0.0, is_vertical), snapping, is_inside)
    with open_document.edit(EditName.NEW_GUIDE) as edit:
        yield from drag.follow(event, edit)


def drag_guide(open_document: OpenDocument, index: int, snapping: Snapping, is_inside: IsInside) -> Gesture:
    """Moves a guide by as much as the pointer moves; outside the view it is removed."""
    event = yield
    before = open_document.document
    guide = before.guides[index]
    drag = _Drag(before, index, guide, snapping, is_inside, grip=guide.position_px - along(event.point, guide))
    with open_document.edit(EditName.MOVE_GUIDE) as edit:
        yield from drag.follow(event, edit)
        if len(edit.document.guides) < len(before.guides):
            edit.name = EditName.DELETE_GUIDE


def drag_origin(before: Point, snapping: Snapping, show: Callable[[Point], None]) -> Gesture:
    """Moves the zero of the rulers, which is no part of the document."""
    event = yield
    try:
        while event.pressed:
            point = snapping.point(event.point, event.modifiers)
            show(Point(round(point.x, 2), round(point.y, 2)) if point != event.point else _whole(point))
            event = yield
    except GestureCancelled:
        show(before)
        raise
    finally:
        snapping.end()


def add_guide(open_document: OpenDocument, guide: Guide) -> None:
    """UserError when there is one in the same place."""
    before = open_document.document
    if guide in before.guides:
        raise UserError("guide.exists")
    with open_document.edit(EditName.NEW_GUIDE) as edit:
        edit.replace_document(before.changed(guides=(*before.guides, guide)))


def place_guide(open_document: OpenDocument, index: int, guide: Guide) -> None:
    """Puts a guide elsewhere."""
    before = open_document.document
    if before.guides[index] != guide:
        with open_document.edit(EditName.MOVE_GUIDE) as edit:
            edit.replace_document(before.changed(guides=_with_guide(before.guides, index, guide)))


def remove_guide(open_document: OpenDocument, index: int) -> None:
    before = open_document.document
    with open_document.edit(EditName.DELETE_GUIDE) as edit:
        edit.replace_document(before.changed(guides=_with_guide(before.guides, index, None)))


def clear_guides(open_document: OpenDocument) -> None:
    if open_document.document.guides:
        with open_document.edit(EditName.CLEAR_GUIDES) as edit:
            edit.replace_document(open_document.document.changed(guides=()))


def guide_near(guides: Sequence[Guide], point: Point, reach_px: float) -> int | None:
    """The index of the guide nearest to a point, within `reach_px` image pixels."""
    distances = [(abs(along(point, guide) - guide.position_px), -index) for index, guide in enumerate(guides)]
    nearest = min(distances, default=(reach_px + 1, 0))
    return -nearest[1] if nearest[0] <= reach_px else None


def along(point: Point, guide: Guide) -> float:
    """The coordinate of a point that a guide's position is compared with."""
    return point.x if guide.is_vertical else point.y


@dataclass(frozen=True, slots=True)
class _Drag:
    """One guide under the pointer; `grip` is how far from the guide it was taken hold of."""

    before: Document
    index: int
    guide: Guide
    snapping: Snapping
    is_inside: IsInside
    grip: float = 0.0

    def follow(self, event: PointerEvent, edit: Edit) -> Generator[Any, PointerEvent, None]:
        """Guides land on whole pixels, or exactly on what attracts them; one that did not move stays where it was."""
        start, before, has_moved = event.point, self.before, False
        try:
            while event.pressed:
                has_moved = has_moved or event.point != start
                guides = _with_guide(before.guides, self.index, self._placed(event, has_moved))
                edit.replace_document(before if guides == before.guides else before.changed(guides=guides))
                event = yield
        finally:
            self.snapping.end()

    def _placed(self, event: PointerEvent, has_moved: bool) -> Guide | None:
        is_new = self.index == len(self.before.guides)
        if not self.is_inside(event.point):
            self.snapping.end()
            return None
        if not has_moved:
            return None if is_new else self.guide
        wanted = float(round(along(event.point, self.guide) + self.grip))
        position = self.snapping.position(wanted, event.modifiers, is_vertical=self.guide.is_vertical)
        return Guide(position, self.guide.is_vertical)


def _with_guide(guides: tuple[Guide, ...], index: int, guide: Guide | None) -> tuple[Guide, ...]:
    """The guides with one of them, or one past the end, replaced or left out."""
    placed = () if guide is None else (guide,)
    return (*guides[:index], *placed, *guides[index + 1 :])


def _whole(point: Point) -> Point:
    return Point(float(round(point.x)), float(round(point.y)))
