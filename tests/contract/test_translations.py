"""Both languages have the same texts, every text the code asks for exists, and their {fields} agree."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import desktop
from desktop.core.blend_modes import BlendMode
from desktop.core.errors import MESSAGES
from desktop.tools.names import EditName
from desktop.ui.actions import ACTIONS, MENUS, SUBMENUS
from desktop.ui.i18n import texts_of, tr_edit

UI = Path(desktop.__file__).parent / "ui"


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    english, chinese = set(texts_of("en")), set(texts_of("zh_CN"))
    assert chinese == english | {f"error.{key}" for key in MESSAGES}


def test_every_text_keeps_its_fields() -> None:
    english = {**texts_of("en"), **{f"error.{key}": text for key, text in MESSAGES.items()}}
    for key, text in texts_of("zh_CN").items():
        assert fields(text) == fields(english[key]), key
        assert text.strip(), key


def test_every_text_that_the_code_names_exists() -> None:
    table = texts_of("en")
    named = re.compile(r"\btr\(\s*['\"]([a-z0-9_]+\.[a-z0-9_.]+)['\"]")
    for path in UI.rglob("*.py"):
        for key in named.findall(path.read_text(encoding="utf-8")):
            assert key in table, (path.name, key)


def test_no_text_is_left_over() -> None:
    """A text that nothing shows is a text somebody translated for nothing."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in UI.rglob("*.py"))
    built = (
        "action.",
        "menu.",
        "blend.",
        "edit.",
        "model.",
        "hint.",
        "status.device.",
        "status.device_detail.",
        "ai.stage.",
        "option.",
        "brush.preset.",
        "color.",
        "gradient_",
        "info.",
        "keys.preset.",
        "import.step.",
        "task_kind.",
        "import.hole.",
        "models.device.",
        "ai.landing.",
        "select.how.",
        "preferences.",
        "layer_kind.",
        "tag.",
        "tour.",
        "sample.",
        "pattern.",
        "crop_ratio.",
        "resampling.",
        "size.anchor.",
        "unit.",
        "effect.",
        "text.",
        "shape.",
        "channels.",
        "layer_style.",
        "style.",
        "styles.job.",
    )
    for key in texts_of("en"):
        assert key.startswith((*built, "panel.")) or f'"{key}"' in code or f"'{key}'" in code, key


def test_every_action_menu_mode_and_step_has_its_text() -> None:
    table = texts_of("en")
    wanted = [f"action.{spec.id}" for spec in ACTIONS]
    wanted += [f"menu.{name}" for name in (*MENUS, *SUBMENUS)]
    wanted += [f"blend.{mode.value}" for mode in BlendMode]
    assert [key for key in wanted if key not in table] == []
    for name in EditName:
        slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        assert f"edit.{slug}" in table, name
        assert tr_edit(name)
