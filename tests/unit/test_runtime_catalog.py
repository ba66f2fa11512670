"""Which models there are, what is wrong with the others, and that an altered file is noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desktop.core.errors import UserError
from desktop.runtime.catalog import Catalog, file_sha256
from desktop.runtime.manifest import Manifest, Param, parse_manifest
from desktop.runtime.parameters import check_parameter, complete_parameters, scalar_for
from tests.runtime_models import brightness_model, edit_manifest, identity_model


def test_models_of_all_folders_are_found_and_the_first_folder_wins(tmp_path: Path) -> None:
    identity_model(tmp_path / "shipped" / "same")
    identity_model(tmp_path / "own" / "same")
    brightness_model(tmp_path / "own" / "bright")
    catalog = Catalog((tmp_path / "shipped", tmp_path / "own", tmp_path / "missing"))
    assert [model.id for model in catalog.models()] == ["bright", "same"]
    assert catalog.get("same").folder == tmp_path / "shipped" / "same"


def test_a_broken_folder_is_listed_with_its_reason_and_hides_no_other(tmp_path: Path) -> None:
    identity_model(tmp_path / "same")
    edit_manifest(identity_model(tmp_path / "bad"), 'task = "restore"', 'task = "cook"')
    catalog = Catalog((tmp_path,))
    assert [model.id for model in catalog.models()] == ["same"]
    (broken,) = catalog.broken()
    assert broken.id == "bad"
    assert "cook" in str(broken.error)
    with pytest.raises(UserError, match=r"“bad” cannot be used: .*cook"):
        catalog.get("bad")


def test_other_folders_and_files_are_not_models(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "manifest.schema.json").write_text("{}")
    assert Catalog((tmp_path,)).models() == []
    assert Catalog((tmp_path,)).broken() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_instead_of_a_manifest_is_no_model_and_is_not_waited_for(tmp_path: Path) -> None:
    identity_model(tmp_path / "same")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "manifest.toml")
    catalog = Catalog((tmp_path,))
    assert [model.id for model in catalog.models()] == ["same"]
    (broken,) = catalog.broken()
    assert "it is no file" in str(broken.error)
    assert catalog.taken_ids() == {"same", "pipe"}


def test_an_unknown_model_names_the_known_ones(tmp_path: Path) -> None:
    identity_model(tmp_path / "same")
    with pytest.raises(UserError, match=r"no model “other”\. Installed models: same"):
        Catalog((tmp_path,)).get("other")


def test_an_altered_file_is_named(tmp_path: Path) -> None:
    folder = identity_model(tmp_path / "same")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(UserError, match=r"model\.onnx is not the file.*install the model again"):
        Catalog((tmp_path,)).verified("same")


def test_a_file_altered_after_its_first_use_is_noticed(tmp_path: Path) -> None:
    folder = identity_model(tmp_path / "same")
    catalog = Catalog((tmp_path,))
    assert catalog.verified("same").sha256 == file_sha256(folder / "model.onnx")
    path = folder / "model.onnx"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")  # of the same size
    os.utime(path, ns=(1, 1))
    with pytest.raises(UserError, match="is not the file"):
        catalog.verified("same")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = identity_model(tmp_path / "same")
    (folder / "model.onnx").unlink()
    with pytest.raises(UserError, match=r"model\.onnx of the model “same” is missing"):
        Catalog((tmp_path,)).verified("same")


def test_an_unchanged_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity_model(tmp_path / "same")
    hashed: list[Path] = []

    def counted(path: Path) -> str:
        hashed.append(path)
        return file_sha256(path)

    monkeypatch.setattr("desktop.runtime.catalog.file_sha256", counted)
    catalog = Catalog((tmp_path,))
    for _ in range(3):
        catalog.verified("same")
    assert len(hashed) == 1


def test_a_manifest_is_parsed_once_and_anew_when_its_text_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = identity_model(tmp_path / "same")
    parsed: list[Path] = []

    def counted(text: bytes, path: Path) -> Manifest:
        parsed.append(path)
        return parse_manifest(text, path)

    monkeypatch.setattr("desktop.runtime.catalog.parse_manifest", counted)
    catalog = Catalog((tmp_path,))
    for _ in range(3):
        assert catalog.get("same").manifest.task == "restore"
    assert len(parsed) == 1
    state = (folder / "manifest.toml").stat()
    edit_manifest(folder, 'task = "restore"', 'task = "cook333"')  # as long as before, and as old
    os.utime(folder / "manifest.toml", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert catalog.models() == []
    assert "cook333" in str(catalog.broken()[0].error)


def test_left_out_parameters_get_their_defaults_and_text_is_understood(tmp_path: Path) -> None:
    brightness_model(tmp_path / "bright")
    manifest = Catalog((tmp_path,)).get("bright").manifest
    assert complete_parameters(manifest, {}) == {"amount": 20.0}
    assert complete_parameters(manifest, {"amount": "35.5"}) == {"amount": 35.5}


def test_unknown_parameters_are_answered_with_the_known(tmp_path: Path) -> None:
    brightness_model(tmp_path / "bright")
    manifest = Catalog((tmp_path,)).get("bright").manifest
    with pytest.raises(UserError, match="has no parameter “amont”; it has: amount"):
        complete_parameters(manifest, {"amont": 3})


STRENGTH = Param(id="strength", label="Strength", type="float", min=0, max=100, default=50.0)
COUNT = Param(id="count", label="Count", type="int", min=1, max=9, default=3)
MODE = Param(id="mode", label="Mode", type="choice", choices=["soft", "hard"], default="soft")
KEEP = Param(id="keep", label="Keep", type="bool", default=True)


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (STRENGTH, "40", 40.0),
        (STRENGTH, 100, 100.0),
        (COUNT, "4", 4),
        (COUNT, 2.0, 2),
        (MODE, "hard", "hard"),
        (KEEP, "False", False),
        (KEEP, True, True),
    ],
)
def test_values_take_the_type_of_their_parameter(param: Param, value: object, expected: object) -> None:
    checked = check_parameter(param, value)
    assert checked == expected
    assert type(checked) is type(expected)


@pytest.mark.parametrize(
    ("param", "value", "message"),
    [
        (STRENGTH, 101, "strength must be between 0 and 100; 101 is not"),
        (STRENGTH, "nan", "between 0 and 100"),
        (STRENGTH, "much", "must be a number between 0 and 100; “much” is not"),
        (STRENGTH, True, "must be a number"),
        (COUNT, 2.5, "must be a whole number between 1 and 9; “2.5” is not"),
        (MODE, "loud", "mode must be one of soft, hard; “loud” is not"),
        (KEEP, "maybe", "keep must be one of true, false"),
    ],
)
def test_a_wrong_value_is_told_what_is_allowed(param: Param, value: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        check_parameter(param, value)
    assert message in str(caught.value)


def test_scalars_are_mapped_onto_the_range_of_the_graph() -> None:
    assert scalar_for(STRENGTH, 25.0, (0.0, 2.0)) == 0.5
    assert scalar_for(STRENGTH, 25.0, None) == 25.0
    assert scalar_for(MODE, "hard", None) == 1.0
    assert scalar_for(KEEP, True, None) == 1.0
