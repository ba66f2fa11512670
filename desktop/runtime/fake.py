"""A runner for tests that computes nothing: each request follows the next script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.runner import (
    Cancelled,
    DeviceInfo,
    Failed,
    Finished,
    Outcome,
    Pixels,
    Progress,
    Request,
    Result,
    Stage,
)

WHOLE_HEAT = np.ones((4, 4), np.float32)  # why: everything, everywhere alike


def inverted(request: Request) -> Pixels:
    """The default result: colours inverted, alpha kept, so that a test sees at once that something ran."""
    image = request.inputs["image"].copy()
    image[..., :3] = (255 if image.dtype.itemsize == 1 else 65535) - image[..., :3]
    return image


@dataclass(frozen=True)
class Script:
    """How one job goes: `steps` reports of progress with `delay_s` before each, then an error or the image.

    `waits_for_cancel`: after the steps the job hangs until it is cancelled.
    """

    steps: int = 3
    delay_s: float = 0.0
    error: UserError | None = None
    waits_for_cancel: bool = False
    make_image: Callable[[Request], Pixels] = inverted
    notes: tuple[UserError, ...] = ()


class FakeJob:
    def __init__(
        self,
        request: Request,
        script: Script,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[Outcome], None],
    ) -> None:
        self.request = request
        self._script = script
        self._on_progress = on_progress
        self._on_done = on_done
        self._cancelled = threading.Event()
        self._done = threading.Event()
        self._outcome: Outcome | None = None
        self._thread = threading.Thread(target=self._follow_script, name="fake-runner", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self._cancelled.set()

    def wait(self, timeout_s: float | None = None) -> Outcome | None:
        return self._outcome if self._done.wait(timeout_s) else None

    def join(self) -> None:
        self._thread.join()

    def _follow_script(self) -> None:
        outcome = self._run()
        self._on_done(outcome)
        self._outcome = outcome
        self._done.set()

    def _run(self) -> Outcome:
        script = self._script
        for step in range(script.steps):
            if self._cancelled.wait(script.delay_s):
                return Cancelled()
            self._on_progress(Progress(Stage.RUNNING, step + 1, script.steps))
        if script.waits_for_cancel:
            self._cancelled.wait()
        if self._cancelled.is_set():
            return Cancelled()
        if script.error is not None:
            return Failed(script.error)
        return Finished(
            Result(
                image=script.make_image(self.request),
                seconds=script.delay_s * script.steps,
                provider="FakeExecutionProvider",
                tiles=script.steps,
                peak_memory_bytes=0,
                model_sha256=self.request.model_sha256,
                notes=script.notes,
                outputs={} if self.request.why is None else {"why": WHOLE_HEAT, "scores": np.array([1.0, 0.0])},
            )
        )


class FakeRunner:
    """Keeps the Runner protocol. Job number n follows script n; after the last script, that one again.

    `requests` and `jobs` hold what was submitted, in order.
    """

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts or (Script(),)
        self.jobs: list[FakeJob] = []
        self.is_closed = False

    @property
    def requests(self) -> list[Request]:
        return [job.request for job in self.jobs]

    def submit(
        self,
        request: Request,
        *,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[Outcome], None],
    ) -> FakeJob:
        assert not self.is_closed, "submit after close"
        script = self._scripts[min(len(self.jobs), len(self._scripts) - 1)]
        job = FakeJob(request, script, on_progress, on_done)
        self.jobs.append(job)
        job.start()
        return job

    def devices(self) -> list[DeviceInfo]:
        return [
            DeviceInfo("cpu", "Processor", is_available=True),
            DeviceInfo("cuda", "NVIDIA GPU", is_available=False, reason=UserError("device.no_driver")),
        ]

    def drop(self, owner: Hashable) -> None:
        for job in self.jobs:
            if job.request.owner == owner:
                job.cancel()

    def close(self) -> None:
        self.is_closed = True
        for job in self.jobs:
            job.cancel()
        for job in self.jobs:
            job.join()
