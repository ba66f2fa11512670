"""`scumble run`: any model that takes a picture, from file to file; `scumble batch` does the same with each file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from desktop import paths
from desktop.commands import Facts, Printer, ProgressLine, check_target, flat_picture, write_picture
from desktop.core.errors import UserError
from desktop.enlarge_estimates import checked_need, say_need
from desktop.io.formats import FileFormat
from desktop.io.image_files import ImageFile, read_image
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.manifest import Manifest, Task
from desktop.runtime.needs import needed_inputs, takes_rough_mask
from desktop.runtime.parameters import complete_parameters
from desktop.runtime.runner import (
    Array,
    Cancelled,
    DeviceChoice,
    Failed,
    ParameterValue,
    Pixels,
    Progress,
    Request,
    Result,
    Runner,
    run_and_wait,
)
from desktop.runtime.stitching import blend_under_mask
from desktop.tools.brush_size import BRUSH, first_brush
from desktop.tools.enlarging import Need, best_of

if TYPE_CHECKING:
    from desktop.tools.backgrounds import BackgroundSettings

AVERAGED = (Task.RESTORE, Task.UPSCALE)  # tasks in which the answers to a picture and to its mirror image are one
MASK_TASKS = (Task.MATTE, Task.SEGMENT)
NO_POINT = -1  # the label of a place that nobody clicked on
Rgb = tuple[float, float, float]
WITHOUT_ALPHA = (FileFormat.JPEG, FileFormat.BMP)


@dataclass(frozen=True)
class RunOptions:
    """How a model is to be run, whatever the picture. `points` are (x, y, label), label as in `runner.Request`."""

    model_id: str
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    label: str | None = None
    mask: Path | None = None
    style: Path | None = None
    image2: Path | None = None
    hints: Path | None = None
    points: tuple[tuple[float, float, int], ...] = ()
    is_cutout: bool = False
    background: str | None = None  # a colour, a picture or a blur, as the command line names it
    has_shadow: bool = False
    matches_light: bool = False
    seed: int = 0
    device: DeviceChoice = "auto"
    tile_side: int | None = None
    is_best: bool = False  # the mean of eight runs, the picture turned and mirrored
    inside: Mapping[str, ParameterValue] = field(default_factory=dict)  # where the mask is white, instead of parameters
    inside_style: Path | None = None


@dataclass(frozen=True)
class PreparedRun:
    """Everything about a run that is the same for every picture, read and checked once."""

    options: RunOptions
    model: Model
    parameters: Mapping[str, ParameterValue]
    inputs: Mapping[str, Array]
    backdrop: BackgroundSettings | None
    mask: Pixels | None  # under which the result is blended; a model that eats the mask does that itself
    inside: Mapping[str, ParameterValue] | None = None  # of a second run, which shows where the mask is white
    inside_inputs: Mapping[str, Array] = field(default_factory=dict)


def run_model(options: RunOptions, source: Path, target: Path, tell: Printer) -> int:
    """Read, run, write; the target appears only when all went well."""
    catalog = Catalog(paths.model_folders())
    prepared = prepare_run(catalog, options)
    check_run_target(target, options)
    runner, line = WorkerRunner(catalog), ProgressLine()
    try:
        facts, result = run_on_file(prepared, runner, source, target, line.show, say=say_need)
    finally:
        runner.close()
        line.erase()
    tell(facts, f"{target}: {result.tiles} tiles in {result.seconds:.1f} s ({result.provider})")
    for note in result.notes:
        print(f"scumble: {note}", file=sys.stderr)
    return 0


def prepare_run(catalog: Catalog, options: RunOptions) -> PreparedRun:
    """UserError when the model, a parameter or one of the further pictures is not right."""
    model = catalog.verified(options.model_id)
    manifest = model.manifest
    if not any(spec.role == "image" for spec in manifest.inputs):
        raise UserError("cli.use_generate", model_id=model.id)
    if options.is_best and manifest.task not in AVERAGED:
        raise UserError("cli.no_best", model_id=model.id)
    parameters = complete_parameters(manifest, {**options.parameters, **label_parameter(manifest, options.label)})
    inputs: dict[str, Array] = {}
    for role, path in (("style", options.style), ("image2", options.image2), ("hints", options.hints)):
        if path is not None:
            inputs[role] = read_image(path).pixels
    if options.points:
        inputs["points"] = np.array(options.points, np.float32)
    mask = mask_levels(options.mask) if options.mask is not None else None
    if mask is not None and ("mask" in needed_inputs(manifest) or takes_rough_mask(manifest)):
        inputs["mask"] = mask
        mask = None
        if takes_rough_mask(manifest):  # a mask alone says what is meant
            inputs.setdefault("points", np.array([[0, 0, NO_POINT]], np.float32))
    backdrop = None
    if options.background is not None:
        backdrop = backdrop_of(options.background, has_shadow=options.has_shadow, matches_light=options.matches_light)
    prepared = PreparedRun(options, model, parameters, inputs, backdrop, mask)
    return _with_inside(prepared) if options.inside or options.inside_style is not None else prepared


def _with_inside(prepared: PreparedRun) -> PreparedRun:
    """The same with all that the second run needs. UserError when the model cannot be asked twice."""
    options, manifest = prepared.options, prepared.model.manifest
    if manifest.task in (*MASK_TASKS, Task.UPSCALE) or "mask" in prepared.inputs or options.is_best:
        raise UserError("cli.no_inside", model_id=manifest.id)
    if prepared.mask is None:
        raise UserError("cli.inside_needs_mask")
    inside = complete_parameters(manifest, {**prepared.parameters, **options.inside})
    style = {} if options.inside_style is None else {"style": read_image(options.inside_style).pixels}
    return replace(prepared, inside=inside, inside_inputs=style)


def check_run_target(target: Path, options: RunOptions) -> None:
    if check_target(target) in WITHOUT_ALPHA and options.is_cutout:
        raise UserError("cli.cutout_needs_alpha", path=target)


def answers_alpha(manifest: Manifest) -> bool:
    """The model says itself where its picture is transparent."""
    return any(spec.role == "image" and spec.order == "RGBA" for spec in manifest.outputs)


def label_parameter(manifest: Manifest, label: str | None) -> dict[str, ParameterValue]:
    """`--label`, by name or number, as the parameter that feeds the model's label."""
    if label is None:
        return {}
    fed = next((spec.param for spec in manifest.inputs if spec.role == "label" and spec.param is not None), None)
    if fed is None:
        raise UserError("cli.no_label", model_id=manifest.id)
    choices = manifest.param(fed).choices
    is_number = label not in choices and label.isdecimal() and int(label) < len(choices)
    return {fed: choices[int(label)] if is_number else label}


