"""What only the frozen program does before anything else: it puts the kernels that came with it where numba finds them.

numba looks for compiled kernels in a folder that can be written, named after the folder of their source files, and
compares the processor they were compiled for. A package is compiled for one baseline of processors, is often installed
where its user may not write, and anywhere; so its kernels are copied once into the user's cache under the right name.
Where the processor is older than the baseline nothing is done, and kernels are compiled for it as from source.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from desktop import paths

CACHE_VARIABLE = "NUMBA_CACHE_DIR"
KERNELS = "kernels"
WINDOWS_FEATURE_AVX2 = 40  # PF_AVX2_INSTRUCTIONS_AVAILABLE
_X86 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt"}
_APPLE = {"NUMBA_CPU_NAME": "apple-m1", "NUMBA_CPU_FEATURES": "+neon"}
_X86_FLAGS = {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "popcnt"}


def bring_kernels() -> None:
    """Nothing outside a frozen program, and where somebody has chosen a cache for numba already."""
    root = getattr(sys, "_MEIPASS", None)
    if root is None or CACHE_VARIABLE in os.environ:
        return
    shipped, core = Path(root) / "desktop" / "_data" / KERNELS, Path(root) / "desktop" / "core"
    baseline = processor_baseline()
    if not shipped.is_dir() or not baseline:
        return
    cache = paths.user_cache_dir() / KERNELS / _name_of(shipped)
    try:
        copy_kernels(shipped, cache, core)
    except OSError:  # no room or no right: they are compiled in memory, as without a cache
        return
    os.environ.update(baseline)
    os.environ[CACHE_VARIABLE] = str(cache)


def processor_baseline() -> dict[str, str]:
    """numba's variables for the processors that packages are compiled for; empty where this one is older or unknown."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return dict(_X86) if _has_avx2() else {}
    return dict(_APPLE) if machine == "arm64" and sys.platform == "darwin" else {}


def copy_kernels(shipped: Path, cache: Path, core: Path) -> None:
    """`shipped`/* into numba's folder for the source folder `core` below `cache`, whole or not at all."""
    target = cache / numba_folder(core)
    if target.is_dir():
        return
    cache.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="new-", dir=cache))
    try:
        for file in shipped.iterdir():
            shutil.copyfile(file, aside / file.name)
        aside.rename(target)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not target.is_dir():  # another instance was faster
            raise


def numba_folder(source_folder: Path) -> str:
    """The name that numba gives the cache of the files in a folder."""
    path = os.path.abspath(source_folder)
    return f"{os.path.basename(path)}_{hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()}"


def compile_kernels_into(folder: Path) -> int:
    """For the build: compile for the baseline and leave the files in `folder`; the number of files.

    Must be called before numba is imported.
    """
    assert "numba" not in sys.modules, "numba reads its variables when it is imported"
    os.environ.update(processor_baseline())
    with tempfile.TemporaryDirectory() as cache:
        os.environ[CACHE_VARIABLE] = cache
        from desktop.core.warm_up import warm_up

        warm_up()
        folder.mkdir(parents=True, exist_ok=True)
        files = [file for file in Path(cache).rglob("*.nb[ic]") if file.is_file()]
        for file in files:
            shutil.copyfile(file, folder / file.name)
    return len(files)


def _name_of(shipped: Path) -> str:
    """Of this build: kernels of another one are never mixed with it."""
    digest = hashlib.sha1(usedforsecurity=False)
    for file in sorted(shipped.glob("*.nbi")):
        digest.update(file.name.encode() + str(file.stat().st_size).encode())
    digest.update(str(Path(sys.executable).stat().st_size).encode())
    return digest.hexdigest()[:12]


def _has_avx2() -> bool:
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(WINDOWS_FEATURE_AVX2))
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in text.splitlines() if line.startswith("flags")), [])
    return set(flags) >= _X86_FLAGS
