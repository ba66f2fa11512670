"""Search the numbers of any method's Config with Optuna: what gives the best validation score in so many steps.

    python -m models.sweep models.denoise --trials 20 --steps 600 --vary learning_rate ema known_level_share

A method takes part by having `Config`, `PRESETS`, `SMOKE` and `train(config) -> file of the best checkpoint`. Ranges
come from the defaults of the Config: a number is tried from a quarter to four times its default. Trials that are done
are kept in RUN/trials.db, so that the same command goes on where it stopped.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
import typing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import optuna
import tyro

from models.common.checkpoints import CheckpointError, read_checkpoint
from models.common.data import DataError

SPREAD = 4.0  # a default is seldom wrong by more than this
NEVER_VARIED = {"seed", "devices", "nodes", "threads"}  # where and how often, not what is learned
WATCHING = ("every", "steps")  # endings and names of fields that say how long or how often: given, not searched


class SweepError(Exception):
    """A finished sentence for the person at the terminal."""


@dataclass(frozen=True)
class Range:
    """Where Optuna looks for one field; `is_distance_to_one`: 1 - value is searched, as for an average's decay."""

    low: float
    high: float
    is_whole: bool = False
    is_distance_to_one: bool = False
    choices: tuple[Any, ...] = ()


def main(
    method: str,
    /,
    trials: int = 10,
    vary: tuple[str, ...] = (),
    preset: str = "cpu",
    steps: int | None = None,
    run: Path = Path("runs/sweep"),
    seed: int = 0,
    smoke: bool = False,
) -> None:
    """Search the numbers of a method's Config.

    Args:
        method: module of the method, for instance models.denoise.
        trials: how many settings to train, those of earlier runs of the same sweep included.
        vary: fields to search; default: every number that says how to learn.
        preset: the Config that everything else is taken from.
        steps: train each trial so long; default: as the preset does.
        run: folder for trials.db and each trial's checkpoints.
        seed: of Optuna's sampler.
        smoke: seconds, on generated data.
    """
    try:
        config = _base_config(importlib.import_module(method), preset, steps=steps, smoke=smoke)
        study = sweep(method, config, trials=trials, vary=vary, run=run, seed=seed)
    except ModuleNotFoundError as error:
        sys.exit(f"There is no method {method}: {error}.")
    except (SweepError, DataError, CheckpointError) as error:
        sys.exit(str(error))
    for trial in sorted(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]), key=lambda t: -t.value):
        print(f"{trial.value:8.3f}  " + "  ".join(f"{name}={value:g}" for name, value in trial.user_attrs.items()))


def sweep(
    method: str, config: Any, *, trials: int, vary: tuple[str, ...] = (), run: Path, seed: int = 0
) -> optuna.Study:
    """Train until the study has TRIALS results; higher scores are better."""
    module = importlib.import_module(method)
    ranges = {name: range_of(config, name) for name in vary or searchable_fields(config)}
    run.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=method,
        storage=f"sqlite:///{run / 'trials.db'}",
        direction="maximize",
        load_if_exists=True,
    )

    done = len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))
    study.sampler = optuna.samplers.TPESampler(seed=seed + done)  # the first seed would repeat trials

    def score(trial: optuna.Trial) -> float:
        values = {name: _suggest(trial, name, searched) for name, searched in ranges.items()}
        for name, value in values.items():
            trial.set_user_attr(name, value)
        checkpoint = module.train(dataclasses.replace(config, **values, run=run / f"trial-{trial.number}"))
        return float(read_checkpoint(checkpoint)["best"]["score"])

    study.optimize(score, n_trials=max(0, trials - done))
    return study


def searchable_fields(config: Any) -> tuple[str, ...]:
    """Numbers above zero and choices of the Config that say how to learn."""
    names = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        is_number = isinstance(value, float) and value > 0
        if is_number and field.name not in NEVER_VARIED and not field.name.endswith(WATCHING):
            names.append(field.name)
    return tuple(names)


def range_of(config: Any, name: str) -> Range:
    """Where to look for a field, from its type and default; SweepError when it is no number and no choice."""
    if name not in {field.name for field in dataclasses.fields(config)}:
        raise SweepError(f"The Config has no field {name}.")
    hint, default = typing.get_type_hints(type(config))[name], getattr(config, name)
    if typing.get_origin(hint) is Literal:
        return Range(0, 0, choices=typing.get_args(hint))
    if isinstance(default, bool):
        return Range(0, 0, choices=(False, True))
    if not isinstance(default, (int, float)) or default <= 0:
        raise SweepError(f"The field {name} cannot be searched: its default is {default!r}, not a number above 0.")
    if isinstance(default, int):
        return Range(max(1, default / SPREAD), default * SPREAD, is_whole=True)
    if 0.9 < default < 1:
        return Range((1 - default) / SPREAD, min(0.5, (1 - default) * SPREAD), is_distance_to_one=True)
    return Range(default / SPREAD, min(1.0, default * SPREAD) if default < 1 else default * SPREAD)


def _suggest(trial: optuna.Trial, name: str, searched: Range) -> Any:
    if searched.choices:
        return trial.suggest_categorical(name, searched.choices)
    if searched.is_whole:
        return trial.suggest_int(name, int(searched.low), int(searched.high), log=True)
    value = trial.suggest_float(name, searched.low, searched.high, log=True)
    return 1 - value if searched.is_distance_to_one else value


def _base_config(module: ModuleType, preset: str, *, steps: int | None, smoke: bool) -> Any:
    if preset not in module.PRESETS:
        raise SweepError(f"There is no preset {preset}; there is {', '.join(module.PRESETS)}.")
    config = dataclasses.replace(module.PRESETS[preset], **(module.SMOKE if smoke else {}))
    return config if steps is None else dataclasses.replace(config, steps=steps)


if __name__ == "__main__":
    tyro.cli(main)
