"""Portraits joined of drawn parts: heads of hair, faces, beards and clothes that a library for avatars puts together.

The library is JavaScript, so node draws: what can fetch its package has node as well. Each number gives one portrait.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from models.common.drawing_recipes import rasterised
from models.common.packages import FetchError, Package
from models.common.picture_sets import PictureSet, premultiplied
from models.common.set_recipes import SetRecipe

PORTRAIT_SIDE_PX = 64
PORTRAIT_COUNT = 8000
CORE, STYLE = "@dicebear/core", "@dicebear/personas"
DRAW = """
import { createAvatar } from '@dicebear/core';
import * as style from '@dicebear/personas';
for (let number = 0; number < COUNT; number++) {
  const { svg, extra } = createAvatar(style, { seed: String(number) }).toJson();
  console.log(JSON.stringify({ svg, hair: extra.hair }));
}
"""


def build_portraits(folders: dict[str, Path]) -> PictureSet:
    """Cut out, classes are the heads of hair; those drawn alike down to the last pixel are kept once."""
    pictures, labels, names, seen = [], [], [], set()
    drawn = drawn_by_node(folders)
    classes = tuple(sorted({portrait["hair"] for portrait in drawn}))
    for number, portrait in enumerate(drawn):
        if portrait["svg"] in seen:
            continue
        seen.add(portrait["svg"])
        pictures.append(premultiplied(rasterised(portrait["svg"], PORTRAIT_SIDE_PX)))
        labels.append(classes.index(portrait["hair"]))
        names.append(str(number))
    return PictureSet(np.stack(pictures), np.array(labels), classes, tuple(names), "rgba")


def drawn_by_node(folders: dict[str, Path]) -> list[dict[str, str]]:
    """[{"svg": …, "hair": …}, …]"""
    node = shutil.which("node")
    if node is None:
        raise FetchError("Portraits are drawn by node, which is not installed.")
    with tempfile.TemporaryDirectory() as scratch:
        for name, folder in folders.items():
            shutil.copytree(folder / "package", Path(scratch) / "node_modules" / name)
        script = Path(scratch) / "draw.mjs"
        script.write_text(DRAW.replace("COUNT", str(PORTRAIT_COUNT)), encoding="utf-8")
        outcome = subprocess.run([node, str(script)], capture_output=True, text=True, check=False, encoding="utf-8")
    if outcome.returncode or not outcome.stdout:
        lines = [line for line in outcome.stderr.splitlines() if line.strip()] or ["no reason"]
        raise FetchError(f"node could not draw the portraits: {lines[-1].strip().rstrip('.')}.")
    return [json.loads(line) for line in outcome.stdout.splitlines()]


PORTRAITS = SetRecipe(
    name="portraits",
    packages=(
        Package(
            registry="npm",
            name=CORE,
            version="9.4.3",
            sha256="6ca7dae651c74ad547e548fbe7c41f49aaa377cf4617259277518389bf6b1a3d",
            licence="MIT",
        ),
        Package(
            registry="npm",
            name=STYLE,
            version="9.4.3",
            sha256="6f5b4765c4d54444ab0330c4a89da53636662de3b04118b827f005a31332d002",
            licence="CC-BY-4.0",
        ),
    ),
    build=build_portraits,
    about="People joined of Draftbit's Personas: heads, hair, beards, glasses and clothes, 64 × 64.",
)
