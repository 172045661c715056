"""From a project or an image to a table of points."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from tenfold.evidence.digitise import projects
from tenfold.evidence.digitise.axes import AxesFile, Calibration, Chart, calibrate
from tenfold.evidence.digitise.table import Digitised, Reading, tabulate
from tenfold.files import SpecError
from tenfold.spec import load_toml


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
    project = projects.read_project(path)
    charts: dict[str, list[Reading]] = {}
    maps: dict[str, Calibration] = {}
    notes = [f"{path}: dataset {d.name!r} has no points" for d in project.datasetColl if not d.data]
    for series, datasets in projects.assign(project, meta.series, path, axes_path):
        for dataset in datasets:
            where = f"{path}: dataset {dataset.name!r}"
            axes = projects.axes_of(project, dataset, where)
            if axes.name not in maps:
                at = f"{path}: axes {axes.name!r}"
                maps[axes.name] = projects.calibration(axes, meta.chart.click_se, at)
            notes.append(projects.check_stored(axes, maps[axes.name], dataset, where))
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
    if any(np.array_equal(a, b) for a, b in combinations(matched, 2)):
        raise SpecError(f"{where}: repeats are identical; expected independent digitisations")
    se = np.hypot(spread / math.sqrt(count), marker)
    return stack.mean(axis=0), np.broadcast_to(se, first.shape).copy()


def digitise_image(path: Path, axes_path: Path) -> Digitised:
    """Points found automatically in a chart image, with an overlay picture to check by eye.

    Raises:
        SpecError: a mistake in `AXES.toml`, an image that cannot be read, or a series whose
            colour is not found.
    """
    from tenfold.evidence.digitise import markers  # scikit-image is needed here only

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
        centres = np.array([[m.x, m.y] for m in found.markers])
        errors = np.array([[m.x_se, m.y_se] for m in found.markers])
        readings.append(Reading(series, centres, errors, [m.flag for m in found.markers]))
        notes += [f"{path}: series {series.name!r}: {note}" for note in found.notes]
    table = tabulate(readings, calibration, meta.chart, path.stem, str(path))
    overlay = markers.draw(image, [(r.pixels, r.flags) for r in readings], meta.chart)
    return replace(table, notes=tuple(notes) + table.notes, overlay=overlay)
