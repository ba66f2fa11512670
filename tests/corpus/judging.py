"""Imports the cases as a user would and compares what the imported models give with what they should.

`python -m tests.corpus.judging [NAME…]` prints one line for each case: right by guess, right with the answers that a
person may be asked for, or wrong, and why.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.io.image_files import read_image
from desktop.runtime.importing.examine import examine
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.trial import run_manifest
from desktop.runtime.importing.trial_pictures import trial_picture
from desktop.runtime.latents import free_latent
from desktop.runtime.manifest import Manifest
from desktop.runtime.needs import needed_inputs
from tests.corpus import enlargers, further, holes, makers, masks, others, restorers
from tests.corpus.kit import Case, Refusal, luma

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
CASES: tuple[Case, ...] = (
    *enlargers.CASES,
    *restorers.CASES,
    *masks.CASES,
    *holes.CASES,
    *makers.CASES,
    *others.CASES,
    *further.CASES,
)
REFUSALS: tuple[Refusal, ...] = (*makers.REFUSALS, *further.REFUSALS)
GUESSED_TOLERANCE = 9.0  # levels: what a swapped order of the mild tone costs is not seen in a guess


@dataclass(frozen=True)
class Verdict:
    """`levels`: how far the result is from the right one, on average; None where there is none."""

    name: str
    state: str  # guessed, answered, wrong
    detail: str
    seconds: float


def judge(case: Case, picture: NDArray[np.uint8]) -> Verdict:
    started = time.perf_counter()
    guessed = tried(case, picture, {})
    if isinstance(guessed, float) and guessed <= max(case.tolerance, 0.1):
        return Verdict(case.name, "guessed", f"{guessed:.2f}", time.perf_counter() - started)
    answered = tried(case, picture, dict(case.answers))
    seconds = time.perf_counter() - started
    if isinstance(answered, float) and answered <= case.tolerance:
        return Verdict(case.name, "answered", f"{answered:.2f} (by guess {_text(guessed)})", seconds)
    return Verdict(case.name, "wrong", f"{_text(answered)} (by guess {_text(guessed)})", seconds)


def tried(case: Case, picture: NDArray[np.uint8], settings: dict[str, str]) -> float | str:
    """The distance in levels, or why there is no result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "staging").mkdir()
        built = case.build(folder / "foreign")
        path, second = built if isinstance(built, tuple) else (built, None)
        wanted = settings | ({"second": str(second)} if second else {})
        try:
            found = examine(lambda _step: None, path, folder / "staging", picture, wanted, frozenset())
            if found.manifest.task not in case.tasks:
                return f"task {found.manifest.task}"
            if not _shows_guess_first(found):
                return "the first preview is not what is guessed"
            return distance(case, found.manifest, folder / "staging")
        except UserError as error:
            return str(error)[:160].replace(str(folder), "")
        except Exception as error:  # noqa: BLE001 - a defect counts as a wrong answer
            return f"{type(error).__name__}: {error}"


def _shows_guess_first(found: Inspection) -> bool:
    if found.choices is None or not found.candidates:
        return True
    first = found.candidates[0]
    return (first.range, first.order) == (found.choices.range, found.choices.order)


def distance(case: Case, manifest: Manifest, folder: Path) -> float | str:
    given = inputs_for(case, manifest)
    if isinstance(given, str):
        return given
    known = {param.id for param in manifest.params}
    parameters = {key: value for key, value in case.parameters.items() if key in known}
    if case.parameters and not parameters:
        return f"sliders are {sorted(known)}"
    results = run_manifest(manifest, folder, given, parameters)
    result = results.get("image" if case.result == "luma" else case.result)
    if result is None:
        return f"results are {sorted(results)}"
    shown = (result[0] if case.result == "images" else result).astype(np.float32)
    if case.result == "luma":
        shown = luma(shown)
    wanted = np.clip(case.expected(given | {"style": given.get("style", given.get("image2"))}), 0, 255)
    if shown.ndim == 3:
        shown = shown[..., :3]
    if shown.shape[:2] != wanted.shape[:2]:
        return f"size {shown.shape[:2]} instead of {wanted.shape[:2]}"
    return float(np.abs(shown - wanted).mean())


def inputs_for(case: Case, manifest: Manifest) -> dict[str, NDArray[Any]] | str:
    """What a user would bring, of those roles that the manifest asks for."""
    given: dict[str, NDArray[Any]] = {}
    roles = {spec.role for spec in manifest.inputs} | set(needed_inputs(manifest))
    if case.result == "images":
        latent = free_latent(manifest)
        if latent is None or latent.shape is None:
            return f"roles are {sorted(roles)}"
        generator = np.random.default_rng(5)
        given["latent"] = generator.standard_normal((1, *latent.shape)).astype(np.float32)
        return given
    photo = read_image(SAMPLES / "neuschwanstein.jpg").pixels[..., :3]
    given["image"] = cut(photo, case.size, 0.35)
    for role in ("image2", "style"):
        if role in case.roles and role in roles:
            given[role] = cut(photo, case.size, 0.6)
    if "mask" in case.roles and "mask" in roles:
        given["mask"] = mask_of(case)
    if "points" in case.roles:
        height, width = case.size
        given["points"] = np.array([[width * 0.6, height * 0.4, 1]], np.float32)
    return given


def cut(photo: NDArray[np.uint8], size: tuple[int, int], place: float) -> NDArray[np.uint8]:
    """A piece of the photograph that has sky, stone and trees, at half of its size."""
    small = cv2.resize(photo, (photo.shape[1] // 2, photo.shape[0] // 2), interpolation=cv2.INTER_AREA)
    if small.shape[0] < size[0] or small.shape[1] < size[1]:
        return cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA)
    top, left = round((small.shape[0] - size[0]) * place), round((small.shape[1] - size[1]) * place)
    return np.ascontiguousarray(small[top : top + size[0], left : left + size[1]])


def mask_of(case: Case) -> NDArray[np.uint8]:
    height, width = case.size
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : height // 2, width // 3 : width * 2 // 3] = 255
    if case.result == "mask":  # a trimap: unknown around what is sure
        mask[height // 2 : height * 3 // 4] = 128
    return mask


def sample_picture() -> NDArray[np.uint8]:
    """What the models are tried on: the photograph that the command line uses too."""
    return trial_picture(read_image(SAMPLES / "gateway-of-india.jpg").pixels)


def main(names: list[str]) -> None:
    picture = sample_picture()
    counts: dict[str, int] = {}
    for case in CASES:
        if names and not any(name in case.name for name in names):
            continue
        found = judge(case, picture)
        counts[found.state] = counts.get(found.state, 0) + 1
        print(f"{found.state:9}{found.name:44}{found.seconds:5.1f} s  {found.detail}", flush=True)
    print(counts, "refusals", sum(is_refused(entry) for entry in REFUSALS), "of", len(REFUSALS))


def is_refused(entry: Refusal) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            examine(lambda _step: None, entry.build(folder), folder, sample_picture(), {}, frozenset())
        except UserError as error:
            return entry.word in str(error)
    return False


def _text(found: float | str) -> str:
    return found if isinstance(found, str) else f"{found:.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
