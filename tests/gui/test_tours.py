"""One click on the empty window opens a sample with the right tool; "show me" does what the sentence tells."""

from __future__ import annotations

import numpy as np

from desktop.core.composite import flatten
from desktop.core.geometry import Rect
from desktop.paths import resources_dir, shipped_models_dir
from desktop.runtime.catalog import Catalog
from desktop.runtime.fake import Script
from desktop.ui.commands.tour_commands import TOURS
from desktop.ui.state import Tool
from desktop.ui.widgets.empty_state import TOUR_ICONS
from tests.gui.conftest import OpenStudio, Studio

SEATED = Rect(475, 610, 45, 80)  # where the man sits in the sample
ELSEWHERE = Rect(100, 100, 200, 200)


def test_every_tour_stands_on_the_empty_window() -> None:
    assert [tour.id for tour in TOURS] == list(TOUR_ICONS)


def test_the_tour_of_removing_takes_the_man_off_the_lawn(studio: Studio) -> None:
    window = studio.window
    window.empty.tours["remove"].click()
    studio.wait_for(window.tours.bar.isVisible)
    assert window.state.tool is Tool.REMOVE
    before = flatten(studio.document, SEATED), flatten(studio.document, ELSEWHERE)
    studio.settle()
    window.tours.bar.show_me.click()
    studio.wait_for(lambda: len(studio.names) > 1)
    assert np.abs(flatten(studio.document, SEATED).astype(int) - before[0].astype(int)).mean() > 8
    assert np.array_equal(flatten(studio.document, ELSEWHERE), before[1])
    window.perform("edit.undo")
    assert np.array_equal(flatten(studio.document, SEATED), before[0])


def test_the_tour_of_enlarging_runs_the_upscaler(open_studio: OpenStudio) -> None:
    studio = open_studio(catalog=Catalog((shipped_models_dir(),)))
    window = studio.window
    window.empty.tours["upscale"].click()
    studio.wait_for(window.tours.bar.isVisible)
    assert window.ai.form.model is not None
    assert window.ai.form.model.id == "upscale-2x-faithful"
    window.tours.bar.show_me.click()
    studio.wait_for(lambda: bool(studio.runner.requests))
    assert studio.runner.requests[0].model_id == "upscale-2x-faithful"
    studio.wait_for(lambda: not window.ai.is_running)


def test_the_tour_of_cutting_out_asks_the_network_for_the_bird(open_studio: OpenStudio) -> None:
    studio = open_studio([Script(waits_for_cancel=True)], catalog=Catalog((shipped_models_dir(),)))
    window = studio.window
    window.empty.tours["cutout"].click()
    studio.wait_for(window.tours.bar.isVisible)
    assert window.state.title == "kingfisher.jpg"
    window.tours.bar.show_me.click()
    studio.wait_for(lambda: bool(studio.runner.requests))
    assert studio.runner.requests[0].model_id == "cutout"
    window.perform("ai.cancel")
    studio.wait_for(lambda: not window.ai.is_running)


def test_a_tour_ends_with_its_bar_and_with_another_picture(studio: Studio) -> None:
    window = studio.window
    window.tours.start("remove")
    studio.wait_for(window.tours.bar.isVisible)
    window.tours.bar.close_button.click()
    assert not window.tours.bar.isVisible()
    window.tours.start("remove")
    assert window.tours.bar.isVisible(), "the sample is open already"
    studio.show_plain()
    assert not window.tours.bar.isVisible()


def test_a_sample_opens_from_the_empty_window(studio: Studio) -> None:
    for name, link in studio.window.empty.samples.items():
        assert (resources_dir() / "samples" / f"{name}.jpg").is_file()
        assert link.text()
    studio.window.empty.samples["neuschwanstein"].click()
    studio.wait_for(lambda: studio.window.state.document is not None)
    assert studio.window.state.title == "neuschwanstein.jpg"
