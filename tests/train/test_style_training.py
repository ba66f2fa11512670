"""Styles: losses, optimiser, paintings; training, learning a style of one's own and painting slowly, by smoke."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models import arbitrary_style, fast_style, learn_style, neural_style
from models.common.data import DataError
from models.common.keras_weights import read_keras_weights
from models.common.known_touches import suited, take_touches, teach_choice
from models.common.muon import MuonOrAdam, orthogonalised
from models.common.own_paintings import OWN_PAINTINGS
from models.common.perceptual import PerceptualLoss, untrained_eye
from models.common.picture_noise import picture_noise
from models.common.style_baseline import at_equal_content
from models.common.style_draws import StyleSources
from models.common.style_pictures import resized_style
from models.nets.any_style import FLAT, ManneredPainter, Palette, StyleEye, recolored
from models.nets.streaks import SLANT, streaks, ways_of
from models.nets.style_transfer import Look, StylePainter, dabbed
from models.nets.touches import UNLIKE, Touch, set_in_stones, touched


@pytest.fixture(scope="module")
def smoke_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of two styles, trained for four steps."""
    folder = tmp_path_factory.mktemp("styles")
    config = fast_style.config_from_plain(fast_style.Config, fast_style.SMOKE | {"run": str(folder / "run")})
    fast_style.train(config)
    fast_style.export(config, folder / "onnx/styles")
    return folder / "onnx/styles"


def test_training_exports_a_network_that_the_editor_would_list(smoke_model: Path) -> None:
    manifest = (smoke_model / "manifest.toml").read_text(encoding="utf-8")
    assert 'choices = ["Stained glass", "Linocut"]' in manifest
    assert json.loads((smoke_model / "metrics.json").read_text())["tile_levels"] <= 1
    assert "not measured" in (smoke_model / "card.md").read_text(encoding="utf-8")


