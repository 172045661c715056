"""How a claim is measured: the scale of its quantity, the room it leaves, and what draws say of it.

Positive quantities are measured by factors, so on their log10; OOMs, scores, shares and dates by
differences, as they are. "Never" is +inf: above every value, at no distance from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import decimal_year
from tenfold.claims.arithmetic import FUNCTIONS
from tenfold.claims.spec import NEAR, TWO_SIDED, Claim

TOLERANCE = {
    "amount": 10**0.5,
    "multiplier": 10**0.5,
    "duration": 10**0.5,
    "ratio": 4 / 3,
    "slope": 4 / 3,
    "ooms": 0.5,
    "score": 0.05,
    "share": 0.05,
    "date": 1.0,
}
"""Room either way for "about", by kind of quantity, where a claim states none: amounts and
multipliers hold where the power of ten is the nearest one, ratios where they round to the same
whole number at 2; OOMs to half of one, scores and shares to five percentage points, dates to a
year. A bound has no room unless the claim states some, and "equals" has `EXACT`."""

EXACT = {"ooms": 0.05, "score": 0.005, "share": 0.005, "date": 0.5}
"""Room of "equals" where it is a difference; a factor of `EXACT_FACTOR` elsewhere."""
EXACT_FACTOR = 1.01
SUM = 1.1
"""Room of a sum where the claim states none: it is printed with one significant digit."""

WIDTHS = {
    "ooms": (0.1, 0.25, 0.5, 1.0, 2.0),
    "score": (0.01, 0.02, 0.05, 0.1, 0.2),
    "share": (0.01, 0.02, 0.05, 0.1, 0.2),
    "date": (0.5, 1.0, 2.0, 5.0, 10.0),
}
FACTORS = (1.1, 4 / 3, 2.0, 10**0.5, 10.0, 100.0)
"""Tolerances at which a probability is shown."""

DECISIVE = 0.66
"""The least probability that some value must be able to reach for the evidence to tell."""

ROUNDING = 1e-12
BINS = 24
LAST = 2101.0
"""Dates are told apart up to then."""


@dataclass(frozen=True)
class Measure:
    """A claim's quantity: kind, unit, how its draws are kept, and the claimed range.

    `low` and `high` bound the claim as it is worded, `slack` widens what has no room of its own;
    all on the scale of the draws: log10 where `factor`.
    """

    kind: str
    unit: str
    factor: bool
    low: float
    high: float
    slack: float
    strict: bool = False

    @property
    def scale(self) -> str:
        """Scale of a row of `mixture.table` with such draws."""
        if self.factor:
            return "log10"
        return {"date": "calendar", "share": "share", "score": "share"}.get(self.kind, "linear")

    @property
    def value(self) -> float:
        """The claimed value; the middle of a range."""
        if math.isinf(self.low) or math.isinf(self.high):
            return self.high if math.isinf(self.low) else self.low
        return (self.low + self.high) / 2

    def room(self, tolerance: float) -> float:
        """A tolerance as a distance on the scale."""
        return math.log10(tolerance) if self.factor else tolerance

    def holds(self, values: Any, slack: float | None = None) -> Any:
        """Draws in which the claim holds."""
        room = (self.slack if slack is None else slack) + ROUNDING
        if self.strict and not room > ROUNDING:
            return values > self.low if self.high == math.inf else values < self.high
        return (values >= self.low - room) & (values <= self.high + room)


def measure(claim: Claim, summed: bool = False) -> Measure:
    """How a testable claim is measured by the evidence; or by its own sum.

    Raises:
        SpecError: an unknown quantity.
        ValueError: a value, tolerance or relation that does not fit the quantity.
    """
    kind, unit = _kind(claim)
    factor = kind not in WIDTHS
    stated = claim.tolerance
    if summed:
        stated = SUM if stated is None else stated
    elif claim.kind == "arithmetic":
        stated = claim.evidence_tolerance
    if stated is None:
        stated = default(claim, kind)
    for key in ("tolerance", "evidence_tolerance"):
        room = getattr(claim, key)
        if factor and room is not None and room < 1:
            raise ValueError(f"{key}: got {room:g}; expected a factor of at least 1")
    low, high = _bounds(claim, kind, factor)
    if low > high:
        raise ValueError("upper: expected above `value`")
    slack = math.log10(stated) if factor else stated
    strict = claim.relation in ("more than", "less than")
    return Measure(kind, unit, factor, low, high, slack, strict)


def default(claim: Claim, kind: str) -> float:
    """The tolerance of a claim that states none."""
    factor = kind not in WIDTHS
    if claim.relation == "about":
        return TOLERANCE[kind]
    if claim.relation == "equals":
        return EXACT_FACTOR if factor else EXACT[kind]
    return 1.0 if factor else 0.0


def _kind(claim: Claim) -> tuple[str, str]:
    if claim.function:
        return "multiplier", FUNCTIONS[claim.function].unit
    entry = registry.named(claim.estimand or "")
    if claim.than is not None:
        return (entry.kind, entry.unit) if entry.kind in WIDTHS else ("ratio", "dimensionless")
    return entry.kind, claim.unit or entry.unit


def _bounds(claim: Claim, kind: str, factor: bool) -> tuple[float, float]:
    if claim.date is not None:
        if kind != "date" or claim.than is not None:
            of = claim.estimand or claim.function
            raise ValueError(f"relation {claim.relation!r}: {of} is no date")
        value = decimal_year(claim.date.isoformat())
    else:
        value = float(claim.value or 0.0)
        value = math.log10(value) if factor else value
    if claim.relation in ("at most", "less than", "before"):
        return -math.inf, value
    if claim.relation in ("at least", "more than", "after"):
        return value, math.inf
    if claim.upper is None:
        return value, value
    return value, math.log10(claim.upper) if factor else claim.upper


@dataclass(frozen=True)
class At:
    """Probability of a claim at one tolerance, and the most that any value could have there."""

    tolerance: float
    probability: float
    best: float | None


@dataclass(frozen=True)
class Evidence:
    """What draws say of a claim; quantiles and distances on the scale of its quantity.

    probability: of the claim within its tolerance, `mcse` its Monte Carlo error. p_below, p_above:
    of what lies outside. percentile: P(at most the claimed value). side: probability of what lies
    as far out as the claim or further, on its side of the median; of the claim itself for a bound.
    distance: claimed value less median. best: the most that any value could have at the tolerance,
    `decisive` the least tolerance at which that is `DECISIVE` (None for bounds, inf where none is).
    density: bins of the middle 98%. forms: weight and probability by curve form.
    """

    measure: Measure
    probability: float
    mcse: float
    p_below: float
    p_above: float
    p05: float
    p50: float
    p95: float
    quantile_mcse: tuple[float, ...]
    percentile: float
    percentile_mcse: float
    side: float
    side_mcse: float
    best: float | None = None
    decisive: float | None = None
    by_tolerance: tuple[At, ...] = ()
    density: tuple[tuple[float, float, float], ...] = ()
    forms: tuple[tuple[str, float, float], ...] = ()

    @property
    def distance(self) -> float:
        """Claimed value less median: OOMs where the scale is log10; -inf from "never"."""
        return self.measure.value - self.p50

    @property
    def high(self) -> bool:
        """Whether the claimed value lies above the median."""
        return self.percentile > 0.5


def evidence(
    claim: Claim, measured: Measure, values: xr.DataArray, weight: xr.DataArray
) -> Evidence:
    """What draws of a claim's quantity, on the scale of `measured`, say of it."""
    inside = values.copy(data=measured.holds(values.values))  # labels need not be compared
    p, mcse = mixture.probability(inside, weight)
    room = measured.slack + ROUNDING
    low, high = measured.low - room, measured.high + room
    below, above = (mixture.probability(x, weight) for x in (values < low, values > high))
    row = mixture.summarise(values, weight, measured.unit)
    percentile, percentile_mcse = mixture.probability(values <= measured.value + ROUNDING, weight)
    two_sided = claim.relation in TWO_SIDED
    side = (p, mcse)
    if two_sided:
        # what is outside on the far side of the range is no evidence against the claim
        nearer = below if measured.value <= float(row["p50"]) else above
        further = above if nearer is below else below
        side = (1 - further[0], further[1])
    order, near = _Order.of(values, weight), claim.relation in NEAR
    return Evidence(
        measured,
        p,
        mcse,
        below[0],
        above[0],
        *(float(row[key]) for key in ("p05", "p50", "p95")),
        quantile_mcse=tuple(float(row[f"{key}_mcse"]) for key in ("p05", "p50", "p95")),
        percentile=percentile,
        percentile_mcse=percentile_mcse,
        side=side[0],
        side_mcse=side[1],
        best=order.best(_width(measured)) if near else None,
        decisive=_tolerance(measured, order.narrowest(DECISIVE)) if near else None,
        by_tolerance=_by_tolerance(measured, order, near),
        density=_density(order, LAST if measured.kind == "date" else math.inf),
        forms=_forms(inside, weight),
    )


