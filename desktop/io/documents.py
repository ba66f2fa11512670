"""Files to documents and back: any readable kind becomes a document, any document one flat picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from desktop.core.composite import flatten
from desktop.core.document import Document, Metadata, new_layer_from_pixels
from desktop.core.errors import UserError
from desktop.core.geometry import Size
from desktop.core.layers import AdjustmentLayer, EffectSettings
from desktop.core.tiles import Placer
from desktop.io.formats import FileFormat, ImageFile, MeasuredValues, format_of_bytes
from desktop.io.image_files import read_head, read_image
from desktop.io.mapped_tiles import placing_for
from desktop.io.openraster import load_openraster
from desktop.io.pixel_forms import is_opaque, is_really_gray

DEFAULT_DPI = (72.0, 72.0)
BACKGROUND_NAME = "Background"


def open_document_file(
    path: Path,
    place: Placer | None = None,
    *,
    window: tuple[float, float] | None = None,
    background: str = BACKGROUND_NAME,
) -> Document:
    """The document in a file of any readable kind, told by its content; `place` says where its tiles are kept.

    `background` names the only layer of a flat picture.

    Measured values (DICOM) keep their whole range; the window that is shown, the file's own or the one given (lowest,
    highest value), is a layer of levels above them. Raises UserError only.
    """
    path = Path(path)
    if place is not None:
        place = placing_for(path, place)
    if format_of_bytes(read_head(path)) is FileFormat.OPENRASTER:
        return load_openraster(path, place)
    image = read_image(path, keeps_range=True)
    values = image.values
    if window is not None:
        if values is None:
            raise UserError("file.no_values", path=path)
        values = values.looked_at(window)
    document = document_from_image(image, background, place)
    if values is None or values.window is None:
        return document
    return document.with_layer_inserted(_window_layer(document, values))


def document_from_image(image: ImageFile, name: str = BACKGROUND_NAME, place: Placer | None = None) -> Document:
    """A document of the picture's size and depth with the picture as its only layer."""
    height, width = image.pixels.shape[:2]
    document = Document(
        Size(width, height),
        depth=image.depth,
        resolution_dpi=image.resolution_dpi or DEFAULT_DPI,
        icc_profile=image.icc_profile,
        metadata=Metadata(image.exif, image.xmp),
    )
    return document.with_layer_inserted(new_layer_from_pixels(document, image.pixels, name, place=place))


def _window_layer(document: Document, values: MeasuredValues) -> AdjustmentLayer:
    """Levels that show what lies in the window from black to white; named as radiologists name it."""
    assert values.window is not None
    black, white = (float(np.clip(share, 0, 1)) * 255 for share in values.shares())
    low, high = sorted(values.window)
    settings = EffectSettings("levels", (("all_black", min(black, 254.0)), ("all_white", max(white, 1.0))))
    name = f"Window {high - low:.4g}, level {(low + high) / 2:.4g}"
    return AdjustmentLayer(id=document.next_layer_id(), name=name, settings=settings)


def flat_image(document: Document) -> ImageFile:
    """The visible picture of a document, ready to be written; alpha and colour are told by its pixels."""
    pixels = flatten(document)
    return ImageFile(
        pixels,
        icc_profile=document.icc_profile,
        exif=document.metadata.exif,
        xmp=document.metadata.xmp,
        resolution_dpi=document.resolution_dpi,
        has_alpha=not is_opaque(pixels),
        is_gray=is_really_gray(pixels),
    )
