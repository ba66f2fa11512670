"""Families of foreign networks, imported and run: the result is right in every pixel, not only the manifest."""

from __future__ import annotations

import pytest

from tests.corpus.judging import CASES, REFUSALS, is_refused, judge, sample_picture
from tests.corpus.kit import Case, Refusal

# One small file of each family that sets a trap of its own; the whole corpus runs every night.
SMALL = (
    "upscale/waifu2x_upconv7_scale2x",
    "upscale/xlsr_64",
    "upscale/rgba_answer",
    "picture/ffdnet_plane",
    "picture/drunet",
    "mask/two_class",
    "mask/bisenet_argmax",
    "mask/vitmatte",
    "mask/rvm",
    "inpaint/erase_dynamic",
    "inpaint/partial_conv_inpaint",
    "colour/siggraph17",
    "generate/vae_digits",
    "generate/stylegan_noises",
    "pair/stylegan_broadcast",
    "click/efficient_sam",
    "between/rife_v4_seven",
    "between/cain",
    "two/adain",
    "picture/drunet_gray",
    "picture/cbdnet",
    "picture/face_portrait_v2",
    "mask/depth_anything",
    "mask/soft_bytes",
    "inpaint/channels_last",
    "generate/two_sizes",
)


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SMALL], ids=lambda case: case.name)
def test_a_family_gives_the_right_picture(case: Case) -> None:
    found = judge(case, sample_picture())
    assert found.state != "wrong", found.detail


@pytest.mark.nightly
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_family_gives_the_right_picture(case: Case) -> None:
    found = judge(case, sample_picture())
    assert found.state != "wrong", found.detail


@pytest.mark.parametrize("entry", REFUSALS, ids=lambda entry: entry.name)
def test_what_is_no_picture_network_is_refused_by_name(entry: Refusal) -> None:
    assert is_refused(entry)


def test_the_small_ones_are_in_the_corpus() -> None:
    assert set(SMALL) <= {case.name for case in CASES}
