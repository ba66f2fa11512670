"""Units of length in which people give places in a picture."""

from __future__ import annotations

from enum import StrEnum

from desktop.core.document import Document

USUAL_DPI = 72.0  # where a file says nothing, or nonsense
MM_PER_INCH = 25.4
SANE_DPI = (1.0, 100_000.0)


class Unit(StrEnum):
    PIXEL = "px"
    MILLIMETRE = "mm"
    CENTIMETRE = "cm"
    INCH = "in"
    PERCENT = "percent"


SYMBOLS = {Unit.PIXEL: "px", Unit.MILLIMETRE: "mm", Unit.CENTIMETRE: "cm", Unit.INCH: "in", Unit.PERCENT: "%"}
DECIMALS = {Unit.PIXEL: 1, Unit.MILLIMETRE: 2, Unit.CENTIMETRE: 3, Unit.INCH: 3, Unit.PERCENT: 2}


def pixels_per_unit(document: Document, unit: Unit, *, is_across: bool) -> float:
    """Image pixels in one unit, across (along x) or down."""
    if unit is Unit.PIXEL:
        return 1.0
    if unit is Unit.PERCENT:
        return (document.size.width if is_across else document.size.height) / 100
    dpi = document.resolution_dpi[0 if is_across else 1]
    if not SANE_DPI[0] <= dpi <= SANE_DPI[1]:
        dpi = USUAL_DPI
    return {Unit.INCH: dpi, Unit.CENTIMETRE: dpi * 10 / MM_PER_INCH, Unit.MILLIMETRE: dpi / MM_PER_INCH}[unit]
