"""Palettes of Adobe's programs, both ways; damaged ones are refused with a sentence."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from desktop.core.errors import UserError
from desktop.io.palettes import PaletteColor, read_palette, write_palette

COLORS = [PaletteColor((200, 50, 0), "Rust"), PaletteColor((0, 0, 255)), PaletteColor((1, 2, 3), "墨")]


@pytest.mark.parametrize("suffix", [".ase", ".gpl"])
def test_a_palette_comes_back_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    write_palette(tmp_path / f"a{suffix}", COLORS)
    found = read_palette(tmp_path / f"a{suffix}")
    assert [color.levels for color in found] == [color.levels for color in COLORS]
    assert [found[0].name, found[2].name] == ["Rust", "墨"]


def block(model: bytes, *values: float, name: str = "x") -> bytes:
    text = f"{name}\0".encode("utf-16-be")
    body = struct.pack(">H", len(text) // 2) + text + model + struct.pack(f">{len(values)}fH", *values, 2)
    return struct.pack(">HI", 1, len(body)) + body


def test_other_colour_models_and_groups_are_read(tmp_path: Path) -> None:
    group = struct.pack(">HI", 0xC001, 2) + b"\0\0"
    blocks = [
        group,
        block(b"CMYK", 0.0, 1.0, 1.0, 0.0),
        block(b"Gray", 0.5),
        block(b"LAB ", 1.0, 0.0, 0.0),
        block(b"LAB ", 0.5429, 80.8, 69.9),
        struct.pack(">HI", 0xC002, 0),
    ]
    content = b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)
    (tmp_path / "a.ase").write_bytes(content)
    red, gray, white, lab_red = (color.levels for color in read_palette(tmp_path / "a.ase"))
    assert red == (255, 0, 0)
    assert gray == (128, 128, 128)
    assert all(abs(level - 255) <= 1 for level in white)
    assert abs(lab_red[0] - 255) <= 2
    assert max(lab_red[1:]) <= 12


@pytest.mark.parametrize("cut", [3, 11, 14, 30])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    write_palette(tmp_path / "a.ase", COLORS)
    content = (tmp_path / "a.ase").read_bytes()
    (tmp_path / "b.ase").write_bytes(content[:cut])
    with pytest.raises(UserError, match="not a palette"):
        read_palette(tmp_path / "b.ase")
    (tmp_path / "c.ase").write_bytes(content.replace(b"RGB ", b"HSB "))
    with pytest.raises(UserError, match="not a palette"):
        read_palette(tmp_path / "c.ase")
