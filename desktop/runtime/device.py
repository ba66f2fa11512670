"""Which processor computes, found out by really computing on it; only the worker process imports this."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import re
import sys
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import psutil

from desktop.core.errors import UserError
from desktop.runtime.runner import DeviceChoice, DeviceInfo

CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
# "[ONNXRuntimeError] : 1 : FAIL : /src/graph.cc:1587 void onnxruntime::Graph::Init() " says nothing to people
ORT_PREFIX = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : (Load model from \S+ failed:)?(\S+\.(cc|h):\d+ .*?\) )?"
)
PROVIDERS: dict[DeviceChoice, str] = {
    "cpu": CPU_PROVIDER,
    "cuda": CUDA_PROVIDER,
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
UNTESTED: dict[DeviceChoice, str] = {"coreml": "CoreML (untested)", "directml": "DirectML (untested)"}
CUDA_MEMORY_SHARE = 0.9  # of what is free on the GPU when a session is made
SILENT = 4  # severity: onnxruntime prints a red line for every provider that is not there; we say it ourselves

# Memory grows by what is asked, not by powers of two; TF32 would cost a level against the CPU.
CUDA_OPTIONS = {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}

# A 3 × 3 convolution of one channel (opset 13): it needs cuDNN, which an addition would not.
PROBE_MODEL = b64decode(
    "CAg6mgEKIgoBeAoBdxIBeSIEQ29udioRCgRwYWRzQAFAAUABQAGgAQcSBXByb2JlKjMIAQgBCAMIAxABQgF3SiQAAIA/AACAPwAA"
    "gD8AAIA/AACAPwAAgD8AAIA/AACAPwAAgD9aGwoBeBIWChQIARIQCgIIAQoCCAEKAggICgIICGIbCgF5EhYKFAgBEhAKAggBCgII"
    "AQoCCAgKAggIQgQKABAN"
)


class Devices:
    """What can compute here. Looked up once per process: a driver does not come back by itself."""

    def __init__(self) -> None:
        self._cuda_reason: UserError | None = None
        self._has_looked = False

    def cuda_reason(self) -> UserError | None:
        """Why CUDA cannot be used; None when a convolution was really computed on it."""
        if not self._has_looked:
            self._has_looked = True
            self._cuda_reason = _first_reason(_no_cuda_build, _no_driver, _no_working_cuda)
        return self._cuda_reason

    def choose(self, asked: DeviceChoice) -> tuple[DeviceChoice, UserError | None]:
        """The device to use and why it is not the one that "auto" hoped for, else None.

        "auto" without any NVIDIA driver is no fall back: nothing is missed. UserError when one that was asked for by
        name cannot be used: whoever names a device wants to know.
        """
        if asked == "cpu":
            return "cpu", None
        reason = self.reason_against("cuda" if asked == "auto" else asked)
        if reason is None:
            return "cuda" if asked == "auto" else asked, None
        if asked != "auto":
            raise UserError("device.unavailable", device=asked, reason=reason)
        is_expected = _first_reason(_no_cuda_build, _no_driver) is not None
        return "cpu", None if is_expected else reason

    def reason_against(self, device: DeviceChoice) -> UserError | None:
        """Why a device cannot be used; None when it can."""
        if device == "cuda":
            return self.cuda_reason()
        if device in UNTESTED and PROVIDERS[device] not in onnxruntime.get_available_providers():
            return UserError("device.no_support", name=PROVIDERS[device].removesuffix("ExecutionProvider"))
        return None

    def infos(self) -> list[DeviceInfo]:
        reason = self.cuda_reason()
        return [
            DeviceInfo("cpu", f"Processor, {thread_count()} threads", is_available=True, threads=thread_count()),
            DeviceInfo("cuda", "NVIDIA GPU (CUDA)", is_available=reason is None, reason=reason),
            *(DeviceInfo(device, name, True) for device, name in UNTESTED.items() if not self.reason_against(device)),
        ]


def providers_for(device: DeviceChoice) -> list[str | tuple[str, dict[str, str]]]:
    """What to ask onnxruntime for; the CPU stays behind the others for operators that they lack."""
    if device == "cuda":
        return [(CUDA_PROVIDER, {**CUDA_OPTIONS, **_arena_cap()}), CPU_PROVIDER]
    return [CPU_PROVIDER] if device in ("auto", "cpu") else [PROVIDERS[device], CPU_PROVIDER]


def _arena_cap() -> dict[str, str]:
    """At most nine tenths of what is free, asked of NVIDIA's management library; nothing where it does not answer."""

    class Memory(ctypes.Structure):
        _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))

    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if not chosen.isdecimal():  # named by its UUID, or hidden: which card it is cannot be told by number
        return {}
    memory, handle = Memory(), ctypes.c_void_p()
    try:
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
        answers = [library.nvmlInit_v2(), library.nvmlDeviceGetHandleByIndex_v2(int(chosen), ctypes.byref(handle))]
        answers.append(library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)))
    except (OSError, AttributeError):
        return {}
    return {} if any(answers) else {"gpu_mem_limit": str(int(memory.free * CUDA_MEMORY_SHARE))}


def thread_count() -> int:
    """Physical cores that this process may use: hyperthreads only slow matrix kernels down."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or allowed
    return max(min(allowed, physical, _quota_cores(Path("/sys/fs/cgroup/cpu.max"))), 1)


def _quota_cores(path: Path) -> int:
    """Whole cores that a container may use; many when nothing limits it."""
    unlimited = 1 << 16
    try:
        quota, period = path.read_text(encoding="ascii").split()
        return max(int(quota) // int(period), 1)
    except (OSError, ValueError):  # no such file, or "max"
        return unlimited


def _first_reason(*checks: Callable[[], UserError | None]) -> UserError | None:
    return next((reason for check in checks if (reason := check()) is not None), None)


def _no_cuda_build() -> UserError | None:
    if CUDA_PROVIDER in onnxruntime.get_available_providers():
        return None
    return UserError("device.no_support", name="CUDA")


def _no_driver() -> UserError | None:
    """Asked before the CUDA libraries are loaded: they cost seconds and hundreds of megabytes."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return UserError("device.no_driver")
    return None


def _no_working_cuda() -> UserError | None:
    """Compute a convolution on CUDA and compare it; any way in which that fails is the reason."""
    try:
        preload_cuda_libraries()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = SILENT
        session = onnxruntime.InferenceSession(PROBE_MODEL, options, providers=providers_for("cuda"))
        if CUDA_PROVIDER not in session.get_providers():
            return UserError("device.no_libraries")
        session.disable_fallback()
        (answer,) = session.run(None, {"x": np.ones((1, 1, 8, 8), np.float32)})
    except Exception as error:  # noqa: BLE001 - whatever a driver throws means the same: no CUDA, and this is why
        return UserError("device.cuda_failed", reason=first_line(error))
    return None if answer[0, 0, 4, 4] == 9 else UserError("device.wrong_result")


def preload_cuda_libraries() -> None:
    """CUDA and cuDNN from pip packages are found only when they are loaded first. What it prints is told by us."""
    if hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()):
            onnxruntime.preload_dlls()


def first_line(error: BaseException) -> str:
    """An error as one short line that ends with a full stop."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0].strip()
    text = ORT_PREFIX.sub("", text)[:300]
    return text if text.endswith(".") else f"{text}."
