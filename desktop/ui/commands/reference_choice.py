"""What the colours of a picture may be matched to: the layers of the document, or a picture from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.core.colour_match import ColourShape, matched_cube
from desktop.core.errors import UserError
from desktop.core.layers import RasterLayer
from desktop.tools.effect_run import Source
from desktop.tools.histogram import Sampled, sampled
from desktop.ui.effect_trials import Trial
from desktop.ui.i18n import tr
from desktop.ui.panels.effect_form import Reference

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


def references_for(window: MainWindow, trial: Trial, on_error: Callable[[UserError], None]) -> list[Reference]:
    """All raster layers but the one that is changed, topmost first, then a file."""
    opened = window.state.open_document
    document = None if opened is None else opened.document
    layers = [] if document is None else [layer for layer in document.iter_layers() if isinstance(layer, RasterLayer)]
    active = window.state.layer_id

    def of_layer(layer: RasterLayer) -> bytes | None:
        """Hidden and locked ones, too: a reference is only looked at."""
        assert document is not None
        source = Source(layer.tiles, document.size.rect(), None, keeps_alpha=False)
        return _table(trial, lambda: _shape(sampled(source)), on_error)

    def of_file() -> bytes | None:
        path = window.files.ask_picture()
        return None if path is None else _table(trial, lambda: shape_of_file(path), on_error)

    choices = [
        Reference(layer.name, lambda layer=layer: of_layer(layer))  # type: ignore[misc]
        for layer in reversed(layers)
        if layer.id != active
    ]
    return [*choices, Reference(tr("effect.reference.file"), of_file)]


def shape_of_file(path: Path) -> ColourShape:
    from desktop.io.documents import flat_image, open_document_file

    return ColourShape.of(flat_image(open_document_file(path)).pixels)


def _shape(sample: Sampled) -> ColourShape:
    return ColourShape.of(sample.pixels, sample.weights)


def _table(trial: Trial, reference: Callable[[], ColourShape], on_error: Callable[[UserError], None]) -> bytes | None:
    try:
        return matched_cube(_shape(trial.sample()), reference())
    except UserError as error:
        on_error(error)
        return None
