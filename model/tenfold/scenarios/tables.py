"""What a user says on the command line (`--set NAME=1,1.2,1.5`) as tables of a scenario.

Nothing is evaluated: a name is looked up among what a scenario may change, a value is one number or
three (5%, 50%, 95%), with a unit where the name has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tenfold import units
from tenfold.answers.constants import BASELINE_UNITS, Constants
from tenfold.curves import FORMS
from tenfold.evidence.dataset import POINT_KEYS, TABLE_KEYS
from tenfold.files import Mistakes, SpecError, did_you_mean, shown
from tenfold.posterior.scenario import (
    HYPERPARAMETERS,
    ModelChoice,
    Prior,
    Settings,
)
from tenfold.scenarios.stated import UNITS, VALUES

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
NUMBERS = re.compile(rf"\s*({NUMBER}(?:\s*,\s*{NUMBER})*)\s*(.*)")
SWITCHES = {
    "model": sorted(set(ModelChoice.model_fields) - {"forms"}),
    "points": ["outliers", "reading_error_scale", "shuffle_families"],
    "settings": list(Settings.model_fields),
}
"""Tables of a scenario whose entries `--set` may change by one word or number."""

Tables = dict[str, Any]


def tables(
    sets: Iterable[str],
    drops: Iterable[str],
    onlys: Iterable[str],
    forms: Iterable[str],
    constants: Constants,
    priors: Mapping[str, Prior],
) -> Tables:
    """Tables of a scenario that say the same.

    Args:
        sets: texts such as "inference_per_training=1,1.2,1.5".
        drops, onlys: texts such as "source=tan2025".

    Raises:
        SpecError: every mistake, a line each.
    """
    found: Tables = {}
    mistakes = Mistakes()
    for text in sets:
        with mistakes.gather():
            _merge(found, _set(text, constants, priors), f"--set {text}")
    for option, word, texts in (("--drop", "exclude", drops), ("--only", "include", onlys)):
        for text in texts:
            with mistakes.gather():
                key, pattern = _filter(option, text)
                chosen = found.setdefault("points", {}).setdefault(word, {})
                chosen.setdefault(key, []).append(pattern)
    chosen = list(dict.fromkeys(forms))
    for form in chosen:
        if form not in FORMS:
            mistakes.lines.append(f"--form {form}: unknown{did_you_mean(form, list(FORMS))}")
    if chosen:
        found.setdefault("model", {})["forms"] = chosen
    mistakes.tell()
    return found


def numbers(text: str, unit: str | None, where: str) -> list[float]:
    """One number or three ascending ones, converted to `unit` where the text names another.

    Raises:
        SpecError: not that; a unit of another dimension; quantiles out of order.
    """
    match = NUMBERS.fullmatch(text)
    if not match:
        raise SpecError(f"{where}: got {shown(text)}; expected a number, or p05,p50,p95")
    values = [float(part) for part in match[1].split(",")]
    if len(values) not in (1, 3):
        raise SpecError(f"{where}: got {len(values)} numbers; expected one, or p05,p50,p95")
    if values != sorted(values):
        raise SpecError(f"{where}: quantiles out of order; expected p05 <= p50 <= p95")
    other = match[2].strip()
    if not other:
        return values
    if unit is None:
        raise SpecError(f"{where}: got unit {other!r}; expected a bare number")
    try:
        fits = units.compatible(unit, other)
    except ValueError as error:
        raise SpecError(f"{where}: {error}") from None
    if not fits:
        raise SpecError(f"{where}: got unit {other!r}; expected one such as {unit}")
    factor = 10 ** units.log10_factor(units.parse(other), units.parse(unit))
    return [value * factor for value in values]


def amount(values: list[float]) -> dict[str, float]:
    """One number or three as a scenario has them."""
    low, central, high = values if len(values) == 3 else values * 3
    return {"low": low, "central": central, "high": high}


def _set(text: str, constants: Constants, priors: Mapping[str, Prior]) -> Tables:
    name, equals, value = (part.strip() for part in text.partition("="))
    where = f"--set {name}"
    if not (equals and name and value):
        raise SpecError(f"--set {text}: expected NAME=VALUE, such as inference_per_training=1.2")
    kind, _, rest = name.partition(".")
    if kind in ("baseline", "baselines"):
        return _baseline(rest, value, where, constants)
    if kind in SWITCHES and rest:
        return _switch(kind, rest, value, where)
    if kind in ("constant", "constants"):
        return _constant(rest, value, where, constants)
    if kind in ("value", "values"):
        return _value(rest, value, where)
    if kind in ("prior", "priors"):
        return _prior(rest, value, where, priors)
    if name == "fixed_tokens":
        return {"fixed_tokens": _word(value)}
    if name in VALUES:
        return _value(name, value, where)
    if name in constants.constant:
        return _constant(name, value, where, constants)
    if kind in priors:
        return _prior(name, value, where, priors)
    raise SpecError(f"{where}: unknown{_known(name, constants, priors)}")


def _known(name: str, constants: Constants, priors: Mapping[str, Prior]) -> str:
    """What to say of a name that nothing has: a quantity that follows from others is told so."""
    from tenfold.answers.quantities import QUANTITIES

    if name in QUANTITIES:
        return (
            f": {name} is an answer; set what it comes from ({', '.join(VALUES)}, a constant, "
            "baseline.NAME.FIELD or a prior)"
        )
    names = [*VALUES, "fixed_tokens", *(n for n, c in constants.constant.items() if not c.context)]
    names += [f"baseline.{run}.{field}" for run in constants.baseline for field in BASELINE_UNITS]
    names += [*priors, *(f"{kind}.{key}" for kind, keys in SWITCHES.items() for key in keys)]
    hint = did_you_mean(name, names)
    if not hint.startswith("; did"):
        hint = (
            f"; known: {', '.join(VALUES)}, constants, baseline.NAME.FIELD, priors.NAME, "
            "model.NAME, points.NAME"
        )
    return hint


def _value(name: str, value: str, where: str) -> Tables:
    if name not in VALUES:
        raise SpecError(f"{where}: unknown value{did_you_mean(name, list(VALUES))}")
    return {"values": {name: amount(numbers(value, UNITS[name], where))}}


def _constant(name: str, value: str, where: str, constants: Constants) -> Tables:
    if name not in constants.constant:
        known = [n for n, c in constants.constant.items() if not c.context]
        raise SpecError(f"{where}: unknown constant{did_you_mean(name, known)}")
    unit = constants.constant[name].unit
    return {"constants": {name: amount(numbers(value, unit, where))}}


def _baseline(rest: str, value: str, where: str, constants: Constants) -> Tables:
    run, _, field = rest.rpartition(".")
    if run not in constants.baseline:
        raise SpecError(f"{where}: no baseline {run!r}{did_you_mean(run, [*constants.baseline])}")
    if field not in BASELINE_UNITS:
        raise SpecError(f"{where}: no field {field!r}{did_you_mean(field, [*BASELINE_UNITS])}")
    return {"baselines": {run: {field: amount(numbers(value, BASELINE_UNITS[field], where))}}}


def _prior(rest: str, value: str, where: str, priors: Mapping[str, Prior]) -> Tables:
    name, _, hyper = rest.partition(".")
    if name not in priors:
        raise SpecError(f"{where}: unknown parameter{did_you_mean(name, [*priors])}")
    base = priors[name].model_dump(exclude_none=True) | {"reason": "set by the user"}
    needed = HYPERPARAMETERS[priors[name].family]
    if hyper:
        if hyper not in (*needed, "shift") or not set(needed) <= set(base):
            known = did_you_mean(hyper, [*needed, "shift"])
            raise SpecError(f"{where}: {priors[name].family} has no {hyper!r}{known}")
        return {"priors": {name: base | {hyper: numbers(value, None, where)[0]}}}
    found = numbers(value, None, where)
    if len(found) != 3:
        raise SpecError(
            f"{where}: got one number; expected p05,p50,p95 of the prior, or "
            f"priors.{name}.{needed[0]}={value}"
        )
    kept = {key: text for key, text in base.items() if key not in needed}
    return {"priors": {name: kept | dict(zip(("p05", "p50", "p95"), found, strict=True))}}


def _switch(kind: str, key: str, value: str, where: str) -> Tables:
    if key not in SWITCHES[kind]:
        raise SpecError(f"{where}: unknown{did_you_mean(key, SWITCHES[kind])}")
    return {kind: {key: _word(value)}}


def _word(value: str) -> bool | float | int | str:
    """A switch, a number, or a word as it is."""
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if re.fullmatch(r"[+-]?\d+", value):
        return int(value)
    return float(value) if re.fullmatch(NUMBER, value) else value


def _filter(option: str, text: str) -> tuple[str, str]:
    key, equals, pattern = (part.strip() for part in text.partition("="))
    keys = [*POINT_KEYS, *TABLE_KEYS]
    if not (equals and pattern):
        raise SpecError(f"{option} {text}: expected KEY=PATTERN, such as source=tan2025")
    if key not in keys:
        raise SpecError(f"{option} {text}: unknown key {key!r}{did_you_mean(key, keys)}")
    return key, pattern


def _merge(base: Tables, more: Tables, where: str) -> None:
    """`more` put into `base`; the same entry twice is a mistake."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            if "central" in value or "family" in value:
                raise SpecError(f"{where}: set twice")
            _merge(base[key], value, where)
        elif key in base:
            raise SpecError(f"{where}: set twice")
        else:
            base[key] = value
