"""Every shipped manifest keeps the schema, the schema is the one the program reads, and the graph says the same."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import onnx
import pytest

from desktop import paths
from desktop.core.errors import UserError
from desktop.runtime.adapters.table import ADAPTERS, adapter_for
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.manifest import Manifest, Task, load_manifest, parse_manifest
from desktop.runtime.manifest_schema import schema_text

SCHEMA_FILE = paths.shipped_models_dir() / "manifest.schema.json"
SHIPPED = Catalog((paths.shipped_models_dir(),))
SIZE_LIMIT_MB = 8
HALO_PX = 32
STROKE_HALO_PX = 80  # wide strokes reach far; the network does a quarter of the work of one that reaches 32

EXAMPLE = """
format = 1
id = "denoise-photo"
title = "Denoise photo"
task = "restore"
version = "1.0.0"
licence = "Apache-2.0"
files = { main = "model.onnx" }
sha256 = { main = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
[[inputs]]
name = "image"
role = "image"
size = "any"
[[inputs]]
name = "strength"
role = "scalar"
param = "strength"
range = [0.0, 1.0]
[[outputs]]
name = "result"
role = "image"
channels = [0, 3]
[tile]
tile = 512
stride = 8
receptive_field = 32
[[params]]
id = "strength"
label = "Strength"
type = "float"
min = 0
max = 100
default = 50
"""


def parsed(text: str) -> Manifest:
    return parse_manifest(text.encode(), Path("manifest.toml"))


def test_the_schema_file_is_generated_from_the_code() -> None:
    """Otherwise: python -m desktop.runtime.manifest_schema > onnx/manifest.schema.json"""
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json.loads(schema_text())  # the order is msgspec's


def test_the_example_is_valid_for_code_and_schema() -> None:
    manifest = parsed(EXAMPLE)
    assert manifest.tile is not None
    assert manifest.tile.receptive_field == 32
    assert manifest.param("strength").max == 100.0
    jsonschema.validate(tomllib.loads(EXAMPLE), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "format"),
        ('id = "denoise-photo"', 'id = "../x"', "id"),
        ('title = "Denoise photo"', 'title = ""', "title"),
        ('task = "restore"', 'task = "cook"', "task"),
        ('task = "restore"', 'taks = "restore"', "taks"),
        ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "1234", "sha256"),
        ("sha256 = { main", "sha256 = { other", "same parts"),
        ('role = "image"\nsize', 'role = "picture"\nsize', "role"),
        ('size = "any"', "size = 0", "sides of “image”"),
        ('size = "any"', "std = [0.0]", "std of “image” must not be 0"),
        ('size = "any"', "mean = [1.0, 2.0]", "mean and std of “image”"),
        ('param = "strength"', 'param = "force"', "“force”, which params does not name"),
        ("channels = [0, 3]", "channels = [0, 2]", "channels of “result”"),
        ("receptive_field = 32", "receptive_field = 300", "tile must be larger"),
        ("max = 100", "max = 0", "min below max"),
        ("default = 50", "default = 500", "from 0.0 to 100.0"),
        ("max = 100", "max = inf", "must be finite"),
        ('size = "any"', "std = [nan]", "must be finite"),
        ('size = "any"', "mean = [-inf]", "must be finite"),
        ("format = 1", "format = 1\nformat = 1", "overwrite"),
    ],
)
def test_a_broken_rule_is_named(old: str, new: str, message: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(UserError, match=r"manifest\.toml is not a valid manifest") as caught:
        parsed(EXAMPLE.replace(old, new))
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/passwd", "a/b.onnx", "model.pth", "c:x.onnx", ".."])
def test_only_plain_onnx_names_are_files(name: str) -> None:
    with pytest.raises(UserError, match=r"only plain \.onnx names"):
        parsed(EXAMPLE.replace('"model.onnx"', f'"{name}"'))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfe", "not a valid manifest"), (b"", "not a valid manifest"), (b"#" * (1 << 21), "larger than 1 MB")],
)
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "manifest.toml").write_bytes(content)
    with pytest.raises(UserError, match=message):
        load_manifest(tmp_path)


def test_a_folder_without_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no manifest\.toml"):
        load_manifest(tmp_path)


def test_no_shipped_model_is_broken() -> None:
    assert SHIPPED.broken() == []


@pytest.mark.parametrize("model", SHIPPED.models(), ids=lambda model: model.id)
class TestShippedModel:
    def test_its_manifest_keeps_the_schema(self, model: Model) -> None:
        text = (model.folder / "manifest.toml").read_text(encoding="utf-8")
        jsonschema.validate(tomllib.loads(text), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))

    def test_its_folder_is_complete_and_its_files_are_the_published_ones(self, model: Model) -> None:
        assert model.folder.name == model.id
        SHIPPED.verified(model.id)
        assert (model.folder / "card.md").is_file()
        golden = model.manifest.golden
        assert golden is not None
        for name in [*golden.tensors.values(), *filter(None, (golden.input, golden.mask, golden.style))]:
            assert (model.folder / name).is_file()
        assert (model.folder / golden.output).is_file()

    def test_it_says_how_good_and_how_fast_it_is_and_where_it_comes_from(self, model: Model) -> None:
        assert model.manifest.metrics
        assert model.manifest.speed.cpu_seconds_per_megapixel
        assert model.manifest.made_by.script
        assert all(source.licence for source in model.manifest.made_by.data)

    def test_it_is_small_and_its_halo_too(self, model: Model) -> None:
        size = sum(model.file(part).stat().st_size for part in model.manifest.files)
        assert size <= SIZE_LIMIT_MB << 20
        if model.manifest.tile is not None:
            assert model.manifest.tile.tile >= 512
            assert model.manifest.tile.receptive_field <= (
                STROKE_HALO_PX if model.manifest.task is Task.STYLE else HALO_PX
            )

    def test_an_adapter_runs_it(self, model: Model) -> None:
        assert model.manifest.task in ADAPTERS
        adapter_for(model.manifest.task).check(model.manifest)

    def test_the_graph_has_the_tensors_that_the_manifest_names_and_no_random_nodes(self, model: Model) -> None:
        for part in model.manifest.parts:
            graph = onnx.load(model.file(part), load_external_data=False).graph
            assert {spec.name for spec in model.manifest.inputs_of(part)} == {value.name for value in graph.input}
            assert {spec.name for spec in model.manifest.outputs_of(part)} <= {value.name for value in graph.output}
            assert not [node.op_type for node in graph.node if node.op_type.startswith("Random")]

    def test_the_lone_file_explains_itself(self, model: Model) -> None:
        whole: dict[str, Any] = msgspec.to_builtins(model.manifest)
        for part in model.manifest.parts:
            metadata = {entry.key: entry.value for entry in onnx.load(model.file(part)).metadata_props}
            embedded = json.loads(metadata["scumble.manifest"])
            assert embedded["id"] == whole["id"]
            assert "sha256" not in embedded
