"""Photographs out of free packages: which files of which package, and whether they are for training or held out."""

from __future__ import annotations

from dataclasses import dataclass

from models.common.packages import Package

TRAIN, HELD_OUT = "train", "held_out"


@dataclass(frozen=True)
class PhotoRecipe:
    package: Package
    use: str  # TRAIN or HELD_OUT: a package is never both
    pictures: tuple[str, ...]  # patterns of paths inside the package; inside a .rcc file: "bundle.rcc/path"
    refused: tuple[str, ...] = ()  # patterns of paths among them that are no photographs

    @property
    def name(self) -> str:
        return self.package.name

    @property
    def version(self) -> str:
        return self.package.version

    @property
    def packages(self) -> tuple[Package, ...]:
        return (self.package,)

    @property
    def folder(self) -> str:
        return f"photos/{self.use}/{self.name}"

    @property
    def about(self) -> str:
        return f"Photographs; use: {self.use}."


PHOTOS = (
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="gcompris-qt-data",
            version="3.1-2",
            sha256="e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
            licence="per file: CC-BY-SA, CC-BY, GPL, public domain",
        ),
        use=TRAIN,
        pictures=(
            "*/rcc/explore_monuments.rcc/*.webp",
            "*/rcc/explore_*_animals.rcc/*.webp",
            "*/rcc/explore_world_music.rcc/*.webp",
            "*/rcc/categorization.rcc/*.webp",
            "*/rcc/erase.rcc/*.webp",
        ),
    ),
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="lxqt-themes",
            version="1.2.0-1",
            sha256="d518df36b515b09d36cb00b12645dd8ce170bb82bb0966297741905ce3edc8e1",
            licence="per file: CC-BY-SA-4.0, LGPL-2.1+",
        ),
        use=TRAIN,
        pictures=("*/lxqt/wallpapers/*",),
        refused=("*origami*", "*plasma*", "*simple_blue*", "*triangles*", "*waves*", "*not-windows*", "*Valendas*"),
    ),
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="plasma-workspace-wallpapers",
            version="4:5.27.5-2",
            sha256="32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b",
            licence="LGPL-3, CC-BY-SA-4.0",
        ),
        use=TRAIN,
        pictures=tuple(
            f"*/{name}/contents/images/*"
            for name in (
                *("Autumn", "BytheWater", "ColdRipple", "ColorfulCups", "EveningGlow", "FallenLeaf", "Grey"),
                *("Kite", "OneStandsOut", "summer_1am"),
            )
        ),
    ),
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="tuxpaint-data",
            version="1:0.9.28-sdl2-1",
            sha256="f5d0de8f9a70d2efc1241d19f26168cb8bf279f1b77abd3631e7a1a55c40e5e5",
            licence="GPL-2+",
        ),
        use=TRAIN,
        pictures=("*/tuxpaint/templates/*.jpg",),
    ),
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="mate-backgrounds",
            version="1.26.0-1",
            sha256="7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04",
            licence="GPL-2+, CC-BY-SA-4.0",
        ),
        use=HELD_OUT,
        pictures=("*/mate/nature/*",),
    ),
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="lomiri-wallpapers-16.04",
            version="20.04.0-2",
            sha256="a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
            licence="per file: CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0",
        ),
        use=HELD_OUT,
        pictures=("*/share/backgrounds/*.jpg",),
        refused=("*analogpattern*", "*umang*", "*warty*"),
    ),
    PhotoRecipe(
        package=Package(
            registry="debian",
            name="python3-skimage",
            version="0.19.3-8",
            sha256="728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9",
            licence="CC0 (chelsea, coffee), public domain (astronaut)",
        ),
        use=HELD_OUT,
        pictures=("*/skimage/data/astronaut.png", "*/skimage/data/chelsea.png", "*/skimage/data/coffee.png"),
    ),
    PhotoRecipe(
        package=Package(
            registry="pypi",
            name="scikit-learn",
            version="1.5.2",
            sha256="f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1",
            licence="CC-BY-2.0 (both pictures)",
        ),
        use=HELD_OUT,
        pictures=("*/images/china.jpg", "*/images/flower.jpg"),
    ),
)
