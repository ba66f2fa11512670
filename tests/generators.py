"""Small generators made on the spot, whose pictures can be foretold, and a runner without a process for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.runner import (
    Cancelled,
    DeviceInfo,
    Failed,
    Finished,
    Outcome,
    Progress,
    Request,
    Result,
    Stage,
)
from tests.runtime_parts import FLOAT, INT64, graph_bytes, node, write_model
from tests.runtime_runs import run_request

SIDE = 16
LABELS = ("disc", "ring", "box")
LATENT = '[[inputs]]\nname = "z"\nrole = "latent"\nshape = [3]\n'
RANGE = "mean = [127.5]\nstd = [127.5]\n"
PICTURE = f'[[outputs]]\nname = "picture"\nrole = "image"\nsize = [{SIDE}, {SIDE}]\n{RANGE}'
SPREAD = {"spread": np.zeros((1, 3, SIDE, SIDE), np.float32), "sides": np.array([1, 3, 1, 1])}
TO_COLOR = [node("Reshape", "z sides", "color"), node("Add", "color spread", "colors")]


def color_of(latent: Any) -> tuple[int, ...]:
    """What the generators here make of three numbers."""
    levels = np.clip(np.rint((np.asarray(latent, np.float32)[:3] + 1) * np.float32(127.5)), 0, 255)
    return tuple(int(level) for level in levels)


def plain_generator(folder: Path) -> Path:
    """The three numbers of its latent as one colour."""
    graph = graph_bytes(
        [*TO_COLOR, node("Identity", "colors", "picture")],
        {"z": (FLOAT, ["n", 3])},
        {"picture": (FLOAT, [1, 3, SIDE, SIDE])},
        SPREAD,
    )
    return write_model(folder, "generate", {"main": graph}, LATENT + PICTURE)


def shapes() -> NDArray[np.float32]:
    """(3, 1, SIDE, SIDE) in -1..1: the alpha of a disc, a ring and a box."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    far, edge = np.hypot(x, y), np.maximum(np.abs(x), np.abs(y))
    found = [far < 6, (far < 7) & (far > 3), edge < 5]
    return np.stack(found)[:, None].astype(np.float32) * 2 - 1


def shape_generator(folder: Path) -> Path:
    """A disc, a ring or a box by its label, coloured by its latent, on nothing."""
    graph = graph_bytes(
        [*TO_COLOR, node("Gather", "shapes label", "alpha", axis=0), node("Concat", "colors alpha", "picture", axis=1)],
        {"z": (FLOAT, ["n", 3]), "label": (INT64, ["n"])},
        {"picture": (FLOAT, [1, 4, SIDE, SIDE])},
        {**SPREAD, "shapes": shapes()},
    )
    choices = ", ".join(f'"{label}"' for label in LABELS)
    tables = (
        f'{LATENT}[[inputs]]\nname = "label"\nrole = "label"\nparam = "kind"\n{PICTURE}order = "RGBA"\n'
        f'[[params]]\nid = "kind"\nlabel = "Shape"\ntype = "choice"\nchoices = [{choices}]\ndefault = "disc"\n'
    )
    return write_model(folder, "generate", {"main": graph}, tables)


def color_autoencoder(folder: Path) -> Path:
    """Its encoder finds the mean colour of a picture, its decoder paints it."""
    latent = (FLOAT, ["n", 3])
    encoder = graph_bytes(
        [node("GlobalAveragePool", "image", "mean"), node("Reshape", "mean flat", "z")],
        {"image": (FLOAT, [1, 3, 8, 8])},
        {"z": latent},
        {"flat": np.array([1, 3])},
    )
    decoder = graph_bytes(
        [*TO_COLOR, node("Identity", "colors", "picture")],
        {"z": latent},
        {"picture": (FLOAT, [1, 3, SIDE, SIDE])},
        SPREAD,
    )
    tables = (
        f'[[inputs]]\nname = "image"\npart = "encoder"\nrole = "image"\nsize = [8, 8]\n{RANGE}'
        '[[outputs]]\nname = "z"\npart = "encoder"\nrole = "latent"\nshape = [3]\n'
        + LATENT.replace("role", 'part = "decoder"\nrole')
        + PICTURE.replace("role", 'part = "decoder"\nrole')
    )
    return write_model(folder, "generate", {"encoder": encoder, "decoder": decoder}, tables)


