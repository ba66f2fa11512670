"""Palettes in GIMP's format: a line "GIMP Palette", then "red green blue name" for each colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import UserError
from desktop.io.atomic import replacing

HEADER = "GIMP Palette"
MOST_BYTES = 1 << 20
MOST_COLORS = 4096


@dataclass(frozen=True, slots=True)
class PaletteColor:
    """Levels 0..255; the name may be empty."""

    levels: tuple[int, int, int]
    name: str = ""

    @property
    def hex(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.levels)


def read_palette(path: Path) -> list[PaletteColor]:
    """The colours of a .gpl file; UserError when it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError("palette.not_a_palette", name=path.name)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UserError("palette.unreadable", name=path.name, reason=error.strerror or str(error)) from error
    if not lines or lines[0].lstrip("\ufeff").strip() != HEADER:
        raise UserError("palette.not_a_palette", name=path.name)
    colors = [color for line in lines[1:] if (color := _color_in(line)) is not None]
    if not colors or len(colors) > MOST_COLORS:
        raise UserError("palette.not_a_palette", name=path.name)
    return colors


def write_palette(path: Path, colors: Sequence[PaletteColor]) -> None:
    """UserError when the file cannot be written; an old one then stays as it was."""
    lines = [HEADER, f"Name: {path.stem}", "Columns: 10", "#"]
    lines += [" ".join(f"{level:3d}" for level in color.levels) + f"\t{color.name or 'Untitled'}" for color in colors]
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _color_in(line: str) -> PaletteColor | None:
    """A line's colour; None for comments, headers and what is damaged."""
    parts = line.split(None, 3)
    if len(parts) < 3 or not all(part.isascii() and part.isdigit() for part in parts[:3]):
        return None
    red, green, blue = (int(part) for part in parts[:3])
    if max(red, green, blue) > 255:
        return None
    return PaletteColor((red, green, blue), parts[3].strip() if len(parts) > 3 else "")
