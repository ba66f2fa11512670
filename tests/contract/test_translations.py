"""Both languages have the same texts, every text the code asks for exists, and their {fields} agree."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import desktop
from desktop.core.blend_modes import BlendMode
from desktop.core.errors import MESSAGES
from desktop.paths import shipped_models_dir
from desktop.runtime.catalog import Catalog
from desktop.runtime.manifest import Manifest
from desktop.tools.names import EditName
from desktop.ui.actions import ACTIONS, MENUS, SUBMENUS
from desktop.ui.i18n import LANGUAGES, card_texts, texts_of, tr_edit

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


def shipped() -> list[Manifest]:
    models = Catalog((shipped_models_dir(),)).models()
    assert models
    return [model.manifest for model in models]


def test_every_shipped_model_is_named_and_described_in_every_language() -> None:
    missing = []
    for manifest in shipped():
        parts = ["title", "description", *(f"param.{param.id}" for param in manifest.params)]
        words = [{f"model.{manifest.id}.{part}"} for part in parts]
        words += [
            {f"model.{manifest.id}.choice.{choice}", f"style.{choice}"}
            for param in manifest.params
            for choice in param.choices
            if len(choice) > 1  # a letter or a digit is its own name
        ]
        missing += [
            (language, sorted(keys)) for keys in words for language in LANGUAGES if keys.isdisjoint(texts_of(language))
        ]
    assert not missing


@pytest.mark.nightly  # a card may be written anew by training; until this says so, new sentences show in English
def test_every_weakness_of_a_shipped_model_can_be_read_in_chinese() -> None:
    missing = []
    for manifest in shipped():
        card = (shipped_models_dir() / manifest.id / "card.md").read_text(encoding="utf-8")
        weak = card.partition("## Weaknesses\n")[2].partition("\n## ")[0]
        sentences = [line.removeprefix("- ") for line in weak.splitlines() if line.startswith("- ")]
        assert sentences, manifest.id
        missing += [(manifest.id, text) for text in sentences if text not in card_texts("zh_CN")]
    assert not missing, "add them to resources/i18n/zh_CN/cards/<id>.json"


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
        "grid.",
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
