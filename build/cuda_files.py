"""NVIDIA's libraries for the CUDA variant: which files of the installed wheels are packed, and whether all are there.

onnxruntime looks for them beside its own folder, where pip puts them; the frozen program keeps these places.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

FOLDERS = ("lib", "bin")  # of a wheel, on Linux and on Windows


def cuda_libraries(site: Path) -> list[tuple[str, str]]:
    """(file, folder in the program) for every shared library of the NVIDIA wheels below `site`."""
    return [
        (str(file), file.parent.relative_to(site).as_posix())
        for file in sorted((site / "nvidia").rglob("*"))
        if _is_library(file.name) and set(file.relative_to(site).parts[:-1]) & set(FOLDERS) and file.is_file()
    ]


def cuda_wheels(site: Path) -> list[str]:
    """The names of the distributions that brought these libraries: their licences travel with them."""
    return sorted(
        found.metadata["Name"]
        for found in metadata.distributions(path=[str(site)])
        if any(file.parts[0] == "nvidia" and _is_library(file.name) for file in found.files or [])
    )


def missing_libraries(folder: Path) -> list[str]:
    """What onnxruntime will want to load and `folder`, which holds its folder, has not."""
    import onnxruntime

    wanted = onnxruntime._get_nvidia_dll_paths(sys.platform == "win32")
    return ["/".join(parts) for parts in wanted if not folder.joinpath(*parts).is_file()]


def _is_library(name: str) -> bool:
    return name.endswith(".dll") or ".so" in name
