"""The process that owns the networks: it may crash, hang or run out of memory without harm to the editor.

Two threads: this one computes, the other listens, so that a cancel arrives in the middle of a run and the end of the
editor ends the worker at once. Only jobs.py starts it; nothing of Qt may be imported here.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import psutil

from desktop.core.errors import UserError
from desktop.runtime.messages import (
    AskDevices,
    Cancel,
    Close,
    DevicesFound,
    FromWorker,
    PixelsOpened,
    Task,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskProgress,
)

if TYPE_CHECKING:
    from desktop.runtime.attempts import TaskRun
    from desktop.runtime.runner import Array, Progress, Stage

PROGRESS_EVERY_S = 0.05  # a bar that moves more often looks no smoother
NICENESS = 5  # the editor's own work comes first; measured: no loss on an idle machine


def worker_main(connection: Connection, memory_bytes: int | None = None, share: int = 1) -> None:
    """Serve tasks until told to close or until the editor is gone. `memory_bytes`: what networks may take;
    `share`: how many workers run at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the editor's to handle; it cancels us
    _keep_standard_output_clean()
    _lower_priority()
    _Worker(connection, memory_bytes, share).serve()


class _Worker:
    def __init__(self, connection: Connection, memory_bytes: int | None, share: int) -> None:
        from desktop.runtime.attempts import Kept  # here: onnxruntime loads in this process only

        self._connection = connection
        self._kept = Kept(limits_memory=True, memory_bytes=memory_bytes, share=share)
        self._work: queue.SimpleQueue[Task | AskDevices | Close] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._running: dict[int, TaskRun] = {}
        self._lock = threading.Lock()
        self._pixels: list[Array] = []

    def serve(self) -> None:
        threading.Thread(target=self._listen, name="worker-listener", daemon=True).start()
        while not isinstance(message := self._work.get(), Close):
            if isinstance(message, Task):
                self._send(self._answer(message))
                self._pixels.clear()  # only now: unmapping a large picture takes 16 ms, which nobody need wait for
                _give_memory_back()
            else:
                self._send(DevicesFound(tuple(self._kept.devices.infos())))

    def _listen(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                os._exit(0)  # the editor is gone, and a run in progress would keep us alive
            if isinstance(message, Cancel):
                self._cancel(message.job)
            else:
                self._work.put(message)

    def _cancel(self, job: int) -> None:
        with self._lock:
            self._cancelled.add(job)
            if job in self._running:
                self._running[job].stop()

    def _send(self, message: FromWorker) -> None:
        try:
            self._connection.send(message)
        except OSError:
            os._exit(0)

    def _answer(self, task: Task) -> FromWorker:
        """The end of a task, whatever happens in it; a defect of ours must not look like a crash of the model."""
        from desktop.runtime.device import first_line
        from desktop.runtime.session import Stopped

        try:
            return self._run(task)
        except Stopped:
            return TaskCancelled(task.job)
        except UserError as error:
            return TaskFailed(task.job, error)
        except Exception as error:  # noqa: BLE001 - the border of the process
            reason = f"{type(error).__name__}: {first_line(error)}"
            return TaskFailed(task.job, UserError("model.run_failed", model_id=task.manifest.id, reason=reason))

    def _run(self, task: Task) -> FromWorker:
        from desktop.runtime.attempts import TaskRun
        from desktop.runtime.sharing import open_for_reading, open_for_writing

        run = TaskRun(task, self._kept, self._teller(task.job))
        inputs = {role: open_for_reading(shared) for role, shared in task.inputs.items()}
        results = {name: open_for_writing(shared) for name, shared in task.outputs.items()}
        self._pixels = [*inputs.values(), *results.values()]
        self._send(PixelsOpened(task.job))
        _reset_peak_memory()
        self._register(task.job, run)
        try:
            done = run.run(inputs, results)
        finally:
            with self._lock:
                del self._running[task.job]
        return TaskFinished(task.job, done.provider, done.tiles, done.seconds, _peak_memory_bytes(), done.notes)

    def _teller(self, job: int) -> Callable[[Progress], None]:
        """Sends how far the job is; of quick tiles not every one, because each message costs both processes time."""
        told_at = -PROGRESS_EVERY_S
        stage: Stage | None = None

        def tell(progress: Progress) -> None:
            nonlocal told_at, stage
            now = time.monotonic()
            if now - told_at >= PROGRESS_EVERY_S or progress.stage is not stage or progress.done == progress.total:
                told_at, stage = now, progress.stage
                self._send(TaskProgress(job, progress))

        return tell

    def _register(self, job: int, run: TaskRun) -> None:
        with self._lock:
            self._running[job] = run
            if job in self._cancelled:
                run.stop()


def _keep_standard_output_clean() -> None:
    """What libraries print goes to standard error: `--json` on the command line owns standard output."""
    try:
        os.dup2(2, 1)
    except OSError:  # a program without a console has neither
        return
    sys.stdout = sys.stderr


def _lower_priority() -> None:
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)


def _give_memory_back() -> None:
    """Freed tiles stay in glibc's heap, 130 MB after a large picture; other systems return them by themselves."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _reset_peak_memory() -> None:
    """Start counting the peak anew for each task, where the system can (Linux)."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return


def _peak_memory_bytes() -> int:
    """The largest resident size of this process, pixels included; since its start where the peak cannot be reset."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            peak = next(line for line in file if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    except (OSError, StopIteration):
        memory = psutil.Process().memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
