"""How much memory there is, and a limit on what a process may take, so that a network fails instead of the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

SHARE = 0.9  # of what is available: the rest is for the editor while the network runs
_CGROUP = Path("/sys/fs/cgroup")


def available_bytes() -> int:
    """What could still be taken, also where a container allows less than the machine has."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((_CGROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        cached = _field(_CGROUP / "memory.stat", "inactive_file ")
    except (OSError, ValueError):  # no such files, or "max"
        return free
    return max(min(free, limit - used + cached), 0)


def limit_own_memory(room_bytes: int | None = None, share: int = 1) -> None:
    """From here on this process gets at most `room_bytes` more (default: most of what is
    available, divided among `share` processes), on Linux.

    Private memory only (RLIMIT_DATA): shared pixels, and the address space that drivers reserve, do not count.
    """
    if sys.platform != "linux":
        return
    import resource

    room = int(available_bytes() * SHARE / share) if room_bytes is None else room_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _field(Path("/proc/self/status"), "VmData:") * 1024 + room
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def lift_memory_limit() -> None:
    """Before a GPU is used: its driver maps more than it takes."""
    if sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _field(path: Path, name: str) -> int:
    line = next((line for line in path.read_text(encoding="ascii").splitlines() if line.startswith(name)), "")
    return int(line[len(name) :].split()[0]) if line else 0
