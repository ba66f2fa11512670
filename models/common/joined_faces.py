"""Faces of free emoji taken apart and joined anew: any eyes with any mouth.

A hundred faces are too few for a generator to learn more than themselves. All of them are the same ball with something
on it, so the ball can be taken away: what is left are eyes and mouths with a soft alpha of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.common.picture_sets import PictureSet, premultiplied, resized

FACE_SIDE_PX = 64
DRAWN_AT = 2  # times the side, then shrunk
FACE_COUNT = 6000
SEED = 0

Rgb = NDArray[np.float32]  # (H, W, 3) in 0..255
Share = NDArray[np.float32]  # (H, W) in 0..1

# Code points whose eyes, or mouths, stand alone on the ball.
EYES = (
    *("1f600", "1f601", "1f606", "1f609", "1f60c", "1f60f", "1f610", "1f611", "1f612", "1f614", "1f61c"),
    *("1f61e", "1f61f", "1f620", "1f623", "1f626", "1f627", "1f629", "1f62c", "1f62f", "1f635", "1f641", "1f642"),
    *("1f644", "1f913", "1f928", "1f97a", "1f974", "1f619"),
)
MOUTHS = {
    "Laughing": ("1f600", "1f601", "1f606", "1f61b", "1f61d", "1f609"),
    "Smiling": ("1f60b", "1f60c", "1f60f", "1f642", "1f607"),
    "Frowning": ("1f612", "1f615", "1f61e", "1f620", "1f623", "1f629", "1f62b", "1f97a", "1f974"),
    "Astonished": ("1f626", "1f627", "1f62e", "1f62f", "1f632", "1f635", "1f634"),
    "Quiet": ("1f610", "1f614", "1f617", "1f616", "1f62c", "1f910", "1fae4"),
}
PLAIN = tuple(sorted({*EYES, *(name for names in MOUTHS.values() for name in names)}))

# What part of the side lies where.
MIDDLE = 0.57  # above are eyes, below mouths
CHEEKS = ((0.575, 0.2), (0.575, 0.8))  # (down, right) of their middles
CHEEK_SIZE, CHEEK_COLOR, CHEEK_SHARE = 0.055, (255, 96, 84), 0.75
UPPER, LOWER = 0.45, 0.7  # what reaches from above to below is eyes and a mouth that touch
RIM = 0.035  # the ball's own edge, which differs from face to face
SMALLEST_PART = 0.0006  # of the picture: less is a trace of the ball
CORE = 0.3  # share that surely belongs to a part
ROOM = 0.015  # between eyes and mouth

CANDIDATE_REACH, FAINT, FULL = 12, 14, 44  # levels from the ball: still the ball; begins to be a part; is one
WITH_CHEEKS = 0.25
MOVED, SCALED = 0.012, 0.06


@dataclass(frozen=True)
class Part:
    """What of a face lies on the ball: colours and how much they cover."""

    color: Rgb
    share: Share

    @property
    def rows(self) -> tuple[int, int]:
        found = np.flatnonzero(self.share.max(axis=1) > 0.5)
        return int(found[0]), int(found[-1]) + 1

    @property
    def spans_face(self) -> bool:
        top, bottom = self.rows
        return top < UPPER * len(self.share) and bottom > LOWER * len(self.share)

    def cut(self) -> list[Part]:
        """Eyes and mouth that touch, taken apart."""
        above = np.arange(len(self.share))[:, None] < MIDDLE * len(self.share)
        return [Part(self.color, self.share * above), Part(self.color, self.share * ~above)]

    def at(self, side: int) -> Part:
        """Shrunk to SIDE."""
        covered = np.dstack([self.color * self.share[..., None], self.share])
        covered = cv2.resize(covered, (side, side), interpolation=cv2.INTER_AREA)
        return Part(covered[..., :3] / np.maximum(covered[..., 3:], 1e-3), covered[..., 3])

    def moved(self, down: float, right: float, scale: float) -> Part:
        """By shares of the side, scaled about its own middle."""
        side = len(self.share)
        middle = np.array([side / 2, sum(self.rows) / 2])
        offset = middle * (1 - scale) + np.array([right, down]) * side
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]], np.float32)
        covered = np.dstack([self.color * self.share[..., None], self.share])
        warped = cv2.warpAffine(covered, matrix, (side, side), flags=cv2.INTER_LINEAR)
        return Part(warped[..., :3] / np.maximum(warped[..., 3:], 1e-3), warped[..., 3])


def joined_faces(folder: Path, *, count: int = FACE_COUNT, side: int = FACE_SIDE_PX) -> PictureSet:
    """COUNT faces out of FOLDER's <code point>.webp; a name is eyes+mouth:number, so that whole pairs are held out."""
    faces = {name: _read(folder / f"{name}.webp") for name in PLAIN}
    ball, alpha = clean_ball(list(faces.values()))
    drawn_at = DRAWN_AT * side
    parts = {name: [part.at(drawn_at) for part in parts_of(face, ball, alpha)] for name, face in faces.items()}
    ball, alpha = (cv2.resize(plane, (drawn_at, drawn_at), interpolation=cv2.INTER_AREA) for plane in (ball, alpha))
    eyes = {name: _joined([part for part in parts[name] if not _is_mouth(part)]) for name in EYES}
    mouths = {
        name: _joined([part for part in parts[name] if _is_mouth(part)]) for names in MOUTHS.values() for name in names
    }
    cheeks = _drawn_cheeks(drawn_at)
    moods = tuple(MOUTHS)
    rng = np.random.default_rng(SEED)
    pictures, labels, names = [], [], []
    for number in range(count):
        mood = number % len(moods)
        eye, mouth = str(rng.choice(EYES)), str(rng.choice(MOUTHS[moods[mood]]))
        below = [cheeks] if rng.random() < WITH_CHEEKS else []
        face = ball
        for part in [*below, *_placed(eyes[eye], mouths[mouth], rng)]:
            face = face + (part.color - face) * part.share[..., None]
        rgba = np.dstack([face, alpha]).clip(0, 255).astype(np.uint8)
        if rng.random() < 0.5:
            rgba = np.ascontiguousarray(rgba[:, ::-1])
        pictures.append(resized(premultiplied(rgba), side))
        labels.append(mood)
        names.append(f"{eye}+{mouth}:{number}")
    return PictureSet(np.stack(pictures), np.array(labels), moods, tuple(names), "rgba")


