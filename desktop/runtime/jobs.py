"""The runner of the editor: one thread that feeds one worker process, job after job.

The thread owns the process. Everything it waits for (messages, the death of the worker, a new job, a cancel) arrives
in one wait, so a crash is seen at once and nothing is polled.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from desktop.core.errors import UserError
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.messages import (
    AskDevices,
    Cancel,
    DevicesFound,
    EndOfTask,
    FromWorker,
    PixelsOpened,
    Task,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskProgress,
)
from desktop.runtime.preparing import prepared
from desktop.runtime.process import Alarm, WorkerDied, WorkerProcess
from desktop.runtime.runner import (
    Array,
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
from desktop.runtime.sharing import PixelShare, forget, open_for_writing, remove_leftovers

logger = logging.getLogger(__name__)

Value = TypeVar("Value")
NO_PICTURE = np.zeros((0, 0, 4), np.uint8)


@dataclass(frozen=True)
class RunnerLimits:
    """`idle_s`: a worker without work is closed and gives its memory back; starting one again takes under a second.
    `grace_s`: a cancelled run that has not stopped by then is killed: cancel answers within half a second.
    `silence_s`: a run that reports nothing for so long is stopped, in the same way; one tile of a slow network on a
    slow machine takes less. `memory_bytes`: what the networks may take; by default most of what is available,
    divided as the processor is among `share` workers that run at once.
    """

    idle_s: float = 60.0
    grace_s: float = 0.4
    silence_s: float = 900.0
    memory_bytes: int | None = None
    share: int = 1


class WorkerJob:
    """A submitted request on its way through the worker."""

    def __init__(
        self,
        request: Request,
        *,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[Outcome], None],
        alarm: Alarm,
    ) -> None:
        self.request: Request | None = request
        self.owner = request.owner
        self.cancelled_at: float | None = None
        self.has_begun = False
        self._on_progress = on_progress
        self._on_done = on_done
        self._alarm = alarm
        self._ended = threading.Event()
        self._outcome: Outcome | None = None

    def cancel(self) -> None:
        if self.cancelled_at is None and not self._ended.is_set():
            self.cancelled_at = time.monotonic()
            self._alarm.ring()

    def wait(self, timeout_s: float | None = None) -> Outcome | None:
        return self._outcome if self._ended.wait(timeout_s) else None

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    def report(self, progress: Progress) -> None:
        _call_safely(self._on_progress, progress)

    def end(self, outcome: Outcome) -> None:
        self.request = None
        self._outcome = outcome
        _call_safely(self._on_done, outcome)
        self._ended.set()


class WorkerRunner:
    """Keeps the Runner protocol with a worker process, which starts with the first job and ends when idle."""

    def __init__(self, catalog: Catalog, limits: RunnerLimits | None = None, share: PixelShare | None = None) -> None:
        self._catalog = catalog
        self._limits = limits or RunnerLimits()
        self._share = share or PixelShare()
        self._alarm = Alarm()
        self._lock = threading.Lock()
        self._waiting: deque[WorkerJob] = deque()
        self._current: WorkerJob | None = None
        self._devices: list[DeviceInfo] | None = None
        self._devices_found = threading.Event()
        self._wants_devices = False
        self._is_closing = False
        self._numbers = itertools.count(1)
        self._worker: WorkerProcess | None = None
        self._thread: threading.Thread | None = None

    def submit(
        self,
        request: Request,
        *,
        on_progress: Callable[[Progress], None],
        on_done: Callable[[Outcome], None],
    ) -> WorkerJob:
        job = WorkerJob(request, on_progress=on_progress, on_done=on_done, alarm=self._alarm)
        with self._lock:
            assert not self._is_closing, "submit after close"
            self._waiting.append(job)
        self._wake()
        return job

    def devices(self) -> list[DeviceInfo]:
        """UserError when the worker cannot be started. Waits for the jobs before it."""
        assert not self._is_closing, "devices after close"
        if self._devices is None:
            self._devices_found.clear()
            self._wants_devices = True
            self._wake()
            self._devices_found.wait()
        if self._devices is None:
            raise UserError("worker.no_start", reason="it ended before it could say which devices there are.")
        return self._devices

    def drop(self, owner: Hashable) -> None:
        for job in self._unfinished():
            if job.owner == owner:
                job.cancel()

    def close(self) -> None:
        with self._lock:
            self._is_closing = True
        for job in self._unfinished():
            job.cancel()
        self._alarm.ring()
        if self._thread is not None:
            self._thread.join()
        self._alarm.close()

    @property
    def worker_pid(self) -> int | None:
        """The process id of the worker, None while none runs; for tests and for showing its memory."""
        worker = self._worker
        return worker.pid if worker else None

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="model-runner", daemon=True)
                self._thread.start()
        self._alarm.ring()

    def _serve(self) -> None:
        remove_leftovers()
        while True:
            job = self._next_job()
            if job is not None:
                self._finish(job, self._outcome_of(job))
            elif self._wants_devices:
                self._ask_devices()
            elif self._is_closing:
                break
            else:
                self._idle()
        try:
            self._stop_worker()
        finally:
            self._devices_found.set()  # nobody may wait for a runner that has ended

    def _unfinished(self) -> list[WorkerJob]:
        with self._lock:
            return [*self._waiting, *([self._current] if self._current else [])]

    def _next_job(self) -> WorkerJob | None:
        with self._lock:
            self._current = self._waiting.popleft() if self._waiting else None
            return self._current

    def _finish(self, job: WorkerJob, outcome: Outcome) -> None:
        with self._lock:
            self._current = None
        job.end(outcome)

    def _idle(self) -> None:
        """Sleep until there is something to do; a worker that is idle too long, or dies, is let go."""
        if self._worker is None:
            self._alarm.wait(None)
            return
        deadline = time.monotonic() + self._limits.idle_s
        try:
            self._worker.receive(self._alarm, deadline)
        except WorkerDied:
            self._stop_worker()
        else:
            if time.monotonic() >= deadline:
                self._stop_worker()

    def _outcome_of(self, job: WorkerJob) -> Outcome:
        try:
            return self._run(job)
        except UserError as error:
            return Cancelled() if job.is_cancelled else Failed(error)
        except WorkerDied as death:
            self._stop_worker()
            return Cancelled() if job.is_cancelled else Failed(UserError("worker.crashed", reason=death.reason))
        except Exception as error:
            logger.exception("The model runner failed")
            return Failed(UserError("worker.crashed", reason=f"{type(error).__name__}: {error}"))

    def _run(self, job: WorkerJob) -> Outcome:
        if job.is_cancelled:
            return Cancelled()
        started = time.perf_counter()
        assert job.request is not None
        model, task = prepared(self._catalog, self._share, job.request, next(self._numbers))
        job.request = None  # its pixels are where the worker sees them
        try:
            results = {name: open_for_writing(shared) for name, shared in task.outputs.items()}
            end = self._sent_and_followed(job, task)
        finally:
            _forget_pixels(task)
        if isinstance(end, TaskCancelled):
            return Cancelled()
        if isinstance(end, TaskFailed):
            return Failed(end.error)
        return Finished(result_of(end, results, model, time.perf_counter() - started))

    def _started_worker(self, job: WorkerJob) -> WorkerProcess:
        if self._worker is not None and not self._worker.is_alive:
            self._stop_worker()
        if self._worker is None:
            job.report(Progress(Stage.STARTING))
            self._worker = WorkerProcess(self._limits.memory_bytes, self._limits.share)
        return self._worker

    def _sent_and_followed(self, job: WorkerJob, task: Task) -> EndOfTask:
        """A worker that turns out dead before it has looked at the task says nothing about the task: try a new one."""
        for is_second in (False, True):
            worker = self._started_worker(job)
            try:
                worker.send(task)
                return self._follow(job, worker, task)
            except WorkerDied:
                if job.has_begun or is_second:
                    raise
                self._stop_worker()
        raise AssertionError("unreachable")

    def _follow(self, job: WorkerJob, worker: WorkerProcess, task: Task) -> EndOfTask:
        """Pass progress on until the task ends. WorkerDied when it died; one that does not stop when told is killed."""
        told_at: float | None = None
        heard_at = time.monotonic()
        while True:
            self._drop_cancelled()
            is_silent = time.monotonic() - heard_at >= self._limits.silence_s
            if told_at is None and (job.is_cancelled or is_silent):
                worker.send(Cancel(task.job))
                told_at = job.cancelled_at or time.monotonic()
            deadline = heard_at + self._limits.silence_s if told_at is None else told_at + self._limits.grace_s
            message = worker.receive(self._alarm, deadline)
            heard_at = heard_at if message is None or told_at is not None else time.monotonic()
            if isinstance(message, TaskProgress) and message.job == task.job:
                job.report(message.progress)
            elif isinstance(message, PixelsOpened):
                job.has_begun = True
                _forget_pixels(task)
            elif isinstance(message, EndOfTask) and message.job == task.job:
                return self._end_of(job, task, message)
            elif message is None and told_at is not None and time.monotonic() >= deadline:
                self._kill_worker()
                return self._end_of(job, task, TaskCancelled(task.job))

    def _end_of(self, job: WorkerJob, task: Task, end: EndOfTask) -> EndOfTask:
        """A run that was stopped without anybody cancelling it has been silent too long."""
        if not isinstance(end, TaskCancelled) or job.is_cancelled:
            return end
        seconds = f"{self._limits.silence_s:g}"
        return TaskFailed(task.job, UserError("worker.silent", model_id=task.manifest.id, seconds=seconds))

    def _drop_cancelled(self) -> None:
        """Jobs that were cancelled while they waited need not wait for the one that runs."""
        with self._lock:
            dropped = [job for job in self._waiting if job.is_cancelled]
            self._waiting = deque(job for job in self._waiting if not job.is_cancelled)
        for job in dropped:
            job.end(Cancelled())

    def _ask_devices(self) -> None:
        self._wants_devices = False
        try:
            self._devices = self._found_devices()
        except (UserError, WorkerDied):
            self._stop_worker()
        self._devices_found.set()

    def _found_devices(self) -> list[DeviceInfo]:
        if self._worker is None:
            self._worker = WorkerProcess(self._limits.memory_bytes, self._limits.share)
        self._worker.send(AskDevices())
        while not self._is_closing:
            message = self._worker.receive(self._alarm, None)
            if isinstance(message, DevicesFound):
                return list(message.devices)
        raise WorkerDied("the editor was closed")

    def _stop_worker(self) -> None:
        if self._worker is not None:
            self._worker.close(self._limits.grace_s)
            self._worker = None

    def _kill_worker(self) -> None:
        assert self._worker is not None
        self._worker.kill()
        self._worker = None


def result_of(end: FromWorker, arrays: dict[str, Array], model: Model, seconds: float) -> Result:
    assert isinstance(end, TaskFinished)
    image = arrays.pop("image", NO_PICTURE)
    return Result(
        image=arrays["images"][0] if "images" in arrays else image,
        seconds=seconds,
        provider=end.provider,
        tiles=end.tiles,
        peak_memory_bytes=end.peak_memory_bytes,
        model_sha256=model.sha256,
        notes=end.notes,
        outputs=arrays,
    )


def _forget_pixels(task: Task) -> None:
    for pixels in (*task.inputs.values(), *task.outputs.values()):
        forget(pixels)


def _call_safely(callback: Callable[[Value], None], value: Value) -> None:
    """A defect in somebody's callback must not end the thread that all later jobs need."""
    try:
        callback(value)
    except Exception:
        logger.exception("A callback of a model job failed")
