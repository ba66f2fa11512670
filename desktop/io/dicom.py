"""DICOM by pydicom: the first frame of what scanners write, in 16 bits, and the values that its levels stand for.

Nothing about the patient is taken over. What pydicom decodes only with further packages is decoded by imagecodecs.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi, pixel_array

from desktop.core.color import Pixels
from desktop.io.formats import FileFormat, ImageFile, MeasuredValues, UnsupportedContentError
from desktop.io.pixel_forms import as_rgba

logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)  # here: it sets its level when it is imported

BYTES_PER_PIXEL = 24  # while it is decoded: RGBA of 16 bits, and the measured values
MM_PER_INCH = 25.4
LARGEST_16 = 65535
_GRAY = ("MONOCHROME1", "MONOCHROME2")
_NAMED_RGB = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")

Decode = Callable[[bytes], NDArray[Any]]
_DECODERS: dict[str, Decode] = {
    uid.JPEGLSLossless: imagecodecs.jpegls_decode,
    uid.JPEGLSNearLossless: imagecodecs.jpegls_decode,
    uid.JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    uid.JPEG2000: imagecodecs.jpeg2k_decode,
    uid.JPEGLossless: imagecodecs.ljpeg_decode,
    uid.JPEGLosslessSV1: imagecodecs.ljpeg_decode,
    uid.JPEGExtended12Bit: imagecodecs.jpeg_decode,
}


@dataclass(frozen=True, slots=True)
class DicomHeader:
    width: int
    height: int


def read_dicom_header(data: bytes) -> DicomHeader:
    """Size of a frame, 1 × 1 where the file holds none. Raises pydicom's errors."""
    with _quietly():
        dataset = pydicom.dcmread(io.BytesIO(data), force=True, stop_before_pixels=True)
        return DicomHeader(int(dataset.get("Columns", 1) or 1), int(dataset.get("Rows", 1) or 1))


def read_dicom(data: bytes) -> ImageFile:
    """The first frame, its whole range in 16 bits where it is grey. Raises pydicom's and the codecs' errors."""
    with _quietly():
        dataset = pydicom.dcmread(io.BytesIO(data), force=True)
        if "PixelData" not in dataset:
            raise UnsupportedContentError("real numbers" if "FloatPixelData" in dataset else "no picture in it")
        if not hasattr(dataset.file_meta, "TransferSyntaxUID"):
            dataset.file_meta.TransferSyntaxUID = _plain_syntax(dataset)
        kind = str(dataset.PhotometricInterpretation)
        if kind in _GRAY:
            pixels, values = _grey(dataset, turned=kind == "MONOCHROME1")
        elif kind == "PALETTE COLOR":
            pixels, values = _in_levels(apply_color_lut(_first_frame(dataset), dataset)), None
        elif kind in _NAMED_RGB:
            pixels, values = _in_levels(_first_frame(dataset)), None
        else:
            raise UnsupportedContentError(f"colours of the kind {kind}")
        return ImageFile(
            as_rgba(pixels),
            resolution_dpi=_resolution(dataset),
            format=FileFormat.DICOM,
            has_alpha=False,
            is_gray=kind in _GRAY,
            values=values,
        )


def _plain_syntax(dataset: Any) -> str:
    """Of a dataset without the head of a file: how it was read says how its pixels lie."""
    implicit, little = dataset.original_encoding
    if not little:
        return str(uid.ExplicitVRBigEndian)
    return str(uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian)


def _grey(dataset: Any, *, turned: bool) -> tuple[Pixels, MeasuredValues]:
    """(H, W, 1) from the lowest value, black, to the highest, white; `turned` the other way about."""
    stored = _first_frame(dataset)
    measured = np.asarray(apply_modality_lut(stored, dataset), np.float64)
    window = _window(dataset)
    if window is None and _bends(dataset):
        measured = np.asarray(apply_voi(measured.astype(np.int32), dataset), np.float64)
    known = measured[stored != dataset.PixelPaddingValue] if _has_padding(dataset) else measured
    known = known if known.size else measured
    shown = window or (float(known.min()), float(known.max()))  # within the range, so that it can be moved there
    low, high = min(float(known.min()), shown[0]), max(float(known.max()), shown[1])
    high = high if high > low else low + 1
    share = np.clip((measured - low) / (high - low), 0, 1)
    values = MeasuredValues(low, high, window)
    if turned:  # black is where the value is highest
        share, values = 1 - share, MeasuredValues(high, low, None if window is None else (window[1], window[0]))
    return np.rint(share * LARGEST_16).astype(np.uint16)[..., None], values


def _window(dataset: Any) -> tuple[float, float] | None:
    """The first window that the file names, as its lowest and highest value (PS3.3, C.11.2.1.2)."""
    center, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if center is None or width is None or _bends(dataset):
        return None
    middle, wide = (float(_first(number)) for number in (center, width))
    if dataset.get("VOILUTFunction", "LINEAR") == "LINEAR":
        middle, wide = middle - 0.5, wide - 1
    return None if wide <= 0 else (middle - wide / 2, middle + wide / 2)


def _bends(dataset: Any) -> bool:
    """Whether values are shown along a curve of the file."""
    return "VOILUTSequence" in dataset


def _first(number: Any) -> Any:
    return number[0] if isinstance(number, pydicom.multival.MultiValue) else number


def _has_padding(dataset: Any) -> bool:
    return isinstance(dataset.get("PixelPaddingValue"), int)


def _first_frame(dataset: Any) -> NDArray[Any]:
    """(H, W) or (H, W, 3) as stored, colours as RGB."""
    decode = _DECODERS.get(str(dataset.file_meta.TransferSyntaxUID))
    if decode is None:
        return np.asarray(pixel_array(dataset, index=0))
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    decoded = np.squeeze(np.asarray(decode(get_frame(dataset.PixelData, 0, number_of_frames=frames))))
    return _signed(decoded, int(dataset.BitsStored)) if int(dataset.PixelRepresentation) else decoded


def _signed(stored: NDArray[Any], bits: int) -> NDArray[Any]:
    """Two's complement of so many bits."""
    wide = stored.astype(np.int32) & ((1 << bits) - 1)
    return np.where(wide >= 1 << (bits - 1), wide - (1 << bits), wide)


def _in_levels(colors: NDArray[Any]) -> Pixels:
    """Colours in 8 or 16 bits, as many as they are stored with; from more the upper 16."""
    if colors.dtype.itemsize > 2:
        return (colors.astype(np.uint32) >> 16).astype(np.uint16)
    return colors.view(np.uint8 if colors.dtype.itemsize == 1 else np.uint16)


def _resolution(dataset: Any) -> tuple[float, float] | None:
    """Dots an inch, across and down, where the distance of pixels was measured."""
    spacing = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing")
    if not isinstance(spacing, pydicom.multival.MultiValue) or len(spacing) != 2 or min(map(float, spacing)) <= 0:
        return None
    down, across = (MM_PER_INCH / float(millimetres) for millimetres in spacing)
    return (across, down)


class _quietly(warnings.catch_warnings):
    """Files break the standard in many small ways, and pydicom warns of each."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
