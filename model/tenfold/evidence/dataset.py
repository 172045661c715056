"""Evidence to one validated, labelled dataset, and what it holds; the only reader of `data/points`.

`load` reads the shipped evidence and any number of the user's folders into an `xr.Dataset`;
`usable` leaves the series that carry a slope; `table`, `counts`, `sources` and `chain` describe a
dataset for people; `check` validates a user's file before it is used. The dimensions, variables
and units of the dataset are listed in `data/README.md`.
"""

from __future__ import annotations

import difflib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from tenfold.evidence.arrays import along_axis, assemble, tables
from tenfold.evidence.audit import Report, check, check_across, doubts
from tenfold.evidence.columns import OBS, SERIES, Shift, Tradeoff
from tenfold.evidence.inventory import chain, counts, sources, table, unusable
from tenfold.evidence.rows import Folder, binomial_se, file_hash, read_folder
from tenfold.files import SpecError, data_path, did_you_mean

__all__ = [
    "PointsWarning",
    "Report",
    "assemble",
    "chain",
    "check",
    "counts",
    "load",
    "rescale_errors",
    "sources",
    "subset",
    "table",
    "unusable",
    "usable",
]

POINT_KEYS = (
    "source",
    "publication",
    "series",
    "benchmark",
    "family",
    "regime",
    "unit",
    "axis_start",
    "model",
    "mode",
)
TABLE_KEYS = ("shift", "tradeoff")
Patterns = Mapping[str, Sequence[str]]


class PointsWarning(UserWarning):
    """Something in a user's evidence that is doubtful but not an error."""


def load(
    folder: Path | None = None,
    extra: Path | Sequence[Path] = (),
    *,
    include: Patterns | None = None,
    exclude: Patterns | None = None,
    outliers: Literal["keep", "drop"] = "keep",
) -> xr.Dataset:
    """All evidence as one dataset.

    Args:
        folder: evidence folder used instead of the shipped one.
        extra: the user's folder or folders, read as well.
        include: keep only what matches, for every key, one of its patterns. Keys: source,
            publication, series, benchmark, family, regime, unit, axis_start, model, mode
            ("thinking", "non-thinking"), and shift or tradeoff for those rows. Patterns are labels
            in which `*` stands for anything.
        exclude: drop what matches any pattern of any key.
        outliers: "drop" leaves out the points flagged as outliers.

    Returns:
        The dataset; `data/README.md` lists its variables. Its attributes are JSON strings:
        `sources` (the tables of sources.toml), `files` (SHA-256 of every file read), `filters`,
        `overlaps` (the reviewed list) and `doubts` (what was warned of).

    Raises:
        SpecError: file, row, column and value of the first mistake; a filter that matches nothing.
    """
    extras = [extra] if isinstance(extra, Path) else list(extra)
    folders = [read_folder(path) for path in (folder or data_path(), *extras)]
    check_across(folders)
    doubtful = [
        message
        for number, user in enumerate(folders[1:], start=1)
        for message in doubts(user, folders[:number])
    ]
    for message in doubtful:
        warnings.warn(message, PointsWarning, stacklevel=2)
    rows = [point for part in folders for point in part.points]
    shifts = [row for part in folders for row in part.shifts if row.use]
    tradeoff = [row for part in folders for row in part.tradeoff if row.use]
    for word, patterns in (("include", include or {}), ("exclude", exclude or {})):
        for key, values in patterns.items():
            rows, shifts, tradeoff = _filter(rows, shifts, tradeoff, word, key, values)
    if outliers == "drop":
        rows = [row for row in rows if not row["outlier"]]
    if not rows:
        raise SpecError("points: no point is left after include, exclude and outliers")
    known = {name: item for part in folders for name, item in part.sources.items()}
    benchmarks = {name: item for part in folders for name, item in part.benchmarks.items()}
    filters = {
        key: {k: list(v) for k, v in (value or {}).items()}
        for key, value in (("include", include), ("exclude", exclude))
    }
    attrs = {
        "sources": json.dumps({k: v.model_dump(exclude_none=True) for k, v in known.items()}),
        "files": json.dumps(_hashes(folders)),
        "filters": json.dumps(filters | {"outliers": outliers}),
        "overlaps": json.dumps([row.model_dump() for part in folders for row in part.overlaps]),
        "doubts": json.dumps(doubtful),
    }
    rows, scale = along_axis(rows, {name: item.log10_axis_scale_se for name, item in known.items()})
    floors = {name: (item.floor, item.questions) for name, item in benchmarks.items()}
    points = assemble(rows, floors, scale, attrs)
    return points.assign(tables(shifts, tradeoff, [g for part in folders for g in part.gpt]))


def _hashes(folders: Sequence[Folder]) -> dict[str, str]:
    """SHA-256 of every file read; a user's files are prefixed with the name of their folder."""
    hashes = {}
    for number, part in enumerate(folders):
        prefix = f"{number}:{part.path.resolve().name}/" if number else ""
        for file in part.files:
            hashes[prefix + file.relative_to(part.path).as_posix()] = file_hash(file)
    return hashes


