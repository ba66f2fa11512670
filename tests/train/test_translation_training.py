"""Training of translators as a user starts it: it runs, resumes exactly, and says in one sentence what is wrong."""

from __future__ import annotations

import functools
import json
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from models.common import export_translator  # noqa: E402
from models.common.checkpoints import BEST, LATEST, read_checkpoint  # noqa: E402
from models.common.data import DataError, generated_blocks  # noqa: E402
from models.common.export_translator import Translator, TranslatorExport, manifest_of  # noqa: E402
from models.common.painted import load_painted, strokes_of  # noqa: E402
from models.common.pairs import Hand, drawn_anew, load_pairs, pairs_of_blocks, with_hints  # noqa: E402
from models.common.picture_sets import GENERATED  # noqa: E402
from models.common.translation_measure import measure_translator  # noqa: E402
from models.common.translation_run import averaged_weights  # noqa: E402
from models.cyclegan import Buffer  # noqa: E402
from models.nets.enclosed import Enclosed  # noqa: E402
from models.nets.sketching import OverSketch  # noqa: E402
from models.nets.translation import TranslationUNet, lines_over_areas  # noqa: E402
from models.pix2pix import palette_of  # noqa: E402
from tests.train.generative_builders import method, picture_folder, smoke_config  # noqa: E402
from tests.train.test_two_processes import run_module  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]  # warnings of the training libraries are theirs

METHODS = ("pix2pix", "cyclegan", "stargan")


@pytest.fixture(autouse=True)
def no_trained_eye(monkeypatch):
    """The features of coarse pixels serve here: a second instead of a minute."""
    monkeypatch.setattr("models.common.gan_metrics.EYE_WEIGHTS", Path("nowhere"))


def networks_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    content = read_checkpoint(checkpoint)
    return {f"{part}.{name}": t for part in ("generator", "judge", "ema") for name, t in content[part].items()}


@pytest.mark.parametrize("name", METHODS)
def test_resumed_training_has_the_bits_of_an_uninterrupted_one(name, tmp_path):
    changes = {"steps": 4, "checkpoint_every": 2, "validate_every": 2}
    best = method(name).train(smoke_config(name, tmp_path / "whole", **changes))
    stopped = tmp_path / "stopped"

    class PowerCutError(Exception):
        pass

    module, drawn = method(name), []
    draw_name = "draw_pairs" if name == "pix2pix" else "draw_batch"
    draw = getattr(module, draw_name)

    def cut_power(*arguments, **more):
        drawn.append(1)
        if len(drawn) > (6 if name == "cyclegan" else 3):  # a step after the checkpoint: it must be done again
            raise PowerCutError
        return draw(*arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, draw_name, cut_power)
        with pytest.raises(PowerCutError):
            module.train(smoke_config(name, stopped, **changes))
    torch.manual_seed(12345)  # another process would not have our generator's state either
    module.train(smoke_config(name, stopped, **changes), resume=True)

    assert best == tmp_path / "whole" / BEST
    assert read_checkpoint(best)["clock"]["seconds"] > 0
    expected, resumed = networks_of(tmp_path / "whole" / LATEST), networks_of(stopped / LATEST)
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[key], resumed[key]) for key in expected)


EXPORTS = (("pix2pix", {}), ("cyclegan", {"direction": "back"}), ("stargan", {}))


@pytest.mark.parametrize(("name", "more"), EXPORTS)
def test_smoke_run_becomes_a_model_folder_whose_numbers_are_measured_again(name, more, tmp_path, monkeypatch):
    speed = functools.partial(export_translator.measure_speed, runs=1)
    monkeypatch.setattr(export_translator, "measure_speed", speed)
    config = smoke_config(name, tmp_path / "run", **more)
    method(name).train(config)
    folder = tmp_path / "onnx/my-translator"
    method(name).export(config, folder)

    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    written = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert [line["value"] for line in written["lines"]] == [metric["value"] for metric in manifest["metrics"]]
    again = measure_translator(folder)
    home = [line["metric"] for line in written["lines"] if line["metric"].startswith("there and back")]
    if name != "cyclegan":  # the way home lies in the folder of the other direction
        home = []
    assert [line for line in written["lines"] if line["metric"] not in home] == again["lines"]
    assert {path.name for path in folder.iterdir()} >= {"model.onnx", "card.md", "preview.webp", "failures.webp"}
    run = Translator(folder)
    picture = np.asarray(Image.open(folder / "golden/input.png"))
    assert run(picture, max(0, len(run.choices) - 1)).shape[2] == 4


def test_classes_of_label_maps_are_written_into_the_manifest(tmp_path):
    config = smoke_config("pix2pix", tmp_path, labels=("Disc=#e63C28", "Paper=#ffffff"))
    drawing = np.zeros((8, 8, 4), np.uint8)
    export = TranslatorExport(
        torch.nn.Identity(), None, (), {}, {}, drawing, "", (), {}, dict, dict, palette=palette_of(config)
    )

    manifest = manifest_of(export)
    palette = [{"label": "Disc", "color": "#e63c28"}, {"label": "Paper", "color": "#ffffff"}]
    assert manifest["inputs"][0]["palette"] == palette


