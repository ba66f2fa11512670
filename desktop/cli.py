"""The command line: what can be asked for, and how errors are told. The work is done in commands.py.

Exit 0: done. 1: a check found something wrong. 2: a wrong input, one sentence on standard error. 130: Ctrl+C.
"""

from __future__ import annotations

import argparse
import io
import math
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import desktop
from desktop.color_range_command import color_range_command
from desktop.core.errors import UserError
from desktop.filter_commands import filter_command
from desktop.layer_style_command import layer_style_command
from desktop.mend_command import mend_command
from desktop.options import OpenOptions
from desktop.packaging_commands import kernels_command, thumbnail_command
from desktop.picture_arguments import crop_command, extend_command, remove_command, resize_command
from desktop.run_arguments import (
    batch_command,
    decode_command,
    deep_prior_command,
    encode_command,
    generate_command,
    run_command,
    self_denoise_command,
    why_command,
)
from desktop.runtime.runner import DEVICE_CHOICES
from desktop.seamless_command import seamless_command
from desktop.shape_command import shape_command
from desktop.text_commands import text_command

EXIT_WRONG_INPUT = 2
EXIT_INTERRUPTED = 130
SMALLEST_WINDOW, LARGEST_WINDOW = 200, 16384

DESCRIPTION = "Scumble: an image editor in which every neural network is a brush."
COMMANDS_HELP = """\
commands (scumble COMMAND --help tells more):
  run MODEL IN OUT          run a model on a picture
  generate MODEL OUT        invent pictures from a seed, a label or a latent
  batch MODEL IN... --out DIR
                            run a model on many pictures; goes on where it was stopped
  why MODEL IN OUT          which regions of a picture made a model decide
  remove IN OUT --mask M    take an object out: what fits from around it fills the hole
  extend IN OUT --right 25% let a picture grow: what is new is filled from around it
  filter NAME IN OUT        adjust or filter a picture: levels, curves, blurs and some thirty more
  mend IN OUT               scratches and dust of a scanned photograph, found and filled
  seamless IN OUT           a tile that goes on over its own edges
  self-denoise IN OUT       take noise out by a network that learns on this picture (needs PyTorch)
  deep-prior IN OUT         the same by one that never saw a picture; with --mask it fills a hole (needs PyTorch)
  text IN OUT --text T      write on a picture; into .ora as a text layer
  shape IN OUT --kind K     draw a rectangle, ellipse, line, polygon or star; into .ora as a shape layer
  color-range IN OUT        select by colour: a mask for run and remove
  layer-style IN OUT        give a layer a stroke, a shadow or a glow
  resize IN OUT             another size, by width, height or percent
  crop IN OUT               a rectangle of it, straightened or trimmed
  convert IN OUT            any format that it opens to any that it writes
  encode IN OUT.scm         a small file by a learned codec
  decode IN.scm OUT         the picture of such a file
  models list|show|verify   what is installed, in detail, and whether it is intact
  selftest [--window]       run every installed model on its own sample and compare; or try the window
  thumbnail IN OUT.png      a small picture, as file managers show it
  kernels                   compile the painting kernels ahead of the first stroke
"""


class Parser(argparse.ArgumentParser):
    """Tells errors as one sentence, like all errors of the program."""

    def error(self, message: str) -> NoReturn:
        raise UserError("cli.usage", message=message, program=self.prog)


