"""Checkpoints: everything needed to go on exactly, written aside and moved, read without running anything in them."""

from __future__ import annotations

import math
import os
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed
from lightning.fabric import Fabric

LATEST, BEST = "latest.pt", "best.pt"


@dataclass
class Best:
    """The best score so far and the step that had it; goes into the checkpoint like a net."""

    score: float = -math.inf
    step: int = 0

    def improved_by(self, score: float, *, step: int) -> bool:
        if score <= self.score:
            return False
        self.score, self.step = score, step
        return True

    def state_dict(self) -> dict[str, float]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.score, self.step = state["score"], int(state["step"])


class Clock:
    """Minutes of training so far, over all resumptions; goes into the checkpoint like a net."""

    def __init__(self) -> None:
        self._before, self._started = 0.0, time.monotonic()

    @property
    def minutes(self) -> float:
        return self._before + (time.monotonic() - self._started) / 60

    def is_over(self, minutes: float) -> bool:
        """Whether the run has had its time; 0 is all the time in the world."""
        return minutes > 0 and self.minutes >= minutes

    def start(self) -> None:
        self._started = time.monotonic()

    def state_dict(self) -> dict[str, float]:
        return {"minutes": self.minutes}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self._before = state["minutes"]


class CheckpointError(Exception):
    """A finished sentence for the person at the terminal."""


def save_checkpoint(fabric: Fabric, path: Path, parts: dict[str, Any], *, step: int) -> None:
    """Write the state of PARTS (whatever has state_dict, or plain values), the step and the random generators.

    Every process must call it; process 0 writes. A reader sees the old file or the new one, never half of one.
    """
    content = {name: part.state_dict() if hasattr(part, "state_dict") else part for name, part in parts.items()}
    content |= {"step": step, "random": _gathered(_random_states())}
    if fabric.is_global_zero:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with aside.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    fabric.barrier()


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content as saved, tensors on the CPU; CheckpointError when the file is missing or damaged."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint {path} to go on from.") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged or from another program.") from error
    except Exception as error:  # unpickling reports damage by many types, all of them its own
        if type(error).__module__.partition(".")[0] in {"pickle", "_pickle"}:
            raise CheckpointError(f"The checkpoint {path} is damaged or from another program.") from error
        raise


def load_checkpoint(fabric: Fabric, path: Path, parts: dict[str, Any]) -> int:
    """Put every part and the random number generators back as they were and return the step to go on with."""
    content = read_checkpoint(path)
    for name, part in parts.items():
        if hasattr(part, "load_state_dict"):
            part.load_state_dict(content[name])
    if fabric.global_rank < len(content["random"]):
        _restore_random_states(content["random"][fabric.global_rank])
    return int(content["step"])


def _random_states() -> dict[str, Any]:
    kind, keys, *position = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all(),
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), *position),
    }


def _restore_random_states(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["torch"])
    if len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    random.setstate(states["python"])
    kind, keys, *position = states["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *position))


def _gathered(value: Any) -> list[Any]:
    if not torch.distributed.is_initialized():
        return [value]
    values = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values