def _width(measured: Measure, slack: float | None = None) -> float:
    room = measured.slack if slack is None else slack
    return measured.high - measured.low + 2 * room


def _tolerance(measured: Measure, width: float) -> float:
    """The tolerance of a claim whose range has this width."""
    room = max(0.0, (width - (measured.high - measured.low)) / 2)
    if not measured.factor:
        return room
    return 10.0**room if room < 300 else math.inf


def _by_tolerance(measured: Measure, order: _Order, near: bool) -> tuple[At, ...]:
    shown = []
    for tolerance in WIDTHS.get(measured.kind, FACTORS):
        room = measured.room(tolerance)
        p = order.share(measured, room)
        best = max(p, order.best(_width(measured, room))) if near else None
        shown.append(At(tolerance, p, best))
    return tuple(shown)


def _density(order: _Order, most: float) -> tuple[tuple[float, float, float], ...]:
    """`BINS` bins over the middle 98% of finite draws up to `most`; the outer take the rest."""
    if not order.values.size:
        return ()
    first, last = (order.quantile(p) for p in (0.01, 0.99))
    low, high = max(first, order.values[0]), min(last, order.values[-1], most)
    total = order.before[-1] - order.before[0]
    if not low < high:
        return ((float(low), float(high), float(total)),)
    edges = np.linspace(low, high, BINS + 1)
    # all but the last bin are open above; what lies outside counts to the outer ones
    ends = [order.up_to(edge, below=True) for edge in edges[1:-1].tolist()]
    mass = np.diff([order.before[0], *ends, order.before[-1]])
    return tuple(zip(edges[:-1].tolist(), edges[1:].tolist(), mass.tolist(), strict=True))


