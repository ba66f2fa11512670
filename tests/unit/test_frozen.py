"""Kernels that come with a package: compiled for common processors, copied once to where numba looks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop import frozen

numba_caching = pytest.importorskip("numba.core.caching")


def test_the_folder_is_named_as_numba_names_it(tmp_path: Path) -> None:
    named = numba_caching._CacheLocator.get_suitable_cache_subpath(str(tmp_path / "core" / "brush_kernels.py"))
    assert frozen.numba_folder(tmp_path / "core") == named


def test_kernels_are_copied_once(tmp_path: Path) -> None:
    shipped, cache, core = tmp_path / "shipped", tmp_path / "cache", tmp_path / "core"
    shipped.mkdir()
    (shipped / "dab.nbi").write_bytes(b"index")
    frozen.copy_kernels(shipped, cache, core)
    copied = cache / frozen.numba_folder(core) / "dab.nbi"
    assert copied.read_bytes() == b"index"
    copied.write_bytes(b"newer")
    frozen.copy_kernels(shipped, cache, core)
    assert copied.read_bytes() == b"newer", "what lies there is left alone"
    assert [path.name for path in cache.iterdir()] == [frozen.numba_folder(core)], "nothing is left aside"


def test_nothing_is_changed_outside_a_frozen_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(frozen.CACHE_VARIABLE, raising=False)
    frozen.bring_kernels()
    assert frozen.CACHE_VARIABLE not in os.environ


def test_a_frozen_program_finds_its_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    shipped = tmp_path / "bundle" / "desktop" / "_data" / "kernels"
    shipped.mkdir(parents=True)
    (shipped / "dab.nbi").write_bytes(b"index")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "bundle"), raising=False)
    monkeypatch.setattr(frozen, "processor_baseline", lambda: {"NUMBA_CPU_NAME": "haswell"})
    for name in (frozen.CACHE_VARIABLE, "NUMBA_CPU_NAME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    frozen.bring_kernels()
    folder = Path(os.environ[frozen.CACHE_VARIABLE])
    assert folder.is_relative_to(empty_home)
    assert (folder / frozen.numba_folder(tmp_path / "bundle" / "desktop" / "core") / "dab.nbi").is_file()
    assert os.environ["NUMBA_CPU_NAME"] == "haswell"


def test_an_older_processor_compiles_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "desktop" / "_data" / "kernels").mkdir(parents=True)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    monkeypatch.setattr(frozen, "processor_baseline", dict)
    monkeypatch.delenv(frozen.CACHE_VARIABLE, raising=False)
    frozen.bring_kernels()
    assert frozen.CACHE_VARIABLE not in os.environ


def test_a_thumbnail_has_the_size_asked_for(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (300, 100), (200, 30, 30)).save(tmp_path / "a.png")
    command = [
        sys.executable,
        "-m",
        "desktop",
        "thumbnail",
        str(tmp_path / "a.png"),
        str(tmp_path / "b"),
        "--size",
        "96",
    ]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "b") as small:
        assert (small.format, small.size) == ("PNG", (96, 32))
    too_small = subprocess.run([*command[:-1], "3"], check=False, capture_output=True, text=True)
    assert too_small.returncode == 2
    assert "16 to 2048" in too_small.stderr
