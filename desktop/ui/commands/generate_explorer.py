"""Ways from the picture in hand to others: neighbours, directions, a map, a blend of two; and stamps of its kind."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.errors import UserError
from desktop.runtime.catalog import Model
from desktop.runtime.latents import mix_params
from desktop.runtime.manifest import Param
from desktop.runtime.runner import Result
from desktop.tools import generate_tool, latent_moves
from desktop.tools.generate_tool import Picture, Sample
from desktop.tools.latent_moves import Latents
from desktop.ui.commands.generate_commands import GenerateCommands
from desktop.ui.latest_runs import Wish

NEIGHBOURS = 8  # around the picture in hand: three by three
MAP_SIDE = 7
LOOKED_AT = 256  # pictures from which directions are found
STAMPS = 24
QUIET_MS = 140  # after the last change, before neighbours and maps are computed again


class Page(Enum):
    NEIGHBOURS = "neighbours"
    DIRECTIONS = "directions"
    MAP = "map"
    BLEND = "blend"


class Slot(Enum):
    A = "a"
    B = "b"


@dataclass(frozen=True, slots=True)
class Made:
    """A sample with its picture."""

    sample: Sample
    picture: Picture


class GenerateExplorer(QObject):
    """`changed` when neighbours, directions, the map, a slot or the stamps are new."""

    changed = Signal()

    def __init__(self, commands: GenerateCommands) -> None:
        super().__init__(commands)
        self._commands = commands
        self.page = Page.NEIGHBOURS
        self.distance = 0.35
        self.neighbours: list[Made] = []
        self.map: list[Picture] = []
        self.slots: dict[Slot, Made] = {}
        self.share = 0.5
        self.stamps: list[Picture] = []
        self.wants_stamps: Callable[[], bool] = lambda: False
        self._base: Sample | None = None  # what the neighbours stand around
        self._round = 0
        self._directions: dict[tuple[Any, ...], Latents] = {}
        self._asked: dict[Wish, Hashable] = {}  # what each kind of run was last asked for: no need to ask again
        self._later = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._later.timeout.connect(self._compute)
        commands.changed.connect(self._sample_changed)

    def tool_changed(self) -> None:
        """The stamp brush needs its stamps, whoever looks at the panel."""
        if self.wants_stamps():
            self._commands.prepare()
            self._compute()

    def show(self, page: Page) -> None:
        self.page = page
        self.changed.emit()
        self._compute()

    # neighbours

    def set_distance(self, distance: float) -> None:
        self.distance = distance
        self._later.start()

    def more(self) -> None:
        """New neighbours of the picture in hand."""
        self._base = self._commands.sample
        self._round += 1
        self._compute()

    def choose(self, index: int) -> None:
        """Takes a neighbour in hand; the others stay, so that one more may be tried."""
        if index < len(self.neighbours):
            self._commands.set_sample(self.neighbours[index].sample)

    @property
    def chosen(self) -> int | None:
        """The neighbour in hand; None for the picture in the middle."""
        return next((i for i, made in enumerate(self.neighbours) if made.sample == self._commands.sample), None)

    @property
    def middle(self) -> Sample | None:
        return self._base

    def choose_middle(self) -> None:
        if self._base is not None:
            self._commands.set_sample(self._base)

    # directions and the map

    @property
    def directions(self) -> Latents | None:
        """One row each; None while they are looked for, or where the model has no latent."""
        return self._directions.get(self._kind())

    def places(self) -> list[float]:
        """Where the picture in hand stands along each direction."""
        directions, latent = self.directions, self._commands.latent
        if directions is None or latent is None:
            return []
        return [latent_moves.place_along(latent, direction) for direction in directions]

    @property
    def has_latent(self) -> bool:
        model = self._commands.model
        return model is not None and generate_tool.has_latent(model.manifest)

    @property
    def has_named_directions(self) -> bool:
        """The model brings sliders of its own, found where it was trained; none need be looked for."""
        model = self._commands.model
        return model is not None and len(generate_tool.steered_params(model.manifest)) > 0

    @property
    def reach(self) -> float:
        """How far a place along a direction goes, to either side."""
        model = self._commands.model
        return (
            latent_moves.REACH if model is None or not self.has_latent else generate_tool.space_of(model.manifest).reach
        )

    def move(self, places: dict[int, float]) -> None:
        """Moves the picture in hand to places along some directions."""
        model, directions, latent = self._commands.model, self.directions, self._commands.latent
        if model is None or directions is None or latent is None:
            return
        for index, place in places.items():
            latent = latent_moves.moved_along(latent, directions[index], place, generate_tool.space_of(model.manifest))
        self._commands.set_latent(latent)

    # a blend of two

    def put(self, slot: Slot) -> None:
        """Keeps the picture in hand as one end of the blend."""
        commands = self._commands
        if commands.shown is None or commands.picture is None or commands.shown != commands.sample:
            return
        self.slots[slot] = Made(commands.shown, commands.picture)
        self.share = 0.0 if slot is Slot.A else 1.0
        self.changed.emit()

    @property
    def can_blend(self) -> bool:
        model = self._commands.model
        if model is None or len(self.slots) < len(Slot) or not self.has_latent:
            return False
        return all(made.sample.model_sha256 == model.sha256 for made in self.slots.values())

    def blend(self, share: float) -> None:
        self.share = share
        model = self._commands.model
        if model is not None and self.can_blend:
            ends = self.slots[Slot.A].sample, self.slots[Slot.B].sample
            self._commands.set_sample(generate_tool.blended(model.manifest, *ends, share))

    # a mix of two

    @property
    def mix_params(self) -> list[Param]:
        """What of the picture at B can be mixed into that at A, from coarse to fine; empty where the model cannot."""
        model = self._commands.model
        return [] if model is None else mix_params(model.manifest)

    @property
    def mixed_in(self) -> dict[str, float]:
        """How much of it there is now, by parameter."""
        sample = self._commands.sample
        values = {} if sample is None else dict(sample.parameters)
        return {param.id: float(values[param.id]) for param in self.mix_params if param.id in values}

    def mix(self, name: str, share: float) -> None:
        """The picture at A with so much of the styles of that at B on one level."""
        model = self._commands.model
        if model is not None and self.can_blend and self.mix_params:
            levels = self.mixed_in | {name: share}
            ends = self.slots[Slot.A].sample, self.slots[Slot.B].sample
            self._commands.set_sample(generate_tool.mixed(model.manifest, *ends, levels))

    # what is computed for them

    def _sample_changed(self) -> None:
        """Neighbours belong to the picture they stand around, the map to all that a move in it leaves alone."""
        sample = self._commands.sample
        if sample is None:
            self._base, self.neighbours, self.map, self.stamps = None, [], [], []
            self._asked.clear()
        elif sample != self._base and sample not in [made.sample for made in self.neighbours]:
            self._base = sample
        if self._asked.get(Wish.STAMPS) != sample:
            self.stamps = []
        self._later.start()

    def _compute(self) -> None:
        model, sample = self._commands.model, self._commands.sample
        if model is None or sample is None:
            return
        if self.wants_stamps():
            self._ask_stamps(model, sample)
        if not self._commands.is_in_sight():
            return
        if self.page is Page.NEIGHBOURS and self._base is not None:
            self._ask_neighbours(model, self._base)
        if self.page in (Page.DIRECTIONS, Page.MAP):
            self._ask_directions(model, sample)
        if self.page is Page.MAP:
            self._ask_map(model, sample)

    def _ask_neighbours(self, model: Model, base: Sample) -> None:
        manifest = model.manifest
        if generate_tool.has_latent(manifest):
            latents = latent_moves.nearby(
                generate_tool.latent_of(manifest, base),
                generate_tool.space_of(manifest),
                NEIGHBOURS,
                distance=self.distance,
                seed=base.seed + self._round * NEIGHBOURS,
            )
            samples = generate_tool.sampled_at(manifest, base, latents)
        else:
            samples = generate_tool.reseeded(base, base.seed + 1 + self._round * NEIGHBOURS, NEIGHBOURS)

        def taken(pictures: Sequence[Picture]) -> None:
            self.neighbours = [Made(*pair) for pair in zip(samples, pictures, strict=True)]

        self._ask(Wish.NEIGHBOURS, (base, self.distance, self._round), samples, _pictures_of, taken)

    def _ask_directions(self, model: Model, sample: Sample) -> None:
        kind, manifest = self._kind(), model.manifest
        if kind in self._directions or not generate_tool.has_latent(manifest):
            return
        numbers = generate_tool.latent_of(manifest, sample).size
        if numbers <= 2:  # a plane already
            self._directions[kind] = latent_moves.axes(numbers)
            self.changed.emit()
            return

        def found(result: Result) -> Latents:
            latents = result.outputs["latent"].reshape(LOOKED_AT, -1)
            return latent_moves.directions_of(latents, result.outputs["images"])

        def taken(directions: Latents) -> None:
            self._directions[kind] = directions
            self._later.start()  # the map waited for them

        samples = generate_tool.reseeded(sample.changed(truncation=1.0), 0, LOOKED_AT)
        self._ask(Wish.DIRECTIONS, kind, samples, found, taken)

    def _ask_map(self, model: Model, sample: Sample) -> None:
        directions, manifest = self.directions, model.manifest
        if directions is None or len(directions) < 2:
            return
        latent = generate_tool.latent_of(manifest, sample)
        aside = tuple(np.round(latent_moves.beside_plane(latent, directions), 3).tolist())  # to and fro is no new map
        latents = latent_moves.plane(latent, directions, MAP_SIDE, generate_tool.space_of(manifest))
        samples = generate_tool.sampled_at(manifest, sample, latents)

        def taken(pictures: Sequence[Picture]) -> None:
            self.map = list(pictures)

        self._ask(Wish.MAP, (*self._kind(), sample.truncation, aside), samples, _pictures_of, taken)

    def _ask_stamps(self, model: Model, sample: Sample) -> None:
        """Of a seed's picture: other seeds; of one that was changed: its neighbours."""
        manifest = model.manifest
        if sample.latent:
            latent, space = generate_tool.latent_of(manifest, sample), generate_tool.space_of(manifest)
            latents = latent_moves.nearby(latent, space, STAMPS, distance=self.distance, seed=sample.seed)
            samples = generate_tool.sampled_at(manifest, sample, latents)
        else:
            samples = generate_tool.reseeded(sample, sample.seed, STAMPS)

        def taken(pictures: Sequence[Picture]) -> None:
            self.stamps = [_with_alpha(picture) for picture in pictures]

        self._ask(Wish.STAMPS, sample, samples, _pictures_of, taken)

    def _ask(
        self,
        wish: Wish,
        key: Hashable,
        samples: list[Sample],
        prepare: Callable[[Result], Any],
        taken: Callable[[Any], None],
    ) -> None:
        """Nothing, if the same was asked for last; an answer that was overtaken is dropped."""
        if self._asked.get(wish) == key:
            return
        self._asked[wish] = key

        def done(made: Any) -> None:
            if self._asked.get(wish) == key:
                taken(made)
                self.changed.emit()

        self._commands.ask(wish, samples, prepare, done)

    def _kind(self) -> tuple[Any, ...]:
        """What directions depend on."""
        sample = self._commands.sample
        return () if sample is None else (sample.model_sha256, sample.parameters)


def _pictures_of(result: Result) -> list[Picture]:
    return list(result.outputs["images"].copy())


def _with_alpha(picture: Picture) -> NDArray[np.uint8]:
    return generate_tool.resized_rgba(picture, picture.shape[1], picture.shape[0])


def stamps_or_reason(explorer: GenerateExplorer, commands: GenerateCommands) -> list[Picture]:
    """The stamps to use now. UserError says why there are none."""
    if commands.sample is None:
        raise UserError("generate.no_stamp_model")
    if not explorer.stamps:
        raise UserError("generate.no_stamps")
    return explorer.stamps
