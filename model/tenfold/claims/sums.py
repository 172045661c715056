"""The sum of an arithmetic claim: what comes out, and what borrowed inputs would have to be."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, TypedDict

from tenfold import mixture
from tenfold.answers.rows import Number
from tenfold.claims.arithmetic import FUNCTIONS, INPUTS
from tenfold.claims.measure import Measure, measure
from tenfold.claims.spec import Claim

REACH = 12.0
"""OOMs around a borrowed input within which the one that fits is looked for."""


class SumRecord(TypedDict):
    """A sum as JSON; `needed` as the inputs are stated."""

    follows: bool
    log10_recomputed: Number
    log10_low: Number
    log10_high: Number
    follows_within_range: bool
    needed: dict[str, float | None]


@dataclass(frozen=True)
class Sum:
    """What a function gives for the inputs that a claim states.

    recomputed: log10 in the function's unit. low, high: over the ranges of borrowed inputs.
    within_range: the claim holds somewhere in between. needed: borrowed inputs, each with the value
    that gives what is claimed while the others stay; None where none does.
    """

    recomputed: float
    follows: bool
    low: float
    high: float
    within_range: bool
    needed: tuple[tuple[str, float | None], ...] = ()

    def record(self) -> SumRecord:
        """As plain JSON."""
        ends: list[Any] = [mixture.plain(x) for x in (self.recomputed, self.low, self.high)]
        return {
            "follows": self.follows,
            "log10_recomputed": ends[0],
            "log10_low": ends[1],
            "log10_high": ends[2],
            "follows_within_range": self.within_range,
            "needed": dict(self.needed),
        }


def summed(claim: Claim) -> Sum:
    """The sum of a claim with a function whose inputs are all stated."""
    measured, inputs = measure(claim, summed=True), stated(claim)
    compute = FUNCTIONS[claim.function or ""].compute
    found = float(compute(**inputs))
    ends = [[(name, _scaled(name, end)) for end in ends] for name, ends in claim.borrowed.items()]
    corners = [float(compute(**(inputs | dict(corner)))) for corner in itertools.product(*ends)]
    low, high = min(corners), max(corners)
    room = measured.slack + 1e-9
    inside = low <= measured.high + room and high >= measured.low - room
    needed = tuple((name, _needed(claim, measured, inputs, name)) for name in claim.borrowed)
    return Sum(found, bool(measured.holds(found)), low, high, inside, needed)


def stated(claim: Claim) -> dict[str, Any]:
    """A claim's inputs as its function takes them."""
    return {name: _scaled(name, float(value)) for name, value in claim.given.items()}


def _scaled(name: str, value: float) -> float:
    return math.log10(value) if INPUTS[name].log10 else value


def _needed(claim: Claim, measured: Measure, inputs: dict[str, Any], name: str) -> float | None:
    """The value of one input that gives the claimed value, by bisection of its log10."""
    compute = FUNCTIONS[claim.function or ""].compute
    middle = math.log10(float(claim.given[name]))

    def beyond(log10: float) -> float:
        return float(compute(**(inputs | {name: _scaled(name, 10.0**log10)}))) - measured.value

    low, high = middle - REACH, middle + REACH
    at_low = beyond(low)
    if at_low * beyond(high) > 0:
        return None
    for _ in range(80):
        half = (low + high) / 2
        low, high = (half, high) if beyond(half) * at_low > 0 else (low, half)
    return float(10.0**low)