def _forms(event: xr.DataArray, weight: xr.DataArray) -> tuple[tuple[str, float, float], ...]:
    inside = event.transpose("form", ...).values
    each = inside.reshape(weight.size, -1).mean(axis=1).tolist()
    labels = weight["form"].values.tolist()
    found = zip(labels, weight.values.tolist(), each, strict=True)
    return tuple((form, share, p) for form, share, p in found if share > 0)


@dataclass(frozen=True)
class _Order:
    """Finite draws in order, and the weight that has come up before each and after the last.

    What is below all of them has come up before the first; what is "never" comes after the last.
    """

    values: np.ndarray
    before: np.ndarray

    @classmethod
    def of(cls, values: xr.DataArray, weight: xr.DataArray) -> _Order:
        drawn = values.transpose("form", ...).values.reshape(weight.size, -1)
        shares = np.broadcast_to((weight.values / drawn.shape[1])[:, None], drawn.shape).ravel()
        drawn = drawn.ravel()
        kept = np.isfinite(drawn)
        order = np.argsort(drawn[kept])
        least = shares[drawn == -np.inf].sum()
        total = np.concatenate([[least], least + np.cumsum(shares[kept][order])])
        return cls(drawn[kept][order], total)

    def up_to(self, value: float, below: bool = False) -> float:
        """Weight of what is at most `value`; or below it."""
        if value == math.inf:
            return 1.0
        return float(self.before[np.searchsorted(self.values, value, "left" if below else "right")])

    def quantile(self, p: float) -> float:
        """The smallest draw whose weight with all below reaches `p`, as `mixture.quantile`."""
        if p * (1 - 1e-12) <= self.before[0]:
            return -math.inf
        place = int(np.searchsorted(self.before, p * (1 - 1e-12))) - 1
        return float(self.values[place]) if place < self.values.size else math.inf

    def share(self, measured: Measure, slack: float) -> float:
        """Weight of the draws in which the claim holds with so much room: `Measure.holds`."""
        room = slack + ROUNDING
        if measured.strict and not room > ROUNDING:
            if measured.high == math.inf:
                return 1.0 - self.up_to(measured.low)
            return self.up_to(measured.high, below=True)
        least = 0.0 if measured.low == -math.inf else self.up_to(measured.low - room, below=True)
        return max(self.up_to(measured.high + room) - least, 0.0)

    def best(self, width: float) -> float:
        """The most weight in a range of this width."""
        if not self.values.size:
            return 0.0
        end = np.searchsorted(self.values, self.values + width + 2 * ROUNDING, "right")
        return min(float((self.before[end] - self.before[:-1]).max()), 1.0)

    def narrowest(self, share: float) -> float:
        """Width of the narrowest range with this weight; inf where all draws have less."""
        last = np.searchsorted(self.before, self.before[:-1] + share * (1 - 1e-9), "left") - 1
        fits = last < self.values.size
        if not fits.any():
            return math.inf
        return float((self.values[last[fits]] - self.values[fits]).min())
