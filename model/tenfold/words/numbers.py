"""Numbers as people read them: every format of a number, once.

A `row` is one of `mixture.table`: quantiles with title, unit and scale. A number has two
significant digits, or fewer where its Monte Carlo error (`mcse`, on the scale of the number) would
move the last one; where it would move even a single digit by more than one, 1, 2 or 5.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Row = Mapping[str, Any]

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "\N{MINUS SIGN}"

MOVES = 4.0
"""A last digit stands for at least so many Monte Carlo errors: it then moves by one at most."""

VAGUE = 0.25
"""Relative Monte Carlo error from which on only the power of ten is told."""

POWER_ONLY = 50
"""From 10^50 on only the power is told: a mantissa would pretend to what no estimate has."""

DIGITS = 2
"""Significant digits of a number, at most."""

DECADES = 50.0
"""Years by which a date is rounded at most."""

LAST_YEAR = 2100
"""Trends say nothing of particular years beyond it."""

UNITS = {
    "dimensionless": "",
    "OOM/OOM": "",
    "OOM": "OOMs",
    "1/OOM": "per OOM",
    "GPU*hour": "GPU-hours",
    "GPU": "GPUs",
    "datacentre": "datacentres",
    "datacentre/GPU": "datacentres per GPU",
    "year": "years",
    "day": "days",
    "liter": "litres",
    "token": "tokens",
    "token/day": "tokens/day",
    "TWh/year": "TWh a year",
    "USD/megatoken": "USD per million tokens",
}
"""Units that are printed otherwise than parsed."""

LARGE = ((12, "trillion"), (9, "billion"), (6, "million"))
DAYS, HOURS = math.log10(365.25), math.log10(365.25 * 24)
"""log10 of days and of hours in a year."""


def power(exponent: float) -> str:
    """A power of ten: "10²⁶"."""
    return "10" + str(round(exponent)).translate(SUPERSCRIPT)


def number(log10: float, mcse: float = 0.0, digits: int = DIGITS) -> str:
    """A positive number from its log10: "2,700", "0.33", "3.1×10²⁶", "10³⁰⁰".

    +inf is "never" (no amount is enough), -inf "0".

    >>> number(3.43), number(26.49), number(float("inf"))
    ('2,700', '3.1×10²⁶', 'never')

    Args:
        mcse: Monte Carlo error of the log10; where it is infinite one digit is told.
        digits: significant digits at most.

    Raises:
        ValueError: NaN.
    """
    if math.isnan(log10):
        raise ValueError("NaN cannot be printed as a quantity")
    if math.isinf(log10):
        return "never" if log10 > 0 else "0"
    if abs(log10) >= POWER_ONLY:
        return power(log10)
    exponent = math.floor(log10)
    mantissa = 10 ** (log10 - exponent)
    relative = 0.0 if math.isinf(mcse) else math.log(10) * mcse
    if relative > VAGUE:
        exponent, mantissa, decimals = round(log10), 1.0, 0
    else:
        place = 0 if math.isinf(mcse) else _place(mantissa * relative)
        decimals = min(digits - 1, max(0, -place))
        mantissa = round(mantissa, decimals) if place <= 0 else _coarse(mantissa)
        if mantissa >= 10:
            mantissa, exponent = mantissa / 10, exponent + 1
    if -4 <= exponent < 9:
        return f"{mantissa * 10.0**exponent:,.{max(0, decimals - exponent)}f}"
    return power(exponent) if relative > VAGUE else f"{mantissa:.{decimals}f}×{power(exponent)}"


def plain(value: float, mcse: float = 0.0, digits: int = DIGITS) -> str:
    """A number on a linear scale, rounded by its Monte Carlo error where there is one.

    What is larger than its error is never rounded to nothing.

    >>> plain(5.0), plain(0.333), plain(-0.0021), plain(float("inf")), plain(51, 26)
    ('5.0', '0.33', '−0.0021', 'never', '50')
    """
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else "never" if value > 0 else f"{MINUS}∞"
    sign, size = MINUS if value < 0 else "", abs(value)
    if math.isfinite(mcse) and mcse > VAGUE * size:
        power_of_ten = 10.0 ** math.floor(math.log10(size))
        if mcse < size < 10 ** _place(mcse):
            return sign + number(math.log10(_coarse(size / power_of_ten) * power_of_ten), math.inf)
        place = _place(mcse)
        return signed(f"{round(value, -place) + 0.0:,.{max(0, -place)}f}")
    return sign + number(math.log10(size), mcse / size / math.log(10), digits)


def _coarse(mantissa: float) -> float:
    """The nearest of 1, 2, 5 and 10."""
    return min((1.0, 2.0, 5.0, 10.0), key=lambda digit: abs(math.log(digit / mantissa)))


def _step(error: float) -> float:
    """The least of 1, 2, 5, 10 ... (times a power of ten) that stands for `MOVES` errors."""
    least = MOVES * error
    power_of_ten = 10.0 ** math.floor(math.log10(least))
    return next(step for n in (1, 2, 5, 10) if (step := n * power_of_ten) >= least * (1 - 1e-12))


def _place(error: float) -> int:
    """Power of ten of the first digit that stands for `MOVES` errors."""
    return math.ceil(math.log10(MOVES * error)) if error > 0 else -99


def signed(text: str) -> str:
    """A number with a true minus sign."""
    return text.replace("-", MINUS)


def stated(value: float) -> str:
    """A number as a file states it: all of its digits, "1,000,000", "0.0005", "2.03"."""
    return f"{value:,.15g}" if "e" not in f"{value:.15g}" else number(math.log10(value))


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals: scores of a table, statistics of a fit."""
    return signed(f"{value:,.{decimals}f}")


