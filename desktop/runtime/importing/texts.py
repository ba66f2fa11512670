"""What strangers wrote in their files, made harmless before anybody reads it: the one place where that is done.

Titles and notes end up in labels that understand rich text, in cards that understand Markdown and in terminals that
understand escape sequences. Names of tensors stay as they are, because the network is fed by them; where one is shown,
it comes through here too.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from desktop.core.errors import UserError
from desktop.runtime.manifest import DataSource, MadeBy, Manifest, Metric, Param

TITLE_LIMIT, LICENCE_LIMIT, TEXT_LIMIT, NAME_LIMIT = 80, 80, 600, 60
# Control, format (right-to-left overrides, zero widths), surrogates, private use, not assigned.
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
MARKS = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "|": "/", "\\": "/", "*": "·", "#": "No. "})


def clean_text(text: object, limit: int) -> str:
    """One line without hidden characters or markup, at most `limit` characters."""
    spaced = re.sub(r"\s+", " ", str(text)[: 4 * limit])
    shown = "".join(letter for letter in spaced if unicodedata.category(letter) not in HIDDEN)
    return shown.translate(MARKS).strip()[:limit].strip()


def clean_manifest(manifest: Manifest) -> Manifest:
    """The manifest of a stranger's file with all that people read of it cleaned."""
    made = manifest.made_by
    return msgspec.structs.replace(
        manifest,
        title=clean_text(manifest.title, TITLE_LIMIT) or manifest.id,
        licence=clean_text(manifest.licence, LICENCE_LIMIT) or "LicenseRef-unknown",
        description=clean_text(manifest.description, TEXT_LIMIT),
        version=clean_text(manifest.version, NAME_LIMIT) or "1",
        source=clean_text(manifest.source, TEXT_LIMIT),
        params=[_clean_param(param) for param in manifest.params],
        metrics=[_clean_metric(metric) for metric in manifest.metrics],
        made_by=MadeBy(
            script=clean_text(made.script, TITLE_LIMIT),
            config=clean_text(made.config, TEXT_LIMIT),
            data=[DataSource(name=_name(part.name), licence=_name(part.licence)) for part in made.data],
            commit=clean_text(made.commit, NAME_LIMIT),
            date=clean_text(made.date, NAME_LIMIT),
        ),
    )


def clean_error(error: UserError, own: tuple[str, ...] = ("path", "second")) -> UserError:
    """The error with what it quotes from the file cleaned; the values named `own` are the user's."""

    def clean(key: str, value: object) -> object:
        if isinstance(value, UserError):
            return clean_error(value, own)
        return value if key in own or not isinstance(value, str) else clean_text(value, TEXT_LIMIT)

    return UserError(error.key, **{key: clean(key, value) for key, value in error.values.items()})


def _clean_param(param: Param) -> Param:
    label = clean_text(param.label, NAME_LIMIT) or param.id
    return msgspec.structs.replace(param, label=label, unit=clean_text(param.unit, 12))


def _clean_metric(metric: Metric) -> Metric:
    return msgspec.structs.replace(
        metric,
        data=_name(metric.data),
        metric=_name(metric.metric),
        baseline=clean_text(metric.baseline, NAME_LIMIT),
        unit=clean_text(metric.unit, 12),
    )


def _name(text: str) -> str:
    return clean_text(text, TITLE_LIMIT) or "?"