def _filter(
    rows: list[dict[str, Any]],
    shifts: list[Shift],
    tradeoff: list[Tradeoff],
    word: str,
    key: str,
    values: Sequence[str],
) -> tuple[list[dict[str, Any]], list[Shift], list[Tradeoff]]:
    """What one key of include or exclude keeps; a pattern that matches nothing is an error."""
    keeps = word == "include"
    if key == "shift":
        hits = _matches([row.shift for row in shifts], values, f"{word}.{key}")
        return rows, [row for row in shifts if (row.shift in hits) == keeps], tradeoff
    if key == "tradeoff":
        hits = _matches([row.tradeoff for row in tradeoff], values, f"{word}.{key}")
        return rows, shifts, [row for row in tradeoff if (row.tradeoff in hits) == keeps]
    if key not in POINT_KEYS:
        known = did_you_mean(key, [*POINT_KEYS, *TABLE_KEYS])
        raise SpecError(f"points.{word}: unknown key {key!r}{known}")
    labels = [_mode(row) if key == "mode" else row[key] for row in rows]
    hits = _matches(labels, values, f"{word}.{key}")
    kept = [row for row, label in zip(rows, labels, strict=True) if (label in hits) == keeps]
    return kept, shifts, tradeoff


def _mode(row: Mapping[str, Any]) -> str:
    return "non-thinking" if row["non_thinking"] else "thinking"


def _matches(labels: Sequence[str], patterns: Sequence[str], where: str) -> set[str]:
    known = sorted(set(labels))
    hits: set[str] = set()
    for pattern in patterns:
        found = {label for label in known if fnmatchcase(label, pattern)}
        if not found:
            near = difflib.get_close_matches(pattern, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SpecError(f"points.{where}: {pattern!r} matches nothing{hint}")
        hits |= found
    return hits


def usable(points: xr.Dataset) -> xr.Dataset:
    """The points of series that carry a slope, with labels in use and all indices renewed.

    What is left out is listed with its reason in `attrs["excluded"]` (JSON, series to reason).
    """
    reasons = unusable(points)
    labels = points["series"].values[points["series_index"].values]
    kept = subset(points, ~np.isin(labels, list(reasons)))
    earlier = json.loads(points.attrs.get("excluded", "{}"))
    return kept.assign_attrs(excluded=json.dumps(earlier | reasons))


def rescale_errors(points: xr.Dataset, factor: float) -> xr.Dataset:
    """The same points with all reading errors times `factor`: 0 without them, 2 doubled.

    Scaled are the errors of compute, of axes without numbers, and what the error of a digitised or
    quoted score holds beyond that of its questions. Where a source states the smaller noise
    between checkpoints instead, its score errors stay as they are.
    """
    methods = {name: item["method"] for name, item in json.loads(points.attrs["sources"]).items()}
    rows, floors, scale = _rows(points)
    least = [binomial_se(row["score"], max(int(row["n_questions"]), 1)) for row in rows]
    noise = {r["source"] for r, se in zip(rows, least, strict=True) if r["score_se"] < 0.999 * se}
    for row, questions in zip(rows, least, strict=True):
        row["log10_compute_se"] = row["log10_compute_se"] * factor
        if methods[row["source"]] in ("digitised", "quoted") and row["source"] not in noise:
            reading = max(row["score_se"] ** 2 - questions**2, 0.0) ** 0.5
            row["score_se"] = math.hypot(questions, factor * reading)
    scaled = {name: value * factor for name, value in scale.items()}
    return _with_tables(assemble(rows, floors, scaled, points.attrs), points)


def subset(points: xr.Dataset, keep: np.ndarray) -> xr.Dataset:
    """The points where `keep` (bool, one per obs) holds, with labels and indices renewed."""
    if not np.any(keep):
        raise SpecError("points: no point is left")
    rows, floors, scale = _rows(points)
    kept = [row for row, keeps in zip(rows, keep, strict=True) if keeps]
    return _with_tables(assemble(kept, floors, scale, points.attrs), points)


def _rows(
    points: xr.Dataset,
) -> tuple[list[dict[str, Any]], dict[str, tuple[float, int]], dict[str, float]]:
    """A dataset taken apart again: the arguments of `assemble` that made it."""
    index = points["series_index"].values
    columns = {name: points[name].values for name in OBS}
    columns["series"] = points["series"].values[index]
    for key, kind in SERIES.items():
        columns[key] = points[key if kind is float else f"series_{key}"].values[index]
    rows = [{name: column[i] for name, column in columns.items()} for i in range(len(index))]
    known = zip(points["floor"].values, points["benchmark_questions"].values, strict=True)
    floors = dict(zip(points["benchmark"].values, known, strict=True))
    scale = dict(zip(points["chart"].values, points["chart_scale_se"].values, strict=True))
    return rows, floors, scale


def _with_tables(renewed: xr.Dataset, points: xr.Dataset) -> xr.Dataset:
    others = [name for name in points if points[name].dims[0] in ("shift", "tradeoff", "gpt")]
    return renewed.assign({name: points[name] for name in others})
