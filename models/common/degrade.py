"""Noise as it is added for training and for measuring: white, and as a camera makes it.

Everything takes and returns RGB uint8 crops (H, W, 3) and draws from the generator it is given. The camera chain
follows "Unprocessing Images for Learned Raw Denoising" (Brooks et al., CVPR 2019): the picture is taken back to linear
sensor values, gets photon and read noise there, and comes forward again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb8 = NDArray[np.uint8]  # (H, W, 3)
Rgb32 = NDArray[np.float32]  # (H, W, 3), 0..1

SENSOR_WHITE = 65535  # the mosaic is interpolated at 16 bits
BAYER_CODES = (cv2.COLOR_BayerRG2RGB, cv2.COLOR_BayerRG2RGB_EA)  # plain and edge-aware interpolation


@dataclass(frozen=True)
class Camera:
    """One way a camera takes a picture; `shot` is the variance per unit of light, `read` the variance in the dark."""

    shot: float
    read: float
    has_mosaic: bool = False  # one colour per photosite, interpolated: noise becomes correlated between neighbours
    gains: tuple[float, float] = (1.9, 1.6)  # white balance: red and blue against green
    contrast: float = 0.5  # weight of the S-shaped tone curve
    grain_blur_px: float = 0.0  # standard deviation of a blur of the noise alone, as scaling or in-camera filters do
    jpeg_quality: int | None = 90
    jpeg_halves_colour: bool = True


def white_noise(clean: Rgb8, sigma: float, rng: np.random.Generator) -> Rgb8:
    """Gaussian noise of SIGMA levels, rounded and clipped to 8 bits as a file would hold it."""
    noise = rng.standard_normal(clean.shape, dtype=np.float32) * sigma
    return _to_8bit((clean + noise) / 255)


def camera_noise(clean: Rgb8, camera: Camera, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """(noisy, what the same camera would give without noise and JPEG): equal to CLEAN when there is no mosaic."""
    light = _display_to_sensor(clean.astype(np.float32) / 255, camera)
    variance = camera.shot * light + camera.read
    noise = rng.standard_normal(clean.shape, dtype=np.float32) * np.sqrt(variance)
    if camera.grain_blur_px > 0:
        noise = _blurred_at_equal_strength(noise, camera.grain_blur_px)
    if camera.has_mosaic:
        row, column = rng.integers(0, 2, 2)  # which photosite comes first
        code = BAYER_CODES[rng.integers(len(BAYER_CODES))]
        target = _to_8bit(_sensor_to_display(_through_mosaic(light, row, column, code), camera))
        noisy = _sensor_to_display(_through_mosaic(light + noise, row, column, code), camera)
    else:
        target, noisy = clean, _sensor_to_display(light + noise, camera)
    return jpeg(_to_8bit(noisy), camera.jpeg_quality, halves_colour=camera.jpeg_halves_colour), target


def jpeg(pixels: Rgb8, quality: int | None, *, halves_colour: bool = True) -> Rgb8:
    """Through JPEG and back; quality None leaves the pixels alone."""
    if quality is None:
        return pixels
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if halves_colour else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    done, coded = cv2.imencode(".jpg", pixels[..., ::-1], settings)
    assert done
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]


def random_camera(rng: np.random.Generator) -> Camera:
    """Any camera from base sensitivity to the worst; shot and read noise keep the relation Brooks et al. measured."""
    log_shot = rng.uniform(np.log(1e-4), np.log(2e-2))
    log_read = 2.18 * log_shot + 1.2 + rng.normal(0, 0.26)
    return Camera(
        shot=float(np.exp(log_shot)),
        read=float(np.exp(log_read)),
        has_mosaic=bool(rng.random() < 0.5),
        gains=(float(rng.uniform(1.2, 2.4)), float(rng.uniform(1.2, 2.2))),
        contrast=float(rng.uniform(0, 1)),
        grain_blur_px=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.3 else 0.0,
        jpeg_quality=int(rng.integers(60, 99)) if rng.random() < 0.75 else None,
        jpeg_halves_colour=bool(rng.random() < 0.6),
    )


def random_degradation(clean: Rgb8, rng: np.random.Generator) -> tuple[Rgb8, Rgb8]:
    """(noisy, target) as the blind denoiser trains on it: white noise, cameras, and pictures nearly clean."""
    kind = rng.random()
    if kind < 0.5:
        return white_noise(clean, rng.uniform(0, 60), rng), clean
    if kind < 0.95:
        return camera_noise(clean, random_camera(rng), rng)
    quality = int(rng.integers(88, 100))
    return jpeg(white_noise(clean, rng.uniform(0, 2), rng), quality), clean


HIGH_ISO = Camera(shot=6e-3, read=2e-4)
HIGHEST_ISO = Camera(shot=1.5e-2, read=5e-4)
NAMED_NOISES: dict[str, Callable[[Rgb8, np.random.Generator], tuple[Rgb8, Rgb8]]] = {
    "white noise 15": lambda clean, rng: (white_noise(clean, 15, rng), clean),
    "white noise 25": lambda clean, rng: (white_noise(clean, 25, rng), clean),
    "white noise 50": lambda clean, rng: (white_noise(clean, 50, rng), clean),
    "camera noise": lambda clean, rng: camera_noise(clean, HIGH_ISO, rng),
    "strong camera noise": lambda clean, rng: camera_noise(clean, HIGHEST_ISO, rng),
    "camera noise, mosaic": lambda clean, rng: camera_noise(clean, replace(HIGH_ISO, has_mosaic=True), rng),
}  # fixed kinds for measuring, camera noise with JPEG at quality 90: each gives (noisy, clean)


def _display_to_sensor(display: Rgb32, camera: Camera) -> Rgb32:
    return _inverse_tone(display, camera.contrast) ** 2.2 / _gains(camera)


def _sensor_to_display(light: Rgb32, camera: Camera) -> Rgb32:
    return _tone(np.clip(light * _gains(camera), 0, 1) ** (1 / 2.2), camera.contrast)


def _gains(camera: Camera) -> NDArray[np.float32]:
    return np.array([camera.gains[0], 1.0, camera.gains[1]], np.float32)


def _tone(x: Rgb32, contrast: float) -> Rgb32:
    """Between the straight line and the S-curve 3x² - 2x³."""
    return x + contrast * (3 * x**2 - 2 * x**3 - x)


def _inverse_tone(y: Rgb32, contrast: float) -> Rgb32:
    steps = np.linspace(0, 1, 1025, dtype=np.float32)
    return np.interp(y, _tone(steps, contrast), steps).astype(np.float32)


def _blurred_at_equal_strength(noise: Rgb32, sigma_px: float) -> Rgb32:
    taps = cv2.getGaussianKernel(5, sigma_px)
    return cv2.GaussianBlur(noise, (5, 5), sigma_px) / float((taps**2).sum())


def _through_mosaic(light: Rgb32, row: int, column: int, code: int) -> Rgb32:
    """Keep one colour per photosite, beginning anywhere in the 2x2 pattern, and interpolate the others."""
    height, width = light.shape[:2]
    padded = np.pad(light, ((row + 2, 4), (column + 2, 4), (0, 0)), mode="reflect")
    padded = padded[: padded.shape[0] // 2 * 2, : padded.shape[1] // 2 * 2]
    mosaic = padded[..., 1].copy()
    mosaic[1::2, 1::2] = padded[1::2, 1::2, 0]  # OpenCV names a pattern by its second row: RG begins with blue
    mosaic[0::2, 0::2] = padded[0::2, 0::2, 2]
    sensor = (np.clip(mosaic, 0, 1) * SENSOR_WHITE).astype(np.uint16)
    full = cv2.cvtColor(sensor, code)[row + 2 : row + 2 + height, column + 2 : column + 2 + width]
    return full.astype(np.float32) / SENSOR_WHITE


def _to_8bit(pixels: Rgb32) -> Rgb8:
    return np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)
