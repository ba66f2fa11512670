"""What the AI panel's form says: the model, its parameters, what it is shown, where, and what becomes of the result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.core.layers import LayerId
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.latents import SEED_LIMIT
from desktop.runtime.runner import DEVICE_CHOICES, DeviceChoice, ParameterValue
from desktop.settings import DEVICE, MODEL_DEVICES, MODEL_TILES, Setting, Settings
from desktop.tools import ai_tool, generate_tool
from desktop.tools.ai_tool import Landing, RunSettings, SecondPicture, Source, Where
from desktop.ui.background import Background

VARIETY = "variety"  # the parameter that says how far proposals differ
PROPOSED_VARIETY = 50.0


class AiForm(QObject):
    """`changed` when anything that the panel shows is different; `failed` (UserError) when a picture cannot be read."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, catalog: Catalog, settings: Settings, background: Background) -> None:
        super().__init__(background)
        self._catalog, self._settings, self._background = catalog, settings, background
        self.models: list[Model] = []
        self.click_models: list[Model] = []  # those that want to be shown where the object is
        self.generators: list[Model] = []  # those that invent pictures
        self.model: Model | None = None
        self.values: dict[str, dict[str, ParameterValue]] = {}
        self.source = Source.VISIBLE  # a kept result is the active layer, and has no pixels beside its region
        self._where, self._mask_where = Where.PAINTED, Where.ALL  # what finds things looks at the whole picture first
        self.feather_px = 8.0
        self.landings: dict[str, Landing] = {}  # by model, where it is not the usual one
        self.second: SecondPicture | None = None
        self.second_path: Path | None = None
        self.seed = 0

    def load_models(self) -> None:
        """Reads the catalog; the first usable model is chosen, unless the chosen one is still there."""
        everything = self._catalog.models()
        self.models = [model for model in everything if ai_tool.supports(model.manifest)]
        self.click_models = [model for model in everything if ai_tool.takes_clicks(model.manifest)]
        self.generators = [model for model in everything if generate_tool.is_generator(model.manifest)]
        known = {model.id: model for model in self.models}
        chosen = "" if self.model is None else self.model.id
        self.model = known.get(chosen, self.models[0] if self.models else None)
        self.changed.emit()

    def choose_model(self, model_id: str) -> None:
        self.model = next(model for model in self.models if model.id == model_id)
        self.changed.emit()

    def parameters(self) -> dict[str, ParameterValue]:
        """The values of the chosen model's form."""
        if self.model is None:
            return {}
        defaults = {param.id: param.default for param in self.model.manifest.params}
        return {**defaults, **self.values.get(self.model.id, {})}

    def set_parameter(self, name: str, value: ParameterValue) -> None:
        if self.model is not None:
            self.values.setdefault(self.model.id, {})[name] = value

    def device_override(self, model_id: str) -> str:
        """The device that the user chose for this model alone; empty for the one of all models."""
        return self._override(MODEL_DEVICES, model_id)

    def set_device_override(self, model_id: str, device: str) -> None:
        self._set_override(MODEL_DEVICES, model_id, device)

    def tile_override(self, model_id: str) -> int | None:
        """The tile side that the user chose for this model; None for the one of its manifest."""
        chosen = self._override(MODEL_TILES, model_id)
        return int(chosen) if chosen.isdecimal() else None

    def set_tile_override(self, model_id: str, side: int | None) -> None:
        self._set_override(MODEL_TILES, model_id, "" if side is None else str(side))

    def _override(self, setting: Setting[tuple[str, ...]], model_id: str) -> str:
        return dict(line.split("=", 1) for line in self._settings.get(setting) if "=" in line).get(model_id, "")

    def _set_override(self, setting: Setting[tuple[str, ...]], model_id: str, value: str) -> None:
        others = tuple(line for line in self._settings.get(setting) if not line.startswith(f"{model_id}="))
        self._settings.set(setting, (*others, f"{model_id}={value}") if value else others)
        self.changed.emit()

    @property
    def device(self) -> DeviceChoice:
        """The one of all models, as the preferences say."""
        return _known_device(self._settings.get(DEVICE), "auto")

    def device_for(self, model: Model) -> DeviceChoice:
        return _known_device(self.device_override(model.id), self.device)

    def set_source(self, source: Source) -> None:
        self.source = source
        self.changed.emit()

    @property
    def where(self) -> Where:
        return self._mask_where if self.is_for_masks else self._where

    def set_where(self, where: Where) -> None:
        if self.is_for_masks:
            self._mask_where = where
        else:
            self._where = where
        self.changed.emit()

    @property
    def landing(self) -> Landing:
        """What becomes of the chosen model's result."""
        if self.model is None:
            return Landing.LAYER
        return self.landings.get(self.model.id, ai_tool.landings(self.model.manifest)[0])

    @property
    def landings_offered(self) -> tuple[Landing, ...]:
        return () if self.model is None else ai_tool.landings(self.model.manifest)

    def set_landing(self, landing: Landing) -> None:
        if self.model is not None:
            self.landings[self.model.id] = landing
            self.changed.emit()

    def set_second_layer(self, layer_id: LayerId | None) -> None:
        """A layer of the document as the further picture of models that want one."""
        self.second = None if layer_id is None else SecondPicture(layer_id=layer_id)
        self.second_path = None
        self.changed.emit()

    def set_second_file(self, path: Path) -> None:
        """A file as the further picture; it is read in the background."""

        def take(pixels: np.ndarray) -> None:
            self.second, self.second_path = SecondPicture(pixels=pixels), path
            self.changed.emit()

        self._background.run(lambda: pixels_of(path), on_done=take, on_error=self.failed.emit, name="second picture")

    def take_second(self, second: SecondPicture, path: Path) -> None:
        """A picture that was read already."""
        self.second, self.second_path = second, path
        self.changed.emit()

    def set_seed(self, seed: int) -> None:
        self.seed = seed
        self.changed.emit()

    def next_proposal(self) -> None:
        """The next seed; where a variety says how much the seed may change, it is turned up from nothing."""
        if self.parameters().get(VARIETY) == 0:
            self.set_parameter(VARIETY, PROPOSED_VARIETY)
        self.set_seed((self.seed + 1) % SEED_LIMIT)

    # what it asks for

    @property
    def takes_seed(self) -> bool:
        return self.model is not None and ai_tool.takes_seed(self.model.manifest)

    @property
    def is_second_needed(self) -> bool:
        return self.model is not None and ai_tool.is_second_needed(self.model.manifest)

    @property
    def wants_second(self) -> bool:
        return self.model is not None and ai_tool.second_role(self.model.manifest) is not None

    @property
    def has_region(self) -> bool:
        """Whether the model changes a part of the picture; an enlarged picture is always whole."""
        return self.landing is not Landing.DOCUMENT

    @property
    def is_for_masks(self) -> bool:
        return self.model is not None and self.model.manifest.task in ai_tool.MASK_TASKS

    def run_settings(self, model: Model) -> RunSettings:
        return RunSettings(
            model=model,
            parameters=self.parameters(),
            source=self.source,
            where=self.where,
            feather_px=self.feather_px,
            landing=self.landing,
            second=self.second,
            seed=self.seed if self.takes_seed else 0,
            device=self.device_for(model),
            tile_side=self.tile_override(model.id),
        )


def _known_device(name: str, otherwise: DeviceChoice) -> DeviceChoice:
    return next((device for device in DEVICE_CHOICES if device == name), otherwise)


def pixels_of(path: Path) -> np.ndarray:
    """(H, W, 4): what is visible of a file of any format."""
    from desktop.io.documents import flat_image, open_document_file

    return flat_image(open_document_file(path)).pixels
