"""The one table of adjustments and filters: it drives menus, forms, adjustment layers, the command line and the tests.

An adjustment looks at one pixel, a filter at its surroundings, a distortion at pixels from anywhere. Texts stand under
`effect.<id>`, `effect.param.<param>`, `effect.choice.<choice>` and `effect.group.<group>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from desktop.core import adjust_colors, adjust_tones, filter_blurs, filter_details, filter_warps
from desktop.core.color import FloatPixels
from desktop.core.effect_values import CURVE_IDENTITY, Place, Values

Value: TypeAlias = float | int | bool | str


class ParameterKind(StrEnum):
    NUMBER = "number"
    WHOLE = "whole"
    SWITCH = "switch"
    CHOICE = "choice"
    CURVE = "curve"  # "x,y x,y …" with both from 0 to 1
    COLOR = "color"  # "#rrggbb"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`bend` above 1 gives small values more room on a slider; parameters of a `group` are shown together."""

    id: str
    default: Value
    least: float = 0.0
    most: float = 0.0
    step: float = 1.0
    unit: str = ""
    kind: ParameterKind = ParameterKind.NUMBER
    choices: tuple[str, ...] = ()
    group: str = ""
    bend: float = 1.0


class Menu(StrEnum):
    """Where an effect hangs."""

    TONES = "tones"
    COLORS = "colors"
    BLUR = "blur"
    SHARPEN = "sharpen"
    NOISE = "noise"
    STYLISE = "stylise"
    DISTORT = "distort"


ADJUSTMENT_MENUS = (Menu.TONES, Menu.COLORS)


@dataclass(frozen=True, slots=True)
class Effect:
    """Exactly one of the four functions computes it.

    `tone` maps (N, 3) levels, each channel on its own; `color` (H, W, 3) straight colours at a place; `area`
    (H, W, 4) premultiplied, where the outer `reach` pixels are only there to be looked at; `source` says where the
    pixels of a distortion come from. All in float32, 0..1.
    """

    id: str
    menu: Menu
    parameters: tuple[Parameter, ...] = ()
    tone: Callable[[FloatPixels, Values], FloatPixels] | None = None
    color: Callable[[FloatPixels, Values, Place], FloatPixels] | None = None
    area: Callable[[FloatPixels, Values, Place], FloatPixels] | None = None
    source: Callable[[FloatPixels, FloatPixels, Values, Place], tuple[FloatPixels, FloatPixels]] | None = None
    reach: Callable[[Values], float] = lambda _values: 0.0
    spreads: bool = False  # alpha changes as well: a blur
    neutral: Mapping[str, Value] = field(default_factory=dict)  # with these values nothing changes
    takes_lut: bool = False

    @property
    def is_adjustment(self) -> bool:
        return self.menu in ADJUSTMENT_MENUS

    @property
    def can_be_layer(self) -> bool:
        """Distortions take pixels from anywhere: as a layer each tile would need the whole picture below."""
        return self.source is None

    @property
    def has_form(self) -> bool:
        return bool(self.parameters) or self.takes_lut

    def parameter(self, parameter_id: str) -> Parameter | None:
        return next((one for one in self.parameters if one.id == parameter_id), None)


def _n(id_: str, default: float, least: float, most: float, unit: str = "", **more: Any) -> Parameter:
    return Parameter(id_, default, least, most, unit=unit, **more)


def _percent(id_: str, default: float = 0, least: float = -100, most: float = 100, **more: Any) -> Parameter:
    return _n(id_, default, least, most, "%", **more)


def _radius(default: float, most: float, least: float = 0.1) -> Parameter:
    return _n("radius", default, least, most, "px", step=0.1, bend=3.0)


def _whole(id_: str, default: int, least: int, most: int, unit: str = "", bend: float = 1.0) -> Parameter:
    return Parameter(id_, default, least, most, unit=unit, kind=ParameterKind.WHOLE, bend=bend)


def _switch(id_: str, default: bool = False) -> Parameter:
    return Parameter(id_, default, kind=ParameterKind.SWITCH)


def _choice(id_: str, *choices: str) -> Parameter:
    return Parameter(id_, choices[0], kind=ParameterKind.CHOICE, choices=choices)


def _color(id_: str, default: str) -> Parameter:
    return Parameter(id_, default, kind=ParameterKind.COLOR)


def _neutral(parameters: tuple[Parameter, ...]) -> dict[str, Value]:
    return {one.id: one.default for one in parameters}


CHANNELS = ("all", "red", "green", "blue")


