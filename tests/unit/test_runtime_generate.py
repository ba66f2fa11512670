"""Generators: seeds, counts, labels, truncation, given latents; mapping and synthesis, encoder and decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.core.errors import UserError
from desktop.paths import shipped_models_dir
from desktop.runtime.attempts import Kept
from desktop.runtime.catalog import Catalog
from desktop.runtime.latents import draw, free_latent, latent_shape, read_latents
from desktop.runtime.manifest import Input
from desktop.runtime.parameters import complete_parameters
from tests.runtime_models import edit_manifest
from tests.runtime_parts import FLOAT, INT64, graph_bytes, node, write_model
from tests.runtime_runs import run_request

LATENT = '[[inputs]]\nname = "z"\nrole = "latent"\nshape = [3]\n'
LABEL = '[[inputs]]\nname = "label"\nrole = "label"\nparam = "kind"\n'
KIND = '[[params]]\nid = "kind"\nlabel = "Kind"\ntype = "choice"\nchoices = ["cat", "dog", "hat"]\ndefault = "cat"\n'
PICTURE = '[[outputs]]\nname = "picture"\nrole = "image"\nsize = [4, 6]\nmean = [127.5]\nstd = [127.5]\n'
TO_PICTURE = {"spread": np.zeros((1, 3, 4, 6), np.float32), "sides": np.array([1, 3, 1, 1])}


SPEC = Input(name="z", role="latent", shape=[3])


def paint(source: str) -> list:
    """The three numbers of a latent as the colour of a 6 × 4 picture."""
    return [node("Reshape", f"{source} sides", "colour"), node("Add", "colour spread", "picture")]


def plain_generator(folder: Path, latent: str = LATENT) -> Path:
    graph = graph_bytes(paint("z"), {"z": (FLOAT, [1, 3])}, {"picture": (FLOAT, [1, 3, 4, 6])}, TO_PICTURE)
    return write_model(folder, "generate", {"main": graph}, latent + PICTURE)


def mapped_generator(folder: Path) -> Path:
    """mapping: w = z + 0.5; synthesis: w as the colour."""
    latent = (FLOAT, ["n", 3])
    mapping = graph_bytes([node("Add", "z half", "w")], {"z": latent}, {"w": latent}, {"half": np.float32([0.5])})
    synthesis = graph_bytes(paint("w"), {"w": latent}, {"picture": (FLOAT, [1, 3, 4, 6])}, TO_PICTURE)
    tables = (
        '[[inputs]]\nname = "z"\npart = "mapping"\nrole = "latent"\nshape = [3]\n'
        '[[outputs]]\nname = "w"\npart = "mapping"\nrole = "latent"\nshape = [3]\n'
        '[[inputs]]\nname = "w"\npart = "synthesis"\nrole = "latent"\nshape = [3]\n'
        + PICTURE.replace("size", 'part = "synthesis"\nsize')
    )
    return write_model(folder, "generate", {"mapping": mapping, "synthesis": synthesis}, tables)


def autoencoder(folder: Path) -> Path:
    """encoder: the mean colour, -1..1; decoder: a plain picture of it."""
    latent = (FLOAT, ["n", 3])
    encoder = graph_bytes(
        [node("GlobalAveragePool", "image", "mean"), node("Reshape", "mean flat", "z")],
        {"image": (FLOAT, [1, 3, 8, 8])},
        {"z": latent},
        {"flat": np.array([1, 3])},
    )
    decoder = graph_bytes(paint("z"), {"z": latent}, {"picture": (FLOAT, [1, 3, 4, 6])}, TO_PICTURE)
    tables = (
        '[[inputs]]\nname = "image"\npart = "encoder"\nrole = "image"\nsize = [8, 8]\nmean = [127.5]\nstd = [127.5]\n'
        '[[outputs]]\nname = "z"\npart = "encoder"\nrole = "latent"\nshape = [3]\n'
        '[[inputs]]\nname = "z"\npart = "decoder"\nrole = "latent"\nshape = [3]\n'
        + PICTURE.replace("size", 'part = "decoder"\nsize')
    )
    return write_model(folder, "generate", {"encoder": encoder, "decoder": decoder}, tables)


def colour_of(latent: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((latent + 1) * 127.5), 0, 255).astype(np.uint8)


def test_a_seed_always_makes_the_same_numbers() -> None:
    """The numbers themselves are the promise: recipes of older documents rest on them."""
    expected = np.random.Generator(np.random.PCG64([7, 0])).standard_normal(3, np.float32)
    np.testing.assert_array_equal(draw(SPEC, 0, 7, (3,)), expected)
    assert not np.array_equal(draw(SPEC, 0, 8, (3,)), expected)
    assert not np.array_equal(draw(SPEC, 1, 7, (3,)), expected)


def test_the_picture_shows_the_latent_of_its_seed(tmp_path: Path) -> None:
    results, done, heard = run_request(plain_generator(tmp_path / "plain"), {}, seed=5, count=3)
    assert results["images"].shape == (3, 4, 6, 3)
    assert done.tiles == 3
    assert [progress.done for progress in heard if progress.stage == "running"] == [0, 1, 2, 3]
    for index, seed in enumerate((5, 6, 7)):
        latent = draw(SPEC, 0, seed, (3,))
        np.testing.assert_array_equal(results["latent"][index], latent)
        assert (results["images"][index] == colour_of(latent)).all()


def test_one_picture_of_several_is_the_picture_of_its_own_seed(tmp_path: Path) -> None:
    model = plain_generator(tmp_path / "plain")
    several = run_request(model, {}, seed=5, count=3)[0]["images"]
    np.testing.assert_array_equal(run_request(model, {}, seed=7)[0]["images"][0], several[2])


def test_uniform_latents_stay_between_minus_one_and_one(tmp_path: Path) -> None:
    model = plain_generator(tmp_path / "plain", LATENT + 'distribution = "uniform"\n')
    latents = run_request(model, {}, count=200)[0]["latent"]
    assert latents.min() >= -1
    assert latents.max() <= 1
    assert abs(float(latents.mean())) < 0.1
    assert latents.std() == pytest.approx(1 / np.sqrt(3), abs=0.05)


@pytest.mark.parametrize("truncation", [0.0, 0.5])
def test_truncation_draws_a_latent_towards_its_mean(tmp_path: Path, truncation: float) -> None:
    model = plain_generator(tmp_path / "plain")
    whole, less = run_request(model, {}, seed=3)[0], run_request(model, {}, seed=3, truncation=truncation)[0]
    np.testing.assert_allclose(less["latent"], whole["latent"] * truncation, rtol=1e-6)


def test_truncation_behind_a_mapping_network_is_towards_the_mean_of_its_own_latents(tmp_path: Path) -> None:
    model, kept = mapped_generator(tmp_path / "mapped"), Kept()
    mean = np.mean([draw(SPEC, 0, seed, (3,)) for seed in range(256)], axis=0) + 0.5
    for seed in (3, 4):
        results = run_request(model, {}, seed=seed, truncation=0.5, kept=kept)[0]
        z = draw(SPEC, 0, seed, (3,))
        np.testing.assert_allclose(results["latent"][0], z)
        wanted = colour_of(mean + 0.5 * (z + 0.5 - mean))
        assert np.abs(results["images"][0].astype(int) - wanted).max() <= 1
    assert len(kept.embeddings) == 1, "the mean is computed once"
    whole = run_request(model, {}, seed=3)[0]
    assert (whole["images"][0] == colour_of(draw(SPEC, 0, 3, (3,)) + 0.5)).all()


@pytest.mark.parametrize("shape", [[1, 3], ["n", 3]])
def test_a_given_latent_is_what_the_picture_is_made_of(tmp_path: Path, shape: list) -> None:
    latents = np.float32([[-1, 0, 1], [0.5, 0.5, -0.5]])
    graph = graph_bytes(paint("z"), {"z": (FLOAT, shape)}, {"picture": (FLOAT, [1, 3, 4, 6])}, TO_PICTURE)
    model = write_model(tmp_path / "given", "generate", {"main": graph}, LATENT + PICTURE)
    results = run_request(model, {"latent": latents}, count=2)[0]
    for index in range(2):
        assert (results["images"][index] == colour_of(latents[index])).all()
    with pytest.raises(UserError, match="a latent of 3 numbers for each picture; 4 were given"):
        run_request(model, {"latent": np.zeros((1, 4), np.float32)})


def test_a_latent_with_axes_of_one_is_fed_in_its_rank(tmp_path: Path) -> None:
    latent = LATENT.replace("[3]", "[3, 1, 1]")
    graph = graph_bytes(
        [node("Add", "z spread", "picture")], {"z": (FLOAT, ["n", 3, 1, 1])}, {"picture": (FLOAT, None)}, TO_PICTURE
    )
    model = write_model(tmp_path / "deep", "generate", {"main": graph}, latent + PICTURE)
    results = run_request(model, {}, seed=9)[0]
    assert results["latent"].shape == (1, 3, 1, 1)
    assert (results["images"][0] == colour_of(results["latent"][0, :, 0, 0])).all()


@pytest.mark.parametrize(
    ("declared", "nodes"),
    [
        ((INT64, ["n"]), [node("Gather", "table label", "z", axis=0)]),
        ((INT64, ["n", 1]), [node("Gather", "table label", "deep", axis=0), node("Squeeze", "deep one", "z")]),
        ((FLOAT, ["n", 3]), [node("MatMul", "label table", "z")]),
        ((FLOAT, ["n", "classes"]), [node("MatMul", "label table", "z")]),
        ((INT64, ["n", 3]), [node("Cast", "label", "f", to=FLOAT), node("MatMul", "f table", "z")]),
    ],
)
def test_labels_are_numbers_or_one_hot_as_the_graph_wants(tmp_path: Path, declared: tuple, nodes: list) -> None:
    table = np.float32([[-1, -1, -1], [0, 0, 0], [1, 0, -1]])
    constants = {**TO_PICTURE, "table": table, "one": np.array([1])}
    graph = graph_bytes([*nodes, *paint("z")], {"label": declared}, {"picture": (FLOAT, None)}, constants)
    model = write_model(tmp_path / "labels", "generate", {"main": graph}, LABEL + PICTURE + KIND)
    for index, name in enumerate(("cat", "dog", "hat")):
        results = run_request(model, {}, {"kind": name})[0]
        assert (results["images"][0] == colour_of(table[index])).all()
        assert set(results) == {"images"}, "no latent is taken, none comes back"


def test_noise_is_an_input_of_its_own_drawn_from_the_seed(tmp_path: Path) -> None:
    noise = '[[inputs]]\nname = "noise1"\nrole = "noise"\nshape = [3, 4, 6]\n'
    graph = graph_bytes(
        [node("Identity", "noise1", "picture")], {"noise1": (FLOAT, ["n", 3, "h", "w"])}, {"picture": (FLOAT, None)}
    )
    model = write_model(tmp_path / "noisy", "generate", {"main": graph}, noise + PICTURE)
    one, same, other = (run_request(model, {}, seed=seed)[0]["images"][0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    expected = np.random.Generator(np.random.PCG64([1, 0])).standard_normal((3, 4, 6), np.float32)
    np.testing.assert_array_equal(one, colour_of(expected.transpose(1, 2, 0)))
    given = run_request(model, {"noise1": np.zeros((3, 4, 6), np.float32)})[0]["images"]
    assert (given == colour_of(np.float32(0))).all()


def test_transparent_pictures_come_back_with_their_alpha(tmp_path: Path) -> None:
    graph = graph_bytes(
        [node("Add", "z spread", "picture")],
        {"z": (FLOAT, ["n", 4, 1, 1])},
        {"picture": (FLOAT, None)},
        {"spread": np.zeros((1, 4, 4, 6), np.float32)},
    )
    tables = LATENT.replace("[3]", "[4, 1, 1]") + PICTURE.replace("size", 'order = "RGBA"\nsize')
    model = write_model(tmp_path / "clear", "generate", {"main": graph}, tables)
    latent = np.float32([[-1, 0, 1, -0.5]])
    assert (run_request(model, {"latent": latent})[0]["images"] == [0, 128, 255, 64]).all()


def test_an_encoder_gives_the_latent_of_a_picture_and_is_left_out_without_one(tmp_path: Path) -> None:
    model = autoencoder(tmp_path / "auto")
    pixels = np.full((20, 30, 3), (255, 0, 102), np.uint8)
    results = run_request(model, {"image": pixels})[0]
    np.testing.assert_allclose(results["latent"][0], [1, -1, -0.2], atol=1e-5)
    assert (results["images"][0] == (255, 0, 102)).all()
    latent = draw(SPEC, 1, 4, (3,))
    drawn = run_request(model, {}, seed=4)[0]
    np.testing.assert_array_equal(drawn["latent"][0], latent)
    assert (drawn["images"][0] == colour_of(latent)).all()


def seeing_alpha(folder: Path) -> Path:
    """encoder: the means of green, of blue and of alpha are the latent."""
    encoder = graph_bytes(
        [
            node("GlobalAveragePool", "image", "mean"),
            node("Reshape", "mean flat", "row"),
            node("Slice", "row first last axes", "z"),
        ],
        {"image": (FLOAT, [1, 4, 8, 8])},
        {"z": (FLOAT, ["n", 3])},
        {"flat": np.array([1, 4]), "first": np.array([1]), "last": np.array([4]), "axes": np.array([1])},
    )
    decoder = graph_bytes(paint("z"), {"z": (FLOAT, ["n", 3])}, {"picture": (FLOAT, [1, 3, 4, 6])}, TO_PICTURE)
    tables = (
        '[[inputs]]\nname = "image"\npart = "encoder"\nrole = "image"\nsize = [8, 8]\norder = "RGBA"\n'
        "mean = [0.0]\nstd = [255.0]\n"
        '[[outputs]]\nname = "z"\npart = "encoder"\nrole = "latent"\nshape = [3]\n'
        '[[inputs]]\nname = "z"\npart = "decoder"\nrole = "latent"\nshape = [3]\n'
        + PICTURE.replace("size", 'part = "decoder"\nsize')
    )
    return write_model(folder, "generate", {"encoder": encoder, "decoder": decoder}, tables)


@pytest.mark.parametrize("side", [8, 32])
def test_an_encoder_that_eats_alpha_is_shown_it_and_no_colour_that_nobody_sees(tmp_path: Path, side: int) -> None:
    model = seeing_alpha(tmp_path / "clear")
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[:] = (0, 255, 0, 0)  # green that nobody sees
    pixels[:, : side // 2] = (0, 0, 255, 255)
    green, blue, alpha = run_request(model, {"image": pixels})[0]["latent"][0]
    assert (blue, alpha) == pytest.approx((0.5, 0.5), abs=0.01)
    assert green == pytest.approx(0.5 if side == 8 else 0.0, abs=0.01)  # at its own size nothing is touched
    opaque = run_request(model, {"image": pixels[..., :3]})[0]["latent"][0]
    assert opaque[2] == pytest.approx(1.0)


@pytest.mark.parametrize("model_id", ["emoji-faces", "letters"])
def test_shipped_autoencoders_find_a_picture_of_their_own_again(model_id: str) -> None:
    folder = shipped_models_dir() / model_id
    manifest = Catalog((folder.parent,)).verified(model_id).manifest
    parameters = complete_parameters(manifest, {})

    def on_paper(rgba: np.ndarray) -> np.ndarray:
        share = rgba[..., 3:] / 255
        return rgba[..., :3] * share + 255 * (1 - share)

    near, far = [], []
    for seed in range(1, 5):
        shown, other = run_request(folder, {}, parameters, seed=seed, count=2)[0]["images"]
        found = run_request(folder, {"image": shown}, parameters)[0]["images"][0]
        near.append(np.abs(on_paper(found) - on_paper(shown)).mean())
        far.append(np.abs(on_paper(other) - on_paper(shown)).mean())
    assert np.mean(near) < 0.3 * np.mean(far)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "Between 1 and 1000 pictures"),
        ({"count": 1_000_000}, "Between 1 and 1000 pictures"),
        ({"seed": -1}, "seed must be 0 to"),
        ({"truncation": float("nan")}, "truncation must be between 0 and 2"),
    ],
)
def test_senseless_orders_are_refused(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        run_request(plain_generator(tmp_path / "plain"), {}, **options)


def test_a_picture_of_another_size_than_the_manifest_says_is_refused(tmp_path: Path) -> None:
    model = plain_generator(tmp_path / "plain")
    edit_manifest(model, "size = [4, 6]", "size = [5, 6]")
    with pytest.raises(UserError, match=r"shape \[1, 3, 4, 6\] where \(5, 6, 3\)"):
        run_request(model, {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("size = [4, 6]\n", "", "needs its size"),
        ("shape = [3]\n", "", "needs its shape"),
        ('role = "latent"', 'role = "mask"', "cannot have an input or output with the role “mask”"),
        ('role = "image"', 'role = "mask"', "cannot have an input or output with the role “mask”"),
    ],
)
def test_manifests_of_generators_are_checked(tmp_path: Path, old: str, new: str, message: str) -> None:
    model = plain_generator(tmp_path / "plain")
    edit_manifest(model, old, new)
    with pytest.raises(UserError, match=message):
        run_request(model, {})


def test_parts_that_feed_each_other_are_refused(tmp_path: Path) -> None:
    model = mapped_generator(tmp_path / "mapped")
    edit_manifest(
        model,
        'name = "z"\npart = "mapping"\nrole = "latent"',
        'name = "z"\npart = "mapping"\nfrom = "v"\nrole = "latent"',
    )
    edit_manifest(
        model,
        '[[outputs]]\nname = "picture"',
        '[[outputs]]\nname = "v"\npart = "synthesis"\nrole = "latent"\n[[outputs]]\nname = "picture"',
    )
    with pytest.raises(UserError, match="cannot be used: its parts"):
        run_request(model, {})


class TestLatentFiles:
    def test_one_or_several_from_npy_and_json(self, tmp_path: Path) -> None:
        np.save(tmp_path / "one.npy", np.array([1, 2, 3]))
        np.save(tmp_path / "two.npy", np.arange(6.0).reshape(2, 3))
        (tmp_path / "one.json").write_text("[1, 2.5, 3]")
        assert read_latents(tmp_path / "one.npy", (3,)).tolist() == [[1, 2, 3]]
        assert read_latents(tmp_path / "two.npy", (3, 1, 1)).shape == (2, 3, 1, 1)
        assert read_latents(tmp_path / "one.json", (3,)).tolist() == [[1, 2.5, 3]]

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("a.json", "[1, 2]", "each latent of this model has 3 numbers"),
            ("a.json", "[[1, 2], [3, 4], [5, 6]]", "each latent of this model has 3 numbers"),
            ("a.json", "[]", "each latent of this model has 3 numbers"),
            ("a.json", "[1, NaN, 3]", "not finite"),
            ("a.json", "[1, 1e999, 3]", "not finite"),
            ("a.json", '{"a": 1}', "holds no array of numbers"),
            ("a.json", '["1", "2", "3"]', "holds no array of numbers"),
            ("a.json", "[[1], [2, 3]]", "holds no array of numbers"),
            ("a.json", "[" * 100_000, "holds no array of numbers"),
            ("a.npy", "junk", "holds no array of numbers"),
            ("a.txt", "1 2 3", "neither .npy nor .json"),
        ],
    )
    def test_what_is_no_latent_is_told_so(self, tmp_path: Path, name: str, content: str, message: str) -> None:
        path = tmp_path / name
        path.write_text(content)
        with pytest.raises(UserError, match=message):
            read_latents(path, (3,))

    def test_a_file_that_promises_more_numbers_than_memory_holds_is_told_so(self, tmp_path: Path) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (10**13,)}
        with (tmp_path / "z.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            file.write(bytes(256))
        with pytest.raises(UserError, match="holds no array of numbers"):
            read_latents(tmp_path / "z.npy", (3,))

    def test_pickles_are_not_loaded(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with pytest.raises(UserError, match="holds no array of numbers"):
            read_latents(tmp_path / "a.npy", (3,))

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"There is no file .*gone\.npy"):
            read_latents(tmp_path / "gone.npy", (3,))


def test_the_latent_that_a_person_may_bring_is_the_first_of_the_chain(tmp_path: Path) -> None:
    for make in (plain_generator, mapped_generator, autoencoder):
        make(tmp_path / make.__name__.replace("_", "-"))
    catalog = Catalog((tmp_path,))
    names = {model.id: free_latent(model.manifest) for model in catalog.models()}
    assert {name: (spec.name, spec.part) for name, spec in names.items() if spec} == {
        "plain-generator": ("z", "main"),
        "mapped-generator": ("z", "mapping"),
        "autoencoder": ("z", "decoder"),
    }
    assert all(latent_shape(model.manifest) == (3,) for model in catalog.models())