def run_on_file(
    prepared: PreparedRun,
    runner: Runner,
    source: Path,
    target: Path,
    on_progress: Callable[[Progress], None],
    *,
    say: Callable[[Need | None], None] = lambda _need: None,
) -> tuple[Facts, Result]:
    """One picture through the model, to its target. KeyboardInterrupt when it was cancelled.

    `say` is told what enlarging will take, before it begins; UserError where there is not enough memory.
    """
    options, model = prepared.options, prepared.model
    picture = flat_picture(source)
    say(checked_need(model, picture.pixels, is_best=options.is_best))
    keeps_source = prepared.mask is not None or options.is_cutout or prepared.backdrop is not None
    inputs = {"image": picture.pixels, **prepared.inputs}
    prepared = _with_brush(prepared, picture.pixels)
    request = Request(
        model.id,
        model.sha256,
        inputs,
        prepared.parameters,
        options.seed,
        options.device,
        tile_side=options.tile_side,
    )
    del inputs
    inside = _inside_request(prepared, request)
    if not keeps_source:  # at 24 megapixels the pixels and their copies count
        picture = replace(picture, pixels=picture.pixels[:1, :1].copy())
    requests = [request]
    del request
    if options.is_best:
        result = _best_result(requests.pop(), runner, on_progress)
    else:
        result = result_of(run_and_wait(runner, requests.pop(), on_progress))
    if inside is not None:
        picture = replace(picture, pixels=result.image)  # it shows where the mask is black
        result = _joined(result, result_of(run_and_wait(runner, inside, on_progress)))
    written = _written(prepared, picture, result)
    write_picture(target, written)
    return _facts(prepared, source, target, written, result), result


