"""What a strange file says of itself is cleaned and proved before anybody believes or reads it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from desktop.core.errors import UserError
from desktop.runtime.catalog import Catalog
from desktop.runtime.importing.examine import examine
from desktop.runtime.importing.importer import Importer, with_title
from desktop.runtime.importing.inspection import Inspection
from desktop.runtime.importing.own_manifest import OWN_NOTE
from desktop.runtime.importing.texts import clean_error, clean_text
from desktop.runtime.importing.trial_pictures import drawn_picture
from tests import foreign_models as foreign
from tests.foreign_models import FREE, node

BAD_TEXT = "<img src=x>\x1b[31m![a](file:///etc/passwd)\u202e`rm`\n# big"


def found_out(path: Path, folder: Path) -> Inspection:
    folder.mkdir()
    return examine(lambda _step: None, path, folder, drawn_picture(), {}, frozenset())


def stated(**changes: Any) -> dict[str, str]:
    manifest: dict[str, Any] = {
        "format": 1,
        "id": "stated",
        "title": "Stated",
        "task": "restore",
        "version": "1.0.0",
        "licence": "MIT",
        "inputs": [{"name": "image", "role": "image"}],
        "outputs": [{"name": "result", "role": "image"}],
        **changes,
    }
    return {OWN_NOTE: json.dumps(manifest)}


def test_text_loses_markup_hidden_letters_and_length() -> None:
    shown = clean_text(BAD_TEXT * 20, 60)
    assert len(shown) <= 60
    assert not set(shown) & set("<>[]`#\x1b\u202e\n")
    assert clean_text("Größe 4×, 漫画 – “x”", 60) == "Größe 4×, 漫画 – “x”"


def test_an_error_keeps_the_path_and_cleans_what_it_quotes() -> None:
    error = clean_error(UserError("import.strange_input", path="/a/b<c>.onnx", name=BAD_TEXT, reason="x"))
    assert "/a/b<c>.onnx" in str(error)
    assert "\x1b" not in str(error)


def test_titles_and_licences_of_a_file_are_clean_on_its_card(tmp_path: Path) -> None:
    notes = {"title": BAD_TEXT, "license": BAD_TEXT, "description": BAD_TEXT}
    folder = tmp_path / "models"
    importer = Importer(Catalog((folder,)), folder)
    with importer.examined(foreign.sharpener(tmp_path / "a.onnx", notes=notes)) as staged:
        model = importer.install(with_title(staged, "<b>Mine</b>", "MIT"))
    card = (model.folder / "card.md").read_text(encoding="utf-8")
    assert "<" not in card + model.manifest.title + model.manifest.description
    assert "](file" not in card
    assert "](preview.webp)" in card


def test_a_file_with_a_true_manifest_is_imported_with_the_pace_of_this_machine(tmp_path: Path) -> None:
    speed = {"cpu_seconds_per_megapixel": 0.000001, "cpu": "a dream"}
    found = found_out(foreign.sharpener(tmp_path / "a.onnx", notes=stated(speed=speed)), tmp_path / "staging")
    assert (found.manifest.id, found.questions) == ("stated", ())
    assert found.manifest.speed.cpu == "measured on import"
    assert (tmp_path / "staging" / "preview.webp").stat().st_size > 500


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": 2, "task": "upscale"},
        {"outputs": [{"name": "other", "role": "image"}]},
        {"inputs": [{"name": "image", "role": "image", "order": "RGBA"}]},
        {"task": "generate"},
    ],
    ids=["scale", "tensor", "channels", "task"],
)
def test_a_file_with_a_false_manifest_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="does not fit") as caught:
        found_out(foreign.sharpener(tmp_path / "a.onnx", notes=stated(**changes)), tmp_path / "staging")
    assert "a.onnx" in str(caught.value)


def test_a_manifest_that_promises_tiles_without_seams_is_tried(tmp_path: Path) -> None:
    nodes = [
        node("GlobalAveragePool", ["image"], "mean"),
        node("Sub", ["image", "mean"], "d"),
        node("Add", ["d", "half"], "result"),
    ]
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"image": FREE},
        outputs={"result": FREE},
        weights={"half": np.float32(0.5)},
        notes=stated(tile={"tile": 128, "receptive_field": 8}),
    )
    with pytest.raises(UserError, match="tiles"):
        found_out(path, tmp_path / "staging")


def test_tensors_may_have_the_long_names_of_exporters(tmp_path: Path) -> None:
    name = "StatefulPartitionedCall/" + "model/" * 60 + "out:0"
    path = foreign.graph_file(
        tmp_path / "a.onnx", [node("Sqrt", ["image"], name)], inputs={"image": FREE}, outputs={name: FREE}
    )
    folder = tmp_path / "models"
    importer = Importer(Catalog((folder,)), folder)
    with importer.examined(path) as staged:
        assert importer.install(staged).manifest.outputs[0].name == name


def test_a_manifest_that_grows_too_large_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """JSON is terser than TOML: what fits into a file's notes may not fit into a manifest."""
    words = [f"{number:05}" for number in range(60_000)]
    text = {"id": "text", "label": "Text", "type": "text", "default": "", "words": words}
    metrics = [{"data": "d", "metric": "m", "value": 1} for _ in range(12_000)]
    path = foreign.sharpener(tmp_path / "a.onnx", notes=stated(params=[text], metrics=metrics))
    folder = tmp_path / "models"
    importer = Importer(Catalog((folder,)), folder)
    with pytest.raises(UserError, match=r"a\.onnx.*larger than 1 MB"), importer.examined(path) as staged:
        importer.install(staged)
    assert list(folder.iterdir()) == []


