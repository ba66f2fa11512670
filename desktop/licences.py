"""What Scumble is built on, with the licences: of the installed packages, or from the list a build brought along."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from desktop.runtime.catalog import Model

PROGRAM = "scumble"
LIST_FILE = "licences.json"
MARKED_OPTIONAL = re.compile(r"extra\s*==")
LEGAL_NAME = re.compile(r"(licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
LONGEST_TEXT = 400_000  # characters; some wheels bring the licences of hundreds of parts in one file


class Component(msgspec.Struct, frozen=True):
    """One library: its licence in a word or two, and the texts its makers ask to be shown."""

    name: str
    version: str
    licence: str
    text: str


def components(data_folder: Path) -> list[Component]:
    """Of a frozen program from the list in `data_folder`; otherwise of what is installed now. Sorted by name."""
    kept = data_folder / LIST_FILE
    if kept.is_file():
        return msgspec.json.decode(kept.read_bytes(), type=list[Component])
    return installed_components()


def installed_components(also: Iterable[str] = ()) -> list[Component]:
    """All distributions that the program needs, and what they need; `also` names others that are packed with it."""
    found = {name: _component(name) for name in sorted({*_needed(PROGRAM), *also})}
    return [component for component in found.values() if component is not None]


def model_components(models: Iterable[Model]) -> list[Component]:
    """The networks that came along or were imported, with what they were trained on."""
    return [
        Component(
            model.manifest.title,
            model.manifest.version,
            model.manifest.licence,
            "\n".join(
                [model.manifest.description, "", *(f"{s.name}: {s.licence}" for s in model.manifest.made_by.data)]
            ),
        )
        for model in models
    ]


def as_json(parts: list[Component]) -> bytes:
    return json.dumps([msgspec.to_builtins(part) for part in parts], indent=1, ensure_ascii=False).encode()


def as_text(parts: list[Component]) -> str:
    """One file to read: a table of contents, then every text."""
    lines = [f"{part.name} {part.version}: {part.licence}" for part in parts]
    texts = [f"{'=' * 78}\n{part.name} {part.version}: {part.licence}\n{'=' * 78}\n\n{part.text}" for part in parts]
    return "\n".join(lines) + "\n\n" + "\n\n".join(texts) + "\n"


def _needed(root: str) -> set[str]:
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        for name in _requirements(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def _requirements(name: str) -> Iterator[str]:
    """Names of what a distribution needs here; extras are not counted."""
    try:
        stated = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for line in stated:
        if not MARKED_OPTIONAL.search(line):
            yield re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-")


def _component(name: str) -> Component | None:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None  # for another platform or Python
    stated = found.metadata
    licence = stated.get("License-Expression") or _from_classifiers(stated.get_all("Classifier") or [])
    licence = licence or (stated.get("License") or "see its text").strip().splitlines()[0][:80]
    return Component(stated["Name"], found.version, licence, _texts(found))


def _from_classifiers(classifiers: list[str]) -> str:
    licences = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    return ", ".join(licence for licence in licences if licence != "OSI Approved")


def _texts(found: metadata.Distribution) -> str:
    texts = []
    for file in found.files or []:
        if LEGAL_NAME.search(file.name) and file.suffix.lower() not in (".py", ".pyc", ".html", ".h"):
            path = Path(str(file.locate()))
            if path.is_file():
                texts.append(path.read_text(encoding="utf-8", errors="replace").strip())
    return "\n\n".join(dict.fromkeys(texts))[:LONGEST_TEXT]
