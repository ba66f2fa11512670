"""Cut-outs pasted onto photographs so that the pasting leaves no trace: matched in colour, sharpness, grain and light.

A network that learns from pasted pictures learns to see the paste unless everything that gives it away is taken out:
the object's colours move towards those of the place, the background is as soft as the object, what is done at the end
(blur, noise, JPEG, tone) is done to the whole picture, and some pictures hold edges that are no subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.common.cutouts import Cutout, Rgba8
from models.common.degrade import jpeg

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Alpha8 = NDArray[np.uint8]  # (H, W)
Float = NDArray[np.float32]

EMPTY_SHARE = 0.06  # pictures without a subject: surfaces and crops in which nothing stands out
FALSE_EDGE_SHARE = 0.1  # pieces of other photographs that are no subject
STUDIO_SHARE = 0.2  # even backgrounds, as for products
SECOND_SHARE = 0.12  # two subjects
SHADOW_SHARE = 0.4
CAST_SHADOW_SHARE = 0.25  # hard ones on the ground, which are no part of the subject
PATCH_OF_SHADE_SHARE = 0.15  # shade without anything that throws it


@dataclass(frozen=True)
class Pasted:
    picture: Rgb8
    alpha: Alpha8  # the truth


def paste(
    cutouts: Sequence[Cutout], photos: Sequence[Rgb8], side: int, rng: np.random.Generator, *, hard_shadows: bool = True
) -> Pasted:
    """One picture of SIDE × SIDE with what belongs to its subject; without `hard_shadows` all shade is soft and near.

    What is measured on has none, so that its pictures, and their numbers, stay comparable.
    """
    is_empty = rng.random() < EMPTY_SHARE
    scene = _background(photos, side, rng, is_close=is_empty).astype(np.float32)
    alpha = np.zeros((side, side), np.float32)
    if rng.random() < FALSE_EDGE_SHARE:
        scene = _with_false_edges(scene, photos, rng)
    if hard_shadows and rng.random() < PATCH_OF_SHADE_SHARE:
        scene = scene * (1 - rng.uniform(0.2, 0.7) * _blob(side, rng))
    softness = rng.uniform(0.5, 3.5) * side / 256 if rng.random() < 0.5 else 0.0
    if softness and not is_empty:  # behind the subject a picture is out of focus, in front it never is
        scene = cv2.GaussianBlur(scene, (0, 0), softness)
    for _ in range(0 if is_empty else 1 + (rng.random() < SECOND_SHARE)):
        scene, alpha = _with_subject(scene, alpha, cutouts[rng.integers(len(cutouts))], rng, hard_shadows=hard_shadows)
    return Pasted(as_taken(scene, rng), np.rint(alpha * 255).astype(np.uint8))


def paste_several(
    groups: Sequence[Sequence[Cutout]], photos: Sequence[Rgb8], side: int, rng: np.random.Generator
) -> tuple[Rgb8, list[Alpha8]]:
    """One picture with a subject out of each group, a later one over earlier ones, and what is seen of each."""
    scene = _background(photos, side, rng, is_close=False).astype(np.float32)
    if rng.random() < FALSE_EDGE_SHARE:
        scene = _with_false_edges(scene, photos, rng)
    if groups and rng.random() < 0.3:
        scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.5, 3) * side / 256)
    seen: list[Float] = []
    for group in groups:
        cutout = group[rng.integers(len(group))]
        scene, own = _with_subject(scene, np.zeros((side, side), np.float32), cutout, rng, hard_shadows=False)
        seen = [*(alpha * (1 - own) for alpha in seen), own]
    return as_taken(scene, rng), [np.rint(alpha * 255).astype(np.uint8) for alpha in seen]


def _background(photos: Sequence[Rgb8], side: int, rng: np.random.Generator, *, is_close: bool) -> Rgb8:
    if rng.random() < STUDIO_SHARE and not is_close:
        return _studio(side, rng)
    photo = photos[rng.integers(len(photos))]
    shares = (0.15, 0.4) if is_close else (0.45, 1.0)
    height, width = (max(round(length * rng.uniform(*shares)), 8) for length in photo.shape[:2])
    top, left = rng.integers(photo.shape[0] - height + 1), rng.integers(photo.shape[1] - width + 1)
    crop = photo[top : top + height, left : left + width]
    crop = crop[:, ::-1] if rng.integers(2) else crop
    return cv2.resize(np.ascontiguousarray(crop), (side, side), interpolation=cv2.INTER_AREA)


def _studio(side: int, rng: np.random.Generator) -> Rgb8:
    """A sheet of paper or a wall: two near colours, one falling into the other, now and then a table's edge."""
    first = rng.uniform(0.75, 1, 1) * np.ones(3) if rng.random() < 0.6 else rng.uniform(0.05, 1, 3)
    second = np.clip(first + rng.normal(0, 0.12), 0, 1)
    angle, (rows, columns) = rng.uniform(0, 2 * np.pi), np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    way = np.sin(angle) * rows + np.cos(angle) * columns + rng.uniform(-0.5, 0.5)
    sharp = rng.uniform(0.5, 2) if rng.random() < 0.75 else 30
    share = 1 / (1 + np.exp(-way * sharp))[..., None]
    return ((first * share + second * (1 - share)) * 255).astype(np.uint8)


def _with_false_edges(scene: Float, photos: Sequence[Rgb8], rng: np.random.Generator) -> Float:
    """A piece of another photograph with a soft, odd outline: an edge alone makes no subject."""
    side = scene.shape[0]
    other = _background(photos, side, rng, is_close=True)
    share = _blob(side, rng)
    return scene * (1 - share) + other * share


