"""The JSON schema of manifests: `python -m desktop.runtime.manifest_schema > onnx/manifest.schema.json`."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from desktop.runtime.manifest import Manifest


def schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a manifest; rules between tables are only checked by load_manifest."""
    described: dict[str, Any] = _with_clean_descriptions(msgspec.json.schema(Manifest))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of a Scumble model, format 1",
        **described,
    }


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _with_clean_descriptions(node: Any) -> Any:
    """Docstrings without their indentation: msgspec takes it away from 0.22 on, older ones keep it."""
    if isinstance(node, list):
        return [_with_clean_descriptions(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        key: inspect.cleandoc(part)
        if key == "description" and isinstance(part, str)
        else _with_clean_descriptions(part)
        for key, part in node.items()
    }


if __name__ == "__main__":
    print(schema_text(), end="")
