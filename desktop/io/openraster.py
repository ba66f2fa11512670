"""OpenRaster files (.ora): layers as other programs read them, with an extension for what the format cannot say.

https://www.openraster.org/baseline/layer-stack-spec.html. Masks are baked into the PNG of their layer, groups that
OpenRaster cannot express are flattened, clipping is svg:src-atop; the true layers travel beside that under scumble/.
"""

from __future__ import annotations

from pathlib import Path

from desktop.core.document import Document
from desktop.core.tiles import Placer

__all__ = ["load_openraster", "save_openraster"]


def save_openraster(document: Document, path: Path, *, previous: Path | None = None) -> None:
    """Writes the document, aside and moved into place. Raises UserError only.

    PNGs whose pixels have not changed are copied from `previous` (default: the file that is replaced) if it was
    written here.
    """
    from desktop.io.ora_writer import write_openraster  # brings the compositor along

    write_openraster(document, Path(path), Path(previous or path))


def load_openraster(path: Path, place: Placer | None = None) -> Document:
    """The document in a file; equal to the one saved if no other program has changed it. Raises UserError only.

    `place` says where the tiles are kept.
    """
    from desktop.io.ora_reader import read_openraster

    return read_openraster(Path(path), place)
