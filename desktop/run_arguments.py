"""The arguments of the commands that run models: run, generate, batch. The work is done in their own files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.core.errors import UserError
from desktop.runtime.runner import DEVICE_CHOICES, TILE_SIDES

Run = Callable[[argparse.Namespace], int]
INSIDE, OUTSIDE, CORNER, OTHER_CORNER = 1, 0, 2, 3
MASK_HELP = "white: changed, black: left alone, grey: between; for click models: what is meant, roughly"
WHY_PARTS = {"occlusion": 14, "shapley": 20}  # unless told otherwise
SIGNS = {"+": INSIDE, "-": OUTSIDE}


def run_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Run a model on a picture. ICC profile, metadata, transparency and depth are kept."
    _add_model(parser)
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument(
        "--layer", action="store_true", help="for models that answer with curves: as a curves layer; OUT must be .ora"
    )
    _add_run_options(parser)

    def run(given: argparse.Namespace) -> int:
        from desktop import commands, run_commands

        options = run_commands.RunOptions(**_run_options(given))
        if given.layer:
            from desktop.curves_command import run_as_layer

            return run_as_layer(options, given.source, given.target, commands.printer(given.json))
        return run_commands.run_model(options, given.source, given.target, commands.printer(given.json))

    return run


def generate_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "Invent pictures. Equal seed, model and machine give equal bytes."
    _add_model(parser)
    parser.add_argument("target", metavar="OUT", type=Path, help="one file, or OUT-1, OUT-2 … for several")
    parser.add_argument("--seed", type=int, default=0, help="of the first picture; the next has the next seed")
    parser.add_argument("--count", type=int, help="how many pictures (1)")
    parser.add_argument("--label", metavar="L", help="class, by name or number")
    parser.add_argument("--latent", type=Path, metavar="FILE", help=".npy or .json with one latent or several")
    parser.add_argument("--image", type=Path, metavar="PICTURE", help="take the latent of this picture (autoencoders)")
    parser.add_argument("--truncation", type=float, default=1.0, metavar="T", help="below 1: more typical, less varied")
    parser.add_argument(
        "--mix-seed",
        type=int,
        metavar="SEED",
        help="for models that mix: the picture that coarse, middle, fine take of",
    )
    parser.add_argument("--size", metavar="WxH", help="for models that paint at any size, such as textures (512x512)")
    parser.add_argument("--grid", action="store_true", help="all pictures on one sheet")
    parser.add_argument(
        "--walk", metavar="SEEDS", help="OUT.webp, .gif or .mp4: from seed to seed (1,5,9) and back, animated"
    )
    parser.add_argument("--frames", type=int, default=60, help="of a walk (60)")
    parser.add_argument("--fps", type=float, default=20.0, help="frames of a walk a second (20)")
    parser.add_argument("--side", type=int, metavar="PIXELS", help="longer side of a walk's frames (the model's)")
    _add_common(parser)

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.generate_command import GenerateOrder, generate
        from desktop.walk_command import generate_walk

        order = GenerateOrder(
            model_id=given.model,
            target=given.target,
            seed=given.seed,
            count=given.count,
            label=given.label,
            latent=given.latent,
            image=given.image,
            truncation=given.truncation,
            mix_seed=given.mix_seed,
            parameters=parameters_of(given.param),
            is_sheet=given.grid,
            device=given.device,
            size=given.size,
        )
        if given.walk is not None:
            tell = commands.printer(given.json)
            pace = {"frames": given.frames, "frames_a_second": given.fps, "side": given.side}
            return generate_walk(order, given.walk, tell, **pace)
        return generate(order, commands.printer(given.json))

    return run


def batch_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Run a model on many pictures. Finished ones are skipped when it is started again; a bad one does not stop "
        "the rest (exit code 1)."
    )
    _add_model(parser)
    parser.add_argument(
        "sources", metavar="IN", nargs="+", help="pictures, folders of pictures, patterns such as '*.jpg'"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="pictures at a time (1)")
    _add_run_options(parser)

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.batch_command import BatchOrder, run_batch
        from desktop.run_commands import RunOptions

        order = BatchOrder(RunOptions(**_run_options(given)), tuple(given.sources), given.out, given.jobs)
        return run_batch(order, commands.printer(given.json))

    return run


def why_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Which regions of a picture made a model decide: orange spoke for its answer, blue against it. Any model that "
        "is shown a picture can be asked; of masks the question is why they are where they are, of pictures why they "
        "look so."
    )
    _add_model(parser)
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="the picture with the map and its legend")
    parser.add_argument(
        "--method",
        choices=list(WHY_PARTS),
        default="occlusion",
        help="cover one place after the other, or share the answer fairly among segments (Shapley)",
    )
    parser.add_argument("--parts", type=int, metavar="N", help="places across the longer side (14), or segments (20)")
    parser.add_argument(
        "--rounds", type=int, default=6, metavar="N", help="orders that Shapley's values are the mean of"
    )
    parser.add_argument("--region", type=Path, metavar="PICTURE", help="white: the part of the answer that is meant")
    add_input_options(parser)

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.run_commands import RunOptions
        from desktop.runtime.runner import Why
        from desktop.why_command import WhyOrder, explain_model

        parts = given.parts if given.parts is not None else WHY_PARTS[given.method]
        why = Why(given.method, parts, given.rounds, given.seed)
        order = WhyOrder(RunOptions(**input_options(given)), why, given.source, given.target, given.region)
        return explain_model(order, commands.printer(given.json))

    return run


def parameters_of(given: list[str]) -> dict[str, str]:
    parameters = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError("cli.bad_param", text=text)
        parameters[name.strip()] = value.strip()
    return parameters


def _tile_side(text: str) -> int:
    low, high = TILE_SIDES
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"a tile side is a whole number from {low} to {high}, not “{text}”")
    return int(text)


def self_denoise_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Take noise out by a small network that learns on this picture alone what in it is noise. Needs PyTorch: the "
        "Python of the preferences, or the one that runs this, with the train extra. ICC profile, metadata, "
        "transparency and depth are kept."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--minutes", type=float, default=3.0, metavar="M", help="how long it may learn (3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.self_restore_command import self_restore

        return self_restore("denoise", given.source, given.target, given.minutes, commands.printer(given.json))

    return run


def deep_prior_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "The deep image prior: a network that has never seen a picture is fitted to this one until it would learn the "
        "noise. With --mask it fills what is white there and leaves the rest as it is. At most 0.6 megapixels, or a "
        "mask in a larger picture. Needs PyTorch, as self-denoise does."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--mask", type=Path, metavar="PICTURE", help="white: filled, black: left alone")
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="how long it may learn (5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import commands
        from desktop.self_restore_command import self_restore

        kind = "prior" if given.mask is None else "fill"
        tell = commands.printer(given.json)
        return self_restore(kind, given.source, given.target, given.minutes, tell, given.mask)

    return run


def encode_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = (
        "Code a picture into a small file by a learned codec; folders: every picture of one into the other. Only the "
        "model that coded a file can read it again. Alpha and ICC profile are kept, 16 bits become 8."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT.scm", type=Path)
    parser.add_argument(
        "--rate", type=float, default=50.0, metavar="R", help="0: smallest file, 100: best picture (50)"
    )
    parser.add_argument("--model", metavar="ID", help="another codec than the first one installed")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the file")

    def run(given: argparse.Namespace) -> int:
        from desktop import codec_command, commands

        return codec_command.encode(given.source, given.target, given.rate, given.model, commands.printer(given.json))

    return run


def decode_command(parser: argparse.ArgumentParser) -> Run:
    parser.description = "A picture out of a file that `scumble encode` wrote."
    parser.add_argument("source", metavar="IN.scm", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")

    def run(given: argparse.Namespace) -> int:
        from desktop import codec_command, commands

        return codec_command.decode(given.source, given.target, commands.printer(given.json))

    return run


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="id of an installed model (scumble models list)")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="may be given repeatedly")
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON object about what was done")


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """What a model is told beside the picture."""
    parser.add_argument("--mask", type=Path, metavar="PICTURE", help=MASK_HELP)
    parser.add_argument("--style", type=Path, metavar="PICTURE", help="for models that take a style picture")
    parser.add_argument("--image2", type=Path, metavar="PICTURE", help="for models that take two pictures")
    parser.add_argument(
        "--hints", type=Path, metavar="PICTURE", help="for models that colour: dabs of the colours wanted"
    )
    parser.add_argument("--label", metavar="L", help="for models with classes: by name or number")
    parser.add_argument(
        "--point", action="append", default=[], metavar="X,Y,+|-", help="a click inside or outside; may be repeated"
    )
    parser.add_argument("--box", metavar="X1,Y1,X2,Y2", help="for click models: what is meant lies in this box")
    parser.add_argument("--seed", type=int, default=0)
    _add_common(parser)


def input_options(given: argparse.Namespace) -> dict[str, Any]:
    return {
        "model_id": given.model,
        "parameters": parameters_of(given.param),
        "label": given.label,
        "mask": given.mask,
        "style": given.style,
        "image2": given.image2,
        "hints": given.hints,
        "points": points_of(given.point, given.box),
        "seed": given.seed,
        "device": given.device,
    }


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    add_input_options(parser)
    parser.add_argument(
        "--inside",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="with --mask: --param where the mask is white (a second style); --param alone holds where it is black",
    )
    parser.add_argument(
        "--inside-style", type=Path, metavar="PICTURE", help="with --mask: the --style where it is white"
    )
    parser.add_argument("--cutout", action="store_true", help="for models that make a mask: the picture cut out by it")
    parser.add_argument(
        "--background",
        metavar="B",
        help="cut out, and before this: a colour (white, #ffffff), gradient:white,#8090a0 (and ,ANGLE), a picture, "
        "blur or blur:50",
    )
    parser.add_argument("--shadow", action="store_true", help="with --background: the subject throws a soft shadow")
    parser.add_argument(
        "--match-light", action="store_true", help="with --background: the subject stands in the light of what is new"
    )
    parser.add_argument(
        "--best", action="store_true", help="for models that restore or enlarge: the mean of eight runs"
    )
    parser.add_argument("--tile", type=_tile_side, metavar="PIXELS", help="side of the tiles, for models that are cut")


def _run_options(given: argparse.Namespace) -> dict[str, Any]:
    return input_options(given) | {
        "is_cutout": given.cutout,
        "background": given.background,
        "has_shadow": given.shadow,
        "matches_light": given.match_light,
        "tile_side": given.tile,
        "is_best": given.best,
        "inside": parameters_of(given.inside),
        "inside_style": given.inside_style,
    }


def points_of(points: list[str], box: str | None) -> tuple[tuple[float, float, int], ...]:
    """Clicks, and a box as its two corners."""
    found: list[tuple[float, float, int]] = []
    for text in points:
        x, y, sign = _numbers(text, 2)
        if sign not in SIGNS:
            raise UserError("cli.bad_point", text=text)
        found.append((float(x), float(y), SIGNS[sign]))
    if box is not None:
        left, top, right, bottom, rest = _numbers(box, 4)
        if rest:
            raise UserError("cli.bad_point", text=box)
        found += [(float(left), float(top), CORNER), (float(right), float(bottom), OTHER_CORNER)]
    return tuple(found)


def _numbers(text: str, count: int) -> list[str]:
    """`count` numbers as texts, and what follows them, or nothing."""
    fields = [field.strip() for field in text.split(",")]
    try:
        if not all(abs(float(field)) < 1e6 for field in fields[:count]) or not count <= len(fields) <= count + 1:
            raise ValueError
    except ValueError as error:
        raise UserError("cli.bad_point", text=text) from error
    return [*fields, ""][: count + 1]