def _levels() -> tuple[Parameter, ...]:
    return tuple(
        parameter
        for channel in CHANNELS
        for parameter in (
            _n(f"{channel}_black", 0, 0, 254, group=channel),
            _n(f"{channel}_gamma", 1, 0.1, 9.99, step=0.01, group=channel, bend=3.0),
            _n(f"{channel}_white", 255, 1, 255, group=channel),
            _n(f"{channel}_low", 0, 0, 255, group=channel),
            _n(f"{channel}_high", 255, 0, 255, group=channel),
        )
    )


def _curves() -> tuple[Parameter, ...]:
    return tuple(Parameter(one, CURVE_IDENTITY, kind=ParameterKind.CURVE, group=one) for one in CHANNELS)


def _balance() -> tuple[Parameter, ...]:
    numbers = tuple(
        _n(f"{tone}_{axis}", 0, -100, 100, group=tone)
        for tone in ("shadows", "midtones", "highlights")
        for axis in ("cyan_red", "magenta_green", "yellow_blue")
    )
    return (*numbers, _switch("keeps_luminosity", True))


def _mixer() -> tuple[Parameter, ...]:
    numbers = tuple(
        _percent(f"{to}_{part}", 100 if to == part else 0, -200, 200, group=to)
        for to in ("red", "green", "blue")
        for part in ("red", "green", "blue", "constant")
    )
    return (*numbers, _switch("monochrome"))


_BRIGHTNESS = (_n("brightness", 0, -100, 100), _n("contrast", 0, -100, 100))
_EXPOSURE = (
    _n("exposure", 0, -5, 5, "EV", step=0.05),
    _n("offset", 0, -0.5, 0.5, step=0.005),
    _n("gamma", 1, 0.1, 5, step=0.01, bend=2.0),
)
_BALANCE = (_n("temperature", 0, -100, 100), _n("tint", 0, -100, 100))
_HUE = (
    _choice("range", "all", "reds", "yellows", "greens", "cyans", "blues", "magentas"),
    _n("hue", 0, -180, 180, "°"),
    _n("saturation", 0, -100, 100),
    _n("lightness", 0, -100, 100),
    _switch("colourise"),
)
_VIBRANCE = (_n("vibrance", 0, -100, 100), _n("saturation", 0, -100, 100))
_SIX = (("reds", 40), ("yellows", 60), ("greens", 40), ("cyans", 60), ("blues", 20), ("magentas", 80))
_ANGLE = _n("angle", 0, -180, 180, "°")
_PIXEL_SIZE = _whole("cell", 12, 2, 256, "px", bend=2.0)

