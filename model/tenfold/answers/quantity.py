"""What a quantity is: a name, a title, a unit, arguments, and a function from draws to draws.

Quantities of kind "amount" and "multiplier" are positive and kept as log10 of their value in the
unit, so that none of them can overflow; "never" is +inf in all kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from tenfold import units
from tenfold.answers import jump
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.mixture import label

Kind = Literal[
    "ooms", "ratio", "score", "share", "slope", "duration", "amount", "multiplier", "date"
]
SCALES = {
    "amount": "log10",
    "multiplier": "log10",
    "date": "calendar",
    "score": "share",
    "share": "share",
}
"""How the draws of a kind are kept and read; the others are linear. A date is a decimal year."""

WAYS = {"rl": "RL", "inference": "inference"}
"""Names of the regimes in titles."""


class Untold(SpecError):
    """The run or the baseline that was asked does not tell a quantity; another one may."""


@dataclass(frozen=True)
class Quantity:
    """A quantity that can be asked for.

    title, essay_value: as they are, or by what was asked. unit: for pint. level: "typical" (means
    of all populations, unless the question names a place), "next" (technique or GPT level), "" (no
    population). arguments: fields of `Question` that it depends on. essay_value:
    what the essay says, in `unit`. compute: draws, or None where the run or the baseline does not
    tell the quantity. rests_on: what else it comes from than the run, the baseline and constants.
    """

    name: str
    title: str | Callable[[Asked], str]
    unit: str
    kind: Kind
    level: str
    arguments: tuple[str, ...]
    compute: Callable[[Asked], xr.DataArray | None]
    essay_value: float | Callable[[Question], float | None] | None = None
    rests_on: Callable[[Asked], str] | None = None

    @property
    def scale(self) -> str:
        """ "linear", "log10" or "calendar": how the draws are kept."""
        return SCALES.get(self.kind, "linear")

    def titled(self, asked: Asked) -> str:
        """Title for these arguments; says where a benchmark has no series of a regime."""
        title = self.title if isinstance(self.title, str) else self.title(asked)
        lacking = without_series(asked) if "benchmark" in self.arguments else []
        return f"{title} (no {' or '.join(lacking)} series)" if lacking else title

    def at_level(self, question: Question) -> str:
        """`level`, or the place that the question names."""
        place = question.benchmark if "benchmark" in self.arguments else None
        if place in (None, jump.POPULATION):
            return self.level
        return place if place in (jump.NEW_BENCHMARK, jump.NEW_MODEL) else "benchmark"

    def essay(self, question: Question) -> float | None:
        """The essay's value for these arguments, in `unit`."""
        value = self.essay_value
        return value(question) if callable(value) else value

    def draws(self, asked: Asked) -> xr.DataArray:
        """Labelled draws with dims `form, chain, draw`.

        Raises:
            SpecError: the run or the baseline does not tell it; bad arguments.
        """
        key = (self.name, asked.question)
        if key not in asked.known:
            # a run's draws have the same labels: to look for those in common takes long
            with xr.set_options(arithmetic_join="exact"):
                asked.known[key] = self.compute(asked)
        found = asked.known[key]
        if found is None:
            raise Untold(
                f"{self.name}: not known of baseline {asked.question.baseline!r} and this run"
            )
        return self.labelled(found, asked)

    def labelled(self, values: xr.DataArray, asked: Asked) -> xr.DataArray:
        """What `compute` found, with title, unit and scale."""
        return label(values, self.titled(asked), self.unit, self.scale)

    def log10(self, asked: Asked, unit: str) -> xr.DataArray:
        """log10 draws in another unit; -inf at or below zero.

        Raises:
            SpecError: a unit of another dimension; as `draws`.
        """
        values = self.draws(asked)
        if self.scale != "log10":
            with np.errstate(divide="ignore"):
                values = xr.ufuncs.log10(values.clip(min=0.0))
        return values + conversion(self, unit)

    def stated(self, question: Question) -> dict[str, Any]:
        """Those of its arguments that the question states, the others being the defaults."""
        default = Question()
        given = {name: getattr(question, name) for name in self.arguments}
        return {name: value for name, value in given.items() if value != getattr(default, name)}


def conversion(quantity: Quantity, unit: str) -> float:
    """log10 of how many `unit` one unit of the quantity is.

    Raises:
        SpecError: not a unit, or one of another dimension.
    """
    try:
        fits = units.compatible(quantity.unit, unit)
    except ValueError as error:
        raise SpecError(f"unit {unit!r}: {error}") from None
    if not fits:
        raise SpecError(f"unit {unit!r}: {quantity.name} is in {quantity.unit}")
    return units.log10_factor(units.parse(quantity.unit), units.parse(unit))


def without_series(asked: Asked) -> list[str]:
    """Regimes in which the question's benchmark has no series: the hierarchy predicts its slope."""
    place = asked.question.benchmark
    if place not in asked.draws["benchmark"].values:
        return []
    counts = asked.draws["series_count"].sel(benchmark=place)
    return [
        WAYS[str(regime)] for regime in counts["regime"].values if counts.sel(regime=regime) == 0
    ]
