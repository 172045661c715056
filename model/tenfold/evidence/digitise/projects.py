"""WebPlotDigitizer projects (versions 3, 4 and 4.2), read strictly.

The layout was learnt from files and from the program's own reader; no code is shared. An XY axis is
calibrated by four clicks in the order X1, X2, Y1, Y2, whose values are text. Every dataset names
its axes and stores, beside each pixel, the value that the program computed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from pydantic import BaseModel, ConfigDict

from tenfold.evidence.digitise.axes import Calibration, Series, check_calibration, check_directions
from tenfold.files import SpecError, did_you_mean, read_text
from tenfold.spec import validate

REFUSED = {
    "BarAxes": "a bar chart has no compute axis",
    "PolarAxes": "polar axes have no compute axis",
    "TernaryAxes": "ternary axes show shares, not compute and score",
    "MapAxes": "a map has distances, not compute and score",
    "ImageAxes": "image axes are pixels without values",
    "CircularChartRecorderAxes": "a chart recorder's disc has a time axis",
}
NUMBER = re.compile(r"[+-]?(\d{1,3}([,'_\u00a0\u202f ]\d{3})+|\d+|(?=\.\d))(\.\d*)?([eE][+-]?\d+)?")


class Foreign(BaseModel):
    """A table of another program's file: what we read is checked, the rest is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Click(Foreign):
    """A calibration click: pixel and, as text, the value printed there."""

    px: float
    py: float
    dx: str | float | None = None
    dy: str | float | None = None


class Axes(Foreign):
    """One set of axes."""

    name: str
    type: str
    isLogX: bool = False
    isLogY: bool = False
    noRotation: bool = False
    isPiecewiseX: bool = False
    isPiecewiseY: bool = False
    calibrationPoints: list[Click] = []


class Mark(Foreign):
    """One digitised point: pixel, and the value stored by the program if any."""

    x: float
    y: float
    value: list[Any] | None = None
    metadata: dict[str, Any] | None = None


class Dataset(Foreign):
    """One digitised series."""

    name: str
    data: list[Mark]
    axesName: str | None = None


class Project(Foreign):
    """A project, in the layout of version 4."""

    axesColl: list[Axes]
    datasetColl: list[Dataset]


