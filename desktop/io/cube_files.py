"""Reads .cube tables of colours."""

from __future__ import annotations

from pathlib import Path

from desktop.core.cube_lut import LARGEST_BYTES, parse_cube
from desktop.core.errors import UserError


def read_cube_file(path: Path) -> bytes:
    """The content of a .cube file that is whole. UserError says what is wrong."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UserError("effect.lut_too_large", limit=LARGEST_BYTES >> 20)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError("file.missing", path=path) from error
    except OSError as error:
        raise UserError("file.cannot_read", path=path, reason=error.strerror or str(error)) from error
    parse_cube(content)
    return content