EFFECTS: tuple[Effect, ...] = (
    Effect(
        "brightness-contrast",
        Menu.TONES,
        _BRIGHTNESS,
        tone=adjust_tones.brightness_contrast,
        neutral=_neutral(_BRIGHTNESS),
    ),
    Effect("levels", Menu.TONES, _levels(), tone=adjust_tones.levels, neutral=_neutral(_levels())),
    Effect("curves", Menu.TONES, _curves(), tone=adjust_tones.curves, neutral=_neutral(_curves())),
    Effect("exposure", Menu.TONES, _EXPOSURE, tone=adjust_tones.exposure, neutral=_neutral(_EXPOSURE)),
    Effect("invert", Menu.TONES, tone=adjust_tones.invert),
    Effect("posterise", Menu.TONES, (_whole("levels", 4, 2, 64),), tone=adjust_tones.posterise),
    Effect("threshold", Menu.TONES, (_n("threshold", 128, 1, 255),), color=adjust_colors.threshold),
    Effect("white-balance", Menu.COLORS, _BALANCE, tone=adjust_tones.white_balance, neutral=_neutral(_BALANCE)),
    Effect(
        "hue-saturation",
        Menu.COLORS,
        _HUE,
        color=adjust_colors.hue_saturation,
        neutral={"hue": 0, "saturation": 0, "lightness": 0, "colourise": False},
    ),
    Effect(
        "colour-balance",
        Menu.COLORS,
        _balance(),
        color=adjust_colors.color_balance,
        neutral=_neutral(_balance()[:-1]),
    ),
    Effect("vibrance", Menu.COLORS, _VIBRANCE, color=adjust_colors.vibrance, neutral=_neutral(_VIBRANCE)),
    Effect(
        "black-and-white",
        Menu.COLORS,
        tuple(_percent(name, default, -200, 300) for name, default in _SIX),
        color=adjust_colors.black_and_white,
    ),
    Effect("channel-mixer", Menu.COLORS, _mixer(), color=adjust_colors.channel_mixer, neutral=_neutral(_mixer())),
    Effect(
        "gradient-map",
        Menu.COLORS,
        (
            _color("dark", "#000000"),
            _color("middle", "#808080"),
            _color("light", "#ffffff"),
            _percent("middle_at", 50, 1, 99),
        ),
        color=adjust_colors.gradient_map,
    ),
    Effect(
        "lut",
        Menu.COLORS,
        (_percent("strength", 100, 0, 100),),
        color=adjust_colors.lut,
        neutral={"strength": 0},
        takes_lut=True,
    ),
    Effect(
        "gaussian-blur",
        Menu.BLUR,
        (_radius(4, 250),),
        area=filter_blurs.gaussian,
        reach=lambda v: filter_blurs.gaussian_reach(v["radius"]),
        spreads=True,
    ),
    Effect(
        "box-blur",
        Menu.BLUR,
        (_whole("radius", 4, 1, 250, "px", bend=3.0),),
        area=filter_blurs.box,
        reach=lambda v: v["radius"],
        spreads=True,
    ),
    Effect(
        "motion-blur",
        Menu.BLUR,
        (_ANGLE, _n("distance", 20, 1, 500, "px", bend=2.0)),
        area=filter_blurs.motion,
        reach=lambda v: v["distance"] / 2 + 1,
        spreads=True,
    ),
    Effect(
        "lens-blur",
        Menu.BLUR,
        (_radius(8, 100, 0.5), _percent("highlights", 0, 0)),
        area=filter_blurs.lens,
        reach=lambda v: v["radius"] + 1,
        spreads=True,
    ),
    Effect(
        "surface-blur",
        Menu.BLUR,
        (_whole("radius", 6, 1, 100, "px", bend=2.0), _n("threshold", 15, 2, 255)),
        area=filter_blurs.surface,
        reach=lambda v: v["radius"],
    ),
    Effect(
        "unsharp-mask",
        Menu.SHARPEN,
        (
            _percent("amount", 80, 0, 500, bend=2.0),
            _radius(1.2, 100),
            _n("threshold", 0, 0, 255, bend=2.0),
        ),
        area=filter_details.unsharp,
        reach=lambda v: filter_blurs.gaussian_reach(v["radius"]),
        neutral={"amount": 0},
    ),
    Effect(
        "high-pass",
        Menu.SHARPEN,
        (_radius(3, 100),),
        area=filter_details.high_pass,
        reach=lambda v: filter_blurs.gaussian_reach(v["radius"]),
    ),
    Effect(
        "add-noise",
        Menu.NOISE,
        (
            _percent("amount", 10, 0, 100, step=0.5, bend=2.0),
            _choice("distribution", "gaussian", "uniform"),
            _switch("monochrome"),
            Parameter("seed", 0, 0, 9999, kind=ParameterKind.SEED),
        ),
        color=filter_details.add_noise,
        neutral={"amount": 0},
    ),
    Effect(
        "median",
        Menu.NOISE,
        (_whole("radius", 2, 1, 50, "px", bend=2.0),),
        area=filter_details.median,
        reach=lambda v: v["radius"],
    ),
    Effect(
        "emboss",
        Menu.STYLISE,
        (
            _n("angle", 135, -180, 180, "°"),
            _n("height", 2, 0.5, 20, "px", step=0.5),
            _percent("amount", 100, 1, 500, bend=2.0),
            _switch("monochrome", True),
        ),
        area=filter_details.emboss,
        reach=lambda v: v["height"] + 1,
    ),
    Effect(
        "find-edges",
        Menu.STYLISE,
        (_percent("amount", 100, 1, 500, bend=2.0), _switch("inverted", True)),
        area=filter_details.find_edges,
        reach=lambda _v: 1,
    ),
    Effect(
        "pixelate",
        Menu.STYLISE,
        (_PIXEL_SIZE,),
        area=filter_details.pixelate,
        reach=lambda v: v["cell"],
        spreads=True,
    ),
    Effect(
        "vignette",
        Menu.STYLISE,
        (_percent("amount", -40), _percent("size", 50, 0), _percent("roundness", 0), _percent("softness", 60, 1)),
        color=filter_details.vignette,
        neutral={"amount": 0},
    ),
    Effect(
        "twirl",
        Menu.DISTORT,
        (_n("angle", 90, -720, 720, "°"), _percent("size", 80, 1, 100)),
        source=filter_warps.twirl,
        neutral={"angle": 0},
    ),
    Effect(
        "bulge",
        Menu.DISTORT,
        (_percent("amount", 50), _percent("size", 80, 1, 100)),
        source=filter_warps.bulge,
        neutral={"amount": 0},
    ),
    Effect(
        "polar-coordinates",
        Menu.DISTORT,
        (_choice("direction", "to-polar", "from-polar"),),
        source=filter_warps.polar,
    ),
)

BY_ID: Mapping[str, Effect] = {effect.id: effect for effect in EFFECTS}
