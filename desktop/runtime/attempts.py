"""How one task is tried: on the device asked for, with smaller tiles when memory is short, on the CPU at last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import AdapterJob
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.adapters.tiled_image import tile_rules
from desktop.runtime.device import Devices, thread_count
from desktop.runtime.manifest import Manifest
from desktop.runtime.messages import Task
from desktop.runtime.runner import DeviceChoice, Pixels, Progress, Stage
from desktop.runtime.session import OutOfMemory, Session, SessionCache, SessionKey, Stopped
from desktop.runtime.tiling import smaller_rules


@dataclass(frozen=True)
class Attempt:
    """`tile_limit` None: the tile that the manifest asks for."""

    device: DeviceChoice
    tile_limit: int | None


@dataclass(frozen=True)
class Done:
    provider: str
    tiles: int
    seconds: float
    notes: tuple[str, ...]


def attempts_for(manifest: Manifest, device: DeviceChoice) -> Iterator[Attempt]:
    """Every way to run the model, best first; a finite list, so nothing is tried for ever."""
    for place in dict.fromkeys((device, "cpu")):
        yield Attempt(place, None)
        rules = tile_rules(manifest, None)
        while rules is not None and (rules := smaller_rules(rules)) is not None:
            yield Attempt(place, rules.tile)


class TaskRun:
    """One task in the worker, from choosing the device to filled pixels. `stop` may come from another thread."""

    def __init__(self, task: Task, devices: Devices, sessions: SessionCache, tell: Callable[[Progress], None]) -> None:
        self._task = task
        self._devices = devices
        self._sessions = sessions
        self._tell = tell
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4

    def stop(self) -> None:
        self._options.terminate = True

    def run(self, inputs: Mapping[str, Pixels], result: Pixels) -> Done:
        """Stopped when it was cancelled; UserError when no attempt worked."""
        task = self._task
        device, reason = self._devices.choose(task.device)
        said = (_note("note.cpu_instead", reason=reason),) if reason else ()
        for attempt in attempts_for(task.manifest, device):
            try:
                return self._try(attempt, inputs, result, said + _notes_for(attempt, device))
            except OutOfMemory:
                self._sessions.drop_device(attempt.device)
        raise UserError("model.out_of_memory", model_id=task.manifest.id)

    def _try(self, attempt: Attempt, inputs: Mapping[str, Pixels], result: Pixels, notes: tuple[str, ...]) -> Done:
        task = self._task
        session = self._session(attempt.device)
        job = AdapterJob(
            manifest=task.manifest,
            session=session,
            inputs=inputs,
            parameters=task.parameters,
            seed=task.seed,
            result=result,
            tile_limit=attempt.tile_limit,
            run=lambda names, feeds: self._run_tile(session, names, feeds),
            report=lambda done, total: self._tell(Progress(Stage.RUNNING, done, total)),
        )
        started = time.perf_counter()
        tiles = adapter_for(task.manifest.task).run(job)
        return Done(session.provider, tiles, time.perf_counter() - started, notes)

    def _session(self, device: DeviceChoice) -> Session:
        self._tell(Progress(Stage.LOADING))
        self._raise_if_stopped()
        manifest = self._task.manifest
        key = SessionKey(manifest.sha256["main"], device, thread_count())
        return self._sessions.get(self._task.folder / manifest.files["main"], key, manifest.id)

    def _run_tile(self, session: Session, names: list[str], feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self._raise_if_stopped()
        return session.run(names, feeds, self._options)

    def _raise_if_stopped(self) -> None:
        if self._options.terminate:
            raise Stopped


def _notes_for(attempt: Attempt, first_device: DeviceChoice) -> tuple[str, ...]:
    """What the person must know about an attempt that is not the first."""
    notes: tuple[str, ...] = ()
    if attempt.device != first_device:
        notes += (_note("note.no_gpu_memory"),)
    if attempt.tile_limit is not None:
        notes += (_note("note.smaller_tiles", tile=attempt.tile_limit),)
    return notes


def _note(key: str, **values: object) -> str:
    return str(UserError(key, **values))
