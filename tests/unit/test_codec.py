"""Pictures as small files: the range coder, the file and what is said of broken ones, and the shipped codec."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from desktop.cli import run_command_line
from desktop.core.errors import UserError
from desktop.core.symbol_kernels import GROUPS, decode_symbols, encode_symbols
from desktop.io.formats import ImageFile
from desktop.io.image_files import read_image, write_image
from desktop.io.scm import HEAD, CodedPicture, read_coded, write_coded

GROUP_OF = np.array([15, 9, 5, 2, 0], np.uint8)
EVEN = np.array([1, 0, 0, 0, 0], np.uint8)


def symbols_of_all_kinds() -> np.ndarray:
    rng = np.random.default_rng(0)
    spread = np.array([40, 6, 1.5, 0.4, 0.05])[:, None, None]
    symbols = np.rint(rng.laplace(0, spread, (5, 9, 14))).astype(np.int32)
    symbols[1, 4, 4], symbols[2, 0, 0], symbols[0] = -1023, 1023, symbols[0] + 200
    return symbols


def packed(symbols: np.ndarray) -> np.ndarray:
    room = np.zeros(symbols.size * 4 + 64, np.uint8)
    return room[: encode_symbols(symbols, GROUP_OF, EVEN, room)].copy()


def test_symbols_come_back_and_take_few_bytes() -> None:
    symbols = symbols_of_all_kinds()
    content, again = packed(symbols), np.zeros_like(symbols)
    assert decode_symbols(content, GROUP_OF, EVEN, again) == len(content)
    assert np.array_equal(again, symbols)
    assert len(content) < symbols.size, "less than a byte each"
    assert len(packed(np.zeros_like(symbols))) < 40
    assert GROUP_OF.max() < GROUPS


def test_a_shortened_row_of_bytes_is_noticed_and_never_read_past() -> None:
    content, again = packed(symbols_of_all_kinds()), np.zeros((5, 9, 14), np.int32)
    assert decode_symbols(content[:-20], GROUP_OF, EVEN, again) > len(content) - 20
    noise = np.random.default_rng(1).integers(0, 256, 300, np.uint8)
    decode_symbols(noise, GROUP_OF, EVEN, again)


@pytest.fixture
def coded_file(tmp_path: Path) -> Path:
    alpha = np.arange(6 * 9, dtype=np.uint8).reshape(6, 9)
    write_coded(tmp_path / "a.scm", CodedPicture(9, 6, 10, b"m" * 16, b"symbols", alpha, b"profile" * 50))
    return tmp_path / "a.scm"


def test_a_file_holds_what_was_put_in(coded_file: Path) -> None:
    coded = read_coded(coded_file)
    assert (coded.width, coded.height, coded.rate, coded.model) == (9, 6, 10, b"m" * 16)
    assert coded.symbols == b"symbols"
    assert coded.alpha is not None
    assert coded.alpha[5, 8] == 53
    assert coded.icc_profile == b"profile" * 50


@pytest.mark.parametrize("place", [4, 5, 9, 13, 20, 34, 42, 46, 50, 55, 70, -1])
def test_a_bit_that_fell_over_is_one_sentence(coded_file: Path, place: int) -> None:
    content = bytearray(coded_file.read_bytes())
    content[place] ^= 0x40
    coded_file.write_bytes(bytes(content))
    with pytest.raises(UserError) as caught:
        read_coded(coded_file)
    assert caught.value.key == ("codec.newer" if place == 4 else "file.damaged")


def with_head(*fields: object, body: bytes = b"") -> bytes:
    head = HEAD.pack(*fields)
    return head + zlib.crc32(head + body).to_bytes(4, "little") + body


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "codec.not_coded"),
        (b"\x89PNG\r\n", "codec.not_coded"),
        (b"SCM\x1a\x01", "file.damaged"),
        (with_head(b"SCM\x1a", 9, 0, 0, 1, 1, b"", 0, 0, 0), "codec.newer"),
        (with_head(b"SCM\x1a", 1, 0, 0, 0, 1, b"", 0, 0, 0), "file.damaged"),
        (with_head(b"SCM\x1a", 1, 0, 0, 1 << 30, 1 << 30, b"", 0, 0, 0), "file.damaged"),
        (with_head(b"SCM\x1a", 1, 0, 0, 1, 1, b"", 1 << 31, 0, 0), "file.damaged"),
    ],
)
def test_no_file_of_ours_and_impossible_heads(tmp_path: Path, content: bytes, key: str) -> None:
    (tmp_path / "x.scm").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_coded(tmp_path / "x.scm")
    assert caught.value.key == key


def test_alpha_that_would_unpack_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    (tmp_path / "x.scm").write_bytes(with_head(b"SCM\x1a", 1, 0, 0, 4, 4, b"m" * 16, 0, len(bomb), 0, body=bomb))
    with pytest.raises(UserError) as caught:
        read_coded(tmp_path / "x.scm")
    assert caught.value.key == "file.damaged"


def soft_picture(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    waves = [127 + 90 * np.sin(rows / 9 + k) * np.cos(columns / (13 + 4 * k)) for k in range(3)]
    return np.rint(np.dstack([*waves, np.full((height, width), 255)])).astype(np.uint8)


def test_there_and_back_by_the_shipped_codec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = soft_picture(70, 93)
    pixels[:20, :30, 3] = 40
    write_image(tmp_path / "in.png", ImageFile(pixels, has_alpha=True))
    sizes = []
    for rate in (0, 100):
        coded, again = tmp_path / f"{rate}.scm", tmp_path / f"{rate}.png"
        assert run_command_line(["encode", str(tmp_path / "in.png"), str(coded), "--rate", str(rate), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["bytes"] == coded.stat().st_size
        assert run_command_line(["decode", str(coded), str(again)]) == 0
        capsys.readouterr()
        result = read_image(again).pixels
        assert result.shape == pixels.shape
        assert np.array_equal(result[..., 3], pixels[..., 3])
        difference = result[..., :3].astype(float) - pixels[..., :3]
        assert np.square(difference).mean() < (150 if rate == 0 else 15)
        sizes.append(coded.stat().st_size)
    assert sizes[0] < sizes[1] < pixels.nbytes // 8


def test_what_cannot_be_coded_or_read_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(tmp_path / "in.png", ImageFile(soft_picture(20, 20)))
    write_coded(tmp_path / "other.scm", CodedPicture(9, 6, 10, b"m" * 16, b"symbols"))
    for arguments, said in (
        (["encode", "in.png", "out.png"], ".scm"),
        (["encode", "in.png", "out.scm", "--rate", "101"], "0 (smallest file) to 100"),
        (["encode", "in.png", "out.scm", "--model", "denoise-photo"], "no encoder"),
        (["decode", "in.png", "out.png"], "not a picture coded"),
        (["decode", "other.scm", "out.png"], "not installed"),
    ):
        command, *rest = (str(tmp_path / name) if name.endswith((".png", ".scm")) else name for name in arguments)
        assert run_command_line([command, *rest]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
    assert not (tmp_path / "out.scm").exists()
