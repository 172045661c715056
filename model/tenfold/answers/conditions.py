"""Thresholds and conditions as people write them: parsed, never evaluated.

A condition is comparisons joined by "and"; a comparison is a quantity, perhaps with arguments in
brackets, one of < <= > >=, and a value with its unit or another quantity:

    exchange_rate > 2 and rl_jump_ooms(benchmark="GPQA Diamond", start=0.5) < never
"""

from __future__ import annotations

import datetime
import decimal
import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from tenfold.answers import registry
from tenfold.answers.quantity import Quantity, conversion
from tenfold.answers.question import Asked, decimal_year
from tenfold.evidence import numbers
from tenfold.files import SpecError

COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
NAMED = r"([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?"
COMPARISON = re.compile(rf"\s*{NAMED}\s*(<=|>=|<|>)\s*(\S.*?)\s*")
ARGUMENT = re.compile(r"\s*(\w+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^,\"']+?)\s*(?:,|$)")
LARGE = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
VALUE = re.compile(
    r"(?P<dollars>(?:US)?\$\s*)?(?P<number>[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?)"
    rf"\s*(?P<large>(?:{'|'.join(LARGE)})\b)?\s*(?P<unit>\S.*)?"
)
RAISED = re.compile(r"(?:(?<=\d)\s*[×x]\s*)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
"""A power of ten as answers print it: 5×10¹²."""
RAISED_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
WIDE = decimal.Context(Emax=decimal.MAX_EMAX)
"""For "1e999999 trillion", which the usual context has no room for."""
NEVER = "never"


@dataclass(frozen=True)
class Comparison:
    """`quantity` with arguments `given`, against `value` (as its draws are kept) or `other`."""

    quantity: str
    given: Mapping[str, Any]
    sign: str
    value: float = math.nan
    other: tuple[str, Mapping[str, Any]] | None = None

    def holds(self, asked: Asked) -> xr.DataArray:
        """Draws in which it holds.

        Raises:
            SpecError: an argument that the quantity does not take; as `Quantity.draws`; two
                quantities of different dimensions.
        """
        entry, values = _draws(self.quantity, self.given, asked)
        if self.other is None:
            return COMPARE[self.sign](values, self.value)
        second, others = _draws(*self.other, asked)
        if entry.scale != second.scale:
            raise SpecError(f"{entry.name} cannot be compared with {second.name}")
        shift = conversion(second, entry.unit)
        if entry.scale != "log10":
            return COMPARE[self.sign](values, others * 10**shift)
        return COMPARE[self.sign](values, others + shift)


@dataclass(frozen=True)
class Threshold:
    """A range of a quantity whose probability is asked for, on the scale of its draws.

    relation: "over" `low`, "under" or "by" `high` (all exclusive), "between" both (inclusive).
    """

    relation: str
    low: float = -math.inf
    high: float = math.inf

    def event(self, values: xr.DataArray) -> xr.DataArray:
        """Draws inside; "never" is over everything and under nothing."""
        if self.relation == "between":
            return (values >= self.low) & (values <= self.high)
        return values > self.low if self.relation == "over" else values < self.high


def threshold(entry: Quantity, relation: str, *texts: str) -> Threshold:
    """`over`, `under`, `between` (two texts), or `by` a date: by the end of that day or year.

    Raises:
        SpecError: as `value`; `by` of what is no date.
    """
    if relation == "by":
        if entry.kind != "date":
            raise SpecError(f"by {texts[0]!r}: {entry.name} is no date; use over, under or between")
        return Threshold(relation, high=end_of(texts[0]))
    found = [value(entry, text) for text in texts]
    if relation == "between":
        return Threshold(relation, min(found), max(found))
    if relation == "over":
        return Threshold(relation, low=found[0])
    return Threshold(relation, high=found[0])


def end_of(text: str) -> float:
    """The end of a day or a year, as a decimal year."""
    start = decimal_year(text)
    if "-" not in text:
        return math.floor(start) + 1.0
    year = math.floor(start)
    days = (datetime.date(year + 1, 1, 1) - datetime.date(year, 1, 1)).days
    return start + 1 / days


def conditions(text: str) -> tuple[Comparison, ...]:
    """Comparisons joined by "and".

    Raises:
        SpecError: one line with what was not understood.
    """
    return tuple(_comparison(part) for part in re.split(r"\s+and(?:\s+|$)", text.strip()))


def called(text: str) -> tuple[str, dict[str, Any]]:
    """A quantity and its arguments, from `name` or `name(start=0.2, benchmark="GPQA Diamond")`.

    Raises:
        SpecError: not of that form; an unknown quantity; an argument that it does not take.
    """
    found = re.fullmatch(rf"\s*{NAMED}\s*", text)
    if not found:
        raise SpecError(f"{text!r}: expected a quantity such as rl_jump_ooms(start=0.2)")
    given = _arguments(found[2] or "")
    registry.question(found[1], given)
    return found[1], given


def holds(found: tuple[Comparison, ...], asked: Asked) -> xr.DataArray:
    """Draws in which every comparison holds, with all dims of the sample."""
    event = xr.ones_like(asked.like, dtype=bool)
    for each in found:
        event = event & each.holds(asked)
    return event.transpose(*asked.like.dims)


def value(entry: Quantity, text: str) -> float:
    """A value of a quantity, on the scale on which its draws are kept.

    With a unit of the quantity's dimension, or none for its own; "80%"; "1e6x" for a multiplier or
    OOMs; "$10 trillion" and "5×10¹²" as answers print them; a date for a date; "never" for +inf.

    Raises:
        SpecError: not a value of this quantity.
    """
    if text.strip() == NEVER:
        return math.inf
    if entry.kind == "date":
        return decimal_year(text.strip())
    found = VALUE.fullmatch(RAISED.sub(_exponent, text.strip()))
    if not found:
        raise SpecError(f"{text!r}: expected a value of {entry.name} in {entry.unit}")
    if "," in found["number"]:
        try:
            numbers.read(found["number"])
        except ValueError as error:
            raise SpecError(f"{text!r}: {error}") from None
    number, unit = decimal.Decimal(found["number"].replace(",", "")), found["unit"] or ""
    number = WIDE.scaleb(number, LARGE.get(found["large"], 0))
    unit = f"USD{unit}" if found["dollars"] else unit
    if unit == "%":
        number, unit = number / 100, "dimensionless"
    if unit == "x" and entry.kind in ("ooms", "multiplier"):
        if number <= 0:
            raise SpecError(f"{text!r}: expected a positive multiple")
        return float(number.log10())
    shift = conversion(entry, unit) if unit else 0.0
    if entry.scale != "log10":
        return float(number) / 10**shift
    if number < 0:
        raise SpecError(f"{text!r}: {entry.name} is positive")
    return float(number.log10()) - shift if number else -math.inf


def _exponent(raised: re.Match[str]) -> str:
    power = raised[1].translate(RAISED_DIGITS)
    return f"e{power}" if raised[0][0] != "1" else f"1e{power}"


def _comparison(text: str) -> Comparison:
    found = COMPARISON.fullmatch(text)
    if not found:
        raise SpecError(f"condition {text!r}: expected a comparison such as 'exchange_rate > 2'")
    name, arguments, sign, right = found.groups()
    entry, given = registry.named(name), _arguments(arguments or "")
    other = re.fullmatch(NAMED, right)
    if other and other[1] != NEVER:
        registry.named(other[1])
        return Comparison(name, given, sign, other=(other[1], _arguments(other[2] or "")))
    return Comparison(name, given, sign, value(entry, right))


def _arguments(text: str) -> dict[str, Any]:
    """`start=0.2, benchmark="GPQA Diamond"` as a dictionary."""
    given: dict[str, Any] = {}
    place = 0
    while place < len(text.rstrip()):
        found = ARGUMENT.match(text, place)
        if not found:
            raise SpecError(f"arguments {text!r}: expected such as start=0.2, regime=rl")
        given[found[1]] = argument(found[1], found[2].strip("\"'"))
        place = found.end()
    return given


def argument(name: str, text: str) -> Any:
    """An argument of a quantity from its text.

    Raises:
        SpecError: not a number, or not a date, where one is expected.
    """
    if name == "date":
        return decimal_year(text)
    if name not in registry.NUMBERS:
        return text
    try:
        return float(text)
    except ValueError:
        raise SpecError(f"{name}: got {text!r}; expected a number") from None


def _draws(name: str, given: Mapping[str, Any], asked: Asked) -> tuple[Quantity, xr.DataArray]:
    entry = registry.named(name)
    own = registry.question(name, given, asked.question)
    return entry, entry.draws(asked.but(**vars(own)))
