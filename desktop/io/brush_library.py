"""All brushes there are: those that came with the program, and the user's own, which can be changed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from desktop.core.brush import BrushSettings
from desktop.core.errors import UserError
from desktop.core.events import Signal
from desktop.io.atomic import write_error
from desktop.io.brush_presets import LONGEST_NAME, TIPS, Preset, read_preset, write_preset
from desktop.io.brush_tips import read_tip

SUFFIX = ".toml"
SMALLEST_IMPORTED_PX = 4.0
LARGEST_IMPORTED_PX = 500.0


class BrushLibrary:
    """`problems` are the files that could not be read; the others are there all the same."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self.changed: Signal[[]] = Signal()
        self.problems: list[UserError] = []
        self._shipped, self._own = shipped, own
        self._presets: list[Preset] | None = None

    def presets(self) -> list[Preset]:
        """The program's in their order, then the user's by name. Read from disk once."""
        if self._presets is None:
            self._presets = self._read()
        return list(self._presets)

    def find(self, preset_id: str) -> Preset | None:
        return next((preset for preset in self.presets() if preset.id == preset_id), None)

    def save(self, name: str, settings: BrushSettings) -> Preset:
        """Keeps a brush under a name; one of the user's with that name gives way."""
        name = _checked(name)
        same = next((p for p in self.presets() if not p.is_shipped and p.name == name), None)
        path = same.path if same is not None else self._free_path(name)
        return self._write(path, name, settings)

    def rename(self, preset: Preset, name: str) -> Preset:
        if preset.is_shipped:
            raise UserError("brush.shipped", name=preset.name)
        return self._write(preset.path, _checked(name), preset.settings)

    def delete(self, preset: Preset) -> None:
        if preset.is_shipped:
            raise UserError("brush.shipped", name=preset.name)
        try:
            preset.path.unlink(missing_ok=True)
            (preset.path.parent / TIPS / f"{preset.path.stem}.png").unlink(missing_ok=True)
        except OSError as error:
            raise write_error(error, preset.path) from error
        self._reload()

    def import_file(self, path: Path) -> Preset:
        """Makes a GIMP brush, a picture or another brush file one of the user's brushes."""
        path = Path(path)
        if path.suffix.lower() == SUFFIX:
            preset = read_preset(path)
            return self._write(self._free_path(preset.name), preset.name, preset.settings)
        tip = read_tip(path)
        name = tip.name[:LONGEST_NAME].strip() or path.stem[:LONGEST_NAME]
        size = min(max(float(tip.side_px), SMALLEST_IMPORTED_PX), LARGEST_IMPORTED_PX)
        settings = replace(BrushSettings(), tip=tip, diameter_px=size, spacing=tip.spacing)
        return self._write(self._free_path(name), name, settings)

    def _write(self, path: Path, name: str, settings: BrushSettings) -> Preset:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_preset(path, name, settings)
        except OSError as error:
            raise write_error(error, path) from error
        self._reload()
        saved = self.find(path.stem)
        assert saved is not None, path
        return saved

    def _reload(self) -> None:
        self._presets = None
        self.changed.emit()

    def _read(self) -> list[Preset]:
        self.problems = []
        result: list[Preset] = []
        for folder, is_shipped in ((self._shipped, True), (self._own, False)):
            found = []
            for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []:
                with self._noting_problems():
                    found.append(read_preset(path, is_shipped=is_shipped))
            result += sorted(found, key=lambda preset: (preset.order, preset.name.casefold()))
        return result

    @contextlib.contextmanager
    def _noting_problems(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            self.problems.append(error)

    def _free_path(self, name: str) -> Path:
        slug = re.sub(r"\W+", "-", name.casefold()).strip("-")[:40] or "brush"
        taken = {preset.id for preset in self.presets()}
        number, stem = 2, slug
        while stem in taken or (self._own / f"{stem}{SUFFIX}").exists():
            stem, number = f"{slug}-{number}", number + 1
        return self._own / f"{stem}{SUFFIX}"


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise UserError("brush.bad_name", limit=LONGEST_NAME)
    return name
