"""Small densities of the page: bins as bars, the claimed value or range marked on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.claims.verdicts import Result

WIDTH, HEIGHT = 100.0, 24.0
LEAST = 1.2
"""Width of the mark of a single value."""


@dataclass(frozen=True)
class Small:
    """A density in a box of `WIDTH` by `HEIGHT`.

    bars: left end, top, width and height of each bin. mark: left end and width of the claimed
    range, or of a `single` value. outside: it lies beyond the bins, at whose end it is marked.
    """

    bars: tuple[tuple[float, float, float, float], ...]
    mark: tuple[float, float]
    single: bool
    outside: bool


def small(bins: Sequence[Sequence[float]], low: float, high: float) -> Small | None:
    """Bins (start, end, share) of equal width, with a range or (low = high) a value marked.

    Args:
        low, high: on the scale of the bins, infinite where the range is open.

    Returns:
        None where there is but one bin: nothing to draw.
    """
    if len(bins) < 2:
        return None
    first, last = bins[0][0], bins[-1][1]
    most = max(share for *_, share in bins)
    scale = WIDTH / (last - first)

    def at(value: float) -> float:
        return (min(max(value, first), last) - first) * scale

    bars = tuple(
        (
            round(at(start), 2),
            round(HEIGHT * (1 - share / most), 2),
            round((end - start) * scale, 2),
            round(HEIGHT * share / most, 2),
        )
        for start, end, share in bins
    )
    width = max(at(high) - at(low), LEAST)
    left = min((at(low) + at(high) - width) / 2, WIDTH - width)
    mark = (round(max(left, 0.0), 2), round(width, 2))
    return Small(bars, mark, width == LEAST, high < first or low > last)


def of_claim(result: Result) -> Small | None:
    """The posterior of a claim's quantity, with what is claimed (and its tolerance) marked."""
    found = result.evidence
    if found is None:
        return None
    slack = found.measure.slack
    return small(found.density, found.measure.low - slack, found.measure.high + slack)


def of_link(row: Mapping[str, Any]) -> Small | None:
    """The posterior of a link of the essay's chain, with the essay's value marked."""
    return None if row["why"] else small(row["density"], row["essay"], row["essay"])
