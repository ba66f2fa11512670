"""How the next text will look; remembered from one start to the next."""

from __future__ import annotations

from dataclasses import dataclass, fields

from desktop.core.layers import Alignment, TextContent


@dataclass(frozen=True, slots=True)
class TextOptions:
    """`size_px` 0 goes by the height of the picture. The colour is the one in hand."""

    family: str = ""
    size_px: int = 0
    weight: int = 400
    italic: bool = False
    leading: float = 1.0
    tracking: float = 0.0
    alignment: Alignment = Alignment.LEFT

    @staticmethod
    def of(content: TextContent) -> TextOptions:
        return TextOptions(**{field.name: getattr(content, field.name) for field in fields(TextOptions)})