def _with_brush(prepared: PreparedRun, pixels: Pixels) -> PreparedRun:
    """Styles: strokes as large as the picture asks for, where nobody said how large."""
    if BRUSH in prepared.options.parameters:
        return prepared
    brush = first_brush(prepared.model.manifest, (pixels.shape[1], pixels.shape[0]))
    inside = None if prepared.inside is None else {**brush, **prepared.inside}
    return replace(prepared, parameters={**prepared.parameters, **brush}, inside=inside)


def _inside_request(prepared: PreparedRun, outside: Request) -> Request | None:
    if prepared.inside is None:
        return None
    return replace(outside, inputs={**outside.inputs, **prepared.inside_inputs}, parameters=prepared.inside)


def _joined(outside: Result, inside: Result) -> Result:
    """The second of two runs with the time and the tiles of both."""
    return replace(
        inside,
        seconds=outside.seconds + inside.seconds,
        tiles=outside.tiles + inside.tiles,
        peak_memory_bytes=max(outside.peak_memory_bytes, inside.peak_memory_bytes),
        notes=tuple(dict.fromkeys([*outside.notes, *inside.notes])),
    )


def _best_result(request: Request, runner: Runner, on_progress: Callable[[Progress], None]) -> Result:
    """The mean of eight runs; times and tiles are those of all together."""
    results: list[Result] = []

    def run(pixels: Pixels) -> Pixels:
        turned = replace(request, inputs={**request.inputs, "image": pixels})
        result = result_of(run_and_wait(runner, turned, on_progress))
        results.append(replace(result, image=result.image[:0]))
        return result.image

    image = best_of(request.inputs["image"], run)
    seconds, tiles = sum(result.seconds for result in results), sum(result.tiles for result in results)
    peak = max(result.peak_memory_bytes for result in results)
    return replace(results[-1], image=image, seconds=seconds, tiles=tiles, peak_memory_bytes=peak)


def result_of(outcome: object) -> Result:
    if isinstance(outcome, Failed):
        raise outcome.error
    if isinstance(outcome, Cancelled):
        raise KeyboardInterrupt
    result: Result = outcome.result  # type: ignore[attr-defined]
    return result


def _written(prepared: PreparedRun, picture: ImageFile, result: Result) -> ImageFile:
    """What goes into the file: the picture, the mask as a grey picture, or what the mask leaves of the picture."""
    if "mask" not in result.outputs:
        image = result.image
        if prepared.mask is not None:
            share = prepared.mask.astype(np.float32) / np.float32(255)
            blend_under_mask(image, _enlarged(picture.pixels, image.shape), _resized(share, image.shape))
        return replace(picture, pixels=image, has_alpha=picture.has_alpha or answers_alpha(prepared.model.manifest))
    from desktop.tools.backgrounds import composed, cut_out_pixels  # brings the kernels along: other runs do without

    mask = result.outputs["mask"]
    if prepared.backdrop is not None:
        return replace(picture, pixels=composed(picture.pixels, mask, prepared.backdrop), has_alpha=False)
    if not prepared.options.is_cutout:
        opaque = np.full_like(mask, 255)
        gray = np.stack([mask, mask, mask, opaque], axis=-1)
        return replace(picture, pixels=gray, is_gray=True, has_alpha=False, icc_profile=None)
    if not mask.any():
        raise UserError("ai.nothing_found", model=prepared.model.manifest.title)
    is_soft = prepared.model.manifest.task is Task.MATTE  # a hard mask has no edge to take the background out of
    return replace(picture, pixels=cut_out_pixels(picture.pixels, mask, clean_edges=is_soft), has_alpha=True)