def test_a_style_is_learned_from_one_picture_and_the_shipped_network(
    smoke_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(OWN_PAINTINGS["mosaic"]()).save(tmp_path / "my_mosaic.png")
    config = learn_style.Config(
        picture=tmp_path / "my_mosaic.png",
        export=tmp_path / "onnx/my-style",
        start=smoke_model / "model.onnx",
        run=tmp_path / "run",
        batch=1,
        crop=32,
        threads=1,
        report=tmp_path,
        smoke=True,
    )
    learn_style.learn(config)
    assert "My mosaic" in (tmp_path / "onnx/my-style/card.md").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert lines[-1]["step"] == lines[-1]["of"]
    assert Path(lines[0]["picture"]).is_file()


def test_the_network_for_any_style_goes_on_exactly_and_is_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = arbitrary_style.SMOKE | {"run": str(tmp_path / "run")}
    config = arbitrary_style.config_from_plain(arbitrary_style.Config, plain)
    arbitrary_style.train(config)
    whole = torch.load(tmp_path / "run" / "latest.pt", weights_only=True)["net"]
    half = arbitrary_style.config_from_plain(arbitrary_style.Config, plain | {"run": str(tmp_path / "half")})
    with monkeypatch.context() as patch:
        patch.setattr(arbitrary_style.Batch, "draw", StoppedAfter(arbitrary_style.Batch.draw, 2))
        with pytest.raises(KeyboardInterrupt):
            arbitrary_style.train(half)
    arbitrary_style.train(half, resume=True)
    resumed = torch.load(tmp_path / "half" / "latest.pt", weights_only=True)["net"]
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    arbitrary_style.export(config, tmp_path / "onnx/any-style")
    manifest = (tmp_path / "onnx/any-style/manifest.toml").read_text(encoding="utf-8")
    assert 'style = "golden/style.png"' in manifest
    assert json.loads((tmp_path / "onnx/any-style/metrics.json").read_text())["tile_levels"] <= 1


class StoppedAfter:
    """Somebody presses Ctrl+C after so many calls."""

    def __init__(self, call: Callable[..., object], count: int) -> None:
        self.call, self.left = call, count

    def __call__(self, *args: object, **named: object) -> object:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return self.call(*args, **named)


def test_a_palette_is_carried_over_exactly_and_grey_stays_grey() -> None:
    torch.manual_seed(0)
    photo = torch.rand(1, 3, 40, 50) * torch.tensor([0.9, 0.5, 0.3])[:, None, None]
    style = torch.rand(1, 3, 30, 30) * torch.tensor([0.2, 0.7, 0.9])[:, None, None] + 0.05
    painted = recolored(photo, Palette.of(photo, flat=1e-9).map_to(Palette.of(style, flat=1e-9)))
    assert torch.allclose(painted.mean((2, 3)), style.mean((2, 3)), atol=1e-3)
    assert torch.allclose(torch.cov(painted[0].flatten(1)), torch.cov(style[0].flatten(1)), atol=1e-3)
    gray = style.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    ink = recolored(photo, Palette.of(photo).map_to(Palette.of(gray, flat=1e-9)))
    assert float((ink - ink.mean(dim=1, keepdim=True)).abs().max()) < 0.01
    flat = torch.full((1, 3, 8, 8), 0.4)
    assert torch.isfinite(Palette.of(flat, flat=FLAT).map_to(Palette.of(flat))).all()


def test_tiles_told_what_was_measured_are_painted_in_one_manner() -> None:
    torch.manual_seed(0)
    network = ManneredPainter(3, 16, 8).eval()
    photo, noise = torch.rand(1, 3, 48, 64), torch.rand(1, 1, 48, 64)
    manner = torch.cat([torch.tensor([[0.2, 0.5, 0.3]]), Palette.of(torch.rand(1, 3, 9, 9)).numbers()], dim=1)
    mapping, look = Palette.of(photo).map_to(Palette.common(photo)), Look()
    with torch.no_grad():
        painted = network(photo, noise, manner, mapping, look)
        again = network(photo, noise, manner, mapping, Look(look.vector()))
    assert torch.allclose(painted, again, atol=1e-5)


def test_an_even_picture_is_painted_evenly_up_to_its_rim() -> None:
    """Neither a frame, from what convolutions meet outside, nor the cells in which the network works."""
    torch.manual_seed(0)
    painter = StylePainter(2, 16, 8).eval()
    with torch.no_grad():
        painter.write.weight.normal_()
        painter.write.bias.normal_()
        painted = painter(torch.full((1, 3, 48, 64), 0.4), torch.zeros(1, 1, 48, 64), torch.eye(2)[:1])
    assert float((painted - painted.mean(dim=(2, 3), keepdim=True)).abs().max()) < 1e-4


def test_dabs_keep_edges_and_smooth_what_lies_between() -> None:
    torch.manual_seed(0)
    picture = torch.full((1, 3, 40, 40), 0.2)
    picture[..., 20:] = 0.8
    assert torch.allclose(dabbed(picture), picture, atol=0.02)
    rough = picture + 0.1 * torch.randn(1, 3, 40, 40)
    assert float((dabbed(rough) - picture).std()) < 0.5 * float((rough - picture).std())


def test_streaks_follow_forms_and_slant_where_there_are_none() -> None:
    noise = torch.rand(1, 1, 96, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    level = torch.linspace(0, 1, 96)
    for picture, is_along_rows in ((level[:, None].expand(96, 96), True), (level.expand(96, 96), False)):
        narrow, wide = streaks(picture.expand(1, 3, 96, 96).contiguous(), noise)
        assert (narrow.shape, wide.shape) == ((1, 1, 48, 48), (1, 2, 24, 24))
        across_rows, along_rows = (float(narrow.diff(dim=dim).square().mean()) for dim in (2, 3))
        assert (along_rows < 0.3 * across_rows) == is_along_rows
    slanting = ways_of(torch.full((1, 3, 32, 32), 0.5))
    x, y = SLANT
    assert torch.allclose(slanting[:, 1] / slanting[:, 0], torch.tensor(-2 * x * y / (y * y - x * x)), atol=1e-4)


def test_a_print_has_one_ink_and_one_paper_and_no_touch_changes_nothing() -> None:
    torch.manual_seed(0)
    painted, noise = torch.rand(1, 3, 64, 64), torch.rand(1, 1, 64, 64) * 2 - 1
    narrow, wide = streaks(painted, noise)
    ink, paper = (0.1, 0.0, 0.2), (0.9, 1.0, 0.8)
    pressed = Touch(print=1.0, sharpness=1e4, fine=0.3, level=0.5, ink=ink, paper=paper)
    printed = touched(painted, narrow, wide, noise, torch.tensor([pressed.numbers()]))
    far = [(printed - torch.tensor(color)[:, None, None]).abs().amax(dim=1) for color in (ink, paper)]
    assert float((torch.minimum(*far) < 0.01).float().mean()) > 0.99
    assert all(0.2 < float((plane < 0.01).float().mean()) < 0.8 for plane in far)
    untouched = touched(painted, narrow, wide, noise, torch.tensor([Touch().numbers()]))
    assert torch.equal(untouched, painted)


def test_stones_are_of_one_color_between_mortar() -> None:
    torch.manual_seed(0)
    painted, noise = torch.full((1, 3, 64, 64), 0.5), torch.rand(1, 1, 64, 64) * 2 - 1
    laid = set_in_stones(painted, noise, torch.zeros(1, 3, 1, 1))
    assert laid.shape == painted.shape
    assert float(laid.min()) < 0.05
    assert float((laid - 0.5).abs().le(0.5 * UNLIKE + 1e-3).float().mean()) > 0.4


def test_the_choice_among_known_touches_is_what_suits_a_view() -> None:
    torch.manual_seed(0)
    known, network, eye = StylePainter(2, 16, 8), ManneredPainter(4, 16, 8), StyleEye(4)
    with torch.no_grad():
        known.write.bias[1] += torch.randn(12)
    take_touches(network.painter, known, 2)
    views, photos = torch.rand(6, 3, 64, 64), torch.rand(2, 3, 32, 32)
    loss = PerceptualLoss(untrained_eye(), [])
    eye.get_used_to(views)
    teach_choice(eye, network, 2, views=views, photos=photos, loss=loss)
    wanted = suited(network, 2, views, photos, loss).argmin(dim=1)
    with torch.no_grad():
        shares = eye(views)[:, :4]
    assert torch.equal((shares[:, :2] + shares[:, 2:]).argmax(dim=1), wanted)


def test_views_of_styles_depend_on_the_generator_alone() -> None:
    sources = StyleSources.generated()
    one, other = (sources.draw(64, np.random.default_rng(5)) for _ in range(2))
    assert one.shape == (64, 64, 3)
    assert np.array_equal(one, other)


def test_the_slow_method_is_read_off_between_its_points() -> None:
    curve = [(0.4, 0.1), (0.2, 0.3)]
    assert at_equal_content(curve, 0.3) == pytest.approx({"slow_content": 0.3, "slow_manner": 0.2})
    assert at_equal_content(curve, 0.9) == pytest.approx({"slow_content": 0.4, "slow_manner": 0.1})
    lost_its_way = [*curve, (0.6, 0.5)]
    assert at_equal_content(lost_its_way, 0.9) == pytest.approx({"slow_content": 0.4, "slow_manner": 0.1})


def test_a_picture_is_painted_slowly(tmp_path: Path) -> None:
    photo, painting, out = (tmp_path / name for name in ("photo.png", "painting.png", "out.png"))
    Image.fromarray(OWN_PAINTINGS["linocut"]()[:70, :90]).save(photo)
    Image.fromarray(OWN_PAINTINGS["stained-glass"]()[:64, :64]).save(painting)
    told = {"side": 48, "steps": 2, "style_side": 32, "threads": 1, "smoke": True}
    neural_style.restyle(neural_style.Config(photo, painting, out, **told))
    before, after = (np.asarray(Image.open(path)) for path in (photo, out))
    assert after.shape == before.shape
    assert (after != before).any()


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((1, 1, 3), np.uint8), "at least"),
        (np.full((80, 80, 3), 90, np.uint8), "one colour"),
        (np.random.default_rng(0).integers(0, 255, (16, 900, 3), dtype=np.uint8), "too narrow"),
    ],
)
def test_what_has_no_style_is_refused(picture: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        resized_style(picture, 100)


def test_a_missing_or_broken_picture_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for path in (broken, tmp_path / "missing.png"):
        with pytest.raises(DataError, match=path.name):
            learn_style.learn(learn_style.Config(picture=path, export=tmp_path / "onnx/x"))


def test_the_loss_is_nothing_for_the_picture_itself_and_bounded_for_any_other() -> None:
    torch.manual_seed(0)
    style = torch.rand(3, 64, 64)
    loss = PerceptualLoss(untrained_eye(), [style], {2: ("relu1_1", "relu2_1", "relu3_1")})
    content, manner = loss(style[None], style[None], 0)
    assert float(content) == pytest.approx(0, abs=1e-6)
    assert float(manner) == pytest.approx(0, abs=1e-5)
    _, far = loss(torch.rand(2, 3, 64, 64) * 0.1, torch.rand(2, 3, 64, 64), 0)
    assert 0 < float(far) <= 2


def test_muon_brings_all_singular_values_near_one_and_leaves_other_styles_alone() -> None:
    torch.manual_seed(0)
    made = orthogonalised(torch.randn(2, 8, 30) * torch.logspace(-1, 1, 8)[:, None])
    assert torch.linalg.svdvals(made).min() > 0.4
    assert torch.linalg.svdvals(made).max() < 1.4
    rows = torch.nn.Parameter(torch.ones(3, 12))
    optimizer = MuonOrAdam([{"params": [rows], "matrix": (3, 4), "lr": 0.1}], betas=(0.9, 0.99))
    rows.grad = torch.zeros(3, 12)
    rows.grad[1] = torch.randn(12)
    optimizer.step()
    assert torch.equal(rows[0], torch.ones(12))
    assert not torch.equal(rows[1], torch.ones(12))


def test_a_network_told_what_it_measured_paints_the_same() -> None:
    torch.manual_seed(0)
    painter = StylePainter(3, 16, 8).eval()
    image, noise, style = torch.rand(1, 3, 48, 64), torch.rand(1, 1, 48, 64), torch.tensor([[0.2, 0.8, 0.0]])
    look = Look()
    with torch.no_grad():
        painted = painter(image, noise, style, look)
        again = painter(image, noise, style, Look(look.vector()))
    assert look.vector().shape[1] == painter.look_length
    assert torch.allclose(painted, again, atol=1e-5)


def test_noise_belongs_to_its_place() -> None:
    whole = picture_noise(1, 300, 520)
    assert np.array_equal(picture_noise(1, 40, 60, corner=(230, 490))[..., :30], whole[..., 230:270, 490:])
    assert -1 <= whole.min() < -0.99
    assert 0.99 < whole.max() <= 1


def test_weights_are_refused_that_are_no_file_of_keras(tmp_path: Path) -> None:
    for content in (b"text", b"\x89HDF\r\n\x1a\n\x02rest", b"\x89HDF\r\n\x1a\n" + bytes(80), b""):
        path = tmp_path / "weights.h5"
        path.write_bytes(content)
        with pytest.raises(DataError, match="weights"):
            read_keras_weights(path)
    with pytest.raises(DataError, match="fetch_data"):
        read_keras_weights(tmp_path / "missing.h5")


def test_an_array_is_read_out_of_a_group(tmp_path: Path) -> None:
    path = tmp_path / "small.h5"
    path.write_bytes(small_hdf5("weight", np.arange(6, dtype="<f4").reshape(2, 3)))
    (name, array), *others = read_keras_weights(path).items()
    assert not others
    assert name == "weight"
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]


