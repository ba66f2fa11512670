"""`scumble layer-style`: gives a layer of a picture a stroke, a shadow or a glow; into .ora it stays changeable."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.layer_styles import STYLE_KINDS, LayerStyle, LayerStyles, checked_styles
from desktop.core.layers import GroupLayer, RasterLayer

Run = Callable[[argparse.Namespace], int]


def layer_style_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Give a layer styles. An OUT that ends with .ora keeps them changeable."
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--layer", metavar="NAME", help="the uppermost layer or group called so (the top layer)")
    for name, kind in STYLE_KINDS.items():
        known = ",".join(f"{field.name}={getattr(kind(), field.name)}" for field in fields(kind))
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="K=V,…", nargs="?", const="", help=known)
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands

        return wear(given.source, given.target, given.layer, _styles_of(given), commands.printer(given.json))

    return run


def wear(
    source: Path, target: Path, name: str | None, styles: LayerStyles, tell: Callable[[dict[str, Any], str], None]
) -> int:
    from desktop.commands import check_target
    from desktop.io.documents import flat_image, open_document_file
    from desktop.io.formats import FileFormat
    from desktop.io.image_files import write_image
    from desktop.io.openraster import save_openraster

    target_format = check_target(target)
    document = open_document_file(source)
    layer = _layer_of(document, name)
    worn = document.with_layer_replaced(layer.changed(styles=None if styles.is_empty else styles))
    if target_format is FileFormat.OPENRASTER:
        save_openraster(worn, target)
    else:
        write_image(target, flat_image(worn))
    facts = {"input": str(source), "output": str(target), "layer": layer.name, "styles": list(styles.worn)}
    tell(facts, f"{target}: “{layer.name}” with {', '.join(styles.worn) or 'no styles'}")
    return 0


def _layer_of(document: Document, name: str | None) -> RasterLayer | GroupLayer:
    kinds = RasterLayer if name is None else (RasterLayer, GroupLayer)
    layers = [layer for layer in document.iter_layers() if isinstance(layer, kinds)]
    found = [layer for layer in layers if name is None or layer.name == name]
    if not found:
        known = ", ".join(layer.name for layer in layers)
        raise UserError("text.bad_value", name="--layer", wanted=f"one of {known}", value=name)
    return found[-1]


def _styles_of(given: argparse.Namespace) -> LayerStyles:
    worn: dict[str, Any] = {}
    for name, kind in STYLE_KINDS.items():
        text = getattr(given, name)
        if text is not None:
            worn[name] = _style_of(name, kind(), text)
    return checked_styles(LayerStyles(**worn))


def _style_of(name: str, style: LayerStyle, text: str) -> LayerStyle:
    """ "size_px=4,color=#ffffff" over the defaults."""
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals or key not in {field.name for field in fields(style)}:
            known = ", ".join(f"{field.name}=…" for field in fields(style))
            raise UserError("text.bad_value", name=f"--{name.replace('_', '-')}", wanted=known, value=part)
        style = replace(style, **{key: _value_of(name, key, getattr(style, key), value)})  # type: ignore[arg-type]
    return style


def _value_of(name: str, key: str, default: object, text: str) -> object:
    if isinstance(default, StrEnum):
        known = [one.value for one in type(default)]
        if text not in known:
            raise UserError("text.bad_value", name=f"{name} {key}", wanted=f"one of {', '.join(known)}", value=text)
        return type(default)(text)
    if isinstance(default, float):
        try:
            return float(text)
        except ValueError as error:
            raise UserError("text.bad_value", name=f"{name} {key}", wanted="a number", value=text) from error
    return text
