"""Charts to points with errors: WebPlotDigitizer projects, and images read automatically.

Two kinds of error are kept apart. The *point* error (where the marker's centre is) is independent
from point to point and ends up in `log10_compute_se` and `score_se`. The *axis* error (where the
calibration clicks are) moves all points of a chart together; it is reported per chart, as an
offset and a scale, and its compute scale becomes `log10_axis_scale_se` of the source.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from tenfold import wpd
from tenfold.axes import AxesFile, Calibration, Chart, Series, calibrate, offset_and_scale
from tenfold.points import Point, binomial_se
from tenfold.spec import SpecError, did_you_mean, load_toml, validate

if TYPE_CHECKING:
    from PIL import Image

LN10 = math.log(10)


@dataclass(frozen=True)
class Digitised:
    """Points read off one or more charts.

    `points`: the columns of a points file; `log10_compute_se` and `score_se` hold the independent
    errors only. `readings`: for every point its pixel, pixel errors, reading errors, and the part
    of the shared axis error at that point (`*_axis_se`). `charts`: per chart the shared error as
    standard errors of offset and (relative) scale. `notes`: what the user should know or fill in.
    """

    points: pd.DataFrame
    readings: pd.DataFrame
    charts: pd.DataFrame
    notes: tuple[str, ...]
    overlay: Image.Image | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Reading:
    """Marker centres of one series in one chart: `pixels`, `pixel_se` (n, 2), `flags` (n,)."""

    series: Series
    pixels: np.ndarray
    pixel_se: np.ndarray
    flags: Sequence[str]


def tabulate(
    readings: Sequence[Reading], calibration: Calibration, chart: Chart, name: str, where: str
) -> Digitised:
    """All series of one chart as points with errors.

    Raises:
        SpecError: a compute that is not positive, or a score outside [0, 1] by more than 4 errors.
    """
    notes = []
    percent = chart.score_scale == "percent"
    if chart.score_scale is None:
        top = calibration.values[calibration.axis == 1].max()
        percent = (10**top if calibration.log[1] else top) > 1
        if percent:
            notes.append("scores taken as percent because the axis goes above 1 (score_scale)")
    pixels = np.concatenate([r.pixels for r in readings])
    pixel_se = np.concatenate([r.pixel_se for r in readings])
    value, shared = calibration.read(pixels), calibration.shared(pixels)
    se = calibration.point_se(pixel_se)
    if not calibration.log[0] and value[:, 0].min() <= 0:
        x, y = pixels[value[:, 0].argmin()]
        raise SpecError(
            f"{where}: pixel ({x:.1f}, {y:.1f}): compute {value[:, 0].min():.4g}; expected > 0"
        )
    # first-order errors: log10_compute and score move by these rates times the axis' own move
    log10_compute = value[:, 0] if calibration.log[0] else np.log10(value[:, 0])
    x_rate = np.ones(len(value)) if calibration.log[0] else 1 / (value[:, 0] * LN10)
    score = (10 ** value[:, 1] if calibration.log[1] else value[:, 1]) / (100 if percent else 1)
    y_rate = score * LN10 if calibration.log[1] else np.full(len(score), 0.01 if percent else 1.0)
    x_shared, y_shared = shared[:, 0] * x_rate[:, None], shared[:, 1] * y_rate[:, None]
    details = pd.DataFrame(
        {
            "chart": name,
            "series": [r.series.name for r in readings for _ in r.pixels],
            "pixel_x": pixels[:, 0],
            "pixel_y": pixels[:, 1],
            "pixel_x_se": pixel_se[:, 0],
            "pixel_y_se": pixel_se[:, 1],
            "log10_compute": log10_compute,
            "log10_compute_se": se[:, 0] * x_rate,
            "log10_compute_axis_se": np.linalg.norm(x_shared, axis=1),
            "score": score,
            "score_reading_se": se[:, 1] * y_rate,
            "score_axis_se": np.linalg.norm(y_shared, axis=1),
            "flag": [flag for r in readings for flag in r.flags],
        }
    )
    x_offset, x_scale = offset_and_scale(x_shared, log10_compute)
    y_offset, y_scale = offset_and_scale(y_shared, score)
    charts = pd.DataFrame(
        {
            "chart": [name],
            "log10_axis_offset_se": x_offset,
            "log10_axis_scale_se": math.hypot(x_scale, chart.log10_axis_scale_se),
            "score_axis_offset_se": y_offset,
            "score_axis_scale_se": y_scale,
        }
    )
    if not chart.n_questions:
        notes.append("score_se holds the reading error only: state n_questions to add sampling")
    points = as_points(details, [r.series for r in readings for _ in r.pixels], chart, where)
    labels = ("family", "model", "benchmark", "regime", "compute_unit")
    if missing := [label for label in labels if (points[label] == "").any()]:
        notes.append(f"to be filled in: {', '.join(missing)} (not on the chart, not in AXES.toml)")
    return Digitised(points, details, charts, tuple(f"{where}: {note}" for note in notes))


def as_points(
    details: pd.DataFrame, tables: Sequence[Series], chart: Chart, where: str
) -> pd.DataFrame:
    """Readings as the columns of a points file.

    A score that reads just outside [0, 1] is set to the bound and says so in `reason`.

    Raises:
        SpecError: a score outside [0, 1] by more than 4 standard errors.
    """
    rows = []
    for table, row in zip(tables, details.to_dict("records"), strict=True):
        score, reason = min(max(row["score"], 0.0), 1.0), row["flag"]
        if score != row["score"]:
            error = math.hypot(row["score_reading_se"], row["score_axis_se"])
            if abs(score - row["score"]) > 4 * error:
                raise SpecError(
                    f"{where}: series {table.name!r}, pixel ({row['pixel_x']:.1f}, "
                    f"{row['pixel_y']:.1f}): score {row['score']:.4g}; expected 0 to 1 "
                    "(is score_scale right?)"
                )
            reason = "; ".join(filter(None, [reason, f"read as {row['score']:.4f}"]))
        sampling = binomial_se(score, chart.n_questions) if chart.n_questions else 0.0
        rows.append(
            {
                **table.model_dump(include={"family", "model", "setting", "mode"}),
                **chart.model_dump(include={"benchmark", "regime", "compute_unit"}),
                "series": table.name,
                "compute": 10 ** row["log10_compute"],
                "log10_compute_se": row["log10_compute_se"],
                "score": score,
                "score_se": math.hypot(row["score_reading_se"], sampling),
                "n_questions": chart.n_questions,
                "n_samples": chart.n_samples,
                "pixel_x": row["pixel_x"],
                "pixel_y": row["pixel_y"],
                "outlier": False,
                "reason": reason,
            }
        )
    return pd.DataFrame(rows, columns=list(Point.model_fields)).astype({"n_questions": "Int64"})


def digitise_project(path: Path, axes_path: Path | None = None) -> Digitised:
    """Points of a WebPlotDigitizer project.

    Datasets named `NAME`, `NAME #2`, `NAME #3` on the same axes, or listed together under
    `datasets` of a series, are repeated digitisations of one series: their spread replaces the
    stated click error. `axes_path`: an `AXES.toml` with labels and errors (no calibration).

    Raises:
        SpecError: the first mistake in either file.
    """
    meta = load_toml(axes_path, AxesFile) if axes_path else AxesFile(version=1)
    if meta.chart.x or meta.chart.y:
        raise SpecError(f"{axes_path}: chart.x, chart.y: a project has its own calibration")
    project = wpd.read_project(path)
    charts: dict[str, list[Reading]] = {}
    maps: dict[str, Calibration] = {}
    notes = [f"{path}: dataset {d.name!r} has no points" for d in project.datasetColl if not d.data]
    for series, datasets in assign(project, meta.series, path, axes_path):
        for dataset in datasets:
            where = f"{path}: dataset {dataset.name!r}"
            axes = wpd.axes_of(project, dataset, where)
            if axes.name not in maps:
                at = f"{path}: axes {axes.name!r}"
                maps[axes.name] = wpd.calibration(axes, meta.chart.click_se, at)
            notes.append(wpd.check_stored(axes, maps[axes.name], dataset, where))
        if len({d.axesName for d in datasets}) > 1:
            raise SpecError(f"{path}: series {series.name!r}: repeats on different axes")
        pixels = [np.array([[m.x, m.y] for m in d.data]) for d in datasets]
        centre, se = pool(pixels, meta.chart, f"{path}: series {series.name!r}")
        reading = Reading(series, centre, se, [""] * len(centre))
        charts.setdefault(str(datasets[0].axesName), []).append(reading)
    parts = [
        tabulate(readings, maps[name], meta.chart, name, f"{path}: axes {name!r}")
        for name, readings in charts.items()
    ]
    return Digitised(
        pd.concat([p.points for p in parts], ignore_index=True),
        pd.concat([p.readings for p in parts], ignore_index=True),
        pd.concat([p.charts for p in parts], ignore_index=True),
        tuple(filter(None, notes)) + tuple(note for p in parts for note in p.notes),
    )


def assign(
    project: wpd.Project, tables: Sequence[Series], path: Path, axes_path: Path | None
) -> list[tuple[Series, list[wpd.Dataset]]]:
    """Which datasets make up which series.

    Raises:
        SpecError: a name that is not in the project, or twice in it.
    """
    found: dict[str, list[wpd.Dataset]] = {}
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


def pool(repeats: list[np.ndarray], chart: Chart, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean pixel (n, 2) and its standard error (n, 2) over digitisations of the same markers.

    The click error is the spread between repeats, pooled over the points (with one digitisation,
    the stated `click_se`). Repeats do not tell whether the centre of a marker is seen where it
    is: to that belongs diameter / (4 sqrt 3), a uniform error of up to half a radius.

    Raises:
        SpecError: repeats that do not show the same points, or are copies of each other.
    """
    marker = chart.marker_diameter / (4 * math.sqrt(3))
    first, count = repeats[0], len(repeats)
    if count == 1:
        return first, np.full(first.shape, math.hypot(chart.click_se, marker))
    matched = [first]
    limit = max(10 * chart.click_se, chart.marker_diameter)
    for number, other in enumerate(repeats[1:], start=2):
        if len(other) != len(first):
            raise SpecError(f"{where}: repeat {number} has {len(other)} points, not {len(first)}")
        distance = np.linalg.norm(first[:, None] - other[None], axis=2)
        _, order = linear_sum_assignment(distance)
        worst = distance[np.arange(len(first)), order].max()
        if worst > limit:
            raise SpecError(
                f"{where}: repeat {number} is {worst:.1f} px off; expected <= {limit:g}"
            )
        matched.append(other[order])
    stack = np.stack(matched)
    spread = np.sqrt(stack.var(axis=0, ddof=1).mean(axis=0))
    if (spread == 0).any():
        raise SpecError(f"{where}: repeats are identical; expected independent digitisations")
    se = np.hypot(spread / math.sqrt(count), marker)
    return stack.mean(axis=0), np.broadcast_to(se, first.shape).copy()


