"""Parameters of a request against the manifest: complete, of the right type, within their range."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.core.errors import UserError
from desktop.runtime.manifest import Manifest, Param
from desktop.runtime.runner import ParameterValue
from desktop.runtime.wording import check_words


def complete_parameters(manifest: Manifest, given: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """All parameters of the model: those given, checked, and the defaults of the others."""
    known = [param.id for param in manifest.params]
    for name in given:
        if name in known:
            continue
        if not known:
            raise UserError("param.unknown_none", model_id=manifest.id, name=name)
        raise UserError("param.unknown", model_id=manifest.id, name=name, known=", ".join(known))
    return {param.id: check_parameter(param, given.get(param.id, param.default)) for param in manifest.params}


def check_parameter(param: Param, value: ParameterValue) -> ParameterValue:
    """The value in the parameter's own type. Text from a command line is understood; out of range is refused."""
    if param.type == "choice":
        return _check_choice(param, value, param.choices)
    if param.type == "bool":
        return _check_choice(param, str(value).lower(), ["true", "false"]) == "true"
    if param.type == "text":
        return check_words(param.id, str(value), param.words)
    number = _as_number(param, value)
    assert param.min is not None
    assert param.max is not None
    if not param.min <= number <= param.max:  # also false for NaN
        raise UserError("param.out_of_range", name=param.id, value=value, **_limits(param))
    if param.type == "float":
        return number
    if not number.is_integer():
        raise UserError("param.not_whole", name=param.id, value=value, **_limits(param))
    return int(number)


def scalar_for(param: Param, value: ParameterValue, onto: tuple[float, float] | None) -> float:
    """The number the network is fed: min..max mapped linearly onto `onto`; choices count from 0."""
    if param.type == "choice":
        return float(param.choices.index(str(value)))
    number = float(value)
    if onto is None or param.min is None or param.max is None:
        return number
    return onto[0] + (number - param.min) / (param.max - param.min) * (onto[1] - onto[0])


def _check_choice(param: Param, value: ParameterValue, choices: list[str]) -> str:
    if str(value) not in choices:
        raise UserError("param.not_a_choice", name=param.id, value=value, known=", ".join(choices))
    return str(value)


def _as_number(param: Param, value: ParameterValue) -> float:
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except ValueError as error:
        raise UserError("param.not_a_number", name=param.id, value=value, **_limits(param)) from error


def _limits(param: Param) -> dict[str, str]:
    return {"minimum": f"{param.min:g}", "maximum": f"{param.max:g}"}
