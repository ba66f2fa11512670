"""How one task is tried: on the device asked for, with smaller tiles when memory is short, on the CPU at last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import onnxruntime

from desktop.core.errors import UserError
from desktop.runtime.adapters.base import AdapterJob, check_tensors
from desktop.runtime.adapters.picture_run import tile_rules
from desktop.runtime.adapters.table import adapter_for
from desktop.runtime.device import Devices, thread_count
from desktop.runtime.embeddings import EmbeddingCache
from desktop.runtime.explaining import explain
from desktop.runtime.labels import as_label_map, label_input
from desktop.runtime.manifest import HALF, Manifest
from desktop.runtime.manifest import Task as Kind
from desktop.runtime.memory import lift_memory_limit, limit_own_memory
from desktop.runtime.messages import Task
from desktop.runtime.runner import Array, DeviceChoice, Progress, Stage
from desktop.runtime.session import DeviceFailed, OutOfMemory, Session, SessionCache, SessionKey, Stopped
from desktop.runtime.tiling import smaller_rules

SMALLER_SIDES = (2048, 1024, 512)  # what a picture that cannot be cut is shrunk to when memory is short


@dataclass(frozen=True)
class Attempt:
    """`tile_limit` None: the tile that the manifest asks for, or the whole picture."""

    device: DeviceChoice
    tile_limit: int | None


@dataclass(frozen=True)
class Done:
    provider: str
    tiles: int
    seconds: float
    notes: tuple[UserError, ...]


def attempts_for(manifest: Manifest, device: DeviceChoice, longest_side: int = 0) -> Iterator[Attempt]:
    """Every way to run the model, best first; a finite list, so nothing is tried for ever."""
    for place in dict.fromkeys((device, "cpu")):
        yield Attempt(place, None)
        for limit in smaller_limits(manifest, longest_side):
            yield Attempt(place, limit)


def smaller_limits(manifest: Manifest, longest_side: int) -> list[int]:
    """Sides of ever smaller tiles; for a model that sees the picture whole, of ever smaller pictures."""
    if manifest.task is Kind.GENERATE:
        return []
    rules = tile_rules(manifest, None) if manifest.task is not Kind.ENCODE_DECODE else None
    if rules is None:
        is_free = not isinstance(_picture_size(manifest), tuple)
        return [side for side in SMALLER_SIDES if side < longest_side and is_free]
    limits = []
    while (rules := smaller_rules(rules)) is not None:
        limits.append(rules.tile)
    return limits


@dataclass(frozen=True)
class Kept:
    """What a worker keeps from task to task. `limits_memory` only where the process is the networks' own."""

    devices: Devices = field(default_factory=Devices)
    sessions: SessionCache = field(default_factory=SessionCache)
    embeddings: EmbeddingCache = field(default_factory=EmbeddingCache)
    limits_memory: bool = False
    memory_bytes: int | None = None
    share: int = 1

    def guard_memory(self, device: DeviceChoice) -> None:
        """Before a run: too much memory is an error of the run, not the end of the process."""
        if self.limits_memory and device == "cpu":
            limit_own_memory(self.memory_bytes, self.share)
        elif self.limits_memory:
            lift_memory_limit()


