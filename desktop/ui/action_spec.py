"""One row of the table of actions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """`hold` keys act while they are held; `on_canvas` keys work only when the canvas has the focus."""

    id: str
    menu: str
    handler: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    condition: str = "always"
    checked: str = ""  # the condition that shows a tick
    argument: str | int | float | None = None
    separated: bool = False  # a line above it in the menu
    on_canvas: bool = False
    hold: bool = False


def action(id_: str, menu: str, handler: str, *shortcuts: str, **more: object) -> ActionSpec:
    return ActionSpec(id_, menu, handler, shortcuts, **more)  # type: ignore[arg-type]
