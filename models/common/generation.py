"""Measures an exported generator: beside real pictures, by the judge of its set, and by what it can be used to teach.

Everything is seen on white paper. Every distance stands beside the same distance between real pictures and other real
pictures, as many; that is as good as it gets with so few.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.common.export import cpu_session, embedded_manifest
from models.common.gan_metrics import (
    Features,
    coverage,
    eye_or_pixels,
    frechet_distance,
    inception_features,
    kernel_distance,
    nearest_pictures,
    pixel_features,
    precision_recall,
)
from models.common.judge import JUDGES, Judge, judged, kept_judge, seen_by, train_judge
from models.common.painting import planes_to_rgba
from models.common.picture_sets import PictureSet, as_planes, on_paper, pictures_of, premultiplied

MOST_COMPARED = 2000
TAUGHT_WITH = 5000  # generated pictures that a fresh judge is trained on
SPEED_RUNS = 50
HELD_OUT_EVERY = 10
JOINT = "+"  # between the names of the parts that a picture is joined of
COARSE_SIDE_PX = 16
PARTS_MET = "parts met"

Paper8 = NDArray[np.uint8]  # (N, H, W, 3) on white paper


@dataclass(frozen=True)
class Line:
    """One row of the table; `real` is the same for real pictures against real pictures, where that makes sense."""

    metric: str
    value: float
    real: float | None = None
    unit: str = ""
    data: str = ""

    def as_manifest(self) -> dict[str, Any]:
        told: dict[str, Any] = {"data": self.data, "metric": self.metric, "value": self.value, "unit": self.unit}
        if self.real is not None:
            told |= {"baseline": "real against real", "baseline_value": self.real}
        return told


class Exported:
    """The parts of a generator's folder, ready to run."""

    def __init__(self, folder: Path) -> None:
        found = {path.stem: cpu_session(path) for path in sorted(folder.glob("*.onnx"))}
        self.manifest = embedded_manifest(next(iter(found.values())))
        self.sessions = {part: found[Path(name).stem] for part, name in self.manifest["files"].items()}
        picture = next(spec for spec in self.manifest["outputs"] if spec["role"] == "image")
        self.decoder: onnxruntime.InferenceSession = self.sessions[picture["part"]]
        latent = next(spec for spec in self.manifest["inputs"] if spec["role"] == "latent")
        self.latent_size = int(latent["shape"][0])
        self.config: dict[str, Any] = json.loads(self.manifest["made_by"]["config"])

    @property
    def classes(self) -> list[str]:
        """What can be chosen; empty for a generator without labels."""
        choices = [param["choices"] for param in self.manifest["params"] if param["type"] == "choice"]
        return list(choices[0]) if choices else []

    @property
    def has_encoder(self) -> bool:
        return "encoder" in self.sessions

    def pictures(
        self,
        latents: NDArray[np.float32],
        labels: NDArray[np.int64],
        *,
        scalars: dict[str, float] | None = None,
        given: dict[str, NDArray[np.float32]] | None = None,
    ) -> NDArray[np.uint8]:
        """(N, H, W, 4) straight RGBA. Of a mapped generator with sliders at `scalars` and further tensors `given`."""
        made = [self._decoded(z, y, scalars or {}, given or {}) for z, y in _batches(latents, labels)]
        return np.concatenate([_rgba8(planes) for planes in made])

    def drawn(self, count: int, labels: NDArray[np.int64], *, seed: int = 0) -> NDArray[np.uint8]:
        latents = np.random.default_rng(seed).standard_normal((count, self.latent_size), dtype=np.float32)
        return self.pictures(latents, labels)

    def encoded(self, rgba: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Straight RGBA planes (N, 4, H, W) in 0..1 → mean and log variance of the latents."""
        parts = [self.sessions["encoder"].run(None, self._fed({"image": x}, y)) for x, y in _batches(rgba, labels)]
        means, variances = zip(*parts, strict=True)
        return np.concatenate(means), np.concatenate(variances)

    def decoded(self, latents: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.concatenate([self._decoded(z, y) for z, y in _batches(latents, labels)])

    def milliseconds(self) -> float:
        """For one picture on two threads, the quickest of many."""
        latent, label = np.zeros((1, self.latent_size), np.float32), np.zeros(1, np.int64)
        seconds = []
        for _ in range(SPEED_RUNS):
            start = time.perf_counter()
            self._decoded(latent, label)
            seconds.append(time.perf_counter() - start)
        return min(seconds) * 1000

    def _decoded(
        self,
        latents: NDArray[np.float32],
        labels: NDArray[np.int64],
        scalars: dict[str, float] | None = None,
        given: dict[str, NDArray[np.float32]] | None = None,
    ) -> NDArray[np.float32]:
        if "mapping" not in self.sessions:
            return self.decoder.run(None, self._fed({"latent": latents}, labels))[0]
        known = {"latent": latents} | (given or {})
        for part in ("mapping", "synthesis"):
            fed = {}
            for spec in self.manifest["inputs"]:
                if spec["part"] == part:
                    fed[spec["name"]] = self._steered(spec, len(latents), known, scalars or {})
            answers = self.sessions[part].run(None, fed)
            names = [spec["name"] for spec in self.manifest["outputs"] if spec["part"] == part]
            known |= dict(zip(names, answers, strict=True))
        return answers[0]

    def _steered(
        self, spec: dict[str, Any], count: int, known: dict[str, NDArray[Any]], scalars: dict[str, float]
    ) -> NDArray[np.float32]:
        """What a mapped generator is fed where nothing is said: sliders at 0, noise of one seed, no other latent."""
        if spec["name"] in known:
            return known[spec["name"]]
        if spec["role"] == "scalar":
            return np.full(count, scalars.get(spec["name"], 0.0), np.float32)
        if spec["role"] == "noise":
            rng = np.random.default_rng(spec["shape"][-1])
            return rng.standard_normal((count, *spec["shape"]), dtype=np.float32)
        return np.zeros((count, *spec["shape"]), np.float32)

    def _fed(self, given: dict[str, NDArray[Any]], labels: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return given | ({"label": labels} if self.classes else {})


def data_of(config: dict[str, Any]) -> PictureSet:
    """The pictures a model was trained with and those held out, by the Config in its manifest."""
    data, classes = Path(config["data"]), tuple(config["classes"])
    return pictures_of(data, side=config["side"], planes=config["planes"], classes=classes)


def measure_generator(folder: Path, *, inception: Path | None = None, judges: Path = JUDGES) -> dict[str, Any]:
    """{"lines": [...], "histogram": {...}, …}: everything that stands on the card, from the exported files alone."""
    exported = Exported(folder)
    pictures = data_of(exported.config)
    training, held_out = pictures.split(every=HELD_OUT_EVERY)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(pictures))
    count = min(MOST_COMPARED, len(pictures) // 2)
    first, second = pictures.take(order[:count]), pictures.take(order[count : 2 * count])
    labels = rng.permutation(np.arange(count) % max(1, len(exported.classes)))
    generated = on_paper(premultiplied(exported.drawn(count, labels)))
    data = f"{exported.config['data']}, {count} generated, {count} real"

    lines = []
    for features in [eye_or_pixels(), *([inception_features(inception)] if inception else [])]:
        lines += compared(features, first, second, generated, data)
    lines += joined_lines(first, second, generated, training, held_out)
    result: dict[str, Any] = {"training pictures": len(training), "held-out pictures": len(held_out)}
    if len(pictures.classes) > 1 and len(held_out) >= 10 * len(pictures.classes):
        told, more = judged_lines(exported, training, held_out, generated, labels, judges)
        lines += told
        result |= more
    if exported.has_encoder:
        lines += autoencoder_lines(exported, held_out if len(held_out) else training)
    lines.append(Line("time for one picture", round(exported.milliseconds(), 2), unit="ms", data="two threads"))
    return result | {"lines": [line.__dict__ for line in lines], "metrics": [line.as_manifest() for line in lines]}


def compared(features: Features, first: PictureSet, second: PictureSet, generated: Paper8, data: str) -> list[Line]:
    """Distances, precision, recall and coverage of generated and of other real pictures to the first real ones."""
    one, other = features(first.pictures), features(second.pictures)
    ours = features(_as_opaque(generated))
    name = features.name
    lines = [
        Line(f"fid_{name}", frechet_distance(one, ours), frechet_distance(one, other)),
        Line(f"kid_{name}", kernel_distance(one, ours), kernel_distance(one, other)),
        Line(f"precision_{name}", precision_recall(one, ours)[0], precision_recall(one, other)[0]),
        Line(f"recall_{name}", precision_recall(one, ours)[1], precision_recall(one, other)[1]),
        Line(f"coverage_{name}", coverage(one, ours), coverage(one, other)),
    ]
    return [Line(line.metric, _short(line.value), _short(line.real or 0.0), data=data) for line in lines]


def joined_lines(
    first: PictureSet, second: PictureSet, generated: Paper8, training: PictureSet, held_out: PictureSet
) -> list[Line]:
    """Of sets whose pictures are joined of parts (names "eyes+mouth:number"): variety where features see none.

    Joined pictures share their parts to the pixel, so that a real one's neighbours are nearer on a network's features
    than anything drawn can be. Coarse pixels forgive softness; the nearest training pictures tell which parts are met.
    """
    if not all(JOINT in name.partition(":")[0] for name in training.names):
        return []
    coarse = pixel_features(COARSE_SIDE_PX)
    one, other, ours = (coarse(pictures) for pictures in (first.pictures, second.pictures, _as_opaque(generated)))
    known = _parts_of(training.names)
    taught = coarse(training.pictures)
    met = [
        len(_parts_of([training.names[i] for i in nearest_pictures(seen, taught).tolist()])) / len(known)
        for seen in (ours, coarse(held_out.pictures))
    ]
    side = f"{COARSE_SIDE_PX} x {COARSE_SIDE_PX} pixels"
    return [
        Line("coverage_pixels", _short(coverage(one, ours)), _short(coverage(one, other)), data=side),
        Line(PARTS_MET, _short(met[0] * 100), _short(met[1] * 100), "%", f"{len(known)} parts, nearest by {side}"),
    ]


def judged_lines(
    exported: Exported,
    training: PictureSet,
    held_out: PictureSet,
    generated: Paper8,
    labels: NDArray[np.int64],
    judges: Path,
) -> tuple[list[Line], dict[str, Any]]:
    """What the judge of this set says of the samples, and how well a judge taught by samples does on real pictures."""
    judge = kept_judge(on_paper(training.pictures), training.labels, len(training.classes), folder=judges)
    real = on_paper(held_out.pictures)
    own = float((judged(judge, real) == held_out.labels).mean())
    taken_for = judged(judge, generated)
    data = f"judge trained on {len(training)} real pictures, {len(held_out)} held out"
    lines = _coverage_by_judge(judge, training, held_out, generated)
    histogram = np.bincount(taken_for, minlength=len(training.classes)) / len(taken_for)
    rarest = float(histogram.min() * len(training.classes))
    if exported.classes:
        told = float((taken_for == labels).mean())
        lines.append(Line("taken for the class asked for", _short(told * 100), _short(own * 100), "%", data))
        taught = _taught_by_samples(exported, held_out, len(training.classes))
        lines.append(Line("train on generated, test on real", _short(taught * 100), _short(own * 100), "%", data))
    else:
        lines.append(Line("share of the rarest class times classes", _short(rarest), data=data))
    shares = {name: round(float(share), 4) for name, share in zip(training.classes, histogram, strict=True)}
    return lines, {"class histogram": shares}


def autoencoder_lines(exported: Exported, held_out: PictureSet) -> list[Line]:
    """Reconstruction and evidence bound on pictures that were not trained on; one sample of each latent, seed 0."""
    planes = exported.config["planes"]
    real = as_planes(held_out.take(np.arange(min(1000, len(held_out)))).pictures)
    labels = held_out.labels[: len(real)]
    rgba = planes_to_rgba(real, planes).numpy()
    mean, log_variance = exported.encoded(rgba, labels)
    noise = np.random.default_rng(0).standard_normal(mean.shape, dtype=np.float32)
    by_mean = _learned(exported.decoded(mean, labels), planes)
    by_sample = _learned(exported.decoded(mean + np.exp(log_variance / 2) * noise, labels), planes)
    values = real[0].numel()
    squared = (real - by_sample).square().flatten(1).sum(dim=1).double()
    variance = squared.mean() / values  # the best single one, as the method learns it
    likelihood = -0.5 * (squared / variance + values * (variance.log() + math.log(2 * math.pi)))
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(axis=1)
    elbo = ((likelihood.mean() - divergence.mean()) / values + math.log(2 / 255)) / math.log(2)
    error = float((real - by_mean).square().mean()) / 4  # -1..1 is two wide
    data = f"{len(real)} held-out pictures"
    return [
        Line("reconstruction PSNR", _short(10 * math.log10(1 / max(error, 1e-12))), unit="dB", data=data),
        Line("ELBO", _short(float(elbo)), unit="bits a value", data=data),
        Line("KL", _short(float(divergence.mean())), unit="nats", data=data),
    ]


def nearest_training(exported: Exported, generated: NDArray[np.uint8]) -> tuple[Paper8, list[str]]:
    """For (N, H, W, 4) samples the nearest training pictures by pixels at half the side, and their names."""
    training, _ = data_of(exported.config).split(every=HELD_OUT_EVERY)
    features = pixel_features(training.side // 2)
    near = nearest_pictures(features(premultiplied(generated)), features(training.pictures)).numpy()
    return on_paper(training.pictures[near]), [training.names[i] for i in near]


def table(measured: dict[str, Any]) -> str:
    """Markdown: metric, value, real against real."""
    rows = ["| metric | this model | real against real |", "|---|---|---|"]
    for line in measured["lines"]:
        unit = f" {line['unit']}" if line["unit"] else ""
        real = "" if line["real"] is None else f"{line['real']:g}{unit}"
        rows.append(f"| {line['metric']} | {line['value']:g}{unit} | {real} |")
    if "class histogram" in measured:
        shares = ", ".join(f"{name} {share * 100:.1f} %" for name, share in measured["class histogram"].items())
        rows += ["", f"Taken for, by the judge: {shares}."]
    return "\n".join(rows)


def _parts_of(names: Sequence[str]) -> set[tuple[int, str]]:
    """Each part with its place: the same name may stand for eyes and for a mouth."""
    return {part for name in names for part in enumerate(name.partition(":")[0].split(JOINT))}


def _coverage_by_judge(judge: Judge, training: PictureSet, held_out: PictureSet, generated: Paper8) -> list[Line]:
    some = np.random.default_rng(1).permutation(len(training))[: 2 * min(len(generated), len(training) // 2)]
    one, other = (seen_by(judge, on_paper(training.take(half).pictures)) for half in np.array_split(some, 2))
    count = min(len(one), len(other))
    values = coverage(one, seen_by(judge, generated)), coverage(one, other[:count])
    return [Line("coverage_judge", _short(values[0]), _short(values[1]), data=f"{len(one)} real pictures")]


def _taught_by_samples(exported: Exported, held_out: PictureSet, classes: int) -> float:
    labels = np.arange(TAUGHT_WITH if not exported.config.get("smoke") else 50) % classes
    samples = on_paper(premultiplied(exported.drawn(len(labels), labels, seed=1)))
    student = train_judge(samples, labels, classes, seen=20_000 if not exported.config.get("smoke") else 256)
    return float((judged(student, on_paper(held_out.pictures)) == held_out.labels).mean())


def _learned(rgba: NDArray[np.float32], planes: Any) -> Tensor:
    from models.common.painting import rgba_to_planes

    return rgba_to_planes(torch.from_numpy(rgba), planes)


def _as_opaque(paper: Paper8) -> NDArray[np.uint8]:
    return np.concatenate([paper, np.full_like(paper[..., :1], 255)], axis=-1)


def _rgba8(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(planes.transpose(0, 2, 3, 1) * 255), 0, 255).astype(np.uint8)


def _batches(values: NDArray[Any], labels: NDArray[np.int64], size: int = 100) -> Any:
    return ((values[i : i + size], labels[i : i + size]) for i in range(0, len(values), size))


def _short(value: float) -> float:
    """Four significant digits: more would pretend."""
    return float(f"{value:.4g}")
