"""Errors meant for people: a key, the values, and the one place where their sentences stand."""

from __future__ import annotations

MESSAGES: dict[str, str] = {
    # documents
    "document.bad_size": "A picture of {width} × {height} pixels cannot be made; sides must be 1 to {limit} pixels.",
    "document.no_layer": "There is no layer {layer_id} in this document.",
    "document.layer_is_group": "“{name}” is a group; choose a layer inside it to paint on.",
    "document.no_mask": "“{name}” has no mask; add one first.",
    "document.group_into_itself": "“{name}” cannot be moved into itself.",
    # files
    # models
}


class UserError(Exception):
    """An error with one clear sentence for the person at the screen: what happened and what to do.

    ``UserError("file.too_large", path=…, limit=…)``; `key` names the sentence in `MESSAGES`, `values` fill it.
    """

    def __init__(self, key: str, **values: object) -> None:
        assert key in MESSAGES, f"no sentence for {key!r}"
        self.key = key
        self.values = values
        super().__init__(MESSAGES[key].format(**values))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.key, self.values)


def _rebuild(key: str, values: dict[str, object]) -> UserError:
    return UserError(key, **values)
