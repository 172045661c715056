"""Units, and quantities kept as log10 so that no multiplier can overflow.

Units are parsed by pint. Beside the SI there are dimensions of their own for what must never be
mixed up: operations, processors, money, tokens, sites, emissions, orders of magnitude, and the
growth *factor* ("4.5-fold a year"), which is not a growth *rate* ("40% a year").
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

DEFINITIONS = (
    "milli- = 1e-3 = m-",
    "kilo- = 1e3 = k-",
    "mega- = 1e6 = M-",
    "giga- = 1e9 = G-",
    "tera- = 1e12 = T-",
    "peta- = 1e15 = P-",
    "exa- = 1e18 = E-",
    "second = [time] = s",
    "minute = 60 * second = min",
    "hour = 60 * minute = h",
    "day = 24 * hour = d",
    "week = 7 * day",
    "year = 365.25 * day = a",
    "month = year / 12",
    "meter = [length] = m",
    "liter = 1e-3 * meter**3 = L = l",
    "gram = [mass] = g",
    "joule = 1e3 * gram * meter**2 / second**2 = J",
    "watt = joule / second = W",
    "watt_hour = watt * hour = Wh",
    "bit = [information]",
    "FLOP = [operation]",
    "GPU = [processor]",
    "USD = [money]",
    "token = [token]",
    "datacentre = [site]",
    "tCO2e = [emission]",
    "OOM = [order_of_magnitude]",
    "fold = [growth_factor]",
)
"""All units there are: reading pint's own thousand would take longer than an answer."""


NAME = r"[A-Za-z][A-Za-z0-9_]*(\*\*[1-9])?"
UNIT = re.compile(rf"(1|{NAME}(\*{NAME})*)(/({NAME}|\({NAME}(\*{NAME})*\)))*")
"""Names, products, quotients and one-digit powers; pint's own grammar would also do sums."""


@functools.cache
def registry() -> Any:
    """The one pint registry; quantities of two registries cannot be combined."""
    import pint

    units = pint.UnitRegistry(None)
    for line in DEFINITIONS:
        units.define(line)
    return units


@functools.cache
def parse(unit: str) -> Any:
    """`unit` as a pint unit.

    Raises:
        ValueError: not a unit; the message says so in one line.

    >>> str(parse("USD/(GPU*hour)"))
    'USD / GPU / hour'
    """
    import pint

    expected = "expected a unit such as 'TWh', 'USD/(GPU*hour)' or 'dimensionless'"
    if not UNIT.fullmatch(unit):
        raise ValueError(expected)
    try:
        return registry().parse_units(unit)
    except (pint.errors.PintError, pint.errors.PintTypeError) as error:
        raise ValueError(f"{expected} ({error})") from None


@functools.cache
def compatible(unit: str, other: str) -> bool:
    """Whether two units measure the same dimension."""
    return parse(unit).dimensionality == parse(other).dimensionality


def log10_factor(source: Any, target: Any) -> float:
    """log10 of how many `target` one `source` is.

    Raises:
        pint.DimensionalityError: the two measure different things.
    """
    return math.log10(registry().convert(1.0, source, target))


@dataclass(frozen=True)
class Log10Quantity:
    """A positive quantity: `log10` (float, array or labelled draws) of its magnitude in `unit`.

    Products add logs and multiply units; sums and conversions raise `pint.DimensionalityError`
    where the dimensions differ. A plain number has to be given a unit first: there is no
    arithmetic with bare floats.
    """

    log10: Any
    unit: Any

    def __mul__(self, other: Log10Quantity) -> Log10Quantity:
        return Log10Quantity(self.log10 + other.log10, self.unit * other.unit)

    def __truediv__(self, other: Log10Quantity) -> Log10Quantity:
        return Log10Quantity(self.log10 - other.log10, self.unit / other.unit)

    def __add__(self, other: Log10Quantity) -> Log10Quantity:
        return Log10Quantity(log10_sum(self.log10, other.to(self.unit).log10), self.unit)

    def times(self, log10_factor: Any) -> Log10Quantity:
        """The same quantity multiplied by a dimensionless 10^log10_factor."""
        return Log10Quantity(self.log10 + log10_factor, self.unit)

    def to(self, unit: Any) -> Log10Quantity:
        """The same quantity in another unit of the same dimension."""
        target = parse(unit) if isinstance(unit, str) else unit
        shift = log10_factor(self.unit, target)
        return Log10Quantity(self.log10 + shift if shift else self.log10, target)


def quantity(value: Any, unit: str) -> Log10Quantity:
    """Positive magnitudes `value` in `unit`; zero becomes log10 = -inf.

    Raises:
        ValueError: a negative or NaN magnitude.
    """
    low = np.min(np.asarray(value))
    if not low >= 0:
        raise ValueError(f"{low} {unit} has no logarithm; expected a positive quantity")
    with np.errstate(divide="ignore"):
        return Log10Quantity(np.log10(value), parse(unit))


def log10_sum(first: Any, second: Any) -> Any:
    """log10(10^first + 10^second), without ever forming the powers; infinities stay in place."""
    return np.logaddexp(first * math.log(10), second * math.log(10)) / math.log(10)


def log10_minus_one(log10: Any) -> Any:
    """log10(10^log10 - 1): what a multiplier adds; -inf where it adds nothing (log10 <= 0)."""
    added = -np.expm1(-np.maximum(log10, 0.0) * math.log(10))
    with np.errstate(divide="ignore"):
        return log10 + np.log10(added)
