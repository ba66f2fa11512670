"""The Generate panel's state: the model, the sample in hand and its picture, and how it gets into the document."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.core.document import Document
from desktop.core.errors import UserError
from desktop.core.geometry import Rect
from desktop.core.layers import AiRecipe, RasterLayer
from desktop.core.tiles import TileMap
from desktop.io.atomic import replacing
from desktop.runtime.catalog import Model
from desktop.runtime.latents import SEED_LIMIT, latent_shape, read_latents
from desktop.runtime.runner import ParameterValue, Request, Result, Runner
from desktop.tools import generate_tool
from desktop.tools.generate_tool import Fit, Picture, Sample, Target
from desktop.tools.latent_moves import Latent
from desktop.ui.background import Background
from desktop.ui.commands.ai_commands import STROKE_POLL_MS, AiCommands
from desktop.ui.commands.generated_layer import GeneratedLayer, Landing
from desktop.ui.documents import DocumentSession
from desktop.ui.i18n import tr
from desktop.ui.latest_runs import LatestRuns, Wish
from desktop.ui.panels.model_card import choice_name, title_of
from desktop.ui.state import EditorState


class GenerateCommands(QObject):
    """`changed` when the model, the sample or the layer it goes to differ; `picture_changed` when its picture is there,
    `busy_changed` when runs begin and end.

    Nothing is computed before `is_in_sight` says that somebody looks.
    """

    changed = Signal()
    picture_changed = Signal()
    busy_changed = Signal()
    failed = Signal(object)  # UserError
    noted = Signal(str)

    def __init__(
        self, state: EditorState, ai: AiCommands, make_runner: Callable[[], Runner], background: Background
    ) -> None:
        super().__init__(background)
        self._state, self._form, self._background = state, ai.form, background
        self.runs = LatestRuns(make_runner, background)
        self.layer = GeneratedLayer(state, background, lambda model_id: self.find(model_id) is not None)
        self.layer.before_edit = ai.settle
        self.is_in_sight: Callable[[], bool] = lambda: False
        self.needs_look = True  # something has changed while nobody looked
        self.new_seed: Callable[[], int] = lambda: secrets.randbelow(SEED_LIMIT)
        self.model: Model | None = None
        self.sample: Sample | None = None
        self.shown: Sample | None = None  # the one that `picture` shows
        self.picture: Picture | None = None
        self.error: UserError | None = None  # why the sample in hand has no picture
        self.is_locked = False
        self.fit = Fit.WHOLE
        self._samples: dict[str, Sample] = {}  # the last of each model
        self._hint: Rect | None = None  # where the encoded picture was
        self._places_next = False
        self._models: list[Model] = []
        self.layer.found.connect(self._adopt)
        self.layer.changed.connect(self.changed)
        self.layer.failed.connect(self.failed)
        self.runs.changed.connect(self.busy_changed)
        self._form.changed.connect(self._models_changed)
        for signal in (state.active_layer_changed, state.document_replaced, state.document_renamed):
            signal.connect(self._follow)
        state.document_replaced.connect(self._forget_place)

    # what there is

    @property
    def models(self) -> list[Model]:
        return self._form.generators

    @property
    def is_encoder(self) -> bool:
        return self.model is not None and generate_tool.can_encode(self.model.manifest)

    @property
    def can_place(self) -> bool:
        return self._state.open_document is not None and self.sample is not None and self.error is None

    @property
    def can_encode(self) -> bool:
        return self._state.open_document is not None and self.is_encoder

    def find(self, model_id: str) -> Model | None:
        return next((model for model in self.models if model.id == model_id), None)

    def look(self) -> None:
        """Somebody looks at the panel: there has to be a picture, and it follows the active layer."""
        if not self.is_in_sight():
            return
        self.needs_look = False
        self.prepare()
        self._follow()
        self._show_sample()

    def prepare(self) -> None:
        """A model and a sample are wanted, whoever looks."""
        if self.model is None and self.models:
            self._use(self.models[0])

    def _show_sample(self) -> None:
        if self.sample is not None and self.shown != self.sample and self.error is None and not self.runs.is_busy:
            self._ask_picture()

    # the sample in hand

    def choose_model(self, model_id: str) -> None:
        """Another model makes another picture: a layer of the one before stays as it is."""
        model = self.find(model_id)
        if model is not None and (self.model is None or model.id != self.model.id):
            self.layer.let_go()
            self._use(model)

    def set_sample(self, sample: Sample) -> None:
        """Takes another sample in hand; its picture follows, in the panel and in the layer that it goes to."""
        if sample == self.sample:
            return
        self.sample = self._samples[sample.model_id] = sample
        self.error = None
        self.changed.emit()
        self._ask_picture()

    def set_seed(self, seed: int) -> None:
        if self.sample is not None:
            self.set_sample(self.sample.changed(seed=seed, latent=()))

    def dice(self) -> None:
        """Another seed, unless it is locked."""
        if self.sample is not None and not self.is_locked:
            self.set_seed(self.new_seed())

    def back_to_seed(self) -> None:
        """The picture of the seed itself, without what was changed since."""
        if self.sample is not None:
            self.set_sample(self.sample.changed(latent=()))

    def set_parameter(self, name: str, value: ParameterValue) -> None:
        if self.sample is not None:
            self.set_sample(self.sample.with_parameter(name, value))

    def set_truncation(self, truncation: float) -> None:
        if self.model is not None and self.sample is not None:
            self.set_sample(generate_tool.truncated(self.model.manifest, self.sample, truncation))

    def set_latent(self, latent: Latent) -> None:
        if self.sample is not None:
            self.set_sample(self.sample.with_latent(latent))

    def set_locked(self, is_locked: bool) -> None:
        self.is_locked = is_locked
        self.changed.emit()

    def set_fit(self, fit: Fit) -> None:
        self.fit = fit
        self.changed.emit()

    @property
    def latent(self) -> Latent | None:
        """What the picture in hand is made from; None for models without a latent."""
        if self.model is None or self.sample is None or not generate_tool.has_latent(self.model.manifest):
            return None
        return generate_tool.latent_of(self.model.manifest, self.sample)

    # into the document

    def place(self) -> None:
        """The picture as a new layer. While a layer is in hand and the seed is not locked, a new seed comes first."""
        if self._state.open_document is None:
            raise UserError("tool.no_document")
        if self.sample is None:
            return
        if self.layer.layer is not None and not self.is_locked:
            self.layer.let_go()
            self._places_next = True
            self.set_seed(self.new_seed())
        elif self.shown != self.sample:
            self._places_next = True
            self._ask_picture()
        else:
            self._place_shown()

    def start_new(self) -> None:
        """What is changed from now on is another picture, no longer the layer's."""
        self.layer.let_go()

    def edit_layer(self) -> None:
        """Goes on with the generated layer that is active."""
        self.layer.take_again()

    def encode(self) -> None:
        """The latent of the picture under the region, the selection or in the active layer comes into the hand."""
        model, sample, opened = self.model, self.sample, self._state.open_document
        if opened is None:
            raise UserError("tool.no_document")
        if model is None or sample is None or not self.is_encoder:
            return
        manifest = model.manifest
        pixels, rect = generate_tool.picture_to_encode(
            opened.document, self._state.layer_id, self._state.region.tiles, manifest
        )
        self.layer.let_go()

        def taken(latent: Latent) -> None:
            self._hint = rect
            self.noted.emit(tr("generate.encoded"))
            self.set_sample(sample.with_latent(latent))

        self.runs.ask(
            Wish.ENCODE,
            generate_tool.encode_request(sample, pixels, self._form.device_for(model)),
            prepare=lambda result: result.outputs["latent"][0].copy(),
            on_done=taken,
            on_error=self.failed.emit,
        )

    # files

    def load_latent(self, path: Path) -> None:
        """The first latent of a file. UserError when it has another length, or is none."""
        if self.model is not None and self.sample is not None:
            latents = read_latents(path, latent_shape(self.model.manifest))
            self.set_latent(latents[0].reshape(-1))

    def save_latent(self, path: Path) -> None:
        """What `scumble generate --latent` reads, in the model's own shape."""
        latent = self.latent
        if self.model is None or latent is None:
            return
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, latent.reshape(1, *latent_shape(self.model.manifest)))

    def close(self) -> None:
        """Ends everything; waits for the runner."""
        self.runs.close()

    def ask(
        self,
        wish: Wish,
        samples: Sequence[Sample],
        prepare: Callable[[Result], Any],
        on_done: Callable[[Any], None],
    ) -> None:
        """Further pictures of the model in hand, less urgent than that of the sample."""
        model = self.model
        assert model is not None
        request = generate_tool.request_of(model.manifest, samples, self._form.device_for(model))
        self.runs.ask(wish, request, prepare=prepare, on_done=on_done, on_error=self.failed.emit)

    def run_walk(self, request: Request, prepare: Callable[[Result], Any], on_done: Callable[[Any], None]) -> None:
        """The least urgent: frames of an animation."""
        self.runs.ask(Wish.WALK, request, prepare=prepare, on_done=on_done, on_error=self.failed.emit)

    # the picture of the sample

    def _use(self, model: Model) -> None:
        self.model = model
        sample = self._samples.get(model.id)
        if sample is None or sample.model_sha256 != model.sha256:
            seed = self.sample.seed if self.sample is not None and self.is_locked else self.new_seed()
            sample = generate_tool.first_sample(model, seed)
        self.set_sample(sample)

    def _ask_picture(self) -> None:
        model, sample = self.model, self.sample
        if model is None or sample is None:
            return
        landing = self.layer.landing(sample, self.picture)

        def prepared(result: Result) -> tuple[Picture, TileMap | None]:
            picture = result.outputs["images"][0].copy()
            return picture, None if landing is None else landing.tiles_at_once(picture)

        self.runs.ask(
            Wish.PICTURE,
            generate_tool.request_of(model.manifest, [sample], self._form.device_for(model)),
            prepare=prepared,
            on_done=lambda made: self._take(sample, landing, *made),
            on_error=lambda error: self._fail(sample, error),
        )

    def _take(self, sample: Sample, landing: Landing | None, picture: Picture, tiles: TileMap | None) -> None:
        self.shown, self.picture = sample, picture
        self.picture_changed.emit()
        if landing is not None and tiles is not None:
            self.layer.land(landing, sample, tiles)
        elif landing is not None:
            self.layer.bring(landing, sample, picture)
        if self._places_next and sample == self.sample:
            self._place_shown()

    def _fail(self, sample: Sample, error: UserError) -> None:
        self._places_next = False
        if sample == self.sample:
            self.error = error
            self.changed.emit()
        self.failed.emit(error)

    # placing

    def _place_shown(self) -> None:
        """The layer is made in the background: under a large region that takes longer than a frame."""
        self._places_next = False
        session, model, sample, picture = self._state.current, self.model, self.shown, self.picture
        if session is None or model is None or sample is None or picture is None:
            return
        document = session.open_document.document
        region = self._state.region.tiles
        target = generate_tool.target_for(document, region, model.manifest, self.fit, self._hint)
        name = self._name_of(model, sample)

        def made() -> RasterLayer:
            tiles = generate_tool.picture_tiles(picture, target.rect, document.depth)
            return generate_tool.generated_layer(document, sample, tiles, target, name)

        self._background.run(
            made,
            on_done=lambda layer: self._insert(session, document, layer, sample, target),
            on_error=self.failed.emit,
            name="generated layer",
        )

    def _insert(
        self, session: DocumentSession, document: Document, layer: RasterLayer, sample: Sample, target: Target
    ) -> None:
        if session is not self._state.current:
            return
        opened = session.open_document
        if opened.document.depth != document.depth:
            self._place_shown()
            return
        if opened.is_editing:  # the hand is on the canvas: the picture waits until the stroke is done
            QTimer.singleShot(STROKE_POLL_MS, self, lambda: self._insert(session, document, layer, sample, target))
            return
        self.layer.before_edit()
        layer_id = generate_tool.insert(opened, layer, self._state.layer_id)
        self._forget_place()
        self.layer.take((session, layer_id), sample, layer, target.rect)
        self._state.region.clear()
        self._state.choose_layer(layer_id)
        self.changed.emit()

    def _name_of(self, model: Model, sample: Sample) -> str:
        label, title = generate_tool.label_param(model.manifest), title_of(model.manifest)
        if label is None:
            return title
        return f"{title}: {choice_name(model.manifest, str(dict(sample.parameters)[label.id]))}"

    # the document

    def _follow(self) -> None:
        if not self.is_in_sight():
            self.needs_look = True
        elif not self._state.is_editing:
            self.layer.follow()
            self.changed.emit()

    def _adopt(self, recipe: AiRecipe) -> None:
        """Goes on from a layer's recipe: the panel shows it, the layer keeps its pixels until something is changed."""
        model = self.find(recipe.model_id)
        assert model is not None
        try:
            sample = generate_tool.sample_of(recipe, model)
        except UserError as error:
            self.layer.let_go()
            self.failed.emit(error)
            return
        self.model = model
        self.layer.shows(sample)
        self.set_sample(sample)

    def _models_changed(self) -> None:
        if self.models == self._models:
            return
        self._models = list(self.models)
        known = None if self.model is None else self.find(self.model.id)
        if self.model is not None and (known is None or known.sha256 != self.model.sha256):
            self.model = self.sample = self.shown = self.picture = None
        self.needs_look = True
        self.look()
        self.changed.emit()

    def _forget_place(self) -> None:
        self._hint = None
