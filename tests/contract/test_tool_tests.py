"""No tool without a test that uses it with a simulated pointer, and that looks at pixels."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from desktop.ui.state import Tool
from tests.gui.tool_tests import TEST_OF_TOOL

FOLDER = Path(__file__).parent.parent / "gui"
POINTER = re.compile(r"\.(drag|press|mouseClick|mousePress)\(|\bdrawn\(|\bclick\(|\bstroke_?\w*\(|\bpaint_\w+\(")
PIXELS = re.compile(
    r"\b(seen|on_screen|pixels_of|levels?|selected|bounds|content_bounds|tile|read)\(|\.color\b|pixelColor"
)


def test_every_tool_has_a_test() -> None:
    assert set(TEST_OF_TOOL) == set(Tool)
    assert len(set(TEST_OF_TOOL.values())) == len(Tool), "one test each"


@pytest.mark.parametrize("tool", list(Tool))
def test_the_test_of_a_tool_moves_a_pointer_and_looks_at_pixels(tool: Tool) -> None:
    source = _source_of(TEST_OF_TOOL[tool])
    assert POINTER.search(source), source
    assert PIXELS.search(source), source


@pytest.mark.parametrize("source", ["assert studio.names == []", "studio.drag((1, 1))", "assert studio.seen(1, 1)"])
def test_a_test_without_pointer_or_pixels_would_be_found(source: str) -> None:
    assert not (POINTER.search(source) and PIXELS.search(source))


def _source_of(test: str) -> str:
    """The text of a test; a missing one fails."""
    file, *names = test.split("::")
    text = (FOLDER / file).read_text(encoding="utf-8")
    body: list[ast.stmt] = ast.parse(text).body
    for name in names:
        found = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name]
        assert found, f"{test} is gone"
        node, body = found[0], found[0].body
    return ast.get_source_segment(text, node) or ""
