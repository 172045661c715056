"""Unseen series: their points, from a user's file or from evidence taken as if it were new."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from tenfold.evidence.audit import check_across, doubts
from tenfold.evidence.copies import curves_of
from tenfold.evidence.dataset import PointsWarning
from tenfold.evidence.rows import Folder, binomial_se, read_benchmarks, read_folder, read_points
from tenfold.files import data_path
from tenfold.posterior import structure

COLUMNS = ("log10_compute", "log10_compute_se", "score", "score_se", "non_thinking")


@dataclass(frozen=True)
class Series:
    """Points of one unseen series, sorted by compute; arrays of shape (point,)."""

    label: str
    benchmark: str
    family: str
    model: str
    publication: str
    regime: str
    unit: str
    floor: float
    questions: int
    reference: float
    log10_compute: np.ndarray
    log10_compute_se: np.ndarray
    score: np.ndarray
    score_se: np.ndarray
    non_thinking: np.ndarray

    def at(self, keep: np.ndarray) -> Series:
        """The same series with some of its points only; the reference stays."""
        return replace(self, **{name: getattr(self, name)[keep] for name in COLUMNS})


def read_series(path: Path, run_points: xr.Dataset) -> list[Series]:
    """The series of one points file, in the order of their labels.

    Warns of series that are evidence of the run (`run_points`) or copies of it, and as
    `audit.doubts` does.

    The intercept is taken where the series' points lie: the reference is the mean of log10 compute
    of all rows (unweighted: errors may depend on scores that are to be predicted). Chance levels
    are those of the shipped `benchmarks.toml`, or of one beside the file.

    Raises:
        SpecError: a bad row, or rows that contradict each other.
    """
    shipped = read_folder(data_path())
    home = Folder(path.parent, points=read_points(path))
    home.benchmarks = read_benchmarks(path.parent / "benchmarks.toml")
    check_across([home])
    for message in doubts(home, [shipped], curves_of(run_points)):
        warnings.warn(message, PointsWarning, stacklevel=2)
    known = shipped.benchmarks | home.benchmarks
    labels = sorted({row["series"] for row in home.points})
    if seen := sorted(set(labels) & set(run_points["series"].values.tolist())):
        warnings.warn(
            f"{path}: {len(seen)} series, as {seen[0]!r}, are evidence of the run: their points "
            "have been seen, and predicting them shows nothing",
            PointsWarning,
            stacklevel=2,
        )
    found = []
    for label in labels:
        rows = sorted(
            (row for row in home.points if row["series"] == label), key=lambda r: r["log10_compute"]
        )
        first = rows[0]
        bench = known.get(first["benchmark"])
        column = {name: np.array([row[name] for row in rows]) for name in COLUMNS}
        stated = max(row["n_questions"] for row in rows)
        found.append(
            Series(
                label=label,
                benchmark=first["benchmark"],
                family=first["family"],
                model=first["model"],
                publication="",
                regime=first["regime"],
                unit=first["unit"],
                floor=bench.floor if bench else 0.0,
                questions=stated or (bench.questions if bench else 0),
                reference=float(column["log10_compute"].mean()),
                **column,
            )
        )
    return found


def lowest(series: Series, count: int) -> np.ndarray:
    """Mask of the points at the `count` lowest distinct compute values."""
    levels = np.unique(series.log10_compute)
    return series.log10_compute <= levels[min(count, levels.size) - 1]


def of_points(points: xr.Dataset) -> list[Series]:
    """The series of a dataset of evidence, as `read_series` would give them."""
    found = []
    index, models = points["series_index"].values, structure.models(points)
    for s, label in enumerate(points["series"].values.tolist()):
        own = np.flatnonzero(index == s)
        own = own[np.argsort(points["log10_compute"].values[own], kind="stable")]
        bench = int(points["benchmark_index"].values[s])
        column = {name: points[name].values[own] for name in COLUMNS}
        stated = int(points["n_questions"].values[own].max())
        found.append(
            Series(
                label=label,
                benchmark=str(points["series_benchmark"].values[s]),
                family=str(points["series_family"].values[s]),
                model=str(models[s]),
                publication=str(points["series_publication"].values[s]),
                regime=str(points["series_regime"].values[s]),
                unit=str(points["series_unit"].values[s]),
                floor=float(points["floor"].values[bench]),
                questions=stated or int(points["benchmark_questions"].values[bench]),
                reference=float(column["log10_compute"].mean()),
                **column,
            )
        )
    return found


def blind(targets: Series) -> Series:
    """Targets without the printed error (NaN) where it is that of a share of their questions.

    sqrt(p (1 - p) / n) tells the score that is to be predicted; a forecast computes it from the
    score that it expects instead. Rivals use the error as printed.
    """
    n = max(targets.questions, 1)
    told = np.array([binomial_se(score, n) for score in targets.score])
    hidden = np.abs(targets.score_se / told - 1) < 1e-3
    return replace(targets, score_se=np.where(hidden, np.nan, targets.score_se))
