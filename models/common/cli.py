"""The command line every method shares: `--preset`, `--smoke`, `--resume`, and a flag for each field of its Config."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import tyro

ConfigType = TypeVar("ConfigType")


@dataclass(frozen=True)
class Command(Generic[ConfigType]):
    config: ConfigType
    preset: str
    smoke: bool
    resume: bool
    export: Path | None


def read_command_line(
    description: str | None,
    config_type: type[ConfigType],
    presets: Mapping[str, ConfigType],
    smoke_changes: Mapping[str, Any],
    arguments: Sequence[str] | None = None,
) -> Command[ConfigType]:
    """Options first, then every field of the Config with the preset's value as its default."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--preset", choices=list(presets), default=next(iter(presets)))
    options.add_argument("--smoke", action="store_true")
    options.add_argument("--resume", action="store_true")
    options.add_argument("--export", type=Path)
    chosen, rest = options.parse_known_args(arguments)
    default = presets[chosen.preset]
    if chosen.smoke:
        default = dataclasses.replace(default, **smoke_changes)
    config = tyro.cli(config_type, default=default, args=rest, description=f"{options.format_usage()}\n{description}")
    return Command(config, chosen.preset, chosen.smoke, chosen.resume, chosen.export)


def leave(error: Exception) -> NoReturn:
    """End with one sentence on standard error and exit code 2."""
    print(error, file=sys.stderr)
    sys.exit(2)


def plain_values(config: Any) -> dict[str, Any]:
    """The Config as JSON types, for checkpoints and manifests."""
    return {name: _plain(value) for name, value in dataclasses.asdict(config).items()}


def config_from_plain(config_type: type[ConfigType], values: Mapping[str, Any]) -> ConfigType:
    """The Config as it was trained; fields it no longer has are passed by, new ones keep their default."""
    default = config_type()
    known = {field.name for field in dataclasses.fields(config_type)}  # type: ignore[arg-type]
    taken = {name: _like(getattr(default, name), value) for name, value in values.items() if name in known}
    return dataclasses.replace(default, **taken)  # type: ignore[type-var]


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _like(example: Any, value: Any) -> Any:
    if isinstance(example, tuple):
        return tuple(_like(example[0], item) if example else item for item in value)
    return Path(value) if isinstance(example, Path) else value
