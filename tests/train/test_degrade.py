"""The noise that training and measuring add is the noise they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from models.common.degrade import (
    NAMED_NOISES,
    Camera,
    camera_noise,
    jpeg,
    random_degradation,
    white_noise,
)

pytestmark = pytest.mark.train

CLEAR = Camera(shot=0.0, read=0.0, jpeg_quality=None)


def gray(level: int, side: int = 128) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


def colourful(side: int = 96) -> np.ndarray:
    down, right = np.mgrid[0:side, 0:side].astype(np.float32) / side
    return (np.stack([down, right, 1 - down * right], axis=-1) * 255).astype(np.uint8)


def deviation(noisy: np.ndarray, clean: np.ndarray) -> float:
    return float((noisy.astype(float) - clean).std())


@pytest.mark.parametrize("sigma", [5, 25])
def test_white_noise_has_its_sigma_and_no_bias(sigma):
    noisy = white_noise(gray(128), sigma, np.random.default_rng(0))

    assert deviation(noisy, gray(128)) == pytest.approx(sigma, rel=0.02)
    assert noisy.mean() == pytest.approx(128, abs=0.3)


def test_white_noise_is_clipped_as_a_file_would_clip_it():
    noisy = white_noise(gray(0), 50, np.random.default_rng(0))

    assert noisy.dtype == np.uint8
    assert np.median(noisy) == pytest.approx(0, abs=1)


def test_camera_without_noise_gives_the_picture_back():
    noisy, target = camera_noise(colourful(), CLEAR, np.random.default_rng(0))

    assert np.array_equal(target, colourful())
    assert np.abs(noisy.astype(int) - target).max() <= 1


def test_mosaic_without_noise_keeps_every_colour_in_its_place():
    for seed in range(8):  # every order of the pattern
        noisy, target = camera_noise(colourful(), replace(CLEAR, has_mosaic=True), np.random.default_rng(seed))
        inner = (slice(4, -4), slice(4, -4))
        assert np.array_equal(noisy, target)
        assert np.abs(noisy[inner].astype(int) - colourful()[inner]).max() <= 3


def test_photon_noise_grows_with_light_on_the_sensor():
    camera = Camera(shot=4e-3, read=0.0, gains=(1.0, 1.0), contrast=0.0, jpeg_quality=None)
    dark, bright = (
        deviation((camera_noise(gray(level), camera, np.random.default_rng(0))[0] / 255.0) ** 2.2, 0.0)
        for level in (60, 200)
    )
    light = np.array([60, 200]) / 255.0
    assert bright / dark == pytest.approx((light[1] / light[0]) ** 1.1, rel=0.05)  # square root of the light


def test_mosaic_correlates_the_noise_of_neighbours_and_plain_noise_does_not():
    def correlation(camera: Camera) -> float:
        noisy, target = camera_noise(gray(128), camera, np.random.default_rng(0))
        noise = (noisy.astype(float) - target)[..., 0]
        return float(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1])

    plain = Camera(shot=4e-3, read=1e-4, jpeg_quality=None)
    assert abs(correlation(plain)) < 0.03
    assert correlation(replace(plain, has_mosaic=True)) > 0.3


def test_blurred_grain_is_as_strong_as_sharp_grain():
    plain = Camera(shot=4e-3, read=1e-4, jpeg_quality=None)
    sharp, soft = (
        deviation(*camera_noise(gray(128), camera, np.random.default_rng(0)))
        for camera in (plain, replace(plain, grain_blur_px=0.7))
    )
    assert soft == pytest.approx(sharp, rel=0.05)


def test_jpeg_keeps_channel_order_and_is_worse_at_lower_quality():
    fine, coarse = (deviation(jpeg(colourful(), quality), colourful()) for quality in (95, 20))

    assert fine < 3
    assert coarse > fine


def test_random_degradations_cover_clean_to_very_noisy_and_repeat_with_their_seed():
    levels = [deviation(*random_degradation(colourful(), np.random.default_rng(seed))) for seed in range(120)]
    assert min(levels) < 2
    assert max(levels) > 40
    assert levels[7] == deviation(*random_degradation(colourful(), np.random.default_rng(7)))


@pytest.mark.parametrize("name", NAMED_NOISES)
def test_named_noise_is_the_same_every_time(name):
    first, second = (NAMED_NOISES[name](colourful(), np.random.default_rng(1)) for _ in range(2))

    assert np.array_equal(first[0], second[0])
    assert deviation(*first) > 3
