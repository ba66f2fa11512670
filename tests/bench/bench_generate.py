"""From a moved slider to the new picture: python -m tests.bench.bench_generate prints JSON rows.

The real window, offscreen, over the real worker: each row is one generator, its pictures in the panel or also in a
layer of the document. A slider of the Generate panel is moved as a hand does, each move after the picture of the one
before; times are from there until the panel and the canvas have painted the picture.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from desktop import paths
from tests.runtime_parts import FLOAT, graph_bytes, node, write_model

if TYPE_CHECKING:
    from desktop.ui.panels.generate_panel import GeneratePanel
    from desktop.ui.widgets.value_slider import ValueSlider

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

MOVES = 60
DRAGGED = (0.17, 0.83)  # of the slider's way
WARM_UP = 5
PICTURE = 64
PATIENCE_S = 20.0


def convolutional_generator(folder: Path) -> Path:
    """A generator as DCGAN describes it, 64 px, 0.9 million random weights."""
    rng = np.random.default_rng(0)
    widths = (256, 128, 64, 32, 3)
    constants: dict[str, Any] = {
        "project": rng.normal(0, 0.1, (64, widths[0] * 16)).astype(np.float32),
        "sides": np.array([1, widths[0], 4, 4]),
    }
    nodes = [node("MatMul", "z project", "flat"), node("Reshape", "flat sides", "a0")]
    for index, (wide, narrow) in enumerate(itertools.pairwise(widths)):
        constants[f"w{index}"] = rng.normal(0, 0.05, (wide, narrow, 4, 4)).astype(np.float32)
        nodes.append(node("ConvTranspose", f"a{index} w{index}", f"c{index}", strides=[2, 2], pads=[1, 1, 1, 1]))
        nodes.append(node("Relu" if narrow > 3 else "Tanh", f"c{index}", f"a{index + 1}" if narrow > 3 else "picture"))
    graph = graph_bytes(nodes, {"z": (FLOAT, ["n", 64])}, {"picture": (FLOAT, [1, 3, PICTURE, PICTURE])}, constants)
    tables = (
        '[[inputs]]\nname = "z"\nrole = "latent"\nshape = [64]\n'
        f'[[outputs]]\nname = "picture"\nrole = "image"\nsize = [{PICTURE}, {PICTURE}]\nmean = [127.5]\nstd = [127.5]\n'
    )
    return write_model(folder, "generate", {"main": graph}, tables)


class Bench:
    """The window with one document and the Generate panel in front."""

    def __init__(self, folder: Path) -> None:
        from desktop.app import make_application
        from desktop.core.document import Document, new_layer_from_pixels
        from desktop.core.geometry import Size
        from desktop.options import OpenOptions
        from desktop.runtime.catalog import Catalog
        from desktop.runtime.jobs import WorkerRunner
        from desktop.settings import Settings
        from desktop.ui.main_window import MainWindow

        self.application = make_application(OpenOptions())
        catalog = Catalog((paths.shipped_models_dir(), folder))
        self.window = MainWindow(Settings(folder / "settings.json"), catalog, lambda: WorkerRunner(catalog))
        self.window.show()
        document = Document(Size(1200, 900))
        pixels = np.full((900, 1200, 4), 255, np.uint8)
        self.window.files.show(
            document.with_layer_inserted(new_layer_from_pixels(document, pixels, "Paper")), None, "Bench"
        )
        self.window.panels.bring_to_front("generate")
        self.generate, self.explorer = self.window.generate, self.window.explorer
        self.panel = cast("GeneratePanel", self.window.panels["generate"])
        self.is_there = False
        self.generate.picture_changed.connect(self._note)
        self.wait(lambda: self.generate.picture is not None)

    def rows(self, model_id: str) -> list[dict[str, Any]]:
        from desktop.ui.commands.generate_explorer import Page

        self.generate.choose_model(model_id)
        self.explorer.show(Page.DIRECTIONS)
        self.wait(lambda: self.is_still and bool(self.explorer.places()))
        found = [self.row(model_id, "in the panel")]
        self.window.perform("generate.place")
        self.wait(lambda: self.is_still and self.generate.layer.layer is not None)
        found.append(self.row(model_id, "in the panel and in a layer, 300 px"))
        self.generate.start_new()
        return found

    def row(self, model_id: str, where: str) -> dict[str, Any]:
        slider = self.slider()
        times = [self.moved(slider, share) for share in np.linspace(*DRAGGED, MOVES + WARM_UP)][WARM_UP:]
        size = self.generate.picture
        assert size is not None
        return {
            "what": f"slider to picture, {model_id}, {size.shape[1]} px, {where}",
            "median_ms": round(statistics.median(times), 1),
            "p95_ms": round(sorted(times)[int(0.95 * len(times))], 1),
            "gate_ms": 50,
        }

    def slider(self) -> ValueSlider:
        """The first on the page of directions: of those that were found, else of those that the model names."""
        self.wait(lambda: bool(self._sliders()))
        return self._sliders()[0]

    def _sliders(self) -> list[ValueSlider]:
        from desktop.ui.widgets.value_slider import ValueSlider

        form = self.panel.form if self.explorer.has_named_directions else None
        sliders = self.panel.directions.sliders if form is None else form.findChildren(ValueSlider)
        return [slider for slider in sliders if slider.isVisible() and slider.isEnabled()]

    def moved(self, slider: ValueSlider, share: float) -> float:
        self.is_there = False
        started = time.perf_counter()
        slider.move_to_share(float(share))
        self.wait(lambda: self.is_there and self.has_landed)
        for _ in range(3):  # what was made stale is painted
            self.application.processEvents()
        return (time.perf_counter() - started) * 1000

    @property
    def has_landed(self) -> bool:
        """The layer in hand, if there is one, shows the sample in hand."""
        layer, sample = self.generate.layer.layer, self.generate.sample
        if layer is None or layer.recipe is None or sample is None:
            return True
        return bool(layer.recipe.latent == sample.latent)

    @property
    def is_still(self) -> bool:
        is_shown = self.generate.shown == self.generate.sample
        return is_shown and not self.generate.runs.is_busy and not self.window.background.is_busy

    def wait(self, condition: Any) -> None:
        deadline = time.perf_counter() + PATIENCE_S
        while not condition():
            assert time.perf_counter() < deadline, "nothing came"
            self.application.processEvents()
            time.sleep(0.0002)

    def close(self) -> None:
        for session in self.window.state.documents:
            session.open_document.mark_saved()
        self.window.close()

    def _note(self) -> None:
        self.is_there = True


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        convolutional_generator(Path(folder) / "dcgan-like")
        bench = Bench(Path(folder))
        chosen = sys.argv[1:] or [model.id for model in bench.generate.models]
        for model_id in chosen:
            for row in bench.rows(model_id):
                print(json.dumps(row), flush=True)
        bench.close()


if __name__ == "__main__":
    main()