def figures(value: float, digits: int = 4) -> str:
    """A number with so many significant digits: values of gates, compute of points."""
    return signed(f"{value:.{digits}g}")


def gate_value(value: float | None) -> str:
    """What a gate found, to four digits."""
    return "not a number" if value is None or math.isnan(value) else figures(value)


def share(value: float, mcse: float = 0.0) -> str:
    """A share that is no probability, in percent: "20%", "1.5%", "0.1%"; in steps of its error."""
    size, error = 100 * value, 100 * mcse
    if size < 10 and size != 0:
        return f"{plain(size, error).removesuffix('.0')}%"
    step = _step(error) if math.isfinite(error) and MOVES * error > 1 else 1.0
    return f"{min(round(size / step) * step, 100.0) if size <= 100 else size:.0f}%"


def percent(p: float, mcse: float = 0.0) -> str:
    """A probability in percent, never rounded to certainty: "<0.1%", "3.2%", "36%".

    Whole percents between 10% and 90%, and where the Monte Carlo error asks for them.
    """
    coarse = 0.1 <= p <= 0.9 or MOVES * mcse > 0.01
    decimals, least = (0, 0.01) if coarse else (1, 0.001)
    if 0 < p < least / 2:
        return f"<{least:.{decimals}%}"
    return f">{1 - least:.{decimals}%}" if 1 - least / 2 <= p < 1 else f"{p:.{decimals}%}"


def chance(p: float, mcse: float) -> str:
    """A probability with its Monte Carlo standard error: "3.2% ± 0.4%", "0.0% ± <0.1%"."""
    return f"{percent(p, mcse)} ± {percent(mcse)}"


def money(log10: float, mcse: float = 0.0, digits: int = DIGITS) -> str:
    """US dollars from their log10: "$1.3 trillion", "$990,000", "$8.3×10¹⁶", "never"."""
    if math.isfinite(log10) and 5.99 < log10 < 14.99:
        for exponent, word in LARGE:
            if log10 >= exponent - 0.01:
                return f"${number(log10 - exponent, mcse, digits)} {word}"
    return number(log10) if log10 == math.inf else f"${number(log10, mcse, digits)}"


def duration(log10_years: float, mcse: float = 0.0, digits: int = DIGITS) -> str:
    """Years, or days or hours where that is less than one: "5.2 years", "10 days"."""
    if math.isinf(log10_years):
        return number(log10_years)
    for unit, shift in (("years", 0.0), ("days", DAYS), ("hours", HOURS)):
        if log10_years + shift >= 0 or unit == "hours":
            told = number(log10_years + shift, mcse, digits)
            return f"{told} {unit.removesuffix('s') if told == '1' else unit}"
    raise AssertionError


def year(value: float, mcse: float = 0.0) -> str:
    """A calendar year: "2034", "after 2100", "never"; "about 2060" where its error moves it."""
    if math.isinf(value):
        return number(value)
    if value >= LAST_YEAR + 1:
        return f"after {LAST_YEAR}"
    if MOVES * mcse <= 1:
        return str(math.floor(value))
    step = min(max(_step(mcse), 5.0), DECADES) if math.isfinite(mcse) else DECADES
    return f"about {min(round(value / step) * step, LAST_YEAR):.0f}"