def digitise_image(path: Path, axes_path: Path) -> Digitised:
    """Points found automatically in a chart image, with an overlay picture to check by eye.

    Raises:
        SpecError: a mistake in `AXES.toml`, an image that cannot be read, or a series whose
            colour is not found.
    """
    from tenfold import markers  # scikit-image is needed here only

    meta = load_toml(axes_path, AxesFile)
    if not meta.series:
        raise SpecError(f"{axes_path}: series: missing; expected a table [[series]] per colour")
    calibration = calibrate(meta.chart, str(axes_path))
    image = markers.read_image(path)
    readings, notes = [], []
    for series in meta.series:
        if series.colour is None:
            raise SpecError(f"{axes_path}: series {series.name!r}: colour: missing")
        found = markers.find(image, series, meta.chart, f"{path}: series {series.name!r}")
        flags = [marker.flag for marker in found.markers]
        centres = np.array([[m.x, m.y] for m in found.markers])
        errors = np.array([[m.x_se, m.y_se] for m in found.markers])
        readings.append(Reading(series, centres, errors, flags))
        notes += [f"{path}: series {series.name!r}: {note}" for note in found.notes]
    table = tabulate(readings, calibration, meta.chart, path.stem, str(path))
    overlay = markers.draw(image, readings, meta.chart)
    return replace(table, notes=tuple(notes) + table.notes, overlay=overlay)