def run_command_line(arguments: list[str]) -> int:
    """Do what the arguments say and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console of few letters must not end a run
    try:
        return _dispatch(arguments)
    except UserError as error:
        print(f"scumble: {error}", file=sys.stderr)
        return EXIT_WRONG_INPUT
    except KeyboardInterrupt:
        print("scumble: cancelled", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = None  # nothing is left to flush at exit
        return 0


def _dispatch(arguments: list[str]) -> int:
    """A first word that names a command is one; everything else opens the editor."""
    if arguments and arguments[0] in COMMANDS:
        parser, run = _command_parser(arguments[0])
        signal.signal(signal.SIGTERM, _interrupt)  # a polite end of a batch system cleans up like Ctrl+C
        return run(parser.parse_args(arguments[1:]))
    return _open(_open_parser().parse_args(arguments))


def _command_parser(name: str) -> tuple[Parser, Callable[[argparse.Namespace], int]]:
    parser = Parser(prog=f"scumble {name}", allow_abbrev=False)
    return parser, COMMANDS[name](parser)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _open_parser() -> Parser:
    parser = Parser(
        prog="scumble",
        usage="scumble [options] [FILES ...]\n       scumble COMMAND ...",
        description=DESCRIPTION,
        epilog=COMMANDS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILES", help="pictures to open")
    parser.add_argument("--screenshot", type=Path, metavar="OUT.png", help="open, save a picture of the window, quit")
    parser.add_argument("--size", type=_window_size, metavar="WxH", help="size of the window")
    parser.add_argument("--theme", choices=["dark", "light"])
    parser.add_argument("--language", metavar="CODE", help="en, zh_CN")
    parser.add_argument("--panel", metavar="NAME", help="panel to bring to the front")
    parser.add_argument("--new-instance", action="store_true", help="a window of its own, even if one is open")
    parser.add_argument("--version", action="version", version=f"scumble {desktop.__version__}")
    return parser


def _open(given: argparse.Namespace) -> int:
    options = OpenOptions(
        files=tuple(given.files),
        screenshot=given.screenshot,
        size=given.size,
        theme=given.theme,
        language=given.language,
        panel=given.panel,
        new_instance=given.new_instance,
    )
    from desktop.app import main  # Qt is loaded only when a window is wanted

    return main(options)


def _convert_command(parser: Parser) -> Callable[[argparse.Namespace], int]:
    from desktop import commands

    parser.description = "Convert a picture; .ora keeps layers."
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path, help="its ending chooses the format")
    parser.add_argument("--json", action="store_true", help="print one JSON object about the picture")
    parser.add_argument("--window", type=float, metavar="W", help="of DICOM: how many values are shown …")
    parser.add_argument("--level", type=float, metavar="L", help="… around which (the file's own window)")

    def run(given: argparse.Namespace) -> int:
        window = _window_of(given.window, given.level)
        return commands.convert(given.source, given.target, commands.printer(given.json), window)

    return run


def _window_of(width: float | None, level: float | None) -> tuple[float, float] | None:
    """Lowest and highest value."""
    if width is None and level is None:
        return None
    if width is None or level is None or not 0 < width < math.inf or not math.isfinite(level):
        raise UserError("cli.bad_window")
    return level - width / 2, level + width / 2


def _models_command(parser: Parser) -> Callable[[argparse.Namespace], int]:
    parser.description = "The installed models. Foreign ONNX files are examined in a process of their own."
    parser.add_argument("action", choices=["list", "show", "verify", "import", "remove"])
    parser.add_argument("model", nargs="?", metavar="MODEL", help="the id of one model; for import: FILE.onnx")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="import: answer a question")
    parser.add_argument("--yes", action="store_true", help="import: take the guesses for all questions")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="import: the picture it is tried on")

    def run(given: argparse.Namespace) -> int:
        if given.model is None and given.action in ("show", "import", "remove"):
            parser.error(f"models {given.action} needs {'a file' if given.action == 'import' else 'the id of a model'}")
        return _MODEL_ACTIONS[given.action](given)

    return run


def _list_models(given: argparse.Namespace) -> int:
    from desktop import commands

    return commands.list_models(commands.printer(given.json))


def _show_model(given: argparse.Namespace) -> int:
    from desktop import commands

    return commands.show_model(given.model, commands.printer(given.json))


def _verify_models(given: argparse.Namespace) -> int:
    from desktop import commands

    return commands.verify_models(given.model, commands.printer(given.json))


def _import_model(given: argparse.Namespace) -> int:
    from desktop import commands, import_commands

    order = import_commands.ImportOrder(Path(given.model), _settings(given.set), given.yes, given.picture)
    return import_commands.import_model(order, commands.printer(given.json))


def _remove_model(given: argparse.Namespace) -> int:
    from desktop import commands, import_commands

    return import_commands.remove_model(given.model, commands.printer(given.json))


_MODEL_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list_models,
    "show": _show_model,
    "verify": _verify_models,
    "import": _import_model,
    "remove": _remove_model,
}


def _selftest_command(parser: Parser) -> Callable[[argparse.Namespace], int]:
    from desktop import commands

    parser.description = "Run every installed model on its golden sample and compare with what training computed."
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto")
    parser.add_argument("--window", action="store_true", help="try the window instead: open, paint, run, save, reopen")
    parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(given: argparse.Namespace) -> int:
        tell = commands.printer(given.json)
        return commands.selftest_window(tell) if given.window else commands.selftest(given.device, tell)

    return run


COMMANDS: dict[str, Callable[[Parser], Callable[[argparse.Namespace], int]]] = {
    "run": run_command,
    "generate": generate_command,
    "batch": batch_command,
    "convert": _convert_command,
    "encode": encode_command,
    "decode": decode_command,
    "why": why_command,
    "remove": remove_command,
    "extend": extend_command,
    "resize": resize_command,
    "crop": crop_command,
    "filter": filter_command,
    "self-denoise": self_denoise_command,
    "deep-prior": deep_prior_command,
    "mend": mend_command,
    "seamless": seamless_command,
    "text": text_command,
    "shape": shape_command,
    "color-range": color_range_command,
    "layer-style": layer_style_command,
    "models": _models_command,
    "selftest": _selftest_command,
    "thumbnail": thumbnail_command,
    "kernels": kernels_command,
}


def _settings(given: list[str]) -> dict[str, str]:
    settings = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UserError("cli.bad_set", text=text)
        settings[key.strip()] = value.strip()
    return settings


def _window_size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError("a size looks like 1280x800")
    size = (int(width), int(height))
    if not all(SMALLEST_WINDOW <= side <= LARGEST_WINDOW for side in size):
        raise argparse.ArgumentTypeError(f"sides must be {SMALLEST_WINDOW} to {LARGEST_WINDOW}")
    return size