def test_thousands_of_sliders_are_refused(tmp_path: Path) -> None:
    params = [{"id": f"p{number}", "label": "a", "type": "bool", "default": True} for number in range(3000)]
    with pytest.raises(UserError, match=r"a\.onnx.*<= 100"):
        found_out(foreign.sharpener(tmp_path / "a.onnx", notes=stated(params=params)), tmp_path / "staging")
    names = [f"s{number}" for number in range(3000)]
    sums = [node("Add", [first, second], f"v{second}") for first, second in zip(["image", *names], names, strict=False)]
    many = foreign.graph_file(
        tmp_path / "b.onnx",
        [*sums, node("Identity", ["image"], "result")],
        inputs={"image": FREE} | dict.fromkeys(names, (1,)),
        outputs={"result": FREE},
    )
    with pytest.raises(UserError, match=r"b\.onnx.*more than 100 inputs"):
        found_out(many, tmp_path / "other")


def test_a_defect_that_a_file_provokes_names_the_file(tmp_path: Path) -> None:
    latent = {"inputs": [{"name": "image", "role": "latent", "shape": [1 << 20]}], "task": "generate"}
    outputs = [{"name": "result", "role": "image", "size": [64, 64]}]
    path = foreign.sharpener(tmp_path / "a.onnx", notes=stated(**latent, outputs=outputs))
    folder = tmp_path / "models"
    importer = Importer(Catalog((folder,)), folder)
    with pytest.raises(UserError, match=r"a\.onnx cannot be run on a picture"), importer.examined(path):
        pass
    assert list(folder.iterdir()) == []


def test_a_name_that_no_manifest_can_hold_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    name = "n" * 2000
    path = foreign.graph_file(
        tmp_path / "a.onnx", [node("Sqrt", ["image"], name)], inputs={"image": FREE}, outputs={name: FREE}
    )
    folder = tmp_path / "models"
    importer = Importer(Catalog((folder,)), folder)
    with pytest.raises(UserError), importer.examined(path) as staged:
        importer.install(staged)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_the_sandbox_ends_with_a_killed_parent(tmp_path: Path) -> None:
    path = foreign.endless(tmp_path / "a.onnx")
    script = f"""
from pathlib import Path
from desktop.runtime.catalog import Catalog
from desktop.runtime.importing.importer import Importer
if __name__ == "__main__":
    folder = Path({str(tmp_path / "models")!r})
    with Importer(Catalog((folder,)), folder).examined(Path({str(path)!r}), on_step=lambda s: print(s, flush=True)):
        pass
"""
    program = tmp_path / "parent.py"
    program.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        while "running" not in parent.stdout.readline():
            pass
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        parent.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs(children, timeout=60)
    for left in alive:
        left.kill()
    assert gone
    assert not alive
