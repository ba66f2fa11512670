"""A throw-away child process for files that nobody vouches for: bounded in memory and time, gone afterwards.

The parent watches; the child also limits itself where the system can (RLIMIT_AS on Linux), so that a tensor of 64 GiB
fails inside it. Whatever happens there, the editor only hears a sentence.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil

from desktop.core.errors import UserError

LOOK_EVERY_S = 0.05
TOO_MUCH, UNEXPECTED = "import.too_much_memory", "program.defect"  # the child does not know the name of the file
_CONTEXT = multiprocessing.get_context("spawn")  # a fork would inherit Qt, threads and every open file


@dataclass(frozen=True)
class SandboxLimits:
    """What a child may use. `silent_s`: without any sign of life between two steps."""

    memory_bytes: int = 4 << 30
    silent_s: float = 60.0
    whole_s: float = 300.0

    @classmethod
    def for_this_machine(cls) -> SandboxLimits:
        """Half of the memory that is free now, at most 6 GiB: a model that needs more could not be used either."""
        return cls(memory_bytes=int(min(max(psutil.virtual_memory().available // 2, 1 << 30), 6 << 30)))


@dataclass(frozen=True)
class Step:
    """From the child: a sign of life, and what it does next."""

    name: str


@dataclass(frozen=True)
class Answer:
    """From the child: its result, or the error it ended with."""

    value: Any = None
    error: UserError | None = None


def run_in_sandbox(
    work: str,
    *arguments: object,
    path: Path,
    limits: SandboxLimits,
    on_step: Callable[[str], None] = lambda _name: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Any:
    """``work(tell, *arguments)`` in a child; `work` is "module:function", and calls ``tell("step")`` now and then.

    UserError: that of `work`, or that the file made the child crash, hang or take too much memory. `path` is named in
    it. Raises KeyboardInterrupt when `is_cancelled` turns true.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_child_main, args=(theirs, work, arguments, limits), daemon=True)
    try:
        process.start()
    except OSError as error:
        ours.close()
        raise UserError("worker.no_start", reason=error.strerror or str(error)) from error
    finally:
        theirs.close()
    watch = _Watch(process, limits, path)
    try:
        while True:
            ready = wait([ours, process.sentinel], LOOK_EVERY_S)
            if ours in ready:
                message = _received(ours, watch)
                if isinstance(message, Answer):
                    if message.error is not None:
                        raise watch.named(message.error)
                    return message.value
                watch.heard()
                on_step(message.name)
            elif process.sentinel in ready:
                raise watch.death()
            if is_cancelled():
                raise KeyboardInterrupt
            watch.check()
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


class _Watch:
    """Looks after time and memory of a child."""

    def __init__(self, process: Any, limits: SandboxLimits, path: Path) -> None:
        self._process, self._limits, self._path = process, limits, path
        self._began = self._heard = time.monotonic()
        self._seen = psutil.Process(process.pid)

    def heard(self) -> None:
        self._heard = time.monotonic()

    def check(self) -> None:
        """UserError when a limit is passed."""
        now = time.monotonic()
        if now - self._heard > self._limits.silent_s or now - self._began > self._limits.whole_s:
            raise UserError("import.too_slow", path=self._path, seconds=round(now - self._began))
        try:
            used = self._seen.memory_info().rss
        except psutil.Error:
            return  # it has just ended, which the pipe tells better
        if used > self._limits.memory_bytes:
            raise self.too_much_memory()

    def named(self, error: UserError) -> UserError:
        """An error of the child, with the file in it where the child did not know its name."""
        if error.key == TOO_MUCH:
            return self.too_much_memory()
        if error.key == UNEXPECTED:
            return UserError("import.cannot_run", path=self._path, reason=error.values["reason"])
        return error

    def too_much_memory(self) -> UserError:
        return UserError(TOO_MUCH, path=self._path, limit_mb=self._limits.memory_bytes >> 20)

    def death(self) -> UserError:
        """What to say of a child that ended without an answer."""
        self._process.join(1)
        code = self._process.exitcode
        if code is not None and code < 0:
            reason = f"it was ended by {signal.Signals(-code).name}"
        else:
            reason = f"exit code {code}"
        return UserError("import.crashed", path=self._path, reason=reason)


def _received(connection: Connection, watch: _Watch) -> Step | Answer:
    try:
        message: Step | Answer = connection.recv()
    except (EOFError, OSError) as error:
        raise watch.death() from error
    return message


def _child_main(connection: Connection, work: str, arguments: tuple[object, ...], limits: SandboxLimits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    _silence()
    if sys.platform != "win32":
        os.nice(5)

    def tell(name: str) -> None:
        connection.send(Step(name))
        _limit_memory(limits.memory_bytes)

    try:
        module, _, function = work.partition(":")
        answer = Answer(getattr(importlib.import_module(module), function)(tell, *arguments))
    except UserError as error:
        answer = Answer(error=error)
    except MemoryError:
        answer = Answer(error=UserError(TOO_MUCH, path="", limit_mb=0))
    except Exception as error:  # noqa: BLE001 - the border of the process
        answer = Answer(error=UserError(UNEXPECTED, reason=f"{type(error).__name__}: {error}"))
    connection.send(answer)
    connection.close()


def _end_with_parent() -> None:
    """A child that computes for ever must not outlive an editor that was killed."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        wait([parent.sentinel] if parent is not None else [])
        os._exit(1)

    threading.Thread(target=watch, name="sandbox-parent", daemon=True).start()


def _limit_memory(limit_bytes: int) -> None:
    """Address space beyond what the libraries hold already; repeated, because they load more as work goes on."""
    if sys.platform != "linux":
        return
    import resource

    room = psutil.Process().memory_info().vms + limit_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (room if hard == resource.RLIM_INFINITY else min(room, hard), hard))


def _silence() -> None:
    """What a strange graph makes the libraries print is not for the terminal of the editor."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
