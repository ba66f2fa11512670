"""How the editor is to be opened: what the command line hands to the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OpenOptions:
    """`theme`, `language` None: as in the settings. `screenshot`: open, paint, save a picture of the window, quit.

    `size` is the window's (width, height), `panel` the name of the panel to bring to the front.
    """

    files: tuple[Path, ...] = ()
    screenshot: Path | None = None
    size: tuple[int, int] | None = None
    theme: str | None = None
    language: str | None = None
    panel: str | None = None
    new_instance: bool = False
