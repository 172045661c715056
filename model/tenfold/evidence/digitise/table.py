"""Points as a table with errors, in the columns of a points file."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tenfold.evidence.columns import Point
from tenfold.evidence.digitise.axes import Calibration, Chart, Series, offset_and_scale
from tenfold.evidence.rows import binomial_se
from tenfold.files import SpecError

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

    def files(self, target: Path) -> dict[Path, pd.DataFrame]:
        """One points file per chart, since a source has one axis error.

        The only chart goes to `target`; of several, each to a name of its own beside it
        (`target-chart.csv`), fit to be the name of a table in `sources.toml`.
        """
        if len(self.charts) == 1:
            return {target: self.points}
        found: dict[Path, pd.DataFrame] = {}
        for chart in self.charts["chart"]:
            word = re.sub(r"[^a-z0-9]+", "-", str(chart).lower()).strip("-") or "chart"
            path = target.with_stem(f"{target.stem}-{word}")
            number = 1
            while path in found:
                number += 1
                path = target.with_stem(f"{target.stem}-{word}-{number}")
            found[path] = self.points.loc[(self.readings["chart"] == chart).to_numpy()]
        return found


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
        SpecError: no compute above 0, or a score outside [0, 1] by more than 4 errors.
    """
    notes: list[str] = []
    percent = chart.score_scale == "percent"
    if chart.score_scale is None and calibration.percent:
        percent = True
    elif chart.score_scale is None:
        top = calibration.values[calibration.axis == 1].max()
        percent = (10**top if calibration.log[1] else top) > 1
        if percent:
            notes.append("scores taken as percent because the axis goes above 1 (score_scale)")
    readings, left = _above_zero(readings, calibration, where)
    notes += left
    pixels = np.concatenate([r.pixels for r in readings])
    pixel_se = np.concatenate([r.pixel_se for r in readings])
    value, shared = calibration.read(pixels), calibration.shared(pixels)
    se = calibration.point_se(pixel_se)
    if (beyond := np.abs(value[:, calibration.log]).max(initial=0)) > 300:
        raise SpecError(f"{where}: a point reads 10^±{beyond:.0f}; expected pixels on the chart")
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
    if missing := [label for label in labels if "" in set(points[label])]:
        notes.append(f"to be filled in: {', '.join(missing)} (not on the chart, not in AXES.toml)")
    return Digitised(points, details, charts, tuple(f"{where}: {note}" for note in notes))


def _above_zero(
    readings: Sequence[Reading], calibration: Calibration, where: str
) -> tuple[list[Reading], list[str]]:
    """The readings without points whose compute is 0 within its own error, and a note for each.

    A curve of RL often starts at step 0, which has no logarithm.

    Raises:
        SpecError: no point is left.
    """
    if calibration.log[0]:
        return list(readings), []
    kept, notes, lowest = [], [], math.inf
    for reading in readings:
        compute = calibration.read(reading.pixels)[:, 0]
        keep = compute > calibration.point_se(reading.pixel_se)[:, 0]
        lowest = min(lowest, compute.min())
        for (x, y), value in zip(reading.pixels[~keep], compute[~keep], strict=True):
            notes.append(
                f"series {reading.series.name!r}: pixel ({x:.1f}, {y:.1f}) left out: its compute "
                f"{value:.3g} is not above 0 by its reading error"
            )
        if keep.any():
            flags = [flag for flag, kept_one in zip(reading.flags, keep, strict=True) if kept_one]
            kept.append(
                replace(
                    reading,
                    pixels=reading.pixels[keep],
                    pixel_se=reading.pixel_se[keep],
                    flags=flags,
                )
            )
    if not kept:
        raise SpecError(f"{where}: compute {lowest:.4g}; expected points with compute > 0")
    return kept, notes[:10] + ([f"{len(notes) - 10} more such points"] if len(notes) > 10 else [])


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
