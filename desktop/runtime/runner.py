"""What a model run is, seen from outside: request, progress, outcome, and the protocol every runner keeps.

The real runner (a worker process) is in jobs.py, the scriptable one for tests in fake.py. No onnxruntime here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError

DeviceChoice = Literal["auto", "cpu", "cuda", "coreml", "directml"]
WhyMethod = Literal["occlusion", "shapley"]
ParameterValue = float | int | bool | str
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Array = NDArray[Any]

DEVICE_CHOICES: tuple[DeviceChoice, ...] = ("auto", "cpu", "cuda", "coreml", "directml")
TILE_SIDES = (64, 8192)  # what may be asked for
POLL_S = 0.2  # on Windows Ctrl+C is only seen between waits


class Stage(StrEnum):
    """What a job is doing, in the order in which it happens."""

    WAITING = "waiting"
    STARTING = "starting"
    LOADING = "loading"
    RUNNING = "running"


@dataclass(frozen=True)
class Why:
    """Instead of the answer: which regions of the picture decided it (see `explaining`).

    `parts`: places across the longer side that are covered in turn, or segments that are shared credit. `rounds`:
    orders in which Shapley's value is sampled. Both are limited by `explaining.check_why`.
    """

    method: WhyMethod = "occlusion"
    parts: int = 14
    rounds: int = 6
    seed: int = 0


@dataclass(frozen=True)
class Request:
    """One complete, repeatable run: nothing else influences the pixels that come back.

    `inputs` by role: "image", "image2", "style", "hints" are (H, W, 3|4) uint8 or uint16, straight alpha; "mask" is
    (H, W) of the same types; "points" is (N, 3) float32 of x, y in the picture and a label (1 inside, 0 outside, 2 and
    3 two corners of a box, -1 no place); "latent" is (count, …) float32; a latent or noise may also be given by its
    tensor's name.
    `parameters` may leave out any: the manifest's default is used. Arrays are read until the run has started; do not
    write to them meanwhile. A generator makes `count` pictures, the first from `seed`, the next from `seed` + 1, and
    draws its latents towards their mean by `truncation`. `owner` is whose job this is: see `Runner.drop`. `tile_side`
    (pixels with the halo) takes the place of the manifest's where the network may be cut. `why`: no answer is wanted
    but what decided it; then "region" (H, W) may say which part of the answer is meant.
    """

    model_id: str
    model_sha256: str
    inputs: Mapping[str, Array]
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    seed: int = 0
    device: DeviceChoice = "auto"
    count: int = 1
    truncation: float = 1.0
    owner: Hashable = None
    tile_side: int | None = None
    why: Why | None = None


@dataclass(frozen=True)
class Result:
    """The pixels and how they came about. `image` has the channels and depth of the request's image.

    `outputs` holds what else the task makes: "mask" (H, W) uint8 and "classes" (H, W) uint16 at the picture's size,
    "images" (count, H, W, 3|4) of a generator (`image` is the first of them), "latent" (count, …) float32; of a
    question why, "why" (h, w) and "scores" (2,), see `explaining`. Tasks that make no picture leave `image` empty.
    `notes` are sentences for people: every fall back is said there.
    """

    image: Pixels
    seconds: float
    provider: str
    tiles: int
    peak_memory_bytes: int
    model_sha256: str
    notes: tuple[UserError, ...] = ()
    outputs: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """`done` of `total` tiles; while the worker starts or the model loads, 0 of 1."""

    stage: Stage
    done: int = 0
    total: int = 1

    @property
    def fraction(self) -> float:
        return self.done / self.total


@dataclass(frozen=True)
class Finished:
    result: Result


@dataclass(frozen=True)
class Failed:
    error: UserError


@dataclass(frozen=True)
class Cancelled:
    pass


Outcome = Finished | Failed | Cancelled


@dataclass(frozen=True)
class DeviceInfo:
    """`id` is what a request asks for; `reason` says why a device cannot be used, None when it can.

    `name` is for the command line and for names of products; `threads` is 0 where it says nothing.
    """

    id: DeviceChoice
    name: str
    is_available: bool
    reason: UserError | None = None
    threads: int = 0


class Job(Protocol):
    """A submitted request. `cancel` returns at once and may be called at any time, also after the end."""

    def cancel(self) -> None: ...

    def wait(self, timeout_s: float | None = None) -> Outcome | None:
        """The outcome, after `on_done` has returned; None when `timeout_s` passed first."""


class Runner(Protocol):
    """Runs requests one after the other. Callbacks come on a thread of the runner, `on_done` exactly once."""

    def submit(
        self,
        request: Request,
        *,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[Outcome], None],
    ) -> Job: ...

    def devices(self) -> list[DeviceInfo]:
        """What can compute here. May take a second the first time: do not call it on the UI thread."""

    def drop(self, owner: Hashable) -> None:
        """Cancel all jobs of this owner, running and waiting: what they were for, a document, is gone."""

    def close(self) -> None:
        """Cancel everything and give all memory back. The runner is not used afterwards."""


def run_and_wait(runner: Runner, request: Request, on_progress: Callable[[Progress], None] | None = None) -> Outcome:
    """Run one request to its end; Ctrl+C cancels it cleanly and is then raised again."""
    job = runner.submit(request, on_progress=on_progress or _ignore, on_done=_ignore)
    del request  # the pixels may be large, and the runner lets them go once they are with the worker
    try:
        while (outcome := job.wait(POLL_S)) is None:
            pass
    except KeyboardInterrupt:
        job.cancel()
        job.wait()
        raise
    return outcome


def _ignore(_: object) -> None:
    pass