@pytest.mark.nightly
@pytest.mark.parametrize("name", METHODS)
def test_two_processes_end_with_the_same_weights(name, tmp_path):
    run_module("tests.train.two_translation_processes", name, str(tmp_path))

    first, second = (torch.load(tmp_path / f"after-{rank}.pt") for rank in (0, 1))
    assert not torch.equal(first.pop("drawn"), second.pop("drawn"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def pair_folder(folder: Path, *, count: int = 20, size: tuple[int, int] = (40, 40)) -> Path:
    for kind in ("input", "target"):
        (folder / kind).mkdir(parents=True)
        for index in range(count):
            Image.new("RGB", size, (index * 7, 80, 120)).save(folder / kind / f"{index}.png")
    return folder


def test_a_folder_of_pairs_is_read_and_split_by_name(tmp_path):
    pairs = load_pairs(pair_folder(tmp_path, count=30), side=32, made="pairs")
    training, held_out = pairs.split()

    assert len(training) + len(held_out) == 30
    assert len(held_out) > 0
    drawing, colours = pairs.pairs[0]
    assert (drawing.shape, colours.shape) == ((32, 32, 3), (32, 32, 4))


def without_partner(folder: Path) -> None:
    (folder / "target/3.png").unlink()


def another_size(folder: Path) -> None:
    Image.new("RGB", (30, 40)).save(folder / "target/3.png")


def broken(folder: Path) -> None:
    (folder / "input/3.png").write_bytes(b"\x89PNG but no more")


def no_pairs(folder: Path) -> None:
    shutil.rmtree(folder / "target")


def few(folder: Path) -> None:
    for index in range(10):
        (folder / f"input/{index}.png").unlink()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (without_partner, "Pairs are needed: there is no target named 3 for"),
        (another_size, "The pair 3 does not fit: 40 × 40 and 30 × 40 pixels."),
        (broken, "3.png cannot be read as a picture."),
        (no_pairs, "Pairs are needed: .* must have the folders input and target .* --made edges"),
        (few, "holds 10 pairs; at least 16 are needed."),
    ],
)
def test_what_is_no_folder_of_pairs_is_one_sentence(tmp_path, spoil, sentence):
    spoil(pair_folder(tmp_path))
    with pytest.raises(DataError, match=sentence):
        load_pairs(tmp_path, side=32, made="pairs")


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("pix2pix", ("--side", "30"), "The side must be a multiple of 16, not 30."),
        ("pix2pix", ("--batch", "3", "--devices", "2"), "3 pictures a step cannot be shared among 2 devices."),
        ("cyclegan", ("--here", "nowhere"), "There is no folder nowhere."),
        ("pix2pix", ("--labels", "Sky"), "A label is a name and a colour like Sky=#80c0ff, not Sky."),
    ],
)
def test_bad_settings_are_one_sentence_and_exit_code_two(name, arguments, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [f"models.{name}", "--smoke", "--run", str(tmp_path), *arguments])
    with pytest.raises(SystemExit) as left:
        method(name).main()

    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


def test_one_domain_is_too_few(tmp_path):
    config = smoke_config("stargan", tmp_path / "run", data=picture_folder(tmp_path / "data"), classes=("red",))
    with pytest.raises(DataError, match="one domain; at least two"):
        method("stargan").load_domains(config)


def test_photographs_get_their_inputs_drawn():
    pairs = pairs_of_blocks(generated_blocks(2), side=64, made="edges")

    for drawing, colours in pairs.pairs:
        assert (drawing[..., 0] == drawing[..., 1]).all()
        assert drawing.min() < 128 < drawing.max()
        assert (colours[..., 3] == 255).all()


def test_both_of_a_pair_are_moved_alike_and_hints_have_the_targets_colours():
    rng = np.random.default_rng(3)
    pair = load_pairs(GENERATED, side=64, made="pairs").pairs[0]
    drawing, colours = drawn_anew(
        pair, Hand(turn_degrees=20, shift=0.1, smallest=0.8, largest=0.8), mirror=True, rng=rng
    )

    ink, inside = drawing[..., 0] < 128, colours[..., 3] > 128
    rows, columns = np.nonzero(ink)
    assert abs(rows.mean() - np.nonzero(inside)[0].mean()) < 1.5
    assert abs(columns.mean() - np.nonzero(inside)[1].mean()) < 1.5
    hinted = with_hints(drawing, colours, rng)
    told = hinted[(hinted.max(axis=-1) - hinted.min(axis=-1)) > 100]
    assert len(told) > 0
    surely = colours[colours[..., 3] == 255][0, :3]
    assert np.abs(told.astype(int) - surely).max(axis=-1).min() < 8