def day(value: float) -> str:
    """A decimal year as the day that it falls on: "2030-12-31", "2031-01-01"."""
    first = datetime.date(math.floor(value), 1, 1)
    length = (first.replace(year=first.year + 1) - first).days
    return str(first + datetime.timedelta(days=round((value - first.year) * length)))


def quantile(row: Row, key: str) -> str:
    """One quantile of a row as printed; units that stand in `unit` are left out."""
    if row.get("bound", math.inf) < float(row[key]) < math.inf:
        return f"more than {row['bound_title']}"
    return _writer(row, digits(row))(float(row[key]), error(row, key))


def digits(row: Row) -> int:
    """Significant digits of a row: two, or as many as tell the ends of its interval apart."""
    if "p05" not in row or row["p05"] == row["p95"]:
        return DIGITS
    for found in range(DIGITS, 6):
        write = _writer(row, found)
        low, high = (write(float(row[key]), error(row, key)) for key in ("p05", "p95"))
        if low != high:
            return found
    return DIGITS


def error(row: Row, key: str) -> float:
    """Monte Carlo error of a quantile of a row; 0 where the row has none, inf next to never."""
    return float(row.get(f"{key}_mcse", 0.0))


def _writer(row: Row, digits: int) -> Callable[[float, float], str]:
    scale = row.get("scale", "linear")
    if scale == "calendar":
        return year
    if scale == "share":
        return share
    write = plain
    if scale == "log10":
        write = money if _dollars(row) else duration if row.get("unit") == "year" else number
    return partial(write, digits=digits)


def unit(row: Row) -> str:
    """The unit to print beside the quantiles of a row: none where they carry their own."""
    named = str(row["unit"])
    carried = row.get("scale") == "calendar" or (row.get("scale") == "log10" and named == "year")
    found = "" if carried else UNITS.get(named, named)
    return found.removeprefix("USD").strip() if _dollars(row) else found


def _dollars(row: Row) -> bool:
    return row.get("scale") == "log10" and str(row.get("unit")).split("/")[0] == "USD"


def spread(row: Row) -> tuple[str, str]:
    """Median, and "low to high" of the 90% interval, without the unit."""
    low, middle, high = (quantile(row, key) for key in ("p05", "p50", "p95"))
    return middle, f"{low} to {high}"


def interval(row: Row) -> str:
    """Median and 90% interval without the unit: "5.0 (3.3 to 7.8)"."""
    return "{} ({})".format(*spread(row))


def told(row: Row) -> str:
    """Median and 90% interval with the unit: "5.0 (3.3 to 7.8) OOMs"."""
    return f"{interval(row)} {unit(row)}".rstrip()


def beside_essay(row: Row) -> str:
    """What the essay says of a row's quantity, and the percentile at which that falls: "the essay
    says 2.0, the 46th percentile"; empty where it says nothing."""
    if row.get("essay") is None:
        return ""
    rank = ordinal(100 * row["essay_percentile"])
    return f"the essay says {essay_value(row)}, the {rank} percentile"


def essay_value(row: Row) -> str:
    """The essay's value of a row's quantity, with its unit."""
    value = row["essay"]
    stands = math.log10(value) if row["scale"] == "log10" else value
    alone = {key: found for key, found in row.items() if key in ("scale", "unit")}
    return f"{quantile(alone | {'essay': stands}, 'essay')} {unit(row)}".rstrip()


def ordinal(value: float) -> str:
    """A rank: "1st", "46th", "112th"."""
    whole = round(value)
    teen = 10 <= whole % 100 <= 20
    return f"{whole}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(whole % 10, 'th')}"


def never(row: Row) -> str:
    """P(never) with its error; empty where no draw is."""
    return chance(row["p_never"], row["p_never_mcse"]) if "p_never" in row else ""


def with_text(answer: Any) -> Any:
    """An answer with `text`, what `told` says, in each of its rows: for `--json`."""
    if isinstance(answer, list):
        return [with_text(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    found = {key: with_text(value) for key, value in answer.items()}
    return found | {"text": told(answer)} if {"scale", "unit", "p50"} <= set(answer) else found


def cell(value: Any) -> str:
    """What a table of numbers holds: text as it is, a number to four digits, nothing for none."""
    if isinstance(value, str):
        return value
    number = float(value)
    return "" if math.isnan(number) else figures(number)


def count(value: int) -> str:
    """A whole number: "1,496"."""
    return f"{value:,}"