def _blob(side: int, rng: np.random.Generator) -> Float:
    """(side, side, 1) in 0..1: a soft, odd shape somewhere."""
    noise = cv2.GaussianBlur(rng.standard_normal((side, side)).astype(np.float32), (0, 0), side / 10)
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    place = rng.uniform(-0.9, 0.9, 2)
    shape = rng.uniform(0.2, 0.5) - np.hypot(rows - place[0], columns - place[1]) + noise * side / 30
    return np.asarray(1 / (1 + np.exp(-shape * side / 6)), np.float32)[..., None]


def _with_subject(
    scene: Float, alpha: Float, cutout: Cutout, rng: np.random.Generator, *, hard_shadows: bool
) -> tuple[Float, Float]:
    side = scene.shape[0]
    rgba, place, enlarged = _placed(cutout, side, rng)
    if enlarged > 1.1:  # a small cut-out becomes soft when it grows; so must what is around it
        scene = cv2.GaussianBlur(scene, (0, 0), 0.45 * enlarged)
    own = cv2.warpAffine(
        rgba[..., 3].astype(np.float32) / 255, place, (side, side), flags=cv2.INTER_LINEAR, borderValue=0.0
    )
    colour = cv2.warpAffine(
        _recoloured(rgba, scene, rng), place, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if rng.random() < 0.35:
        own = cv2.GaussianBlur(own, (0, 0), rng.uniform(0.3, 1.2))
    if rng.random() < SHADOW_SHARE:
        scene = _with_shadow(scene, own, rng)
    if hard_shadows and rng.random() < CAST_SHADOW_SHARE:
        scene = _with_cast_shadow(scene, own, rng)
    mixed = scene * (1 - own[..., None]) + colour * own[..., None]
    return mixed, alpha + own * (1 - alpha)


def _placed(cutout: Cutout, side: int, rng: np.random.Generator) -> tuple[Rgba8, Float, float]:
    """(pixels, where they go: a 2 × 3 matrix, how much they grow)."""
    rgba = cutout.rgba
    height, width = rgba.shape[:2]
    wanted = side * (rng.uniform(0.65, 1.15) if rng.random() < 0.6 else rng.uniform(0.25, 0.65))
    scale = wanted / max(height, width)
    stretch = np.exp(rng.normal(0, 0.12))  # pictures of any shape are squeezed into the network's square
    mirrored = -1.0 if rng.integers(2) else 1.0
    angle = 0.0 if cutout.touches_bottom else np.deg2rad(rng.normal(0, 12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([scale * stretch * mirrored, scale / stretch])
    reach = np.abs(matrix) @ np.array([width, height]) / 2
    slack = np.maximum(side / 2 - reach, side * 0.05)
    centre = side / 2 + np.clip(rng.normal(0, 0.5, 2), -1, 1) * slack
    if cutout.touches_bottom:
        centre[1] = side - reach[1] + rng.uniform(1, 6)
    offset = centre - matrix @ (np.array([width, height]) / 2)
    return rgba, np.column_stack([matrix, offset]).astype(np.float32), scale


def _recoloured(rgba: Rgba8, scene: Float, rng: np.random.Generator) -> Float:
    """The subject's colours in the light of the place, give or take."""
    colour = rgba[..., :3].astype(np.float32)
    seen = rgba[..., 3] > 128
    if not seen.any():
        return colour
    mean, around = colour[seen].mean(axis=0), scene.mean(axis=(0, 1))
    shift = (around - mean) * rng.uniform(0, 0.45)
    grey = mean.mean()
    contrast, cast = rng.uniform(0.75, 1.2), rng.normal(1, 0.05, 3)
    return np.clip(((colour - grey) * contrast + grey + shift) * cast, 0, 255).astype(np.float32)


def _with_shadow(scene: Float, own: Float, rng: np.random.Generator) -> Float:
    side = scene.shape[0]
    shift = np.array([[1, 0, rng.normal(0, 0.03) * side], [0, 1, rng.uniform(0, 0.06) * side]], np.float32)
    shade = cv2.GaussianBlur(cv2.warpAffine(own, shift, (side, side)), (0, 0), rng.uniform(0.01, 0.05) * side)
    return scene * (1 - rng.uniform(0.15, 0.6) * shade[..., None])


def _with_cast_shadow(scene: Float, own: Float, rng: np.random.Generator) -> Float:
    """The subject's outline thrown on the ground: sheared about its feet, squashed, sharp where it begins."""
    side = scene.shape[0]
    rows = np.flatnonzero((own > 0.5).any(axis=1))
    if not len(rows):
        return scene
    feet, squash = float(rows[-1]), rng.uniform(0.15, 0.7) * (1 if rng.random() < 0.6 else -0.6)
    lean = rng.uniform(-1.2, 1.2)
    thrown = np.array([[1, -lean, lean * feet], [0, squash, feet * (1 - squash)]], np.float32)
    shade = cv2.warpAffine(own, thrown, (side, side))
    shade = cv2.GaussianBlur(shade, (0, 0), rng.uniform(0.003, 0.02) * side)
    return scene * (1 - rng.uniform(0.25, 0.75) * shade[..., None])


def as_taken(scene: Float, rng: np.random.Generator) -> Rgb8:
    """What a camera and a web page do to the whole picture."""
    if rng.random() < 0.3:
        scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.3, 0.9))
    scene = 255 * np.clip(scene / 255, 0, 1) ** np.exp(rng.normal(0, 0.2))
    if rng.random() < 0.5:
        scene = scene + rng.standard_normal(scene.shape, dtype=np.float32) * rng.uniform(0, 7)
    if rng.random() < 0.06:
        scene = np.repeat(scene.mean(axis=2, keepdims=True), 3, axis=2)
    picture = np.clip(np.rint(scene), 0, 255).astype(np.uint8)
    return jpeg(picture, int(rng.integers(45, 97))) if rng.random() < 0.6 else picture
