"""From a project or an image to a table of points."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from tenfold.evidence.digitise import archive, projects
from tenfold.evidence.digitise.axes import AxesFile, Calibration, Chart, calibrate
from tenfold.evidence.digitise.doubts import doubts
from tenfold.evidence.digitise.table import Digitised, Reading, tabulate
from tenfold.files import Mistakes, SpecError, shown
from tenfold.spec import load_toml

FORMATS = "WebPlotDigitizer projects (.json, .tar) and images (.png, .jpg, .webp, .gif, .bmp)"
OTHERS = {
    ".dig": "a project of Engauge; export its chart as an image, or its points as CSV",
    ".pdf": "a PDF; export the figure as an image",
    ".svg": "a vector drawing; export it as an image",
    ".eps": "a vector drawing; export it as an image",
    ".csv": "a table; with the columns of a points file, see `tenfold points check`",
    ".tsv": "a table; with the columns of a points file, see `tenfold points check`",
    ".xlsx": "a spreadsheet; with the columns of a points file save it as CSV",
    ".tif": "an image of another format; save it as PNG",
    ".tiff": "an image of another format; save it as PNG",
    ".heic": "an image of another format; save it as PNG",
    ".avif": "an image of another format; save it as PNG",
}
IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""How images begin that are read, and how their names end."""
BEGINNINGS = {
    b"%PDF": OTHERS[".pdf"],
    b"%!PS": OTHERS[".eps"],
    b"<svg": OTHERS[".svg"],
    b"PK\x03\x04": "a zip archive; unpack it, or export the figure of a document as an image",
    b"BZh": "compressed with bzip2; unpack it",
    b"\xfd7zXZ": "compressed with xz; unpack it",
    b"<": "a web page or XML",
}
"""How files begin that are neither a project nor an image, whatever their names say."""


def digitise_chart(path: Path, axes_path: Path | None = None) -> Digitised:
    """Points of a project or an image, whichever the file is.

    Raises:
        SpecError: neither; an image without `axes_path`; as `digitise_project`, `digitise_image`.
    """
    suffix = path.suffix.lower()
    data = archive.content(path)
    if suffix in (".json", ".tar") or archive.is_project(data):
        return digitise_project(path, axes_path)
    kind = OTHERS.get(suffix) or next(
        (what for start, what in BEGINNINGS.items() if data.startswith(start)), None
    )
    if kind is None and suffix not in SUFFIXES and not data.startswith(IMAGES):
        kind = "neither a project nor an image"
    if kind:
        raise SpecError(f"{path}: {kind}; read are {FORMATS}")
    if axes_path is None:
        raise SpecError(f"{path}: an image needs --axes AXES.toml with its calibration")
    return digitise_image(path, axes_path)


def digitise_project(path: Path, axes_path: Path | None = None) -> Digitised:
    """Points of a WebPlotDigitizer project.

    Datasets named `NAME`, `NAME #2`, `NAME #3` on the same axes, or listed together under
    `datasets` of a series, are repeated digitisations of one series: their spread replaces the
    stated click error. `axes_path`: an `AXES.toml` with labels and errors (no calibration), which
    may leave datasets out. Without it, datasets that are no curve are passed over with a note.

    Raises:
        SpecError: every mistake in either file.
    """
    meta = load_toml(axes_path, AxesFile) if axes_path else AxesFile(version=1)
    if meta.chart.x or meta.chart.y:
        raise SpecError(f"{axes_path}: chart.x, chart.y: a project has its own calibration")
    project = projects.read_project(path)
    charts: dict[str, list[Reading]] = {}
    maps: dict[str, Calibration] = {}
    pairs, rest = projects.assign(project, meta.series, path, axes_path)
    notes = [f"{path}: dataset {d.name!r} has no points" for d in project.datasetColl if not d.data]
    notes += [f"{path}: dataset {shown(name)} is in no series of {axes_path}" for name in rest]
    mistakes, passed = Mistakes(), []
    for series, datasets in pairs:
        with mistakes.gather():
            try:
                told = _calibrate(project, datasets, maps, meta.chart, path)
            except projects.NotACurve as error:
                if meta.series:
                    raise
                passed.append((series.name, str(error).removeprefix(f"{path}: ")))
                continue
            if len({d.axesName for d in datasets}) > 1:
                raise SpecError(f"{path}: series {series.name!r}: repeats on different axes")
            pixels = [np.array([[m.x, m.y] for m in d.curve]) for d in datasets]
            centre, se = pool(pixels, meta.chart, f"{path}: series {series.name!r}")
            reading = Reading(series, centre, se, [""] * len(centre))
            charts.setdefault(str(datasets[0].axesName), []).append(reading)
            notes += told
    mistakes.tell()
    if not charts:
        raise SpecError(*(f"{path}: {reason}" for _, reason in passed))
    left = [f"{path}: dataset {shown(name)} is passed over: {reason}" for name, reason in passed]
    parts = [
        tabulate(readings, maps[name], meta.chart, name, f"{path}: axes {name!r}")
        for name, readings in charts.items()
    ]
    return Digitised(
        pd.concat([p.points for p in parts], ignore_index=True),
        pd.concat([p.readings for p in parts], ignore_index=True),
        pd.concat([p.charts for p in parts], ignore_index=True),
        tuple(dict.fromkeys([*notes, *left])) + tuple(note for p in parts for note in p.notes),
    )


def _calibrate(
    project: projects.Project,
    datasets: list[projects.Dataset],
    maps: dict[str, Calibration],
    chart: Chart,
    path: Path,
) -> list[str]:
    """Put the maps of the datasets' axes into `maps`, and hold stored values against them."""
    notes = []
    for dataset in datasets:
        where = f"{path}: dataset {shown(dataset.name)}"
        axes = projects.axes_of(project, dataset, where)
        at = f"{path}: axes {shown(axes.name)}"
        if axes.name not in maps:
            maps[axes.name] = projects.calibration(axes, chart.click_se, at)
        notes += [f"{at}: {line}" for line in doubts(axes, maps[axes.name])]
        notes.append(projects.left_of_groups(dataset, where))
        notes.append(projects.check_stored(axes, maps[axes.name], dataset, where))
    return list(filter(None, notes))


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