def read_project(path: Path) -> Project:
    """A project file of version 3 or 4.

    Raises:
        SpecError: not JSON, another version, a missing key, or no dataset.
    """

    def constant(name: str) -> NoReturn:
        raise ValueError(f"{name} is not a number")

    try:
        raw = json.loads(read_text(path), parse_constant=constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(
            f"{path}: not JSON ({error}); expected a WebPlotDigitizer project"
        ) from None
    old = isinstance(raw, dict) and isinstance(raw.get("wpd"), dict)
    body = raw["wpd"] if old else raw
    version = body.get("version") if isinstance(body, dict) else None
    major = version[0] if isinstance(version, list) and version else version
    if not isinstance(major, int | float) or int(major) != (3 if old else 4):
        raise SpecError(
            f"{path}: version: got {version!r}; expected a WebPlotDigitizer project, version 3 or 4"
        )
    if old:
        kind = body.get("axesType")
        axes = {"name": "axes", "type": kind, "calibrationPoints": body.get("calibration", [])}
        series = body.get("dataSeries")
        parameters = body.get("axesParameters") or {}
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
        SpecError: a date, a power written with ^, or anything else.
    """
    text = "" if value is None else str(value).strip()
    if re.fullmatch(r"\d{1,4}[/:-]\d{1,2}([/:\- T].*)?", text):
        raise SpecError(f"{where}: got date {text!r}; a date axis has no compute")
    if NUMBER.fullmatch(text.removesuffix("%")):
        parsed = float(re.sub(r"[,'_\u00a0\u202f ]", "", text.removesuffix("%")))
        if math.isfinite(parsed):
            return parsed
    raise SpecError(f"{where}: got {text!r}; expected a number such as 1000, 1,000 or 1e3")


def calibration(axes: Axes, click_se: float, where: str) -> Calibration:
    """The map of one XY axes.

    Raises:
        SpecError: another kind of axes, too few clicks, or clicks that define no axes.
    """
    if axes.type != "XYAxes":
        reason = REFUSED.get(axes.type, "only XY axes are read")
        raise SpecError(f"{where}: {axes.type}: refused: {reason}")
    if axes.isPiecewiseX or axes.isPiecewiseY:
        raise SpecError(f"{where}: piecewise axis: refused: digitise each piece as its own axes")
    points = axes.calibrationPoints
    if len(points) != 4:
        raise SpecError(f"{where}: {len(points)} calibration points; expected 4 (X1, X2, Y1, Y2)")
    clicks = np.array([[p.px, p.py] for p in points])
    log = (axes.isLogX, axes.isLogY)
    values = []
    for axis, name in enumerate("xy"):
        pair = points[2 * axis : 2 * axis + 2]
        at = f"{where}: {name} axis"
        own = [
            number(p.dx if axis == 0 else p.dy, f"{at}: {name.upper()}{i}")
            for i, p in enumerate(pair, start=1)
        ]
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
    found = Calibration(clicks, np.array(values), np.array([0, 0, 1, 1]), log, along, click_se)
    check_directions(found, where)
    return found


def axes_of(project: Project, dataset: Dataset, where: str) -> Axes:
    """The axes that a dataset was digitised on.

    Raises:
        SpecError: none, or a name that is not in the project.
    """
    known = {axes.name: axes for axes in project.axesColl}
    if not dataset.axesName:
        raise SpecError(f"{where}: no axes; expected a dataset on calibrated axes")
    if dataset.axesName not in known:
        hint = did_you_mean(dataset.axesName, sorted(known))
        raise SpecError(f"{where}: axes {dataset.axesName!r} are not in the project{hint}")
    return known[dataset.axesName]


def assign(
    project: Project, tables: Sequence[Series], path: Path, axes_path: Path | None
) -> list[tuple[Series, list[Dataset]]]:
    """Which datasets make up which series.

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
        return [(validate({"name": n}, Series, f"{path}: dataset"), d) for n, d in found.items()]
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
    if rest:
        raise SpecError(f"{axes_path}: dataset {next(iter(rest))!r} of {path} is in no series")
    return pairs


def check_stored(axes: Axes, found: Calibration, dataset: Dataset, where: str) -> str:
    """Compare recomputed values with the stored ones, to 1e-6; returns a note or "".

    The program reads a calibration value only up to a thousands separator ("1,000" as 1), so
    stored values that follow from that are reported, not believed.

    Raises:
        SpecError: a value set by hand, or one that does not follow from the calibration.
    """
    texts = [p.dx for p in axes.calibrationPoints[:2]] + [p.dy for p in axes.calibrationPoints[2:]]
    separated = [t for t in map(str, texts) if re.search(r"\d[,'_\u00a0\u202f ]\d", t)]
    for index, mark in enumerate(dataset.data, start=1):
        at = f"{where}, point {index}"
        if mark.metadata and mark.metadata.get("overrides"):
            raise SpecError(f"{at}: value set by hand (overrides); expected the clicked position")
        if not mark.value or len(mark.value) < 2:
            continue
        value = found.read(np.array([[mark.x, mark.y]]))[0]
        for axis in (0, 1):
            stored = mark.value[axis]
            if found.log[axis] and abs(value[axis]) > 300:
                raise SpecError(f"{at}: reads 10^{value[axis]:.0f}; expected a pixel on the chart")
            mine = 10 ** value[axis] if found.log[axis] else value[axis]
            if not isinstance(stored, int | float):
                continue  # NaN is written as null
            size = abs(mine) if found.log[axis] else np.abs(found.values[found.axis == axis]).max()
            if abs(stored - mine) > 1e-6 * max(size, abs(mine)):
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