def clean_ball(faces: list[NDArray[np.uint8]]) -> tuple[Rgb, NDArray[np.float32]]:
    """(colours, alpha 0..255) of what all faces share: in each place the colour most of them agree on."""
    stack = np.stack(faces)
    colors = stack[..., :3].astype(np.float32)
    is_skin = (colors[..., 0] > 190) & (colors[..., 2] < 190) & (colors[..., 1] > 60)  # neither dark nor white
    most, agreed = np.zeros(colors.shape[1:3]), np.median(colors, axis=0)
    for one, skin in zip(colors, is_skin, strict=True):
        near = (np.abs(colors - one).max(axis=-1) < CANDIDATE_REACH) & is_skin & skin
        votes = near.sum(axis=0)
        mean = (colors * near[..., None]).sum(axis=0) / np.maximum(votes, 1)[..., None]
        better = votes > most
        most[better], agreed[better] = votes[better], mean[better]
    inside = np.median(stack[..., 3], axis=0).astype(np.float32)
    return cv2.GaussianBlur(agreed.astype(np.float32), (0, 0), len(agreed) / 128), inside


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGBA"))


def parts_of(face: NDArray[np.uint8], ball: Rgb, alpha: NDArray[np.float32]) -> list[Part]:
    """Everything that lies on the ball and does not touch its rim alone."""
    color, side = face[..., :3].astype(np.float32), len(face)
    inner = cv2.erode((alpha > 200).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=round(side * RIM))
    share = np.clip((np.abs(color - ball).max(axis=-1) - FAINT) / (FULL - FAINT), 0, 1).astype(np.float32) * inner
    places, count = _places_of(share)
    pure = (color - (1 - share[..., None]) * ball) / np.maximum(share[..., None], 0.05)
    parts = []
    for place in range(1, count):
        here = Part(pure.clip(0, 255), np.where(places == place, share, 0).astype(np.float32))
        if (here.share > 0.5).sum() >= SMALLEST_PART * side**2:
            parts += here.cut() if here.spans_face else [here]
    return parts


def _places_of(share: Share) -> tuple[NDArray[np.int32], int]:
    """(number of the part each pixel belongs to, parts): what is faint belongs to the nearest that is not."""
    cores = (share > CORE).astype(np.uint8)
    count, numbered = cv2.connectedComponents(cores)
    _, nearest = cv2.distanceTransformWithLabels(1 - cores, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    number_of = np.zeros(int(nearest.max()) + 1, np.int32)
    number_of[nearest[cores > 0]] = numbered[cores > 0]
    return number_of[nearest], count


def _middle(part: Part) -> tuple[float, float]:
    """(down, right) of its weight, as shares of the side."""
    down, right = np.nonzero(part.share > 0.3)
    return float(down.mean() / len(part.share)), float(right.mean() / len(part.share))


def _is_mouth(part: Part) -> bool:
    return _middle(part)[0] >= MIDDLE


def _drawn_cheeks(side: int) -> Part:
    """Two soft spots: those of the originals cannot be told from the ball where they fade."""
    down, right = np.mgrid[0:side, 0:side] / side
    spots = [np.exp(-((down - y) ** 2 + (right - x) ** 2) / (2 * CHEEK_SIZE**2)) for y, x in CHEEKS]
    color = np.broadcast_to(np.array(CHEEK_COLOR, np.float32), (side, side, 3))
    return Part(color, (np.max(spots, axis=0) * CHEEK_SHARE).astype(np.float32))


def _joined(parts: list[Part]) -> Part:
    shares = np.stack([part.share for part in parts])
    colors = np.stack([part.color for part in parts])
    return Part(np.take_along_axis(colors, shares.argmax(axis=0)[None, ..., None], axis=0)[0], shares.max(axis=0))


def _placed(eyes: Part, mouth: Part, rng: np.random.Generator) -> list[Part]:
    """A little moved and scaled, and so far apart that neither lies on the other."""
    side = len(eyes.share)
    places = rng.uniform(-MOVED, MOVED, (2, 2))
    scales = 1 + rng.uniform(-SCALED, SCALED, 2)
    overlap = max(0.0, (eyes.rows[1] - mouth.rows[0]) / side + ROOM)
    up = min(overlap * 0.7, eyes.rows[0] / side - 0.14)
    down = min(overlap - up, 0.86 - mouth.rows[1] / side)
    return [
        eyes.moved(places[0, 0] - max(0.0, up), places[0, 1], scales[0]),
        mouth.moved(places[1, 0] + max(0.0, down), places[1, 1], scales[1]),
    ]
