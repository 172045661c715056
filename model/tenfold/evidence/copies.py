"""Copied evidence: series whose points are those of another series under another name.

A copy counts as independent and narrows every interval, so copies are named wherever evidence of a
user comes in. Two series on one benchmark in one regime are near copies if most points of the
shorter one stand beside points of the other: equal scores but for reading errors, at computes equal
up to one factor (another unit, another price). Independent curves seldom do: `overlaps.csv` lists
those of the shipped evidence, reviewed one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import xarray as xr

ROUNDING = 2e-5
"""Most that a score, or a log10 of compute, changes when it is written down again."""
SCORE_READING = 0.02
"""Most that two readings of one score differ: errors of the questions are the same in a copy."""
COMPUTE_READING = (0.02, 0.05)
"""OOMs that two readings of one compute may differ, without and with stated errors."""
SHORT_READING = {2: (0.005, 0.01), 3: (0.008, 0.02), 4: (0.008, 0.02)}
"""The same of score and compute in series of few points, where chance finds a match more easily."""
SHARE = 0.8
"""Share of the points of the shorter series that must match, and of the other's among them."""
SPAN = 0.02
"""Scores that all lie within this say nothing: near 0 or 1 many series look alike."""
SHOWN = 3
"""Pairs named one by one in a message."""


@dataclass(frozen=True)
class Curve:
    """One series: where it counts and its points, arrays of shape (point,)."""

    label: str
    cell: tuple[str, str]
    unit: str
    run: str
    log10_compute: np.ndarray
    log10_compute_se: np.ndarray
    score: np.ndarray
    score_se: np.ndarray


COLUMNS = ("log10_compute", "log10_compute_se", "score", "score_se")


