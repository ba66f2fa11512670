"""Sessions of onnxruntime: made once per file, device and options, kept while memory allows; only in the worker."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.device import CPU_PROVIDER, PROVIDERS, SILENT, first_line, providers_for
from desktop.runtime.runner import DeviceChoice

CACHE_BUDGET_BYTES = 1 << 30
# Sentences of onnxruntime, CUDA and the C++ library that all mean the same.
OUT_OF_MEMORY_SIGNS = (
    "failed to allocate memory",
    "bad_alloc",
    "out of memory",
    "bfcarena",
    "alloc_failed",
    "available memory of",
    "insufficient memory",
    "cannot allocate memory",
    "cublas_status_alloc",
)

Tensors = Mapping[str, NDArray[Any]]


class OutOfMemory(Exception):
    """The device had no room for this tile; smaller tiles or another device may do."""


class DeviceFailed(Exception):
    """The device cannot run this network at all; `reason` is for people."""

    def __init__(self, reason: UserError | str) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Stopped(Exception):
    """The run was ended by its RunOptions."""


@dataclass(frozen=True)
class SessionKey:
    """All that makes two sessions different."""

    file_sha256: str
    device: DeviceChoice
    threads: int
    precision: str = "fp32"


@dataclass(frozen=True)
class TensorInfo:
    name: str
    type: str
    shape: list[Any]


class Session:
    """One loaded network on one device. `provider` is what really computes, not what was asked for."""

    def __init__(self, content: bytes, key: SessionKey, model_id: str) -> None:
        self.key = key
        self.model_id = model_id
        self._memory = "cuda" if key.device == "cuda" else "cpu"
        self._bound: dict[str, tuple[NDArray[Any], Any]] = {}
        resident_before = psutil.Process().memory_info().rss
        self._session = _load(content, key, model_id)
        grown = psutil.Process().memory_info().rss - resident_before
        self.size_bytes = max(len(content), grown)

    @property
    def provider(self) -> str:
        return str(self._session.get_providers()[0])

    @cached_property
    def inputs(self) -> dict[str, TensorInfo]:
        return {x.name: TensorInfo(x.name, x.type, list(x.shape)) for x in self._session.get_inputs()}

    @cached_property
    def output_names(self) -> list[str]:
        return [output.name for output in self._session.get_outputs()]

    def run(self, names: list[str], feeds: Tensors, run_options: onnxruntime.RunOptions) -> list[NDArray[Any]]:
        """OutOfMemory, Stopped, or UserError with the runtime's reason."""
        try:
            if self.key.device == "cuda":
                answers = self._run_bound(names, feeds, run_options)
            else:
                answers = self._session.run(names, dict(feeds), run_options)
        except MemoryError as error:
            raise OutOfMemory from error
        except Exception as error:  # onnxruntime has a dozen types without a useful base
            if run_options.terminate:
                raise Stopped from error
            if means_out_of_memory(error):
                raise OutOfMemory from error
            raise UserError("model.run_failed", model_id=self.model_id, reason=first_line(error)) from error
        if run_options.terminate:
            raise Stopped
        return answers

    def _run_bound(self, names: list[str], feeds: Tensors, run_options: onnxruntime.RunOptions) -> list[NDArray[Any]]:
        """On a GPU: what is the same for every tile (a style, an embedding) is carried over only once."""
        binding = self._session.io_binding()
        for name, tensor in feeds.items():
            binding.bind_ortvalue_input(name, self._on_device(name, tensor))
        for name in names:
            binding.bind_output(name, self._memory)
        self._session.run_with_iobinding(binding, run_options)
        answers: list[NDArray[Any]] = binding.copy_outputs_to_cpu()
        return answers

    def _on_device(self, name: str, tensor: NDArray[Any]) -> Any:
        known, value = self._bound.get(name, (None, None))
        if known is not tensor:
            value = onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(tensor), self._memory, 0)
            self._bound[name] = (tensor, value)
        return value


class SessionCache:
    """The sessions of this process, least recently used first; `budget_bytes` bounds all but the newest."""

    def __init__(self, budget_bytes: int = CACHE_BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._sessions: OrderedDict[SessionKey, Session] = OrderedDict()

    def get(self, path: Path, key: SessionKey, model_id: str) -> Session:
        """The session of exactly the file with `key.file_sha256`: what is hashed is what is loaded."""
        if key in self._sessions:
            self._sessions.move_to_end(key)
            return self._sessions[key]
        session = Session(_read_verified(path, key.file_sha256, model_id), key, model_id)
        self._sessions[key] = session
        self._evict()
        return session

    def drop_device(self, device: DeviceChoice) -> None:
        """Give the memory of a device back, after it ran out."""
        for key in [key for key in self._sessions if key.device == device]:
            del self._sessions[key]

    def __len__(self) -> int:
        return len(self._sessions)

    def _evict(self) -> None:
        while len(self) > 1 and sum(kept.size_bytes for kept in self._sessions.values()) > self._budget_bytes:
            self._sessions.popitem(last=False)


def _read_verified(path: Path, expected_sha256: str, model_id: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError("model.file_missing", path=path, model_id=model_id) from error
    if hashlib.sha256(content).hexdigest() != expected_sha256:
        raise UserError("model.file_altered", path=path, model_id=model_id)
    return content


def _load(content: bytes, key: SessionKey, model_id: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = key.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT
    options.enable_cpu_mem_arena = False  # an arena keeps the largest tile's memory until the session dies
    options.enable_mem_pattern = False  # planned for one shape, while border tiles have their own
    # waiting threads that spin take the cores from stitching and from the window: 12 % slower on two busy cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=providers_for(key.device))
    except Exception as error:  # onnxruntime has a dozen types without a useful base
        if means_out_of_memory(error):
            raise OutOfMemory from error
        if key.device != "cpu":
            raise DeviceFailed(first_line(error)) from error
        raise UserError("model.cannot_load", model_id=model_id, reason=first_line(error)) from error
    session.disable_fallback()  # it would silently go to the CPU in the middle of a job
    wanted = PROVIDERS.get(key.device, CPU_PROVIDER)
    if session.get_providers()[0] != wanted:
        given = ", ".join(session.get_providers())
        raise DeviceFailed(UserError("device.other_provider", wanted=wanted, given=given))
    return session


def means_out_of_memory(error: Exception) -> bool:
    text = str(error).casefold()
    return any(sign in text for sign in OUT_OF_MEMORY_SIGNS)
