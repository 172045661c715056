"""What commands say of a quantity as JSON, in one shape: a row."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Number = float | Literal["inf", "-inf"]
"""JSON has no infinities: "never" is "inf"."""


class Row(TypedDict):
    """A quantity, as tables, claims, exports, editions and pages have it.

    p05 to p95: quantiles on the `scale` ("log10" of a quantity in `unit`, "calendar" years, a
    "share", or "linear"), p05_mcse to p95_mcse their Monte Carlo standard errors. level, kind: of
    the interval from p05 to p95. p_never: where some draw is never. arguments: those of the
    question that are no defaults. essay: its value in `unit`, and the probability of at most that.
    weight: of the curve form whose row it is. bound: as the quantiles are kept; numbers beyond it
    mean nothing, and are told as such.
    """

    title: str
    scale: Literal["linear", "log10", "calendar", "share"]
    unit: str
    level: float
    kind: str
    p05: Number
    p25: Number
    p50: Number
    p75: Number
    p95: Number
    p05_mcse: Number
    p25_mcse: Number
    p50_mcse: Number
    p75_mcse: Number
    p95_mcse: Number
    p_never: NotRequired[float]
    p_never_mcse: NotRequired[float]
    quantity: NotRequired[str]
    arguments: NotRequired[dict[str, Any]]
    essay: NotRequired[float]
    essay_percentile: NotRequired[float]
    weight: NotRequired[float]
    bound: NotRequired[float]
    bound_title: NotRequired[str]


Rows = dict[str, Row]
"""Rows by the name of the quantity."""


class Compared(TypedDict):
    """A quantity as two sides have it, and the `shift` of its median from first to second.

    In OOMs for positive quantities, else in the unit; None where both are never, "inf" where one.
    mcse: of the shift. alike: median and both ends within Monte Carlo error of the other's.
    """

    quantity: str
    title: str
    first: Row
    second: Row
    shift: Number | None
    mcse: float | None
    alike: bool
