"""Quantities by name: looked up, given their arguments, and put into tables."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.quantity import Quantity, conversion
from tenfold.answers.question import NUMBERS, Asked, Question
from tenfold.answers.rows import Rows
from tenfold.files import SpecError, did_you_mean

Name = str | tuple[str, Mapping[str, Any]]
"""A quantity of a table: its name, and arguments that differ from the question's."""

__all__ = ["Name", "conversion", "draws_of", "named", "question", "table"]


def named(name: str) -> Quantity:
    """The quantity `name`.

    Raises:
        SpecError: there is none; with the nearest known name.
    """
    if name not in QUANTITIES:
        raise SpecError(f"unknown quantity {name!r}{did_you_mean(name, sorted(QUANTITIES))}")
    return QUANTITIES[name]


def question(name: str, given: Mapping[str, Any], base: Question | None = None) -> Question:
    """`base` with the arguments `given` to quantity `name`.

    Raises:
        SpecError: unknown quantity; an argument that it does not take, or of the wrong type.
    """
    taken = named(name).arguments
    for key, value in given.items():
        if key not in taken:
            takes = f"{name!r} takes {', '.join(taken) or 'no arguments'}"
            raise SpecError(f"{key}: unknown{did_you_mean(key, list(taken))}; {takes}")
        if isinstance(value, str) is (key in NUMBERS):
            expected = "number" if key in NUMBERS else "text"
            raise SpecError(f"{key}: got {value!r}; expected a {expected}")
    return replace(base or Question(), **given)


def draws_of(name: str, asked: Asked) -> xr.DataArray:
    """Labelled draws of a quantity; errors as `named` and `Quantity.draws`."""
    return named(name).draws(asked)


def table(asked: Asked, names: Iterable[Name]) -> Rows:
    """`mixture.table` of quantities by name; those that the run does not tell are left out.

    Rows carry `quantity` and `arguments` (as stated), by which the same number can be asked for,
    and where the essay has a value `essay` (in the unit) and `essay_percentile`: P(at most that).
    """
    labelled: dict[Hashable, xr.DataArray] = {"weight": asked.draws["weight"]}
    extra: dict[str, dict[str, Any]] = {}
    for item in names:
        name, given = (item, {}) if isinstance(item, str) else item
        entry = named(name)
        own = asked.but(**given) if given else asked
        values = entry.compute(own)
        if values is None:
            continue
        labelled[name] = entry.labelled(values, own)
        extra[name] = {"quantity": name, "arguments": entry.stated(own.question)}
        essay = entry.essay(own.question)
        if essay is not None:
            at = np.log10(essay) if entry.scale == "log10" else essay
            below, _ = mixture.probability(labelled[name] <= at, asked.draws["weight"])
            extra[name] |= {"essay": essay, "essay_percentile": below}
    rows = {name: row | extra[name] for name, row in mixture.table(labelled).items()}
    return cast("Rows", rows)


def listing(asked: Asked) -> list[dict[str, Any]]:
    """Every quantity with its row at the question's arguments, in the registry's order.

    Keys: `name`, `title`, `unit`, `kind`, `level`, `arguments`, `essay`; and `row`, of `table`, or
    None with the reason `why`: an argument is needed, or the run does not tell the quantity.
    """
    listed = []
    for name, entry in QUANTITIES.items():
        row, why = None, ""
        try:
            entry.draws(asked)
            row = table(asked, [name])[name]
        except SpecError as error:
            why = str(error)
        listed.append(
            {
                "name": name,
                "title": entry.titled(asked),
                "unit": entry.unit,
                "kind": entry.kind,
                "level": entry.at_level(asked.question),
                "arguments": list(entry.arguments),
                "essay": entry.essay(asked.question),
                "row": row,
                "why": why,
            }
        )
    return listed
