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
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import xarray as xr

from tenfold.evidence.audit import Report, check, check_across, doubts
from tenfold.evidence.columns import OBS, REGIMES, SERIES, UNITS, GptLevel, Shift, Tradeoff
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
        The dataset; its attributes are JSON strings: `sources` (the tables of sources.toml),
        `files` (SHA-256 of every file read) and `filters`.

    Raises:
        SpecError: file, row, column and value of the first mistake; a filter that matches nothing.
    """
    extras = [extra] if isinstance(extra, Path) else list(extra)
    folders = [read_folder(path) for path in (folder or data_path(), *extras)]
    check_across(folders)
    for number, user in enumerate(folders[1:], start=1):
        for message in doubts(user, folders[:number]):
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
    }
    points = assemble(
        rows,
        {name: (item.floor, item.questions) for name, item in benchmarks.items()},
        {name: item.log10_axis_scale_se for name, item in known.items()},
        attrs,
    )
    return points.assign(_tables(shifts, tradeoff, [g for part in folders for g in part.gpt]))


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


def assemble(
    rows: Sequence[Mapping[str, Any]],
    floors: Mapping[str, tuple[float, int]],
    scale: Mapping[str, float],
    attrs: Mapping[Any, Any],
) -> xr.Dataset:
    """Points as a dataset. Labels are those in use, sorted; the regimes are always both.

    Args:
        rows: one mapping per point, with the keys of `OBS`, `series`, and those of `SERIES`.
        floors: chance level and number of questions of known benchmarks.
        scale: shared relative scale error of each source's log axis; 0 where it carries numbers.
    """
    rows = sorted(rows, key=lambda row: row["series"])
    first: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(row["series"], row)
    models = _models(rows)
    runs = {name: row["run"] or name for name, row in first.items()}
    labels: dict[str, list[str]] = {
        "series": list(first),
        "benchmark": sorted({row["benchmark"] for row in first.values()}),
        "family": sorted({row["family"] for row in first.values()}),
        "regime": list(REGIMES),
        "unit": [unit for unit in UNITS if unit in {row["unit"] for row in first.values()}],
        "publication": sorted({row["publication"] for row in first.values()}),
        "run": sorted(set(runs.values())),
        "llm": sorted(set(models.values())),
        "chart": sorted({row["source"] for row in rows if scale.get(row["source"], 0) > 0}),
        "shared_error": sorted({_shared_error(row) for row in rows} - {""}),
    }
    place = {key: {name: i for i, name in enumerate(names)} for key, names in labels.items()}

    def places(key: str, wanted: Sequence[str]) -> np.ndarray:
        return np.array([place[key].get(name, -1) for name in wanted], dtype=int)

    data: dict[str, Any] = {
        name: ("obs", np.array([row[name] for row in rows], dtype=kind))
        for name, kind in OBS.items()
    }
    index = places("series", [row["series"] for row in rows])
    data["series_index"] = ("obs", index)
    data["shared_error_index"] = ("obs", places("shared_error", [_shared_error(r) for r in rows]))
    weight = data["score_se"][1] ** -2.0
    total = np.bincount(index, weight * data["log10_compute"][1])
    data["reference"] = ("series", total / np.bincount(index, weight))
    for key, kind in SERIES.items():
        own = np.array([row[key] for row in first.values()], dtype=kind)
        data[key if kind is float else f"series_{key}"] = ("series", own)
    for key in ("benchmark", "family", "regime", "unit", "publication"):
        data[f"{key}_index"] = ("series", places(key, [row[key] for row in first.values()]))
    data["run_index"] = ("series", places("run", list(runs.values())))
    data["llm_index"] = ("series", places("llm", list(models.values())))
    families = {models[name]: row["family"] for name, row in first.items()}
    data["llm_family_index"] = ("llm", places("family", [families[m] for m in labels["llm"]]))
    data["chart_index"] = ("series", places("chart", [row["source"] for row in first.values()]))
    data["twin_index"] = ("series", _twins(list(first.values())))
    data["is_pair"] = ("series", _pairs(index, data["non_thinking"][1]))
    known = [floors.get(name, (0.0, 0)) for name in labels["benchmark"]]
    data["floor"] = ("benchmark", np.array([item[0] for item in known], dtype=float))
    data["benchmark_questions"] = ("benchmark", np.array([item[1] for item in known], dtype=int))
    scales = [scale[name] for name in labels["chart"]]
    data["chart_scale_se"] = ("chart", np.array(scales, dtype=float))
    coords = {key: np.array(names, dtype=str) for key, names in labels.items()}
    return xr.Dataset(data, coords=coords | {"obs": np.arange(len(rows))}, attrs=dict(attrs))


def _models(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The model of every series; where it joins several models, its run stands for one."""
    own: dict[str, set[str]] = {}
    run = {}
    for row in rows:
        own.setdefault(row["series"], set()).add(row["model"])
        run[row["series"]] = row["run"] or row["series"]
    return {name: min(found) if len(found) == 1 else run[name] for name, found in own.items()}


