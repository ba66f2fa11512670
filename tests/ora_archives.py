"""OpenRaster archives as other programs write them, and changes to ours."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.layers import AiRecipe
from desktop.io.documents import open_document_file
from desktop.io.openraster import save_openraster

RECIPE = AiRecipe("no-such-model", "ab" * 32, (("image", 1),), (("strength", 40.0),), 7)


def png(pixels: Any) -> bytes:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()


def archive_with(path: Path, stack: str | bytes, files: dict[str, bytes] | None = None, **options: Any) -> Path:
    """An OpenRaster file as another program might write it."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        archive.writestr("mimetype", b"image/openraster", zipfile.ZIP_STORED)
        archive.writestr("stack.xml", stack)
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return path


def changed(path: Path, changes: dict[str, bytes | None]) -> Path:
    """The archive with files replaced or removed, as another program that keeps the rest would leave it."""
    with zipfile.ZipFile(path) as source:
        contents = {info.filename: source.read(info) for info in source.infolist()}
    contents |= {name: content for name, content in changes.items() if content is not None}
    with zipfile.ZipFile(path, "w") as target:
        for name, content in contents.items():
            if changes.get(name, b"") is not None:
                target.writestr(name, content)
    return path


def stack_of(path: Path) -> ElementTree.Element:
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read("stack.xml"))


def saved(document: Document, path: Path) -> Path:
    save_openraster(document, path)
    return path


def failure(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        open_document_file(path)
    assert str(path) in str(caught.value)
    return caught.value


def foreign(body: str, *, width: int = 20, height: int = 10) -> str:
    return f"<?xml version='1.0'?><image version='0.0.3' w='{width}' h='{height}'><stack>{body}</stack></image>"
