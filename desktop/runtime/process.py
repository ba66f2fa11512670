"""The worker process seen from the editor: started, spoken to, heard, and surely ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait

from desktop.core.errors import UserError
from desktop.runtime.messages import Close, FromWorker, ToWorker
from desktop.runtime.worker import worker_main

# spawn, never fork: a fork of a program with threads, Qt and CUDA is not usable
_CONTEXT = multiprocessing.get_context("spawn")

# How glibc gives the worker its memory; other systems take no notice. For every tile a network asks for some hundred
# blocks of megabytes: by default each is mapped, cleared page by page, and unmapped again. Huge pages, and a heap that
# is kept until the task is over, save a tenth to a fifth of the time and some of the memory. With still larger blocks
# on the heap it is a third, but gaps between them then take three times the memory.
MEMORY_TUNABLES = {
    "glibc.malloc.hugetlb": "1",
    "glibc.malloc.mmap_threshold": str(16 << 20),
    "glibc.malloc.trim_threshold": str(1 << 30),
}


class WorkerDied(Exception):
    """The process is gone; `reason` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Alarm:
    """Wakes a thread that waits for a process, from any other thread."""

    def __init__(self) -> None:
        self.reader, self._writer = _CONTEXT.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._is_ringing = False

    def ring(self) -> None:
        with self._lock:
            if not self._is_ringing and not self._writer.closed:
                self._is_ringing = True
                self._writer.send_bytes(b"!")

    def wait(self, timeout_s: float | None) -> None:
        if wait([self.reader], timeout_s):
            self.quieten()

    def quieten(self) -> None:
        with self._lock:
            if self._is_ringing:
                self.reader.recv_bytes()
                self._is_ringing = False

    def close(self) -> None:
        with self._lock:
            self._writer.close()
            self.reader.close()


class WorkerProcess:
    """One running worker. Used by one thread only."""

    def __init__(self, memory_bytes: int | None = None, share: int = 1) -> None:
        ours, theirs = _CONTEXT.Pipe()
        self._connection: Connection = ours
        # daemon: should the editor forget to close us, Python ends the process at exit
        self._process = _CONTEXT.Process(
            target=worker_main, args=(theirs, memory_bytes, share), name="scumble-models", daemon=True
        )
        try:
            with _interrupts_held_back(), _memory_tuned():
                self._process.start()
        except OSError as error:
            ours.close()
            raise UserError("worker.no_start", reason=error.strerror or str(error)) from error
        finally:
            theirs.close()
        self.pid = self._process.pid  # other threads may ask when the process is closed already

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def send(self, message: ToWorker) -> None:
        try:
            self._connection.send(message)
        except OSError as error:
            raise WorkerDied(self._reason()) from error

    def receive(self, alarm: Alarm, deadline: float | None) -> FromWorker | None:
        """The next message; None when the alarm rang or `deadline` (monotonic) passed. WorkerDied when it did.

        What the worker said before it died is heard first.
        """
        timeout_s = None if deadline is None else max(deadline - time.monotonic(), 0)
        ready = wait([self._connection, alarm.reader, self._process.sentinel], timeout_s)
        if self._connection in ready:
            try:
                message: FromWorker = self._connection.recv()
            except (EOFError, OSError) as error:
                raise WorkerDied(self._reason()) from error
            return message
        if self._process.sentinel in ready:
            raise WorkerDied(self._reason())
        if alarm.reader in ready:
            alarm.quieten()
        return None

    def close(self, grace_s: float) -> None:
        """Ask it to end, and kill it if it does not. Leaves no zombie."""
        try:
            self._connection.send(Close())
        except OSError:  # it is gone already
            pass
        else:
            self._process.join(grace_s)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        with suppress(ValueError):  # "still running": somebody else heard of its end, so this object never will
            self._process.close()
        self._connection.close()

    def _reason(self) -> str:
        """How it ended, for people."""
        self._process.join(1)
        code = self._process.exitcode
        if code is None:
            return "it closed its connection"
        if code < 0 and -code == getattr(signal, "SIGKILL", None):
            return "it was killed, perhaps because memory ran out"
        if code < 0:
            return f"it was ended by {signal.Signals(-code).name}"
        return f"exit code {code}"


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A child inherits that Ctrl+C is blocked, so that it prints no traceback while it is still starting."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # it unblocks the signal when it is started on the way
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _memory_tuned() -> Iterator[None]:
    """A child inherits MEMORY_TUNABLES, before what the user has set: glibc reads them when a program starts."""
    before = os.environ.get("GLIBC_TUNABLES")
    tuned = [f"{name}={value}" for name, value in MEMORY_TUNABLES.items()]
    os.environ["GLIBC_TUNABLES"] = ":".join([*tuned, before] if before else tuned)
    try:
        yield
    finally:
        if before is None:
            del os.environ["GLIBC_TUNABLES"]
        else:
            os.environ["GLIBC_TUNABLES"] = before
