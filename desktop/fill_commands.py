"""`scumble remove` and `scumble extend`: holes and new sides filled from around them, by patches, a network or both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from desktop import paths
from desktop.commands import Facts, Printer, check_target, flat_picture, write_picture
from desktop.core.errors import UserError
from desktop.core.remove import RemoveMethod, RemoveSettings, removed
from desktop.io.documents import flat_image, open_document_file
from desktop.io.formats import SUFFIXES, FileFormat
from desktop.io.image_files import write_image
from desktop.io.openraster import save_openraster
from desktop.run_commands import mask_levels
from desktop.runtime.catalog import Catalog
from desktop.runtime.jobs import WorkerRunner
from desktop.runtime.memory import available_bytes
from desktop.runtime.runner import DeviceChoice
from desktop.tools.extending import Sides, extended, length_px
from desktop.tools.hole_network import HoleNetwork, hole_model

LARGEST_SEED = 2**31 - 1
BYTES_PER_PIXEL = 60  # of a picture that grows, with all its copies
LAYER_NAME = "Extension"


@dataclass(frozen=True, slots=True)
class FillOptions:
    method: str
    seed: int
    device: DeviceChoice = "auto"
    model_id: str | None = None  # a network that fills holes; None: the shipped one, or the first installed

    def settings(self) -> RemoveSettings:
        if not 0 <= self.seed <= LARGEST_SEED:
            raise UserError("generate.bad_seed", seed=self.seed, limit=LARGEST_SEED)
        return RemoveSettings(RemoveMethod(self.method), self.seed)


@dataclass(frozen=True, slots=True)
class RemoveOrder:
    """`source`, `target` and `mask` are files, or three folders: each picture with the mask of its name."""

    source: Path
    target: Path
    mask: Path
    options: FillOptions


@dataclass(frozen=True, slots=True)
class ExtendOrder:
    """Lengths as they were given: pixels, or percent of the side."""

    source: Path
    target: Path
    left: str
    top: str
    right: str
    bottom: str
    options: FillOptions


def remove(order: RemoveOrder, tell: Printer) -> int:
    settings = order.options.settings()
    jobs = list(_pictures(order)) if order.source.is_dir() else [(order.source, order.target, order.mask)]
    for _, target, _ in jobs:
        check_target(target)
    facts = []
    with hole_network(order.options) as network:
        for source, target, mask in jobs:
            facts.append(_remove_one(source, target, mask, settings, network))
    if not order.source.is_dir():
        (one,) = facts
        tell(one, f"{order.target}: {one['width']} × {one['height']} pixels, filled in {one['seconds']:.1f} s")
        return 0
    seconds = sum(one["seconds"] for one in facts)
    tell({"pictures": facts}, f"{order.target}: {len(facts)} pictures, filled in {seconds:.1f} s")
    return 0


def extend(order: ExtendOrder, tell: Printer) -> int:
    target_format, settings = check_target(order.target), order.options.settings()
    document = open_document_file(order.source)
    size = document.size
    sides = Sides(
        left=length_px(order.left, size.width),
        top=length_px(order.top, size.height),
        right=length_px(order.right, size.width),
        bottom=length_px(order.bottom, size.height),
    )
    canvas = sides.canvas(size)
    needed, limit = canvas.size.area * BYTES_PER_PIXEL, available_bytes()
    if needed > limit:
        gibibytes = {"needed": f"{needed / 2**30:.1f}", "limit": f"{limit / 2**30:.1f}"}
        raise UserError("document.too_large", width=canvas.width, height=canvas.height, **gibibytes)
    started = time.perf_counter()
    with hole_network(order.options) as network:
        document = extended(document, canvas, settings, LAYER_NAME, imagine=network)
    seconds = time.perf_counter() - started
    if target_format is FileFormat.OPENRASTER:
        save_openraster(document, order.target)
    else:
        write_image(order.target, flat_image(document))
    facts = {
        "input": str(order.source),
        "output": str(order.target),
        "width": canvas.width,
        "height": canvas.height,
        "depth": document.depth,
        **_how(settings, network),
        "seconds": round(seconds, 3),
    }
    tell(facts, f"{order.target}: {canvas.width} × {canvas.height} pixels, filled in {seconds:.1f} s")
    return 0


@contextmanager
def hole_network(options: FillOptions) -> Iterator[HoleNetwork | None]:
    """The network where the method asks for one and one is installed; its worker ends with the block."""
    catalog = Catalog(paths.model_folders())
    model = hole_model(catalog, options.model_id) if options.settings().asks_network else None
    if model is None:
        yield None
        return
    runner = WorkerRunner(catalog)
    try:
        yield HoleNetwork(runner, catalog.verified(model.id), options.device)
    finally:
        runner.close()


def _pictures(order: RemoveOrder) -> Iterator[tuple[Path, Path, Path]]:
    """UserError where there is no picture, or a picture without a mask."""
    sources = sorted(path for path in order.source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not sources:
        raise UserError("cli.no_pictures", sources=str(order.source))
    try:
        order.target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("file.cannot_write", path=order.target, reason=error.strerror or str(error)) from error
    for source in sources:
        mask = next((path for path in sorted(order.mask.glob(f"{source.stem}.*")) if path.suffix in SUFFIXES), None)
        if mask is None:
            raise UserError("remove.no_mask", path=source, folder=order.mask)
        yield source, order.target / source.name, mask


def _remove_one(
    source: Path, target: Path, mask: Path, settings: RemoveSettings, network: HoleNetwork | None
) -> dict[str, object]:
    picture, levels = flat_picture(source), mask_levels(mask)
    started = time.perf_counter()
    pixels = removed(picture.pixels, levels, settings, imagine=network)
    seconds = time.perf_counter() - started
    write_picture(target, replace(picture, pixels=pixels))
    height, width = pixels.shape[:2]
    return {
        "input": str(source),
        "output": str(target),
        "width": width,
        "height": height,
        "depth": pixels.dtype.itemsize * 8,
        **_how(settings, network),
        "seconds": round(seconds, 3),
    }


def _how(settings: RemoveSettings, network: HoleNetwork | None) -> Facts:
    return {
        "method": settings.method.value,
        "seed": settings.seed,
        "model": None if network is None else network.model.id,
        "sha256": None if network is None else network.model.sha256,
    }