def mixing_generator(folder: Path) -> Path:
    """A mapping part mixes another latent in by "coarse", a synthesis part adds "redder" and noise, and paints it."""
    mapping = graph_bytes(
        [
            node("Sub", "other z", "way"),
            node("Mul", "way coarse", "step"),
            node("Add", "z step", "w"),
        ],
        {"z": (FLOAT, ["n", 3]), "other": (FLOAT, ["n", 3]), "coarse": (FLOAT, ["n"])},
        {"w": (FLOAT, ["n", 3])},
    )
    synthesis = graph_bytes(
        [
            node("Mul", "redder red", "push"),
            node("Add", "w push", "pushed"),
            node("Mul", "noise little", "grain"),
            node("Add", "pushed grain", "color_in"),
            node("Reshape", "color_in sides", "color"),
            node("Add", "color spread", "picture"),
        ],
        {"w": (FLOAT, ["n", 3]), "noise": (FLOAT, ["n", 1]), "redder": (FLOAT, ["n"])},
        {"picture": (FLOAT, [1, 3, SIDE, SIDE])},
        {**SPREAD, "red": np.array([1, 0, 0], np.float32), "little": np.array([0.1], np.float32)},
    )
    tables = "".join(
        f'[[inputs]]\nname = "{name}"\npart = "{part}"\nrole = "{role}"\n{more}\n'
        for name, part, role, more in (
            ("z", "mapping", "latent", "shape = [3]"),
            ("other", "mapping", "latent", "shape = [3]"),
            ("coarse", "mapping", "scalar", 'param = "coarse"\nrange = [0.0, 1.0]'),
            ("w", "synthesis", "latent", "shape = [3]"),
            ("noise", "synthesis", "noise", "shape = [1]"),
            ("redder", "synthesis", "scalar", 'param = "redder"\nrange = [-1.0, 1.0]'),
        )
    )
    tables += '[[outputs]]\nname = "w"\npart = "mapping"\nrole = "latent"\nshape = [3]\n'
    tables += PICTURE.replace("role", 'part = "synthesis"\nrole')
    tables += "".join(
        f'[[params]]\nid = "{name}"\nlabel = "{name.capitalize()}"\ntype = "float"\n'
        f"min = {low}\nmax = 1.0\ndefault = 0.0\n"
        for name, low in (("redder", -1.0), ("coarse", 0.0))
    )
    return write_model(folder, "generate", {"mapping": mapping, "synthesis": synthesis}, tables)


class HereJob:
    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.future: Future[Outcome] | None = None

    def cancel(self) -> None:
        self.cancelled.set()

    def wait(self, timeout_s: float | None = None) -> Outcome | None:
        assert self.future is not None
        try:
            return self.future.result(timeout_s)
        except TimeoutError:
            return None


class HereRunner:
    """Keeps the Runner protocol; computes in a thread of this process, as the worker does in its own.

    `gate` holds every job back while it is cleared; `requests` are those that were submitted, in order.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(1)
        self.requests: list[Request] = []
        self.gate = threading.Event()
        self.gate.set()

    def submit(
        self, request: Request, *, on_progress: Callable[[Progress], None], on_done: Callable[[Outcome], None]
    ) -> HereJob:
        job = HereJob()
        self.requests.append(request)
        job.future = self._pool.submit(self._run, job, request, on_progress, on_done)
        return job

    def devices(self) -> list[DeviceInfo]:
        return [DeviceInfo("cpu", "Processor", is_available=True)]

    def drop(self, owner: Hashable) -> None:
        pass

    def close(self) -> None:
        self.gate.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(
        self,
        job: HereJob,
        request: Request,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[Outcome], None],
    ) -> Outcome:
        self.gate.wait()
        on_progress(Progress(Stage.RUNNING))
        outcome: Outcome = Cancelled() if job.cancelled.is_set() else self._outcome(request)
        on_done(outcome)
        return outcome

    def _outcome(self, request: Request) -> Outcome:
        try:
            outputs, done, _ = run_request(
                self._folder / request.model_id,
                request.inputs,
                request.parameters,
                seed=request.seed,
                count=request.count,
                truncation=request.truncation,
            )
        except UserError as error:
            return Failed(error)
        image = outputs["images"][0] if "images" in outputs else outputs["image"]
        return Finished(Result(image, 0.0, "Here", done.tiles, 0, request.model_sha256, done.notes, outputs))
