"""WebPlotDigitizer projects (versions 3 to 4.2, JSON or saved as .tar), read strictly.

The layout was learnt from files and from the program's own reader; no code is shared. An XY axis is
calibrated by four clicks in the order X1, X2, Y1, Y2, whose values are text. Every dataset names
its axes and stores, beside each pixel, the value that the program computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from tenfold.evidence import numbers
from tenfold.evidence.digitise.archive import project_text
from tenfold.evidence.digitise.axes import Calibration, Series, check_calibration, check_directions
from tenfold.evidence.foreign import Foreign
from tenfold.files import SpecError, did_you_mean, parse_json, shown
from tenfold.spec import validate

REFUSED = {
    "BarAxes": "a bar chart has no compute axis",
    "PolarAxes": "polar axes have no compute axis",
    "TernaryAxes": "ternary axes show shares, not compute and score",
    "MapAxes": "a map has distances, not compute and score",
    "ImageAxes": "image axes are pixels without values",
    "CircularChartRecorderAxes": "a chart recorder's disc has a time axis",
}
CURVE = re.compile(
    "(mean|median|average|value|primary|cent(er|re)|points?|estimate|y|score)s?", re.IGNORECASE
)
"""Names of groups of points that are the curve and not its error bars."""
SEPARATED = re.compile(r"[0-9][,'\u2019_\u00a0\u2009\u202f ][0-9]")
MONTH = re.compile(r"[01]?[0-9]/[0-9]{4}|[0-9]{4}\s*[\u5e74\ub144].*")
"""Dates of which a number is no part: 01/2024, and years as China, Japan and Korea write them."""
MAX_MARKS = 20_000


class NotACurve(SpecError):
    """A dataset that cannot be a curve of score against compute, whatever is done to it."""


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, bool) else value


Printed = Annotated[str | float | None, BeforeValidator(_text)]


class Click(Foreign):
    """A calibration click: pixel and, as text, the value printed there."""

    px: float = math.nan
    py: float = math.nan
    dx: Printed = None
    dy: Printed = None


class Axes(Foreign):
    """One set of axes."""

    name: str
    type: str
    isLogX: bool = False
    isLogY: bool = False
    noRotation: bool = False
    isPiecewiseX: bool = False
    isPiecewiseY: bool = False
    calibrationPoints: list[Click] = Field(default=[], max_length=100)


class Mark(Foreign):
    """One digitised point: pixel, and the value stored by the program if any."""

    x: float = math.nan
    y: float = math.nan
    value: list[Any] | None = None
    metadata: Any = None
    group: Any = None


class Dataset(Foreign):
    """One digitised series; versions 3 and 4.0 list metadata in the order of `metadataKeys`.

    Points may be in groups, as values and the ends of their error bars are: `groupNames`, and the
    number of its group at each point.
    """

    name: str
    data: list[Mark] = Field(default=[], max_length=MAX_MARKS)
    axesName: str | None = None
    metadataKeys: list[Any] = []
    groupNames: list[Any] = []

    @property
    def own_group(self) -> int:
        """The group that holds the curve: the one that is named so, else the first."""
        named = [i for i, name in enumerate(self.groupNames) if CURVE.fullmatch(str(name).strip())]
        return named[0] if len(named) == 1 else 0

    @property
    def curve(self) -> list[Mark]:
        """The points of the curve, without those of other groups."""
        if not self.groupNames:
            return self.data
        return [mark for mark in self.data if mark.group in (None, self.own_group)]

    def overridden(self, mark: Mark) -> bool:
        """Whether the value of a point was set by hand."""
        known = mark.metadata
        if isinstance(known, list):
            known = {str(k): v for k, v in zip(self.metadataKeys, known, strict=False)}
        own = known.get("overrides") if isinstance(known, dict) else None
        return any(v is not None for v in own.values()) if isinstance(own, dict) else bool(own)


class Project(Foreign):
    """A project, in the layout of version 4."""

    axesColl: list[Axes] = Field(max_length=1000)
    datasetColl: list[Dataset] = Field(max_length=1000)


def read_project(path: Path) -> Project:
    """A project of version 3 or 4: a JSON file, or the archive that the program saves.

    Raises:
        SpecError: not JSON, another version, a missing key, or no dataset.
    """
    raw = parse_json(*project_text(path))
    old = isinstance(raw, dict) and isinstance(raw.get("wpd"), dict)
    body = raw["wpd"] if old else raw
    version = body.get("version") if isinstance(body, dict) else None
    major = version[0] if isinstance(version, list) and version else version
    if not re.fullmatch(r"[vV]?3(\..*)?" if old else r"[vV]?4(\..*)?", str(major)[:20].strip()):
        raise SpecError(
            f"{path}: version: got {shown(version)}; expected a WebPlotDigitizer project, "
            "version 3 or 4"
        )
    if old:
        kind = body.get("axesType")
        axes = {"name": "axes", "type": kind, "calibrationPoints": body.get("calibration", [])}
        series = body.get("dataSeries")
        parameters = body.get("axesParameters") or {}
        if not isinstance(parameters, dict):
            got = shown(parameters)
            raise SpecError(f"{path}: wpd.axesParameters: got {got}; expected a table")
        body = {"axesColl": [axes | parameters] if kind else [], "datasetColl": series}
        if isinstance(series, list) and all(isinstance(s, dict) for s in series):
            body["datasetColl"] = [s | {"axesName": "axes" if kind else None} for s in series]
    project = validate(body, Project, str(path))
    if not any(d.data for d in project.datasetColl):
        raise SpecError(f"{path}: datasetColl: no dataset has points; expected at least one point")
    return project


def number(value: str | float | None, where: str) -> float:
    """A calibration value: plain, scientific, with thousands separators, or with a percent sign.

    Raises:
        SpecError: a date, a decimal comma, a power written with ^, or anything else.
    """
    text = "" if value is None else str(value)
    if numbers.is_date(text) or MONTH.fullmatch(text.strip()):
        raise NotACurve(f"{where}: got date {shown(text.strip())}; a date axis has no compute")
    try:
        found = numbers.read(text)
        if found.dollars:
            raise ValueError("a currency sign")
    except ValueError as error:
        reason = str(error)
        rest = "" if "expected a number" in reason else "; expected a number such as 1000 or 1e3"
        raise SpecError(f"{where}: got {shown(text.strip())}; {reason}{rest}") from None
    return found.value


def calibration(axes: Axes, click_se: float, where: str) -> Calibration:
    """The map of one XY axes.

    Raises:
        SpecError: another kind of axes, too few clicks, or clicks that define no axes.
    """
    if axes.type != "XYAxes":
        reason = REFUSED.get(axes.type, "only XY axes are read")
        raise NotACurve(f"{where}: {shown(axes.type)[1:-1]}: refused: {reason}")
    if axes.isPiecewiseX or axes.isPiecewiseY:
        raise SpecError(f"{where}: piecewise axis: refused: digitise each piece as its own axes")
    points = axes.calibrationPoints
    if len(points) != 4:
        raise SpecError(f"{where}: {len(points)} calibration points; expected 4 (X1, X2, Y1, Y2)")
    clicks = np.array([[p.px, p.py] for p in points])
    if np.isnan(clicks).any():
        raise SpecError(f"{where}: a calibration point without its pixel; expected px and py")
    log = (axes.isLogX, axes.isLogY)
    values: list[float] = []
    percent = False
    for axis, name in enumerate("xy"):
        pair = points[2 * axis : 2 * axis + 2]
        at = f"{where}: {name} axis"
        own = [
            number(p.dx if axis == 0 else p.dy, f"{at}: {name.upper()}{i}")
            for i, p in enumerate(pair, start=1)
        ]
        percent = _in_percent([p.dx if axis == 0 else p.dy for p in pair], own, at)
        if percent and axis == 0:
            raise SpecError(f"{at}: a per cent sign; expected compute")
        length = float(np.hypot(*(clicks[2 * axis + 1] - clicks[2 * axis])))
        try:
            check_calibration([0.0, length], own, log[axis])
        except ValueError as error:
            raise SpecError(f"{at}: {error}") from None
        values += [math.log10(v) for v in own] if log[axis] else own
    x, y = clicks[1] - clicks[0], clicks[3] - clicks[2]
    sine = abs(x[0] * y[1] - x[1] * y[0]) / (np.hypot(*x) * np.hypot(*y))
    if sine < 0.1:
        raise SpecError(f"{where}: degenerate: x and y axis run along the same line")
    along = None
    if axes.noRotation:
        # the program snaps to the nearer of upright and quarter-turned axes
        along = (0, 1) if abs(x[0] * y[1]) > abs(x[1] * y[0]) else (1, 0)
    found = Calibration(
        clicks, np.array(values), np.array([0, 0, 1, 1]), log, along, click_se, percent
    )
    check_directions(found, where)
    return found


def _in_percent(texts: Sequence[str | float | None], values: Sequence[float], where: str) -> bool:
    """Whether the values of an axis have per cent signs; 0 is the same with and without.

    Raises:
        SpecError: one has, and the other has not.
    """
    signed = {"%" in str(text) for text, value in zip(texts, values, strict=True) if value}
    if len(signed) > 1:
        raise SpecError(f"{where}: one value with a per cent sign; expected both with it or none")
    return True in signed


def axes_of(project: Project, dataset: Dataset, where: str) -> Axes:
    """The axes that a dataset was digitised on.

    Raises:
        SpecError: none, or a name that is not in the project.
    """
    known = {axes.name: axes for axes in project.axesColl}
    if len(known) < len(project.axesColl):
        raise SpecError(f"{where}: two axes of the project have one name; expected distinct names")
    if not dataset.axesName:
        raise NotACurve(f"{where}: no axes; expected a dataset on calibrated axes")
    if dataset.axesName not in known:
        hint = did_you_mean(dataset.axesName, sorted(known))
        raise NotACurve(f"{where}: axes {dataset.axesName!r} are not in the project{hint}")
    return known[dataset.axesName]


def assign(
    project: Project, tables: Sequence[Series], path: Path, axes_path: Path | None
) -> tuple[list[tuple[Series, list[Dataset]]], list[str]]:
    """Which datasets make up which series, and the names of those that are in none.

    Raises:
        SpecError: a name that is not in the project, or twice in it.
    """
    found: dict[str, list[Dataset]] = {}
    known = {d.name: d for d in project.datasetColl if d.data}
    if len(known) < sum(bool(d.data) for d in project.datasetColl):
        raise SpecError(f"{path}: two datasets have one name; expected distinct names")
    if not tables:
        for dataset in known.values():
            base = re.sub(r" #\d+$", "", dataset.name)
            found.setdefault(base, []).append(dataset)
        where = f"{path}: dataset"
        return [(validate({"name": n}, Series, where), d) for n, d in found.items()], []
    rest = dict(known)
    pairs = []
    for table in tables:
        names = table.datasets or [table.name]
        for name in names:
            if name not in known:
                raise SpecError(
                    f"{axes_path}: series {table.name!r}: no dataset {name!r} with points in {path}"
                    f"{did_you_mean(name, sorted(known))}"
                )
            rest.pop(name, None)
        pairs.append((table, [known[name] for name in names]))
    return pairs, list(rest)


def left_of_groups(dataset: Dataset, where: str) -> str:
    """A note on points in groups beside the curve, or "".

    Raises:
        SpecError: no point is in the group of the curve.
    """
    left = len(dataset.data) - len(dataset.curve)
    if not left:
        return ""
    group = shown(str(dataset.groupNames[dataset.own_group]))
    if not dataset.curve:
        raise SpecError(f"{where}: no point in the group {group}; expected the curve in it")
    return f"{where}: {left} points of other groups than {group} are left out, as error bars are"


def check_stored(axes: Axes, found: Calibration, dataset: Dataset, where: str) -> str:
    """Compare recomputed values with the stored ones, to 1e-6; returns a note or "".

    The program reads a calibration value only up to a thousands separator ("1,000" as 1), so
    stored values that follow from that are reported, not believed.

    Raises:
        SpecError: a value set by hand, or one that does not follow from the calibration.
    """
    texts = [p.dx for p in axes.calibrationPoints[:2]] + [p.dy for p in axes.calibrationPoints[2:]]
    separated = [t for t in map(str, texts) if SEPARATED.search(t)]
    for index, mark in enumerate(dataset.data, start=1):
        at = f"{where}, point {index}"
        if math.isnan(mark.x) or math.isnan(mark.y):
            raise SpecError(f"{at}: without its pixel; expected x and y")
        if dataset.overridden(mark):
            raise SpecError(f"{at}: value set by hand (overrides); expected the clicked position")
        if not mark.value or len(mark.value) < 2:
            continue
        value = found.read(np.array([[mark.x, mark.y]]))[0]
        for axis in (0, 1):
            stored = mark.value[axis]
            if found.log[axis] and abs(value[axis]) > 300:
                raise SpecError(f"{at}: reads 10^{value[axis]:.0f}; expected a pixel on the chart")
            mine = 10 ** value[axis] if found.log[axis] else value[axis]
            if not isinstance(stored, int | float) or not math.isfinite(stored):
                continue  # NaN is written as null
            size = abs(mine) if found.log[axis] else np.abs(found.values[found.axis == axis]).max()
            if abs(stored - mine) > max(1e-6 * max(size, abs(mine)), _rounding(stored)):
                if separated:
                    return (
                        f"{where}: stored values differ because the program reads {separated[0]!r} "
                        "only up to its separator; the full number was used"
                    )
                raise SpecError(
                    f"{at}: stored {'xy'[axis]} value {stored:.10g}, but its pixel and the "
                    f"calibration give {mine:.10g}; expected agreement to 1e-6"
                )
    return ""


def _rounding(stored: float) -> float:
    """Half a unit of the last digit of a number, as other writers of projects round; else 0."""
    _, digits, exponent = Decimal(str(+stored)).as_tuple()
    return 0.5 * 10.0 ** int(exponent) if len(digits) >= 4 else 0.0
