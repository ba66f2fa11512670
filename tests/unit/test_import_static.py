"""The first look at a foreign file: what is refused before anything of it runs, and with which sentence."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from desktop.core.errors import UserError
from desktop.runtime.importing.static_checks import read_checked
from tests import foreign_models as foreign


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_checked(path)
    assert str(path) in str(caught.value)
    return caught.value


def test_a_plain_file_passes_with_its_facts(tmp_path: Path) -> None:
    _, facts = read_checked(foreign.sharpener(tmp_path / "a.onnx", notes={"license": "MIT"}))
    assert [(tensor.name, tensor.type, tensor.shape) for tensor in facts.inputs] == [
        ("image", "float32", (1, 3, None, None))
    ]
    assert facts.metadata == {"license": "MIT"}
    assert (facts.opset, facts.nodes, facts.operators["Conv"]) == (17, 2, 1)


def test_weights_that_are_listed_among_the_inputs_are_no_inputs(tmp_path: Path) -> None:
    path = foreign.sharpener(tmp_path / "a.onnx")
    model = onnx.load(path)
    model.graph.input.append(helper.make_tensor_value_info("k", TensorProto.FLOAT, [3, 1, 3, 3]))
    onnx.save(model, path)
    assert [tensor.name for tensor in read_checked(path)[1].inputs] == ["image"]


@pytest.mark.parametrize("side", [-1, 0, "None", "unk__1025", "floor(h/2)*2", None])
def test_whatever_is_no_positive_number_is_a_free_side(tmp_path: Path, side: object) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [foreign.node("Identity", ["x"], "y")],
        inputs={"x": (1, 3, side, 16)},
        outputs={"y": (1, 3, side, 16)},
    )
    assert read_checked(path)[1].inputs[0].shape == (1, 3, None, 16)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "zero bytes"),
        (b"hello, this is a text and no model at all", "cannot be parsed"),
        (b"PK\x03\x04" + bytes(60), "archive"),
        (b"\x80\x04\x95" + bytes(60), "pickle"),
        (b"\x20\x00\x00\x00ORTM" + bytes(60), "onnxruntime's own format"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(60), "TensorFlow Lite"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "Keras"),
    ],
)
def test_other_kinds_of_files_are_refused_by_name(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    assert word in str(refusal(path))


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = foreign.sharpener(tmp_path / "a.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    assert refusal(path).key == "import.not_onnx"


def test_damaged_names_are_refused(tmp_path: Path) -> None:
    path = foreign.sharpener(tmp_path / "a.onnx")
    path.write_bytes(path.read_bytes().replace(b"image", b"im\xffge"))
    assert refusal(path).key == "import.not_onnx"


def test_what_was_checked_is_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is exchanged behind the first look changes nothing."""
    path = foreign.sharpener(tmp_path / "a.onnx")
    first, reads = path.read_bytes(), []

    def exchanged(self: Path) -> bytes:
        reads.append(self)
        return first if len(reads) == 1 else b"another file"

    monkeypatch.setattr(Path, "read_bytes", exchanged)
    content, facts = read_checked(path)
    assert (content, reads) == (first, [path])
    assert facts.sha256 == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "sub/weights", "..", "a\\b", ""])
def test_weights_elsewhere_are_refused(tmp_path: Path, location: str) -> None:
    assert refusal(foreign.external_weights(tmp_path / "a.onnx", location)).key == "import.external_elsewhere"


def test_weights_behind_a_link_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(4))
    os.symlink(secret, tmp_path / "soft")
    os.link(secret, tmp_path / "hard")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    for name in ("soft", "hard", *(["pipe"] if hasattr(os, "mkfifo") else [])):
        assert refusal(foreign.external_weights(tmp_path / "a.onnx", name)).key == "import.external_link"


def test_weights_that_are_missing_or_cut_off_are_refused(tmp_path: Path) -> None:
    assert refusal(foreign.external_weights(tmp_path / "a.onnx", "weights")).key == "import.external_missing"
    (tmp_path / "weights").write_bytes(bytes(3))
    assert refusal(foreign.external_weights(tmp_path / "a.onnx", "weights")).key == "import.external_missing"


def test_weights_beside_the_file_are_joined_to_it(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(np.float32(0.25).tobytes())
    content, facts = read_checked(foreign.external_weights(tmp_path / "a.onnx", "weights"))
    assert facts.external_files == ("weights",)
    model = onnx.load_model_from_string(content)
    assert onnx.numpy_helper.to_array(model.graph.initializer[0]) == [0.25]
    assert not model.graph.initializer[0].external_data


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda path: foreign.function_chain(path, 60), "import.too_deep"),
        (lambda path: foreign.function_chain(path, 300), "import.too_many_functions"),
        (lambda path: foreign.branching_functions(path, 20, inside_branch=True), "import.too_deep"),
        (lambda path: foreign.branching_functions(path, 28, calls=2), "import.too_many_nodes"),
        (lambda path: foreign.many_nodes(path, 20_001), "import.too_many_nodes"),
    ],
)
def test_files_beyond_every_bound_are_refused(tmp_path: Path, make: Callable[[Path], Path], key: str) -> None:
    assert refusal(make(tmp_path / "a.onnx")).key == key


def test_functions_that_call_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = foreign.function_chain(tmp_path / "a.onnx", 3)
    model = onnx.load(path)
    model.functions[2].node[0].op_type, model.functions[2].node[0].domain = "f0", "own"
    onnx.save(model, path)
    assert refusal(path).key == "import.too_deep"


def test_functions_that_stay_within_the_bounds_once_written_out_pass(tmp_path: Path) -> None:
    assert read_checked(foreign.branching_functions(tmp_path / "a.onnx", 10, calls=2))[1].inputs
    assert read_checked(foreign.branching_functions(tmp_path / "b.onnx", 10, inside_branch=True))[1].inputs


def test_an_unknown_operator_is_named_with_its_domain(tmp_path: Path) -> None:
    nodes = [helper.make_node("Warp", ["image"], ["result"], domain="acme.ops")]
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"image": foreign.FREE},
        outputs={"result": foreign.FREE},
        domains=["acme.ops"],
    )
    assert "Warp" in str(refusal(path))
    assert "acme.ops" in str(refusal(path))


def test_a_domain_that_is_imported_but_not_used_does_no_harm(tmp_path: Path) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [foreign.node("Identity", ["image"], "result")],
        inputs={"image": foreign.FREE},
        outputs={"result": foreign.FREE},
        domains=["acme.ops"],
    )
    assert read_checked(path)[1].nodes == 1


def test_code_for_one_device_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("EPContext", ["image"], ["result"], domain="com.microsoft")]
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        nodes,
        inputs={"image": foreign.FREE},
        outputs={"result": foreign.FREE},
        domains=["com.microsoft"],
    )
    assert refusal(path).key == "import.not_onnx"


def test_a_stated_tensor_of_gigabytes_is_refused(tmp_path: Path) -> None:
    path = foreign.graph_file(
        tmp_path / "a.onnx",
        [foreign.node("Identity", ["image"], "result")],
        inputs={"image": (1, 3, 40_000, 40_000)},
        outputs={"result": foreign.FREE},
    )
    assert refusal(path).key == "import.huge_tensor"


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    assert refusal(tmp_path).key == "import.not_a_file"
    assert refusal(tmp_path / "none.onnx").key == "file.missing"
