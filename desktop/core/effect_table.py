"""The one table of adjustments and filters: it drives menus, forms, adjustment layers, the command line and the tests.

An adjustment looks at one pixel, a filter at its surroundings, a distortion at pixels from anywhere. Texts stand under
`effect.<id>`, `effect.param.<param>`, `effect.choice.<choice>` and `effect.group.<group>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from desktop.core import (
    adjust_colors,
    adjust_tones,
    colour_match,
    fill_patterns,
    filter_blurs,
    filter_details,
    filter_warps,
)
from desktop.core.color import FloatPixels
from desktop.core.effect_parameters import (
    Parameter,
    ParameterKind,
    Value,
    choice,
    color_of,
    hidden,
    number,
    percent,
    radius,
    stops,
    switch,
    two_colors,
    whole,
)
from desktop.core.effect_values import CURVE_IDENTITY, Place, Values


class Menu(StrEnum):
    """Where an effect hangs."""

    TONES = "tones"
    COLORS = "colors"
    BLUR = "blur"
    SHARPEN = "sharpen"
    NOISE = "noise"
    STYLISE = "stylise"
    DISTORT = "distort"
    RENDER = "render"


ADJUSTMENT_MENUS = (Menu.TONES, Menu.COLORS)


@dataclass(frozen=True, slots=True)
class Effect:
    """Exactly one of the five functions computes it.

    `tone` maps (N, 3) levels, each channel on its own; `color` (H, W, 3) straight colours at a place; `area`
    (H, W, 4) premultiplied, where the outer `reach` pixels are only there to be looked at; `source` says where the
    pixels of a distortion come from; `fill` makes (height, width, 4) straight of nothing. All in float32, 0..1.
    """

    id: str
    menu: Menu
    parameters: tuple[Parameter, ...] = ()
    tone: Callable[[FloatPixels, Values], FloatPixels] | None = None
    color: Callable[[FloatPixels, Values, Place], FloatPixels] | None = None
    area: Callable[[FloatPixels, Values, Place], FloatPixels] | None = None
    source: Callable[[FloatPixels, FloatPixels, Values, Place], tuple[FloatPixels, FloatPixels]] | None = None
    fill: Callable[[int, int, Values, Place], FloatPixels] | None = None
    reach: Callable[[Values], float] = lambda _values: 0.0
    spreads: bool = False  # alpha changes as well: a blur
    neutral: Mapping[str, Value] = field(default_factory=dict)  # with these values nothing changes
    takes_lut: bool = False
    takes_reference: bool = False  # its table is made from another picture

    @property
    def is_adjustment(self) -> bool:
        return self.menu in ADJUSTMENT_MENUS

    @property
    def has_form(self) -> bool:
        return bool(self.parameters) or self.takes_lut

    def parameter(self, parameter_id: str) -> Parameter | None:
        return next((one for one in self.parameters if one.id == parameter_id), None)


def _neutral(parameters: tuple[Parameter, ...]) -> dict[str, Value]:
    return {one.id: one.default for one in parameters}


CHANNELS = ("all", "red", "green", "blue")


def _levels() -> tuple[Parameter, ...]:
    return tuple(
        parameter
        for channel in CHANNELS
        for parameter in (
            number(f"{channel}_black", 0, 0, 254, group=channel),
            number(f"{channel}_gamma", 1, 0.1, 9.99, step=0.01, group=channel, bend=3.0),
            number(f"{channel}_white", 255, 1, 255, group=channel),
            number(f"{channel}_low", 0, 0, 255, group=channel),
            number(f"{channel}_high", 255, 0, 255, group=channel),
        )
    )


def _curves() -> tuple[Parameter, ...]:
    return tuple(Parameter(one, CURVE_IDENTITY, kind=ParameterKind.CURVE, group=one) for one in CHANNELS)


def _balance() -> tuple[Parameter, ...]:
    numbers = tuple(
        number(f"{tone}_{axis}", 0, -100, 100, group=tone)
        for tone in ("shadows", "midtones", "highlights")
        for axis in ("cyan_red", "magenta_green", "yellow_blue")
    )
    return (*numbers, switch("keeps_luminosity", True))


def _mixer() -> tuple[Parameter, ...]:
    numbers = tuple(
        percent(f"{to}_{part}", 100 if to == part else 0, -200, 200, group=to)
        for to in ("red", "green", "blue")
        for part in ("red", "green", "blue", "constant")
    )
    return (*numbers, switch("monochrome"))


_BRIGHTNESS = (number("brightness", 0, -100, 100), number("contrast", 0, -100, 100))
_EXPOSURE = (
    number("exposure", 0, -5, 5, "EV", step=0.05),
    number("offset", 0, -0.5, 0.5, step=0.005),
    number("gamma", 1, 0.1, 5, step=0.01, bend=2.0),
)
_BALANCE = (number("temperature", 0, -100, 100), number("tint", 0, -100, 100))
_HUE = (
    choice("range", "all", "reds", "yellows", "greens", "cyans", "blues", "magentas"),
    number("hue", 0, -180, 180, "°"),
    number("saturation", 0, -100, 100),
    number("lightness", 0, -100, 100),
    switch("colourise"),
)
_VIBRANCE = (number("vibrance", 0, -100, 100), number("saturation", 0, -100, 100))
_SIX = (("reds", 40), ("yellows", 60), ("greens", 40), ("cyans", 60), ("blues", 20), ("magentas", 80))
_ANGLE = number("angle", 0, -180, 180, "°")
_PIXEL_SIZE = whole("cell", 12, 2, 256, "px", bend=2.0)

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
    Effect("posterise", Menu.TONES, (whole("levels", 4, 2, 64),), tone=adjust_tones.posterise),
    Effect("threshold", Menu.TONES, (number("threshold", 128, 1, 255),), color=adjust_colors.threshold),
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
        tuple(percent(name, default, -200, 300) for name, default in _SIX),
        color=adjust_colors.black_and_white,
    ),
    Effect("channel-mixer", Menu.COLORS, _mixer(), color=adjust_colors.channel_mixer, neutral=_neutral(_mixer())),
    Effect(
        "gradient-map",
        Menu.COLORS,
        (
            stops(),
            *hidden(
                color_of("dark", "#000000"),
                color_of("middle", "#808080"),
                color_of("light", "#ffffff"),
                percent("middle_at", 50, 1, 99),
            ),
        ),
        color=adjust_colors.gradient_map,
    ),
    Effect(
        "lut",
        Menu.COLORS,
        (percent("strength", 100, 0, 100),),
        color=adjust_colors.lut,
        neutral={"strength": 0},
        takes_lut=True,
    ),
    Effect(
        "match-colours",
        Menu.COLORS,
        (percent("lightness", 100, 0, 100), percent("colour", 100, 0, 100)),
        color=colour_match.match_colours,
        neutral={"lightness": 0, "colour": 0},
        takes_lut=True,
        takes_reference=True,
    ),
    Effect(
        "gaussian-blur",
        Menu.BLUR,
        (radius(4, 250),),
        area=filter_blurs.gaussian,
        reach=lambda v: filter_blurs.gaussian_reach(v["radius"]),
        spreads=True,
    ),
    Effect(
        "box-blur",
        Menu.BLUR,
        (whole("radius", 4, 1, 250, "px", bend=3.0),),
        area=filter_blurs.box,
        reach=lambda v: v["radius"],
        spreads=True,
    ),
    Effect(
        "motion-blur",
        Menu.BLUR,
        (_ANGLE, number("distance", 20, 1, 500, "px", bend=2.0)),
        area=filter_blurs.motion,
        reach=lambda v: v["distance"] / 2 + 1,
        spreads=True,
    ),
    Effect(
        "lens-blur",
        Menu.BLUR,
        (radius(8, 100, 0.5), percent("highlights", 0, 0)),
        area=filter_blurs.lens,
        reach=lambda v: v["radius"] + 1,
        spreads=True,
    ),
    Effect(
        "surface-blur",
        Menu.BLUR,
        (whole("radius", 6, 1, 100, "px", bend=2.0), number("threshold", 15, 2, 255)),
        area=filter_blurs.surface,
        reach=lambda v: v["radius"],
    ),
    Effect(
        "unsharp-mask",
        Menu.SHARPEN,
        (
            percent("amount", 80, 0, 500, bend=2.0),
            radius(1.2, 100),
            number("threshold", 0, 0, 255, bend=2.0),
        ),
        area=filter_details.unsharp,
        reach=lambda v: filter_blurs.gaussian_reach(v["radius"]),
        neutral={"amount": 0},
    ),
    Effect(
        "high-pass",
        Menu.SHARPEN,
        (radius(3, 100),),
        area=filter_details.high_pass,
        reach=lambda v: filter_blurs.gaussian_reach(v["radius"]),
    ),
    Effect(
        "add-noise",
        Menu.NOISE,
        (
            percent("amount", 10, 0, 100, step=0.5, bend=2.0),
            choice("distribution", "gaussian", "uniform"),
            switch("monochrome"),
            Parameter("seed", 0, 0, 9999, kind=ParameterKind.SEED),
        ),
        color=filter_details.add_noise,
        neutral={"amount": 0},
    ),
    Effect(
        "median",
        Menu.NOISE,
        (whole("radius", 2, 1, 50, "px", bend=2.0),),
        area=filter_details.median,
        reach=lambda v: v["radius"],
    ),
    Effect(
        "emboss",
        Menu.STYLISE,
        (
            number("angle", 135, -180, 180, "°"),
            number("height", 2, 0.5, 20, "px", step=0.5),
            percent("amount", 100, 1, 500, bend=2.0),
            switch("monochrome", True),
        ),
        area=filter_details.emboss,
        reach=lambda v: v["height"] + 1,
    ),
    Effect(
        "find-edges",
        Menu.STYLISE,
        (percent("amount", 100, 1, 500, bend=2.0), switch("inverted", True)),
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
        (percent("amount", -40), percent("size", 50, 0), percent("roundness", 0), percent("softness", 60, 1)),
        color=filter_details.vignette,
        neutral={"amount": 0},
    ),
    Effect(
        "twirl",
        Menu.DISTORT,
        (number("angle", 90, -720, 720, "°"), percent("size", 80, 1, 100)),
        source=filter_warps.twirl,
        neutral={"angle": 0},
    ),
    Effect(
        "bulge",
        Menu.DISTORT,
        (percent("amount", 50), percent("size", 80, 1, 100)),
        source=filter_warps.bulge,
        neutral={"amount": 0},
    ),
    Effect(
        "polar-coordinates",
        Menu.DISTORT,
        (choice("direction", "to-polar", "from-polar"),),
        source=filter_warps.polar,
    ),
    Effect("solid-fill", Menu.RENDER, (color_of("color", "#808080"),), fill=fill_patterns.solid),
    Effect(
        "gradient-fill",
        Menu.RENDER,
        (
            stops(),
            *hidden(*two_colors("#000000", "#ffffff")),
            choice("shape", "linear", "radial", "conical", "reflected"),
            number("angle", -90, -180, 180, "°"),
            percent("scale", 100, 1, 400, bend=2.0),
        ),
        fill=fill_patterns.gradient,
    ),
    Effect(
        "pattern-fill",
        Menu.RENDER,
        (
            *two_colors("#ffffff", "#404040"),
            choice("pattern", "checks", "stripes", "dots", "grid"),
            whole("cell", 32, 2, 512, "px", bend=2.0),
            percent("share", 50, 1, 99),
            number("angle", 0, -180, 180, "°"),
        ),
        fill=fill_patterns.pattern,
    ),
)

BY_ID: Mapping[str, Effect] = {effect.id: effect for effect in EFFECTS}
