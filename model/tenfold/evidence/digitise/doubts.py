"""Calibrations that are valid and yet most likely not what was meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenfold.evidence.digitise.axes import Calibration
from tenfold.evidence.digitise.projects import Axes
from tenfold.evidence.plausible import what_compute_looks_like

DAYS = (19900101, 21001231)
SECONDS = (631152000, 4133980800)
"""The years 1990 to 2100 as days written YYYYMMDD, and as Unix time."""


def doubts(axes: Axes, found: Calibration) -> list[str]:
    """What may be meant otherwise in the calibration of an axis."""
    lines = []
    texts = [str(p.dx) for p in axes.calibrationPoints[:2]]
    if all(re.fullmatch(r" *[1-9][0-9]{0,2}\.[0-9]{3} *", text) for text in texts):
        lines.append(
            f"x axis: {texts[0]!r} is read as {float(texts[0]):g}; if the point separates "
            "thousands, leave it out in the project"
        )
    own = found.values[found.axis == 0]
    values = [float(f"{v:.12g}") for v in (10**own if found.log[0] else own)]
    if meaning := what_compute_looks_like(values, "") or _date_in_disguise(values):
        lines.append(f"x axis: its calibration looks like {meaning}")
    return lines


def _date_in_disguise(values: Sequence[float]) -> str:
    """Dates written as one number that the years alone do not show; else nothing."""
    low, high = min(values), max(values)
    days = all(
        value == round(value) and 1 <= value // 100 % 100 <= 12 and 1 <= value % 100 <= 31
        for value in values
    )
    if days and DAYS[0] <= low < high <= DAYS[1]:
        return "dates as YYYYMMDD; expected compute"
    for unit, factor in (("seconds", 1), ("milliseconds", 1000)):
        if SECONDS[0] * factor <= low < high <= SECONDS[1] * factor and high < 2 * low:
            return f"dates as {unit} since 1970; expected compute"
    return ""
