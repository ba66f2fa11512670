"""Walks from picture to picture, what another picture's styles do, and the files that walks become."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from desktop.cli import run_command_line
from desktop.core.errors import UserError
from desktop.io.animations import write_animation
from desktop.runtime.catalog import Catalog, Model
from desktop.runtime.latents import draw, mix_params
from desktop.tools import generate_tool
from desktop.tools.walks import held_noise, walk, walk_requests
from tests.generators import SIDE, color_of, mixing_generator, plain_generator, shape_generator
from tests.runtime_runs import run_request
from tests.videos import video_frames


def model_of(folder: Path) -> Model:
    return Catalog((folder.parent,)).verified(folder.name)


def frames_of(folder: Path, samples: list[generate_tool.Sample]) -> list[tuple[int, ...]]:
    """The colour of each frame as the runtime makes it."""
    colors: dict[int, tuple[int, ...]] = {}
    for numbers, request in walk_requests(model_of(folder).manifest, samples):
        told = {"seed": request.seed, "count": request.count, "truncation": request.truncation}
        pictures = run_request(folder, request.inputs, request.parameters, **told)[0]["images"]
        colors |= {number: tuple(picture[0, 0]) for number, picture in zip(numbers, pictures, strict=True)}
    return [colors[number] for number in range(len(samples))]


class TestWalks:
    def test_each_stop_is_a_frame_and_the_last_leg_leads_back(self, tmp_path: Path) -> None:
        folder = plain_generator(tmp_path / "plain")
        model = model_of(folder)
        stops = [generate_tool.first_sample(model, seed) for seed in (4, 9, 2)]
        colors = frames_of(folder, walk(model.manifest, stops, 12))
        spec = model.manifest.inputs[0]
        assert [colors[number] for number in (0, 4, 8)] == [color_of(draw(spec, 0, seed, (3,))) for seed in (4, 9, 2)]
        assert len(set(colors)) == 12

    def test_noise_stays_the_same_on_the_way(self, tmp_path: Path) -> None:
        folder = mixing_generator(tmp_path / "mixing")
        model = model_of(folder)
        stop = generate_tool.first_sample(model, 4)
        still = [stop, stop.with_latent(generate_tool.latent_of(model.manifest, stop))]
        assert len(set(frames_of(folder, walk(model.manifest, still, 8)))) == 1
        assert list(held_noise(model.manifest, 4)) == ["noise"]

    def test_the_class_changes_halfway(self, tmp_path: Path) -> None:
        model = model_of(shape_generator(tmp_path / "shapes"))
        disc = generate_tool.first_sample(model, 1)
        frames = walk(model.manifest, [disc, disc.changed(seed=2).with_parameter("kind", "box")], 10)
        kinds = [dict(frame.parameters)["kind"] for frame in frames]
        assert kinds == ["disc"] * 3 + ["box"] * 5 + ["disc"] * 2
        assert [len(numbers) for numbers, _ in walk_requests(model.manifest, frames)] == [5, 5]

    @pytest.mark.parametrize(
        ("seeds", "count", "key"), [((1,), 8, "walk.too_few_stops"), ((1, 2), 1, "walk.bad_frames")]
    )
    def test_what_is_no_walk_is_refused(self, tmp_path: Path, seeds: tuple[int, ...], count: int, key: str) -> None:
        model = model_of(plain_generator(tmp_path / "plain"))
        with pytest.raises(UserError) as refused:
            walk(model.manifest, [generate_tool.first_sample(model, seed) for seed in seeds], count)
        assert refused.value.key == key


class TestMixing:
    def test_the_second_latent_is_that_of_the_other_picture(self, tmp_path: Path) -> None:
        folder = mixing_generator(tmp_path / "mixing")
        model = model_of(folder)
        one, other = (generate_tool.first_sample(model, seed) for seed in (3, 8))
        assert [param.id for param in mix_params(model.manifest)] == ["coarse"]
        assert [param.id for param in generate_tool.steered_params(model.manifest)] == ["redder"]
        spec, still = model.manifest.inputs[0], {"noise": np.zeros(1, np.float32)}
        for share in (0.0, 0.5, 1.0):
            mixed = generate_tool.mixed(model.manifest, one, other, {"coarse": share})
            request = generate_tool.request_of(model.manifest, [mixed])
            made = run_request(folder, request.inputs | still, request.parameters, seed=3)[0]["images"][0]
            between = draw(spec, 0, 3, (3,)) * (1 - share) + draw(spec, 0, 8, (3,)) * share
            np.testing.assert_allclose(made[0, 0].astype(int), color_of(between), atol=1)

    def test_moving_on_keeps_what_is_mixed_in_and_recipes_bring_it_back(self, tmp_path: Path) -> None:
        model = model_of(mixing_generator(tmp_path / "mixing"))
        one, other = (generate_tool.first_sample(model, seed) for seed in (3, 8))
        mixed = generate_tool.mixed(model.manifest, one, other, {"coarse": 1.0})
        moved = mixed.with_latent(np.zeros(3, np.float32))
        assert moved.latent == (0, 0, 0, *mixed.latent[3:])
        recipe = generate_tool.recipe_of(moved, generate_tool.Rect(0, 0, 4, 4))
        assert generate_tool.sample_of(recipe, model) == moved

    def test_the_command_line_mixes_a_seed_in(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path))
        mixing_generator(tmp_path / "data/models/mixing-generator")
        plain_generator(tmp_path / "data/models/plain-generator")
        out = str(tmp_path / "out.png")
        told = ("--seed", "3", "--mix-seed", "8", "--param", "coarse=1")
        assert run_command_line(["generate", "mixing-generator", out, *told]) == 0
        model = Catalog((tmp_path / "data/models",)).verified("mixing-generator")
        grain = float(draw(model.manifest.inputs[4], 4, 3, (1,))[0]) / 10
        seen = np.asarray(Image.open(out).convert("RGB"))[0, 0]
        np.testing.assert_allclose(
            seen.astype(int), color_of(draw(model.manifest.inputs[0], 0, 8, (3,)) + grain), atol=1
        )
        assert run_command_line(["generate", "plain-generator", out, "--mix-seed", "8"]) == 2
        assert "mixes in no other picture" in capsys.readouterr().err


class TestAnimations:
    @pytest.mark.parametrize("suffix", [".webp", ".gif"])
    def test_frames_come_back_with_their_transparency_and_repeat(self, tmp_path: Path, suffix: str) -> None:
        frames = np.zeros((3, 8, 8, 4), np.uint8)
        frames[:, 2:6, 2:6] = [(250, 20, 20, 255)]
        frames[1, 2:6, 2:6] = (20, 20, 250, 255)
        write_animation(tmp_path / f"walk{suffix}", list(frames), frames_a_second=20)
        with Image.open(tmp_path / f"walk{suffix}") as read:
            assert (read.n_frames, read.info["loop"]) == (3, 0)
            for number, color in enumerate(((250, 20, 20), (20, 20, 250), (250, 20, 20))):
                read.seek(number)
                shown = np.asarray(read.convert("RGBA")).astype(int)
                assert shown[0, 0, 3] == 0
                np.testing.assert_allclose(shown[4, 4], (*color, 255), atol=12)

    def test_a_video_opens_again_with_every_frame_on_white_and_even_sides(self, tmp_path: Path) -> None:
        frames = np.zeros((6, 47, 65, 4), np.uint8)
        frames[:, 8:40, 8:40] = [(250, 20, 20, 255)]
        frames[3:, 8:40, 8:40] = (20, 20, 250, 255)
        write_animation(tmp_path / "walk.MP4", list(frames), frames_a_second=12.5)
        shown = video_frames(tmp_path / "walk.MP4")
        assert [frame.shape for frame in shown] == [(48, 66, 3)] * 6
        np.testing.assert_allclose(shown[0][2, 2].astype(int), (255, 255, 255), atol=6)
        np.testing.assert_allclose(shown[1][24, 24].astype(int), (250, 20, 20), atol=16)
        np.testing.assert_allclose(shown[5][24, 24].astype(int), (20, 20, 250), atol=16)

    def test_without_the_codec_the_refusal_is_one_sentence_and_what_was_there_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cv2.VideoWriter, "isOpened", lambda _: False)
        (tmp_path / "walk.mp4").write_bytes(b"before")
        with pytest.raises(UserError) as refused:
            write_animation(tmp_path / "walk.mp4", [np.zeros((8, 8, 4), np.uint8)] * 2, frames_a_second=20)
        assert refused.value.key == "animation.no_video"
        assert [path.name for path in tmp_path.iterdir()] == ["walk.mp4"]
        assert (tmp_path / "walk.mp4").read_bytes() == b"before"

    def test_the_command_line_writes_a_walk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path))
        plain_generator(tmp_path / "data/models/plain-generator")
        told = ("--walk", "1,5", "--frames", "6", "--side", "40")
        assert run_command_line(["generate", "plain-generator", str(tmp_path / "walk.webp"), *told]) == 0
        with Image.open(tmp_path / "walk.webp") as read:
            assert (read.n_frames, read.size) == (6, (40, 40))
        assert SIDE < 40

    @pytest.mark.parametrize(
        ("name", "arguments", "sentence"),
        [
            ("walk.png", ("--walk", "1,5"), "ends with .webp / .gif / .mp4"),
            ("walk.gif", ("--walk", "1"), "at least two seeds"),
            ("walk.gif", ("--walk", "one,two"), "“one,two” is not that"),
            ("walk.gif", ("--walk", "1,5", "--frames", "1000000"), "between 2 and 1000 frames"),
            ("walk.gif", ("--walk", "1,5", "--fps", "nan"), "frames a second"),
            ("walk.gif", ("--walk", "1,5", "--side", "0"), "longer side"),
            ("walk.gif", ("--walk", "1,-5"), "The seed must be"),
            ("no/walk.gif", ("--walk", "1,5"), "no"),
        ],
    )
    def test_what_cannot_be_is_one_sentence_and_no_file(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        name: str,
        arguments: tuple[str, ...],
        sentence: str,
    ) -> None:
        monkeypatch.setenv("SCUMBLE_HOME", str(tmp_path))
        plain_generator(tmp_path / "data/models/plain-generator")
        assert run_command_line(["generate", "plain-generator", str(tmp_path / name), *arguments]) == 2
        said = capsys.readouterr().err
        assert sentence in said
        assert said.count("\n") == 1
        assert not (tmp_path / name).exists()