def _shared_error(row: Mapping[str, Any]) -> str:
    """What the points share whose compute is wrong by the same factor: a label, or ""."""
    return f"{row['source']}: {row['compute_group']}" if row["compute_group"] else ""


def _twins(series: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Per series the place of the one that holds the same observations on another axis, or -1.

    Series of one run on one benchmark in several units are one observation; the one whose unit
    stands first in `UNITS` is the observation, the others point at it.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, row in enumerate(series):
        if row["run"]:
            groups.setdefault((row["run"], row["benchmark"], row["regime"]), []).append(number)
    twin = np.full(len(series), -1)
    for own in groups.values():
        first = min(own, key=lambda number: UNITS.index(series[number]["unit"]))
        for number in own:
            if series[number]["unit"] != series[first]["unit"]:
                twin[number] = first
    return twin


def _pairs(index: np.ndarray, non_thinking: np.ndarray) -> np.ndarray:
    """Whether a series is two points, one without thinking and one with."""
    return (np.bincount(index) == 2) & (np.bincount(index, non_thinking) == 1)


def _tables(
    shifts: Sequence[Shift], tradeoff: Sequence[Tradeoff], gpt: Sequence[GptLevel]
) -> dict[str, xr.DataArray]:
    """Generation shifts, trade-offs and the GPT ladder as labelled arrays, possibly empty."""

    def array(rows: Sequence[Any], dim: str, values: Sequence[Any], kind: type = float) -> Any:
        coords = {dim: np.array([getattr(row, dim) for row in rows], dtype=str)}
        return xr.DataArray(np.array(values, dtype=kind), coords, (dim,))

    def column(rows: Sequence[Any], dim: str, name: str, kind: type = float) -> Any:
        return array(rows, dim, [getattr(row, name) for row in rows], kind)

    # flop_low and flop_high are the 5% and 95% points of a log-normal
    per_width = 1 / (2 * NormalDist().inv_cdf(0.95))
    width = [math.log10(level.flop_high / level.flop_low) * per_width for level in gpt]
    steps = [row.rl_step or row.shift for row in shifts]
    shared = [
        (row.rl_ooms_se or math.nan) * steps.count(step) ** 0.5
        for row, step in zip(shifts, steps, strict=True)
    ]
    numbers = ("rl_ooms", "shift_ooms", "shift_ooms_se")
    trades = ("inference_per_training", "inference_per_training_se_log")
    return (
        {name: column(shifts, "shift", name) for name in numbers}
        | {
            f"shift_{k}": column(shifts, "shift", k, str)
            for k in ("benchmark", "publication", "reading")
        }
        | {
            "shift_benchmarks": array(
                shifts, "shift", [row.benchmarks or 1 for row in shifts], int
            ),
            "rl_ooms_se": array(shifts, "shift", shared),
            "rl_step": array(shifts, "shift", steps, str),
            "rl_step_se": column(shifts, "shift", "rl_ooms_se"),
        }
        | {name: column(tradeoff, "tradeoff", name) for name in trades}
        | {
            f"tradeoff_{k}": column(tradeoff, "tradeoff", k, str)
            for k in ("direction", "publication")
        }
        | {
            "log10_flop": array(gpt, "gpt", [math.log10(level.flop) for level in gpt]),
            "log10_flop_se": array(gpt, "gpt", width),
        }
    )


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
