"""Work off the UI thread: a function runs in a thread of its own, its answer comes back between events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop.core.errors import UserError
from desktop.core.step_back import step_back

logger = logging.getLogger(__name__)


class Background(QObject):
    """`call` and `run` may be used from any thread; what they call runs in the thread this object lives in."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._posted.connect(self._call_now, Qt.ConnectionType.QueuedConnection)

    def call(self, function: Callable[[], Any]) -> None:
        """Calls a function in the UI thread, soon. Nothing is called after `close`."""
        if not self._is_closed:
            self._posted.emit(function)

    def run(
        self,
        work: Callable[[], Any],
        *,
        on_done: Callable[[Any], Any],
        on_error: Callable[[UserError], Any],
        name: str = "background",
    ) -> None:
        """Computes `work()` in a thread; then `on_done(value)` or `on_error(error)` in the UI thread."""
        thread = threading.Thread(target=self._work, args=(work, on_done, on_error), name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    @property
    def is_busy(self) -> bool:
        return bool(self._threads)

    def close(self) -> None:
        """Waits for threads that still run; their answers are dropped."""
        self._is_closed = True
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _work(
        self, work: Callable[[], Any], on_done: Callable[[Any], Any], on_error: Callable[[UserError], Any]
    ) -> None:
        step_back()
        try:
            value = work()
        except UserError as error:
            failure = error
            self.call(lambda: on_error(failure))
        except Exception as error:
            logger.exception("Background work failed")
            broken = UserError("program.defect", reason=f"{type(error).__name__}: {error}")
            self.call(lambda: on_error(broken))
        else:
            self.call(lambda: on_done(value))
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    @Slot(object)
    def _call_now(self, function: Callable[[], Any]) -> None:
        if not self._is_closed:
            function()
