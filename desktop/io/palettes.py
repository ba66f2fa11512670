"""Palettes: GIMP's (.gpl: a line "GIMP Palette", then "red green blue name" for each colour) and Adobe's (.ase)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import UserError
from desktop.io.atomic import replacing
from desktop.io.swatch_exchange import MAGIC, BadSwatchesError, bytes_of_swatches, swatches_of

HEADER = "GIMP Palette"
MOST_BYTES = 1 << 20
MOST_COLORS = 4096
GIMP_SUFFIX, ADOBE_SUFFIX = ".gpl", ".ase"


@dataclass(frozen=True, slots=True)
class PaletteColor:
    """Levels 0..255; the name may be empty."""

    levels: tuple[int, int, int]
    name: str = ""

    @property
    def hex(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.levels)


def read_palette(path: Path) -> list[PaletteColor]:
    """The colours of a .gpl or .ase file, by what is in it; UserError when it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError("palette.not_a_palette", name=path.name)
        content = path.read_bytes()
    except OSError as error:
        raise UserError("palette.unreadable", name=path.name, reason=error.strerror or str(error)) from error
    colors = _adobe_colors(content, path) if content.startswith(MAGIC) else _gimp_colors(content, path)
    if not colors or len(colors) > MOST_COLORS:
        raise UserError("palette.not_a_palette", name=path.name)
    return colors


def _adobe_colors(content: bytes, path: Path) -> list[PaletteColor]:
    try:
        return [PaletteColor(levels, name) for levels, name in swatches_of(content)]
    except BadSwatchesError as error:
        raise UserError("palette.not_a_palette", name=path.name) from error


def _gimp_colors(content: bytes, path: Path) -> list[PaletteColor]:
    lines = content.decode("utf-8", "replace").splitlines()
    if not lines or lines[0].lstrip("\ufeff").strip() != HEADER:
        raise UserError("palette.not_a_palette", name=path.name)
    return [color for line in lines[1:] if (color := _color_in(line)) is not None]


def write_palette(path: Path, colors: Sequence[PaletteColor]) -> None:
    """As the name's ending says. UserError when the file cannot be written; an old one then stays as it was."""
    if path.suffix.lower() == ADOBE_SUFFIX:
        with replacing(path) as temporary:
            temporary.write_bytes(bytes_of_swatches([(color.levels, color.name) for color in colors]))
        return
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
