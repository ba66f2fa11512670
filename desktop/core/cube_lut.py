""".cube tables of colours, one- and three-dimensional (Adobe Cube LUT Specification 1.0), from untrusted text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from desktop.core.color import FloatPixels
from desktop.core.errors import UserError

LARGEST_BYTES = 64 << 20
LARGEST_3D, LARGEST_1D = 129, 65536
_SIZES = {"LUT_1D_SIZE": LARGEST_1D, "LUT_3D_SIZE": LARGEST_3D}


@dataclass(frozen=True)
class Cube:
    """`table` (size, 3) or (blue, green, red, 3), float32; `low` and `high` are the domain's ends."""

    table: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]

    def looked_up(self, rgb: FloatPixels) -> FloatPixels:
        """(H, W, 3) straight colours through the table, linear in between."""
        scaled = np.clip((rgb - self.low) / (self.high - self.low), 0, 1)
        if self.table.ndim == 2:
            grid = np.linspace(0, 1, len(self.table))
            parts = [np.interp(scaled[..., one], grid, self.table[:, one]) for one in range(3)]
            return np.stack(parts, axis=-1).astype(np.float32)
        return self._trilinear(scaled)

    def _trilinear(self, scaled: FloatPixels) -> FloatPixels:
        side = self.table.shape[0]
        flat = self.table.reshape(-1, 3)
        place = scaled * np.float32(side - 1)
        base = np.minimum(place.astype(np.int32), side - 2)
        share = place - base
        start = (base[..., 2] * side + base[..., 1]) * side + base[..., 0]
        red, green, blue = (share[..., one : one + 1] for one in range(3))

        def along_red(offset: int) -> FloatPixels:
            first: FloatPixels = flat.take(start + offset, axis=0)
            first += (flat.take(start + offset + 1, axis=0) - first) * red
            return first

        near, far = along_red(0), along_red(side * side)
        near = near + (along_red(side) - near) * green
        far = far + (along_red(side * side + side) - far) * green
        found: FloatPixels = near + (far - near) * blue
        return found


def parse_cube(content: bytes) -> Cube:
    """UserError with one sentence for anything that is no whole table."""
    if len(content) > LARGEST_BYTES:
        raise UserError("effect.lut_too_large", limit=LARGEST_BYTES >> 20)
    lines = [line.split("#")[0].strip() for line in content.decode("utf-8", "replace").splitlines()]
    sizes: dict[str, int] = {}
    domain = {"DOMAIN_MIN": [0.0, 0.0, 0.0], "DOMAIN_MAX": [1.0, 1.0, 1.0]}
    rows: list[str] = []
    for line in lines:
        word = line.split(None, 1)[0] if line else ""
        if word in _SIZES:
            sizes[word] = _size(line, _SIZES[word])
        elif word in domain:
            domain[word] = _three(line.split()[1:])
        elif word[:1] in "0123456789-+." and word:
            rows.append(line)
        elif word and not word.startswith(("TITLE", "LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")):
            raise UserError("effect.lut_broken", reason=f"“{word[:40]}” is no word of a .cube file")
    low, high = (np.array(domain[name], np.float32) for name in ("DOMAIN_MIN", "DOMAIN_MAX"))
    if len(sizes) != 1 or not (low < high).all():
        raise UserError("effect.lut_broken", reason="it does not say one size of one table")
    (name, size), values = next(iter(sizes.items())), _numbers(rows)
    wanted = size if name == "LUT_1D_SIZE" else size**3
    if len(values) != wanted:
        raise UserError("effect.lut_broken", reason=f"it has {len(values)} rows of colours instead of {wanted}")
    return Cube(values if name == "LUT_1D_SIZE" else values.reshape(size, size, size, 3), low, high)


def _size(line: str, largest: int) -> int:
    text = line.split()[-1]
    if not text.isdecimal() or not 2 <= int(text[:9]) <= largest:
        raise UserError("effect.lut_broken", reason=f"a size of {text[:20]} is not possible")
    return int(text)


def _three(words: list[str]) -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not np.isfinite(numbers).all():
        raise UserError("effect.lut_broken", reason="its domain is not three numbers")
    return numbers


def _numbers(rows: list[str]) -> npt.NDArray[np.float32]:
    try:
        values = np.array(" ".join(rows).split(), np.float32)
    except ValueError as error:
        raise UserError("effect.lut_broken", reason="some of its rows are no numbers") from error
    if len(values) != 3 * len(rows) or not np.isfinite(values).all():
        raise UserError("effect.lut_broken", reason="its rows are not three numbers each")
    return values.reshape(-1, 3)