def test_a_sketch_of_a_photograph_has_its_colours_where_it_is_painted(tmp_path):
    scenes, held_out = load_painted(GENERATED, side=32, cache=tmp_path)
    assert not set(scenes.names) & set(held_out.names)
    drawing, photo = held_out.pairs[0]
    assert (drawing.shape, photo.shape) == ((32, 32, 3), (32, 32, 4))

    photo = np.full((32, 32, 3), (200, 60, 40), np.uint8)
    painted = strokes_of(photo, np.random.default_rng(2))
    told = painted[painted.min(axis=-1) < 255]
    assert len(told) > 0
    assert np.abs(told.astype(int) - (200, 60, 40)).max() < 40


def test_colours_are_spread_over_paper_and_not_over_lines():
    sketch = torch.ones(1, 3, 32, 32)
    sketch[0, :, 4:8, 4:8] = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
    sketch[0, :, :, 16] = 0.0
    sketch[0, :, 20:26, 24:28] = torch.tensor([0.1, 0.3, 0.9])[:, None, None]

    made = OverSketch(torch.nn.Conv2d(3, 4, 1).requires_grad_(False))
    torch.nn.init.zeros_(made.network.weight)
    torch.nn.init.zeros_(made.network.bias)
    result = made(1 - sketch)[0]

    assert (result[3] == 1).all()
    assert result[:3, 5, 5].tolist() == pytest.approx([0.9, 0.2, 0.1], abs=0.01)
    assert result[0, 2, 2] > result[2, 2, 2], "near red it is red"
    assert result[2, 30, 30] > result[0, 30, 30], "near blue it is blue"
    assert result[:3].amax(dim=0).min() > 0.3, "a line is no colour"


def test_training_on_sketches_goes_on_from_a_run_on_edges(tmp_path):
    few = {"steps": 2, "validate_every": 2, "checkpoint_every": 2}
    first = method("pix2pix").train(smoke_config("pix2pix", tmp_path / "edges", made="edges", **few))
    config = smoke_config("pix2pix", tmp_path / "painted", made="painted", start=first, **few)
    begun = method("pix2pix").new_network(config)
    assert torch.equal(begun.network.stem.weight, averaged_weights(read_checkpoint(first), _unet(config)).stem.weight)

    best = method("pix2pix").train(config)
    assert read_checkpoint(best)["step"] == 2


def _unet(config):
    return TranslationUNet(3, 4, config.widths)


def test_a_full_buffer_gives_back_results_of_earlier_steps():
    rng, buffer = np.random.default_rng(0), Buffer(4)
    first = buffer.mixed(torch.zeros(4, 1, 2, 2), rng)
    later = torch.cat([buffer.mixed(torch.full((4, 1, 2, 2), float(step)), rng) for step in range(1, 6)])

    assert (first == 0).all()
    assert (later == 0).any()
    assert len(buffer.kept) == 4


def test_lines_stay_above_the_colours_and_hints_do_not():
    paper = torch.ones(1, 3, 1, 3)
    paper[..., 0] = 0.0  # black line
    paper[0, :, 0, 1] = torch.tensor([0.9, 0.2, 0.1])  # a dab of red
    areas = torch.zeros(1, 4, 1, 3)
    areas[0, :, 0, :2] = torch.tensor([0.2, 0.4, 0.9, 1.0])[:, None]

    line, dab, nothing = lines_over_areas(paper, areas)[0, :, 0].T

    assert line.tolist() == pytest.approx([0, 0, 0, 1], abs=1e-5)
    assert dab.tolist() == pytest.approx([0.2, 0.4, 0.9, 1], abs=1e-5)
    assert nothing[3] == 0


def test_what_lines_enclose_gets_one_colour_and_a_dab_decides_which():
    drawing, areas = torch.ones(1, 3, 64, 64), torch.zeros(1, 4, 32, 32)
    drawing[:, :, 10:50, (10, 30, 50)] = 0
    drawing[:, :, (10, 50), 10:51] = 0
    areas[:, :, 6:15, 6:24] = torch.tensor([0.2, 0.4, 0.6, 1.0])[:, None, None]  # the upper half of both boxes
    undabbed = Enclosed(64, rounds=16)(drawing, areas)[0]
    drawing[:, :, 40:44, 38:42] = torch.tensor([0.9, 0.3, 0.1])[:, None, None]
    dabbed = Enclosed(64, rounds=16)(drawing, areas)[0]

    left, right = undabbed[:, 14:47, 14:27], undabbed[:, 14:47, 34:47]
    assert (left.amax(dim=(1, 2)) - left.amin(dim=(1, 2))).max() < 0.03
    assert 0.3 < float(left[3].mean()) < 0.7
    assert torch.allclose(left.mean(dim=(1, 2)), right.mean(dim=(1, 2)), atol=0.03)
    assert float(undabbed[3, 56:].max()) < 0.06
    assert torch.allclose(dabbed[:, 20, 44], torch.tensor([0.9, 0.3, 0.1, 1.0]), atol=0.05)
    assert torch.allclose(dabbed[:, 14:47, 14:27], left, atol=0.03), "the other box stays"