class TaskRun:
    """One task in the worker, from choosing the device to filled pixels. `stop` may come from another thread."""

    def __init__(self, task: Task, keeps: Kept, tell: Callable[[Progress], None]) -> None:
        self._task = task
        self._keeps = keeps
        self._devices = keeps.devices
        self._sessions = keeps.sessions
        self._embeddings = keeps.embeddings
        self._tell = tell
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4

    def stop(self) -> None:
        self._options.terminate = True

    def run(self, inputs: Mapping[str, Array], results: Mapping[str, Array]) -> Done:
        """Stopped when it was cancelled; UserError when no attempt worked."""
        task = self._task
        device, reason = self._devices.choose(task.device)
        said: tuple[UserError, ...] = (UserError("note.cpu_instead", reason=reason),) if reason else ()
        inputs, more = _with_labels(inputs, task.manifest)
        said += more
        failed: set[DeviceChoice] = set()
        longest_side = max(inputs["image"].shape[:2]) if "image" in inputs else 0
        for attempt in attempts_for(task.manifest, device, longest_side):
            if attempt.device in failed:
                continue
            try:
                self._keeps.guard_memory(attempt.device)
                return self._try(
                    attempt, inputs, results, said + _notes_for(attempt, device, task.manifest, device in failed)
                )
            except (OutOfMemory, MemoryError):
                self._sessions.drop_device(attempt.device)
            except DeviceFailed as failure:
                if task.device != "auto":
                    raise UserError("device.unavailable", device=attempt.device, reason=failure.reason) from failure
                failed.add(attempt.device)
                said = (UserError("note.cpu_instead", reason=failure.reason), *more)
        raise UserError("model.out_of_memory", model_id=task.manifest.id)

    def _try(
        self, attempt: Attempt, inputs: Mapping[str, Array], results: Mapping[str, Array], notes: tuple[UserError, ...]
    ) -> Done:
        task = self._task
        parts = _Parts(self, attempt.device)
        job = AdapterJob(
            manifest=task.manifest,
            inputs=inputs,
            parameters=task.parameters,
            seed=task.seed,
            count=task.count,
            truncation=task.truncation,
            results=results,
            tile_limit=attempt.tile_limit,
            session=parts.get,
            run=parts.run,
            report=lambda done, total: self._tell(Progress(Stage.RUNNING, done, total)),
            embeddings=self._embeddings,
        )
        started = time.perf_counter()
        adapter = adapter_for(task.manifest.task)
        tiles = adapter.run(job) if task.why is None else explain(job, adapter, task.why)
        return Done(parts.provider, tiles, time.perf_counter() - started, notes)

    def load(self, part: str, device: DeviceChoice) -> Session:
        """The session of a part, its half-precision form on a GPU where the model has one."""
        self._tell(Progress(Stage.LOADING))
        self._raise_if_stopped()
        manifest = self._task.manifest
        is_half = device != "cpu" and part + HALF in manifest.files
        file = part + HALF if is_half else part
        key = SessionKey(
            manifest.sha256[file], device, max(thread_count() // self._keeps.share, 1), "fp16" if is_half else "fp32"
        )
        session = self._sessions.get(self._task.folder / manifest.files[file], key, manifest.id)
        check_tensors(manifest, part, session)
        return session

    def compute(self, session: Session, names: list[str], feeds: Mapping[str, Array]) -> list[Array]:
        self._raise_if_stopped()
        return session.run(names, feeds, self._options)

    def _raise_if_stopped(self) -> None:
        if self._options.terminate:
            raise Stopped


def _picture_size(manifest: Manifest) -> object:
    return next(spec.size for spec in manifest.inputs if spec.role == "image")


class _Parts:
    """The sessions of one attempt, loaded when they are first needed."""

    def __init__(self, run: TaskRun, device: DeviceChoice) -> None:
        self._run = run
        self._device = device
        self._sessions: dict[str, Session] = {}

    @property
    def provider(self) -> str:
        return next((session.provider for session in self._sessions.values()), "none")

    def get(self, part: str) -> Session:
        if part not in self._sessions:
            self._sessions[part] = self._run.load(part, self._device)
        return self._sessions[part]

    def run(self, part: str, names: list[str], feeds: Mapping[str, Array]) -> list[Array]:
        return self._run.compute(self.get(part), names, feeds)


def _with_labels(inputs: Mapping[str, Array], manifest: Manifest) -> tuple[Mapping[str, Array], tuple[UserError, ...]]:
    """The inputs with a label map's colours brought to its classes, and a note when that changed any."""
    spec = label_input(manifest)
    if spec is None or "image" not in inputs:
        return inputs, ()
    labels, off = as_label_map(inputs["image"], spec.palette)
    notes = (UserError("note.off_palette", share=f"{max(1, round(100 * off))}"),) if off else ()
    return {**inputs, "image": labels}, notes


def _notes_for(
    attempt: Attempt, first_device: DeviceChoice, manifest: Manifest, has_failed: bool
) -> tuple[UserError, ...]:
    """What the person must know about an attempt that is not the first."""
    notes: tuple[UserError, ...] = ()
    if attempt.device != first_device and not has_failed:
        notes += (UserError("note.no_gpu_memory"),)
    if attempt.tile_limit is not None:
        key = "note.smaller_picture" if manifest.tile is None else "note.smaller_tiles"
        notes += (UserError(key, tile=attempt.tile_limit),)
    return notes
