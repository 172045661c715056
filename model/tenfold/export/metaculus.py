"""A continuous distribution as Metaculus takes it: 201 points of its distribution function.

Each of the 200 steps holds at least 5e-5 and at most 0.2; beyond an open bound lies at least 0.001,
beyond a closed one nothing. Mass is moved no further than that asks for: small steps are raised,
large ones cut, and all others scaled alike.
"""

from __future__ import annotations

import datetime
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.answers.conditional import Sample
from tenfold.answers.conditions import value
from tenfold.answers.quantity import Quantity
from tenfold.files import SpecError

POINTS = 201
LEAST, MOST = 5e-5, 0.2
"""Of a step."""
OUTSIDE = 0.001
"""Least mass beyond an open bound."""
MARGIN = 1e-9
"""Kept from the limits of a step, so that rounding crosses none."""


@dataclass(frozen=True)
class Range:
    """The range of a question: its bounds as text with a unit, which are open, and its scaling."""

    low: str | None = None
    high: str | None = None
    open_low: bool = True
    open_high: bool = True
    log: bool | None = None


def record(entry: Quantity, sample: Sample, wanted: Range) -> dict[str, Any]:
    """The distribution function of a quantity between bounds.

    Args:
        wanted: without bounds the 1% and 99% points; log scaling where the draws are kept so.

    Returns:
        As the site's interface names them `continuous_cdf`, `range_min` and `range_max` (seconds
        since 1970 of a date), `open_lower_bound`, `open_upper_bound`, `zero_point` (0 of a log
        scale, else None), `cdf_size`; and `x`, the values at the points, `unit`, `p_below` and
        `p_above` of the draws, `largest_difference` between the function and theirs.

    Raises:
        SpecError: bounds that are no values, in the wrong order, or not positive on a log scale;
            no draw between them; a distribution too narrow for the steps of the range.
    """
    log = entry.scale == "log10" if wanted.log is None else wanted.log
    if log and entry.kind == "date":
        raise SpecError("a date has no log scale")
    low, high = _bounds(entry, sample, wanted)
    grid, nominal = _grid(entry, low, high, log)
    exact = np.array([sample.probability(sample.values <= x)[0] for x in grid])
    exact[0] = sample.probability(sample.values < grid[0])[0]
    found = standard(exact, wanted.open_low, wanted.open_high)
    return {
        "continuous_cdf": found.tolist(),
        "range_min": nominal[0],
        "range_max": nominal[-1],
        "open_lower_bound": wanted.open_low,
        "open_upper_bound": wanted.open_high,
        "zero_point": 0.0 if log else None,
        "cdf_size": POINTS,
        "x": nominal,
        "unit": "seconds since 1970" if entry.kind == "date" else entry.unit,
        "p_below": float(exact[0]),
        "p_above": float(1 - exact[-1]),
        "largest_difference": float(np.abs(found - exact).max()),
    }


def as_json(found: dict[str, Any], about: dict[str, Any]) -> str:
    """The record with what it is of."""
    return json.dumps({"version": 1} | about | found, indent=1, allow_nan=False) + "\n"


def standard(exact: np.ndarray, open_low: bool, open_high: bool) -> np.ndarray:
    """A distribution function at the points, within the limits of the site.

    Raises:
        SpecError: no mass inside; more than the largest steps can hold.
    """
    below = max(float(exact[0]), OUTSIDE) if open_low else 0.0
    above = max(1 - float(exact[-1]), OUTSIDE) if open_high else 0.0
    steps = np.diff(exact)
    if not steps.sum() > 0:
        raise SpecError("no draw lies inside the bounds: expected a range that holds some")
    least, most = LEAST + MARGIN, MOST - MARGIN
    inside = 1 - below - above
    if inside < least * steps.size:  # nearly all lies outside, and the steps take what they need
        lack = least * steps.size - inside
        share = np.array([below * open_low, above * open_high])
        below, above = np.array([below, above]) - lack * share / share.sum()
        inside = least * steps.size
    low, high = 0.0, (most / steps[steps > 0].min()) + 1
    for _ in range(200):
        scale = (low + high) / 2
        total = np.clip(scale * steps, least, most).sum()
        low, high = (scale, high) if total < inside else (low, scale)
    kept = np.clip(high * steps, least, most)
    if kept.sum() < inside - 1e-6:
        raise SpecError(
            "too narrow for the range: each of 200 steps holds 0.2 at most; expected bounds nearer "
            "to one another"
        )
    return below + np.concatenate([[0.0], np.cumsum(kept)])


def _bounds(entry: Quantity, sample: Sample, wanted: Range) -> tuple[float, float]:
    """Bounds on the scale of the draws."""
    ends = [value(entry, text) if text else None for text in (wanted.low, wanted.high)]
    drawn = sample.quantile(np.array([0.01, 0.99]))[0]
    finite = sample.values.values[np.isfinite(sample.values.values) & sample.event.values]
    if not finite.size:
        raise SpecError(f"{entry.name}: never in every draw; there is no distribution to export")
    outer = (finite.min(), finite.max())
    low, high = (
        float(limit if math.isfinite(limit) else outer[i]) if end is None else end
        for i, (end, limit) in enumerate(zip(ends, drawn, strict=True))
    )
    if not low < high or not (math.isfinite(low) and math.isfinite(high)):
        raise SpecError(f"{entry.name}: expected a low bound below the high one, both finite")
    return low, high


def _grid(entry: Quantity, low: float, high: float, log: bool) -> tuple[np.ndarray, list[float]]:
    """The points on the scale of the draws, and as the site has them."""
    if entry.kind == "date":
        at = np.linspace(seconds(low), seconds(high), POINTS)
        return np.array([decimal_year(x) for x in at]), at.tolist()
    if entry.scale == "log10":
        if max(abs(low), abs(high)) > 300:
            raise SpecError(f"{entry.name}: bounds beyond 1e300; expected nearer ones")
        grid = np.linspace(low, high, POINTS)
        if not log:
            grid = np.log10(np.linspace(10**low, 10**high, POINTS))
        return grid, (10**grid).tolist()
    if log and low <= 0:
        raise SpecError(f"{entry.name}: a log scale needs a low bound above 0")
    grid = np.geomspace(low, high, POINTS) if log else np.linspace(low, high, POINTS)
    return grid, grid.tolist()


def seconds(year: float) -> float:
    """A decimal year as seconds since 1970."""
    first = [datetime.datetime(int(year) + i, 1, 1, tzinfo=datetime.UTC) for i in (0, 1)]
    start, end = (each.timestamp() for each in first)
    return start + (year - int(year)) * (end - start)


def decimal_year(at: float) -> float:
    """The decimal year of seconds since 1970."""
    year = datetime.datetime.fromtimestamp(at, datetime.UTC).year
    start = seconds(year)
    return year + (at - start) / (seconds(year + 1) - start)
