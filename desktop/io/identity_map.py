"""Numbers of objects that are known by what they are, not by what they equal; forgotten when the object is gone."""

from __future__ import annotations

import weakref
from typing import Any


class IdentityMap:
    """May be asked from one thread while objects die in another."""

    def __init__(self) -> None:
        self._numbers: dict[int, tuple[weakref.ref[Any], int]] = {}

    def get(self, thing: Any) -> int | None:
        known = self._numbers.get(id(thing))
        return known[1] if known is not None and known[0]() is thing else None

    def set(self, thing: Any, number: int) -> None:
        place = id(thing)

        def forget(reference: weakref.ref[Any]) -> None:
            known = self._numbers.get(place)
            if known is not None and known[0] is reference:
                self._numbers.pop(place, None)

        self._numbers[place] = (weakref.ref(thing, forget), number)

    def keep_only(self, numbers: Any) -> None:
        """Forgets every object whose number is not among these."""
        for place, (_, number) in self._numbers.copy().items():
            if number not in numbers:
                self._numbers.pop(place, None)

    def clear(self) -> None:
        self._numbers.clear()
