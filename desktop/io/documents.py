"""Files to documents and back: any readable kind becomes a document, any document one flat picture."""

from __future__ import annotations

from pathlib import Path

from desktop.core.composite import flatten
from desktop.core.document import Document, Metadata, new_layer_from_pixels
from desktop.core.geometry import Size
from desktop.core.tiles import Placer
from desktop.io.formats import FileFormat, ImageFile, format_of_bytes
from desktop.io.image_files import read_head, read_image
from desktop.io.openraster import load_openraster
from desktop.io.pixel_forms import is_opaque, is_really_gray

DEFAULT_DPI = (72.0, 72.0)
BACKGROUND_NAME = "Background"


def open_document_file(path: Path, place: Placer | None = None) -> Document:
    """The document in a file of any readable kind, told by its content; `place` says where its tiles are kept.

    Raises UserError only.
    """
    path = Path(path)
    if format_of_bytes(read_head(path)) is FileFormat.OPENRASTER:
        return load_openraster(path, place)
    return document_from_image(read_image(path), place=place)


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