def small_hdf5(name: str, array: np.ndarray) -> bytes:
    """A file of HDF5's first format with one array in its root group."""
    root, tree, heap, names, node, header, data = 96, 200, 260, 300, 320, 400, 512
    file = bytearray(data + array.nbytes)
    file[:9] = b"\x89HDF\r\n\x1a\n\0"
    struct.pack_into("<QQ", file, 56, 0, root)
    struct.pack_into("<BBHII", file, root, 1, 0, 1, 1, 24)
    struct.pack_into("<HHBxxxQQ", file, root + 16, 0x11, 16, 0, tree, heap)
    file[tree : tree + 4], file[heap : heap + 4] = b"TREE", b"HEAP"
    struct.pack_into("<BBH", file, tree + 4, 0, 0, 1)
    struct.pack_into("<QQ", file, tree + 24, 0, node)
    struct.pack_into("<Q", file, heap + 24, names)
    file[names + 8 : names + 9 + len(name)] = name.encode() + b"\0"
    file[node : node + 4] = b"SNOD"
    struct.pack_into("<H", file, node + 6, 1)
    struct.pack_into("<QQ", file, node + 8, 8, header)
    struct.pack_into("<BBHII", file, header, 1, 0, 3, 1, 80)
    struct.pack_into("<HHBxxx BBBxxxxx QQ", file, header + 16, 1, 24, 0, 1, 2, 0, *array.shape)
    struct.pack_into("<HHBxxx BBBB I", file, header + 48, 3, 8, 0, 0x11, 0x20, 0x1F, 0, 4)
    struct.pack_into("<HHBxxx BB QQ", file, header + 64, 8, 18, 0, 3, 1, data, array.nbytes)
    file[data:] = array.tobytes()
    return bytes(file)
