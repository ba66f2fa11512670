"""From a seed to the numbers a generator starts with.

Equal seed, equal numbers: tensor k of the manifest (counted over its inputs, from 0) of the picture with seed s is
`numpy.random.Generator(PCG64([s, k]))` asked once for all numbers of one sample, in float32, C order: standard_normal
for "normal", 2 · random − 1 for "uniform". Nothing else is drawn from that generator, so a further input changes no
other, and picture i of several with seed s is the picture of seed s + i.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.core.errors import UserError
from desktop.runtime.manifest import Input, Manifest, Param

SEED_LIMIT = 1 << 32
COUNT_LIMIT = 1000
NOISE_BLOCK = 256
FILE_LIMIT_BYTES = 64 << 20
TRUNCATION = "truncation"  # a parameter of this name does it inside the graph

Numbers = NDArray[np.float32]


def check_generation(seed: int, count: int, truncation: float) -> None:
    """UserError for numbers that no generator can use."""
    if not 0 <= seed < SEED_LIMIT:
        raise UserError("generate.bad_seed", seed=seed, limit=SEED_LIMIT - 1)
    if not 1 <= count <= COUNT_LIMIT:
        raise UserError("generate.bad_count", count=count, limit=COUNT_LIMIT)
    if not 0 <= truncation <= 2:  # also false for NaN
        raise UserError("generate.bad_truncation", truncation=truncation)


def draw(spec: Input, place: int, seed: int, shape: tuple[int, ...]) -> Numbers:
    """One sample of the shape; `place` is the input's number in the manifest."""
    return _drawn(np.random.Generator(np.random.PCG64([seed, place])), spec, shape)


def noise_planes(spec: Input, place: int, seed: int, shape: tuple[int, ...], corner: tuple[int, int]) -> Numbers:
    """(C, H, W) of a picture's noise from `corner` (y, x) on: a pixel's noise is the same in every tile.

    Drawn in blocks of 256 pixels, each by `Generator(PCG64([seed, place, block row, block column]))`.
    """
    channels, height, width = shape
    planes = np.empty(shape, np.float32)
    top, left = corner
    for row in range(top // NOISE_BLOCK, (top + height - 1) // NOISE_BLOCK + 1):
        for column in range(left // NOISE_BLOCK, (left + width - 1) // NOISE_BLOCK + 1):
            generator = np.random.Generator(np.random.PCG64([seed, place, row, column]))
            block = _drawn(generator, spec, (channels, NOISE_BLOCK, NOISE_BLOCK))
            y, x = row * NOISE_BLOCK - top, column * NOISE_BLOCK - left
            inside = block[:, max(-y, 0) : height - y, max(-x, 0) : width - x]
            planes[:, max(y, 0) : y + NOISE_BLOCK, max(x, 0) : x + NOISE_BLOCK] = inside
    return planes


def free_latent(manifest: Manifest) -> Input | None:
    """The latent that a person may bring: the first that no other part makes, unless an encoder does."""
    return next(iter(_free_latents(manifest)), None)


def mixed_latent(manifest: Manifest) -> Input | None:
    """The latent of another picture that a mapping network mixes in: a second one beside the first, just as long."""
    free = _free_latents(manifest)
    return next((spec for spec in free[1:] if (spec.part, spec.shape) == (free[0].part, free[0].shape)), None)


def mix_params(manifest: Manifest) -> list[Param]:
    """The parameters that say how much of the other picture is mixed in, from coarse to fine."""
    spec = mixed_latent(manifest)
    if spec is None:
        return []
    fed = [eaten.param for eaten in manifest.inputs_of(spec.part) if eaten.role == "scalar" and eaten.param]
    return [manifest.param(name) for name in fed]


def truncates_first(manifest: Manifest) -> bool:
    """True where truncation shrinks the drawn latent itself, not inside the graph or behind a mapping network."""
    has_own = any(param.id == TRUNCATION for param in manifest.params)
    return not has_own and not any(_mapped_source(manifest, spec) for spec in manifest.inputs)


def latent_shape(manifest: Manifest) -> tuple[int, ...]:
    """The shape of one sample of the latent that a person may bring."""
    spec = free_latent(manifest)
    if spec is None or spec.shape is None:
        raise UserError("generate.no_latent", model_id=manifest.id)
    return tuple(spec.shape)


def read_latents(path: Path, shape: tuple[int, ...]) -> Numbers:
    """(n, *shape) from a .npy or .json file with one sample or several. UserError names what is wrong with it."""
    numbers = _read_numbers(path)
    length = int(np.prod(shape))
    if numbers.size == 0 or numbers.size % length or (numbers.ndim > 1 and numbers[0].size not in (length, *shape)):
        raise UserError("latent.bad_length", path=path, found=numbers.shape, expected=length)
    if not np.isfinite(numbers).all():
        raise UserError("latent.not_finite", path=path)
    return numbers.reshape(-1, *shape)


def _free_latents(manifest: Manifest) -> list[Input]:
    made = {output.name for output in manifest.outputs if _makes_latent_of_latent(manifest, output.part)}
    latents = [spec for spec in manifest.inputs if spec.role == "latent"]
    return [spec for spec in latents if (spec.source or spec.name) not in made]


def _drawn(generator: np.random.Generator, spec: Input, shape: tuple[int, ...]) -> Numbers:
    if spec.distribution == "uniform":
        return (generator.random(shape, np.float32) * 2 - 1).astype(np.float32)
    return generator.standard_normal(shape, np.float32)


def _makes_latent_of_latent(manifest: Manifest, part: str) -> bool:
    """A mapping network, not an encoder."""
    return all(spec.role != "image" for spec in manifest.inputs_of(part))


def _mapped_source(manifest: Manifest, spec: Input) -> bool:
    """The tensor is fed by a mapping network."""
    return spec.role in ("latent", "embedding", "noise") and any(
        output.role == "latent"
        and output.name == (spec.source or spec.name)
        and output.part != spec.part
        and _makes_latent_of_latent(manifest, output.part)
        for output in manifest.outputs
    )


def _read_numbers(path: Path) -> Numbers:
    try:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            raise UserError("latent.unreadable", path=path, reason="it is larger than 64 MB")
        if path.suffix.lower() == ".npy":
            found = np.load(path, allow_pickle=False)
        elif path.suffix.lower() == ".json":
            found = np.asarray(json.loads(path.read_text(encoding="utf-8")))
        else:
            raise UserError("latent.unreadable", path=path, reason="its name ends with neither .npy nor .json")
    except FileNotFoundError as error:
        raise UserError("file.missing", path=path) from error
    except OSError as error:
        raise UserError("latent.unreadable", path=path, reason=error.strerror or str(error)) from error
    except (ValueError, EOFError, RecursionError, MemoryError) as error:  # a header may promise more than there is
        raise UserError("latent.unreadable", path=path, reason="it holds no array of numbers") from error
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiu":
        raise UserError("latent.unreadable", path=path, reason="it holds no array of numbers")
    with np.errstate(over="ignore"):
        return found.astype(np.float32)