def backdrop_of(text: str, *, has_shadow: bool, matches_light: bool = False) -> BackgroundSettings:
    """What `--background` says: "blur", "blur:40", "gradient:white,#8090a0", "gradient:white,#8090a0,45", a colour by
    code or name, or the path of a picture."""
    from desktop.tools.backgrounds import Backdrop, BackgroundSettings

    plain = BackgroundSettings(has_shadow=has_shadow, matches_light=matches_light)
    kind, _, told = text.partition(":")
    if kind == "blur" and (not told or (told.isdecimal() and 1 <= int(told) <= 100)):
        return replace(plain, backdrop=Backdrop.BLUR, strength=float(told or 50))
    if kind == "gradient":
        first, last, angle = _gradient_of(told, text)
        return replace(plain, backdrop=Backdrop.GRADIENT, color=first, end_color=last, angle=angle)
    try:
        return replace(plain, backdrop=Backdrop.COLOR, color=_color_of(text))
    except ValueError:
        if not Path(text).exists():
            raise UserError("cutout.bad_background", text=text) from None
    return replace(plain, backdrop=Backdrop.PICTURE, picture=read_image(Path(text)).pixels)


def _gradient_of(told: str, text: str) -> tuple[Rgb, Rgb, float]:
    """Two colours and an angle in degrees; without one, downwards."""
    first, last, *angle = [part.strip() for part in told.split(",")] if told.count(",") in (1, 2) else ("", "")
    try:
        degrees = float(angle[0]) if angle else 90.0
        if not -360 <= degrees <= 360:
            raise ValueError
        return _color_of(first), _color_of(last), degrees
    except ValueError:
        raise UserError("cutout.bad_background", text=text) from None


def _color_of(text: str) -> Rgb:
    red, green, blue = (level / 255 for level in ImageColor.getcolor(text, "RGB"))
    return red, green, blue


def mask_levels(path: Path) -> NDArray[np.uint8]:
    """(H, W): how light the picture is, nothing where it is transparent."""
    pixels = read_image(path).pixels
    white = np.float32(np.iinfo(pixels.dtype).max)
    gray: NDArray[np.float32] = pixels[..., :3].mean(axis=2, dtype=np.float32) / white
    gray *= pixels[..., 3] / white
    return np.rint(gray * 255).astype(np.uint8)


def _resized(mask: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    height, width = shape[:2]
    shrinks = mask.shape[0] > height or mask.shape[1] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized: NDArray[np.float32] = cv2.resize(mask, (width, height), interpolation=method)
    return resized


def _enlarged(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The source at the size of the result."""
    height, width = shape[:2]
    if pixels.shape[:2] == (height, width):
        return pixels
    enlarged: Pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    return enlarged


def _facts(prepared: PreparedRun, source: Path, target: Path, written: ImageFile, result: Result) -> Facts:
    height, width = written.pixels.shape[:2]
    return {
        **model_facts(prepared.model, result),
        "input": str(source),
        "output": str(target),
        "width": width,
        "height": height,
        "depth": written.pixels.dtype.itemsize * 8,
        "parameters": dict(prepared.parameters),
        **({} if prepared.inside is None else {"inside": dict(prepared.inside)}),
        "seed": prepared.options.seed,
    }


def model_facts(model: Model, result: Result) -> dict[str, object]:
    """What every command that runs a model says about the run."""
    return {
        "model": model.id,
        "version": model.manifest.version,
        "sha256": result.model_sha256,
        "provider": result.provider,
        "tiles": result.tiles,
        "seconds": round(result.seconds, 3),
        "peak_memory_mb": round(result.peak_memory_bytes / 1e6, 1),
        "notes": [str(note) for note in result.notes],
    }
