"""The command line every method shares: `--preset`, `--smoke`, `--resume`, and a flag for each field of its Config."""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import tyro

ConfigType = TypeVar("ConfigType")

COUNTED = (  # fields of a Config that say how many, and nothing can be made of none
    *("steps", "batch", "devices", "nodes", "threads", "latent", "width", "discriminator_width", "label_size"),
    *("validate_every", "checkpoint_every", "r1_every", "penalty_every", "critic_steps"),
)


class SenseError(Exception):
    """A finished sentence for the person at the terminal."""


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
    try:
        check_sense(config, default)
    except SenseError as error:
        leave(error)
    return Command(config, chosen.preset, chosen.smoke, chosen.resume, chosen.export)


def check_sense(config: Any, default: Any) -> None:
    """SenseError for a number that no training can use; what the preset itself has is taken to be meant."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        flag = "--" + field.name.replace("_", "-")
        if isinstance(value, bool) or value == getattr(default, field.name):
            continue
        if isinstance(value, float) and not math.isfinite(value):
            raise SenseError(f"{flag} must be a finite number, not {value}.")
        if field.name in COUNTED and value < 1:
            raise SenseError(f"{flag} must be 1 or more, not {value}.")
        if field.name == "seed" and value < 0:
            raise SenseError(f"{flag} must be 0 or more, not {value}.")
        if field.name in ("ema", "label_smoothing") and not 0 <= value <= 1:
            raise SenseError(f"{flag} must be between 0 and 1, not {value}.")
        if field.name.endswith("_rate") and value < 0:
            raise SenseError(f"{flag} must be 0 or more, not {value}.")


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
