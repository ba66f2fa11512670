"""Gestures as generators: press, ``while event.pressed: event = yield``, release. No Qt here.

A gesture opens its edit in a `with` block; `RunningGesture.cancel` raises inside it, so the block rolls back. One with
work for more than a frame yields True and is sent its last event again.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any, TypeAlias

from desktop.core.geometry import Point


class Modifier(Flag):
    NONE = 0
    SHIFT = auto()
    CTRL = auto()
    ALT = auto()


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """One report of mouse or pen, in image pixels. `pressed` is False for the release.

    Reports of one frame come one after the other; all but the last say `more_follow`, and need not be shown yet.
    """

    point: Point
    pressure: float = 1.0
    pressed: bool = True
    modifiers: Modifier = Modifier.NONE
    time_ms: int = 0
    tilt: tuple[float, float] = (0.0, 0.0)  # degrees to the right and towards the hand
    rotation: float = 0.0  # of the barrel, degrees
    more_follow: bool = False


Gesture: TypeAlias = Generator[Any, PointerEvent, None]  # yields nothing, or True for more time


class GestureCancelled(Exception):
    """Raised inside a gesture that the user broke off."""


class RunningGesture:
    """Feeds events to a gesture until it ends. Errors of the gesture come out of `send`."""

    def __init__(self, gesture: Gesture) -> None:
        self._gesture = gesture
        self.is_running = True
        self.has_more = False  # it yielded True: send the last event again in the next frame
        next(gesture)

    def send(self, event: PointerEvent) -> None:
        try:
            self.has_more = bool(self._gesture.send(event))
        except StopIteration:
            self.is_running = self.has_more = False
        except BaseException:
            self.is_running = False
            raise

    def cancel(self) -> None:
        """Breaks the gesture off; its edit leaves no trace."""
        if not self.is_running:
            return
        self.is_running = False
        with suppress(GestureCancelled, StopIteration):
            self._gesture.throw(GestureCancelled())
