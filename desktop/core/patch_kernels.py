"""Patch search and smooth filling in numba: who looks like whom, what the votes say, and a membrane over a hole.

Pictures are (H, W, C) float32; a correspondence is (H, W, 2) int32, row and column of the source patch's middle.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

F, INT = np.float32, np.int32
ZERO, QUARTER, FAR = F(0), F(0.25), F(3.4e38)
R1, R2 = np.uint64(6364136223846793005), np.uint64(1442695040888963407)
SHIFT, MASK31 = np.uint64(33), np.uint64(0x7FFFFFFF)

_kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp", "reassoc"})
_part = njit(nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp", "reassoc"})


@_part
def _distance(image, y, x, sy, sx, radius, limit):
    """The mean squared difference of two patches, as far as the first lies inside; gives up beyond `limit`."""
    height, width, channels = image.shape
    top, bottom = max(-radius, -y), min(radius, height - 1 - y)
    left, right = max(-radius, -x), min(radius, width - 1 - x)
    count = F(INT((bottom - top + 1) * (right - left + 1)))
    most, total = limit * count, ZERO
    for dy in range(top, bottom + 1):
        for dx in range(left, right + 1):
            for c in range(channels):
                d = image[y + dy, x + dx, c] - image[sy + dy, sx + dx, c]
                total += d * d
        if total > most:
            return FAR
    return total / count


@_part
def _try(image, field, cost, y, x, sy, sx, radius):
    d = _distance(image, y, x, sy, sx, radius, cost[y, x])
    if d < cost[y, x]:
        cost[y, x] = d
        field[y, x, 0], field[y, x, 1] = sy, sx


@_kernel
def measure(image, targets, field, cost, radius):
    """The distance of every correspondence as the picture is now."""
    for index in range(targets.shape[0]):
        y, x = targets[index, 0], targets[index, 1]
        cost[y, x] = _distance(image, y, x, field[y, x, 0], field[y, x, 1], radius, FAR)


@_kernel
def improve(image, targets, field, cost, usable, is_target, radius, reach, backwards, seed):
    """One pass of propagation and random search over the targets, in reading order or against it."""
    height, width = usable.shape
    state, step = np.uint64(seed), -1 if backwards else 1
    count = targets.shape[0]
    for number in range(count):
        index = count - 1 - number if backwards else number
        y, x = targets[index, 0], targets[index, 1]
        for side in range(2):
            ny, nx = (y - step, x) if side == 0 else (y, x - step)
            if 0 <= ny < height and 0 <= nx < width and is_target[ny, nx]:
                sy, sx = field[ny, nx, 0] + (y - ny), field[ny, nx, 1] + (x - nx)
                if 0 <= sy < height and 0 <= sx < width and usable[sy, sx]:
                    _try(image, field, cost, y, x, sy, sx, radius)
        far = reach
        while far >= 1:
            state = state * R1 + R2
            sy = field[y, x, 0] + INT((state >> SHIFT) & MASK31) % (2 * far + 1) - far
            state = state * R1 + R2
            sx = field[y, x, 1] + INT((state >> SHIFT) & MASK31) % (2 * far + 1) - far
            if 0 <= sy < height and 0 <= sx < width and usable[sy, sx]:
                _try(image, field, cost, y, x, sy, sx, radius)
            far //= 2


@_kernel
def peel(image, order, filled, sources, radius, field):
    """Fills pixels in `order`, the rim first: each is copied from the patch that is most like what is there already."""
    height, width, channels = image.shape
    for index in range(order.shape[0]):
        y, x = order[index, 0], order[index, 1]
        best, chosen = FAR, 0
        for number in range(sources.shape[0]):
            sy, sx = sources[number, 0], sources[number, 1]
            total = ZERO
            for dy in range(max(-radius, -y), min(radius, height - 1 - y) + 1):
                for dx in range(max(-radius, -x), min(radius, width - 1 - x) + 1):
                    if filled[y + dy, x + dx]:
                        for c in range(channels):
                            d = image[y + dy, x + dx, c] - image[sy + dy, sx + dx, c]
                            total += d * d
                if total > best:
                    break
            if total < best:
                best, chosen = total, number
        for c in range(channels):
            image[y, x, c] = image[sources[chosen, 0], sources[chosen, 1], c]
        field[y, x, 0], field[y, x, 1] = sources[chosen, 0], sources[chosen, 1]
        filled[y, x] = 1


@_kernel
def vote(image, pixels, field, cost, is_target, trust, radius, sharpness, out):
    """What the patches around each pixel say it is: a mean, weighted by likeness and trust."""
    height, width, channels = image.shape
    for index in range(pixels.shape[0]):
        y, x = pixels[index, 0], pixels[index, 1]
        weights = ZERO
        for c in range(channels):
            out[y, x, c] = ZERO
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                qy, qx = y - dy, x - dx
                if qy < 0 or qx < 0 or qy >= height or qx >= width or not is_target[qy, qx]:
                    continue
                weight = F(math.exp(-cost[qy, qx] * sharpness)) * trust[qy, qx] + F(1e-12)
                weights += weight
                for c in range(channels):
                    out[y, x, c] += weight * image[field[qy, qx, 0] + dy, field[qy, qx, 1] + dx, c]
        for c in range(channels):
            out[y, x, c] /= max(weights, F(1e-30))


@_kernel
def relax(values, inside, sweeps, over):
    """Gauss-Seidel with over-relaxation of Laplace's equation where `inside` is 1; the border is mirrored."""
    height, width, channels = values.shape
    for _sweep in range(sweeps):
        for color in range(2):
            for y in range(height):
                up, down = max(y - 1, 0), min(y + 1, height - 1)
                for x in range((y + color) % 2, width, 2):
                    if inside[y, x] == 0:
                        continue
                    left, right = max(x - 1, 0), min(x + 1, width - 1)
                    for c in range(channels):
                        around = values[up, x, c] + values[down, x, c] + values[y, left, c] + values[y, right, c]
                        values[y, x, c] += over * (QUARTER * around - values[y, x, c])
