"""What the editor and the worker process say to each other; all of it small, pixels go by sharing.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop.core.errors import UserError
from desktop.runtime.manifest import Manifest
from desktop.runtime.runner import DeviceChoice, DeviceInfo, ParameterValue, Progress, Why
from desktop.runtime.sharing import SharedPixels


@dataclass(frozen=True)
class Task:
    """To the worker: run this. `folder` holds the files of the manifest."""

    job: int
    folder: Path
    manifest: Manifest
    inputs: Mapping[str, SharedPixels]
    outputs: Mapping[str, SharedPixels]
    parameters: Mapping[str, ParameterValue]
    seed: int
    device: DeviceChoice
    count: int = 1
    truncation: float = 1.0
    why: Why | None = None


@dataclass(frozen=True)
class Cancel:
    job: int


@dataclass(frozen=True)
class AskDevices:
    pass


@dataclass(frozen=True)
class Close:
    pass


@dataclass(frozen=True)
class PixelsOpened:
    """From the worker: the names of the task's pixels are no longer needed."""

    job: int


@dataclass(frozen=True)
class TaskProgress:
    job: int
    progress: Progress


@dataclass(frozen=True)
class TaskFinished:
    job: int
    provider: str
    tiles: int
    seconds: float
    peak_memory_bytes: int
    notes: tuple[UserError, ...]


@dataclass(frozen=True)
class TaskFailed:
    job: int
    error: UserError


@dataclass(frozen=True)
class TaskCancelled:
    job: int


@dataclass(frozen=True)
class DevicesFound:
    devices: tuple[DeviceInfo, ...]


ToWorker = Task | Cancel | AskDevices | Close
FromWorker = PixelsOpened | TaskProgress | TaskFinished | TaskFailed | TaskCancelled | DevicesFound
EndOfTask = TaskFinished | TaskFailed | TaskCancelled