def curves(rows: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The series of rows of points, in the order of their first rows."""
    own: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        own.setdefault(row["series"], []).append(row)
    return [
        Curve(
            label,
            (points[0]["benchmark"], points[0]["regime"]),
            points[0]["unit"],
            points[0]["run"],
            *(np.array([row[name] for row in points]) for name in COLUMNS),
        )
        for label, points in own.items()
    ]


def curves_of(points: xr.Dataset) -> list[Curve]:
    """The series of a dataset of evidence."""
    names = ("series", "series_benchmark", "series_regime", "series_unit", "series_run")
    about = list(zip(*(points[name].values.tolist() for name in names), strict=True))
    index = points["series_index"].values
    column = [points[name].values for name in COLUMNS]
    return [
        Curve(label, (bench, regime), unit, run, *(values[index == i] for values in column))
        for i, (label, bench, regime, unit, run) in enumerate(about)
    ]


@dataclass(frozen=True)
class Copy:
    """`matched` points of `series` are those of `other`, at `factor` times their compute."""

    series: str
    other: str
    matched: int
    points: int
    factor: float
    exact: bool

    def __str__(self) -> str:
        how = "equal" if self.exact else "match, but for reading errors,"
        times = "" if abs(self.factor - 1) < 1e-4 else f" at compute times {self.factor:.3g}"
        return (
            f"{self.matched} of {self.points} points of {self.series!r} {how} {self.other!r}{times}"
        )


def compared(curve: Curve, other: Curve) -> Copy | None:
    """How `curve` copies `other`, or nothing."""
    if curve.cell != other.cell or curve.label == other.label:
        return None
    if curve.run and curve.run == other.run and curve.unit != other.unit:
        return None  # one observation on two axes, and said to be
    size = len(curve.score)
    shorter = min(size, len(other.score))
    needed = max(2, math.ceil(SHARE * shorter))
    shift = other.log10_compute - curve.log10_compute[:, None]
    apart = np.abs(other.score - curve.score[:, None])
    same = apart < ROUNDING
    if curve.unit == other.unit:
        beside = np.abs(shift) < ROUNDING
        matched = _matched(same & beside)
        # at the same few computes scores of few questions meet by chance
        if matched >= max(min(2, shorter), SHARE * _matched(beside)):
            return Copy(curve.label, other.label, matched, size, 1.0, exact=True)
    matched, factor, _ = _aligned(same, shift, np.full_like(shift, ROUNDING))
    if matched >= needed:
        return Copy(curve.label, other.label, matched, size, 10**factor, exact=True)
    score_width = np.hypot(other.score_se, curve.score_se[:, None])
    width = np.hypot(other.log10_compute_se, curve.log10_compute_se[:, None])
    if shorter in SHORT_READING:
        score_width, width = score_width.clip(max=SHORT_READING[shorter][0]), width * 0
        width += SHORT_READING[shorter][1]
    else:
        score_width, width = score_width.clip(max=SCORE_READING), width.clip(*COMPUTE_READING)
    matched, factor, hits = _aligned(apart <= score_width, shift, width)
    if matched < needed or np.ptp(curve.score[hits.any(axis=1)]) <= SPAN:
        return None
    # beside many points of a long series some lie near whatever they are held against
    amid = (_amid(curve, hits.any(axis=1)), _amid(other, hits.any(axis=0)))
    if matched < SHARE * max(amid) or (shorter == 2 and size != len(other.score)):
        return None
    return Copy(curve.label, other.label, matched, size, 10**factor, exact=False)


def _aligned(
    close: np.ndarray, shift: np.ndarray, width: np.ndarray
) -> tuple[int, float, np.ndarray]:
    """The one shift of log compute that lays most points beside each other.

    Args:
        close: which scores are near each other; shape (point, other point), as are the next two.
        shift: log10 compute of the other less that of the one.
        width: how far shifts may differ.

    Returns:
        Number of points matched, the shift, and which pairs match at it.
    """
    matched, best, hits = 0, 0.0, np.zeros_like(close)
    for candidate in np.unique(shift[close].round(5)).tolist():
        beside = close & (np.abs(shift - candidate) <= width)
        if (count := _matched(beside)) > matched:
            matched, best, hits = count, candidate, beside
    return matched, best, hits


def _amid(curve: Curve, chosen: np.ndarray) -> int:
    """Number of points of a curve between the first and the last of those chosen."""
    x = curve.log10_compute
    return int(((x >= x[chosen].min()) & (x <= x[chosen].max())).sum())


def _matched(hits: np.ndarray) -> int:
    """Number of points on either side that have a partner, the smaller of both."""
    return int(min(hits.any(axis=0).sum(), hits.any(axis=1).sum()))


def copies(
    new: Sequence[Curve], known: Iterable[Curve], overlaps: Sequence[Mapping[str, str]] = ()
) -> list[Copy]:
    """Series of `new` that copy one of `known`, or one before them in `new`; each the best once.

    Pairs in the reviewed list of `overlaps` are passed over.
    """
    cells: dict[tuple[str, str], list[Curve]] = {}
    for curve in known:
        cells.setdefault(curve.cell, []).append(curve)
    found = []
    for curve in new:
        beside = cells.setdefault(curve.cell, [])
        pairs = [
            compared(curve, other) for other in beside if not _reviewed(curve, other, overlaps)
        ]
        if real := [pair for pair in pairs if pair]:
            found.append(max(real, key=lambda pair: (pair.exact, pair.matched)))
        beside.append(curve)
    return found


def _reviewed(curve: Curve, other: Curve, overlaps: Sequence[Mapping[str, str]]) -> bool:
    labels = curve.label, other.label
    return any(
        fnmatchcase(one, row["series"]) and fnmatchcase(two, row["other"])
        for row in overlaps
        for one, two in (labels, labels[::-1])
    )


def told(found: Sequence[Copy], where: object) -> str:
    """One line on the copies in a file or folder."""
    shown = "; ".join(map(str, found[:SHOWN]))
    more = f"; and {len(found) - SHOWN} series more" if len(found) > SHOWN else ""
    return f"{where}: {shown}{more}: a copy counts as new evidence and makes answers too sure"
