"""Pictures that are cut out already, with their alpha, out of free packages: photographs, drawings, painted portraits.

The art is under copyleft: it is for networks that tell subject from background, not for those that could learn it by
heart and paint it again.
"""

from __future__ import annotations

from models.common.packages import Package
from models.common.photo_recipes import TRAIN, PhotoRecipe


class CutoutRecipe(PhotoRecipe):
    """Pictures with alpha for DATA/cutouts/<name>; which of them are held out is the training's affair."""

    @property
    def folder(self) -> str:
        return f"cutouts/{self.name}"

    @property
    def about(self) -> str:
        return "Subjects cut out of their background, with alpha."


CUTOUTS = (
    CutoutRecipe(
        package=Package(
            registry="debian",
            name="tuxpaint-stamps-default",
            version="2022.06.04-1",
            sha256="6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
            licence="GPL-2+; photographs per file, most in the public domain",
        ),
        use=TRAIN,
        pictures=("*/tuxpaint/stamps/*.png",),
        refused=(
            *("*cartoon*", "*/symbols/*", "*roadsigns*", "*/flags/*", "*/naturalforces/*", "*_mirror*", "*_flip*"),
            *("*/halloween/*", "*/hanukkah/*", "*/newyears/*", "*/easter/*", "*/seasonal/*", "*/body_parts/*"),
        ),
    ),
    CutoutRecipe(
        package=Package(
            registry="debian",
            name="openclipart-png",
            version="1:0.18+dfsg-19",
            sha256="f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02",
            licence="public domain",
        ),
        use=TRAIN,
        pictures=tuple(
            f"*/openclipart/png/{name}/*.png"
            for name in (
                *("animals", "buildings", "containers", "electronics", "food", "office", "people", "plants"),
                *("recreation/music", "recreation/toys", "recreation/sports", "tools", "transportation"),
            )
        ),
    ),
    CutoutRecipe(
        package=Package(
            registry="debian",
            name="wesnoth-1.16-data",
            version="1:1.16.9-1",
            sha256="1012b964bd412a6770685e3324ae3b61e176caff7846192d1ee63d55cd621e26",
            licence="GPL-2+, CC-BY-SA-4.0",
        ),
        use=TRAIN,
        pictures=("*/data/core/images/portraits/*.webp", "*/data/core/images/portraits/*.png"),
    ),
)
