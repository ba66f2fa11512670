"""`scumble batch`: many pictures through one model. It goes on where it was stopped, and past files that are bad.

Beside the results lies a record, one JSON line for each finished picture, written after the picture: a run that is
killed at any moment redoes at most what it was doing.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import queue
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop import paths
from desktop.commands import EXIT_CHECK_FAILED, Printer
from desktop.core.errors import UserError
from desktop.io.formats import SUFFIXES
from desktop.run_commands import PreparedRun, RunOptions, check_run_target, prepare_run, run_on_file
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import RunnerLimits, WorkerRunner
from desktop.runtime.manifest import Task

RECORD_NAME = "scumble-batch.jsonl"
JOBS_LIMIT = 64
MASK_TASKS = (Task.SEGMENT, Task.MATTE)


@dataclass(frozen=True)
class BatchOrder:
    """What `scumble batch` was asked to do. `sources` are files, folders and patterns."""

    options: RunOptions
    sources: tuple[str, ...]
    folder: Path
    jobs: int = 1


@dataclass(frozen=True)
class _Item:
    number: int
    source: Path
    target: Path


def run_batch(order: BatchOrder, tell: Printer) -> int:
    """Exit code 0 when all is done, 1 when some pictures failed; their reasons are told at the end."""
    if not 1 <= order.jobs <= JOBS_LIMIT:
        raise UserError("cli.bad_jobs", jobs=order.jobs, limit=JOBS_LIMIT)
    catalog = Catalog(paths.model_folders())
    prepared = prepare_run(catalog, order.options)
    items = _items(order, prepared)
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("file.cannot_write", path=order.folder, reason=error.strerror or str(error)) from error
    batch = _Batch(order, prepared, catalog, items)
    batch.run()
    done, skipped, failed = len(batch.done), len(batch.skipped), batch.failed
    facts = {
        "model": prepared.model.id,
        "sha256": prepared.model.sha256,
        "done": batch.done,
        "skipped": [str(item.source) for item in batch.skipped],
        "failed": [{"input": str(item.source), "reason": reason} for item, reason in failed],
    }
    lines = [f"{done} done, {skipped} skipped because they were done before, {len(failed)} failed."]
    tell(facts, "\n".join([*lines, *(f"{item.source}: {reason}" for item, reason in failed)]))
    return EXIT_CHECK_FAILED if failed else 0


class _Batch:
    """The pictures of one order on their way through one worker for each of its jobs."""

    def __init__(self, order: BatchOrder, prepared: PreparedRun, catalog: Catalog, items: list[_Item]) -> None:
        self._order = order
        self._prepared = prepared
        self._catalog = catalog
        self._total = len(items)
        self._waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        for item in items:
            self._waiting.put(item)
        self._record = order.folder / RECORD_NAME
        self._known = _read_record(self._record)
        self._settings = _settings_digest(prepared)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.done: list[dict[str, Any]] = []
        self.skipped: list[_Item] = []
        self.failed: list[tuple[_Item, str]] = []

    def run(self) -> None:
        """KeyboardInterrupt ends all workers; what they have finished stays and is known next time."""
        jobs = min(self._order.jobs, max(self._total, 1))
        runners = [WorkerRunner(self._catalog, RunnerLimits(share=jobs)) for _ in range(jobs)]
        threads = [threading.Thread(target=self._work, args=(runner,), daemon=True) for runner in runners]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)  # Windows hears Ctrl+C only between waits
        finally:
            self._stop.set()
            for runner in runners:
                runner.close()
            for thread in threads:
                thread.join()

    def _work(self, runner: WorkerRunner) -> None:
        while not self._stop.is_set():
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._do(item, runner)
            except KeyboardInterrupt:  # its runner was closed
                return
            except UserError as error:
                self._say(item, f"failed: {error}")
                self.failed.append((item, str(error)))
            except AssertionError:
                if not self._stop.is_set():  # else its runner was closed before it could ask
                    raise
                return
            except Exception as error:  # noqa: BLE001 - one bad file, whatever it provokes, does not stop the rest
                self._say(item, f"failed: {error}")
                self.failed.append((item, f"{type(error).__name__}: {error}"))

    def _do(self, item: _Item, runner: WorkerRunner) -> None:
        digest = f"{_file_digest(item.source)}:{self._settings}"
        if self._known.get(item.target.name) == digest and item.target.is_file():
            self.skipped.append(item)
            self._say(item, "done before")
            return
        check_run_target(item.target, self._order.options)
        facts, result = run_on_file(self._prepared, runner, item.source, item.target, lambda _progress: None)
        with self._lock:
            _append_record(self._record, {"output": item.target.name, "digest": digest})
            self.done.append(dict(facts))
        self._say(item, " ".join([f"done in {result.seconds:.1f} s ({result.provider}).", *map(str, result.notes)]))

    def _say(self, item: _Item, text: str) -> None:
        with self._lock:
            print(f"[{item.number}/{self._total}] {item.source.name}: {text}", file=sys.stderr, flush=True)


def found_pictures(sources: Iterable[str]) -> list[Path]:
    """Files as they are named; of folders and patterns, all pictures in them by name. UserError for what is not there.

    Without patterns of its own, a shell of Windows hands them on as they are.
    """
    found: list[Path] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.is_file() and _is_picture_name(file))
        elif path.exists() or not glob.has_magic(source):
            found.append(path)
        else:
            matches = sorted(map(Path, glob.glob(source, recursive=True)))
            found += [match for match in matches if match.is_file() and _is_picture_name(match)]
    unique = list(dict.fromkeys(found))
    if not unique:
        raise UserError("cli.no_pictures", sources=", ".join(sources))
    return unique


def _is_picture_name(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _items(order: BatchOrder, prepared: PreparedRun) -> list[_Item]:
    """Each source with a target of its own: of two pictures with one name, the second becomes NAME-2."""
    keeps_suffix = prepared.model.manifest.task not in MASK_TASKS
    taken: set[str] = set()
    items = []
    for number, source in enumerate(found_pictures(order.sources), start=1):
        suffix = source.suffix if keeps_suffix and source.suffix.lower() in SUFFIXES else ".png"
        name, count = f"{source.stem}{suffix}", 1
        while name.casefold() in taken:
            count += 1
            name = f"{source.stem}-{count}{suffix}"
        taken.add(name.casefold())
        target = order.folder / name
        if target.exists() and source.exists() and os.path.samefile(target, source):
            raise UserError("cli.batch_overwrites", path=source)
        items.append(_Item(number, source, target))
    return items


def _settings_digest(prepared: PreparedRun) -> str:
    """Of all that decides a result besides the picture itself."""
    options = prepared.options
    said = {
        "model": prepared.model.sha256,
        "parameters": dict(prepared.parameters),
        **({} if prepared.inside is None else {"inside": dict(prepared.inside)}),
        "seed": options.seed,
        "points": options.points,
        "cutout": options.is_cutout,
        "best": options.is_best,
        "device": options.device,
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode())
    arrays = {**prepared.inputs, **({"under": prepared.mask} if prepared.mask is not None else {})}
    arrays |= {f"{name} inside": array for name, array in prepared.inside_inputs.items()}
    for name, array in sorted(arrays.items()):
        digest.update(f"{name}{array.shape}{array.dtype}".encode() + array.tobytes())
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise UserError("file.missing", path=path) from error
    except IsADirectoryError as error:
        raise UserError("file.is_folder", path=path) from error
    except OSError as error:
        raise UserError("file.cannot_read", path=path, reason=error.strerror or str(error)) from error


def _read_record(path: Path) -> dict[str, str]:
    """What was finished, by the name of its target; lines that a kill cut off are not counted."""
    known: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return known
    except OSError as error:
        raise UserError("file.cannot_read", path=path, reason=error.strerror or str(error)) from error
    for line in lines:
        try:
            entry = json.loads(line)
            known[str(entry["output"])] = str(entry["digest"])
        except (ValueError, KeyError, TypeError):
            continue
    return known


def _append_record(path: Path, entry: dict[str, str]) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" * _lacks_line_end(path) + json.dumps(entry) + "\n")
    except OSError as error:
        raise UserError("file.cannot_write", path=path, reason=error.strerror or str(error)) from error


def _lacks_line_end(path: Path) -> bool:
    """A kill cut the last line off: the next one must not continue it."""
    content = path.read_bytes()[-1:] if path.exists() else b""
    return content not in (b"", b"\n")
