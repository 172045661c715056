"""Evidence files to one validated, labelled dataset; the only reader of `data/points`.

An evidence folder holds `points/*.csv` (or the CSV files directly), `sources.toml` with one table
per file, and optionally `benchmarks.toml`, `shifts.csv`, `tradeoff.csv` and `gpt_ladder.csv`; the
columns are described in `data/README.md`. `load` reads the shipped folder and any number of the
user's folders into an `xr.Dataset`; every mistake is a `SpecError` naming file, row and column,
and whatever is doubtful but not wrong is a `PointsWarning`.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, TypeVar, get_args

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import AfterValidator, ConfigDict, Field

from tenfold.spec import (
    SpecError,
    Strict,
    data_path,
    did_you_mean,
    read_text,
    read_toml,
    validate,
)

Regime = Literal["rl", "inference"]
Unit = Literal["tokens", "usd", "gpu_hours", "flop", "rollout_tokens", "relative"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
UNITS: tuple[Unit, ...] = get_args(Unit)
SHARED = ("benchmark", "family", "regime", "unit", "source")
"""What all points of a series have in common."""
OBS: dict[str, type] = {
    "log10_compute": float,
    "log10_compute_se": float,
    "score": float,
    "score_se": float,
    "non_thinking": bool,
    "n_questions": int,
    "n_samples": float,
    "outlier": bool,
    "source": str,
    "row": int,
    "setting": str,
    "model": str,
    "reason": str,
    "pixel_x": float,
    "pixel_y": float,
}
"""Variables of a point and their types; 0 questions and NaN mean not stated."""


class PointsWarning(UserWarning):
    """Something in a user's evidence that is doubtful but not an error."""


def _printable(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("expected a non-empty label without control characters")
    return text


Label = Annotated[str, Field(max_length=200), AfterValidator(_printable)]


class Row(Strict):
    """A row of a CSV table, whose cells are text until they are validated."""

    model_config = ConfigDict(strict=False)


class Point(Row):
    """One row of a points file: one (compute, score) pair."""

    series: Label
    family: Label
    model: Label
    setting: str = ""
    mode: Literal["thinking", "non-thinking"]
    benchmark: Label
    regime: Regime
    compute_unit: Unit
    compute: float = Field(gt=0)
    log10_compute_se: float = Field(default=0.0, ge=0)
    score: float = Field(ge=0, le=1)
    score_se: float | None = Field(default=None, gt=0)
    n_questions: int | None = Field(default=None, ge=1)
    n_samples: float | None = Field(default=None, gt=0)
    pixel_x: float | None = None
    pixel_y: float | None = None
    outlier: bool = False
    reason: str = ""


class Source(Strict):
    """One table of `sources.toml`: where the numbers of one file come from."""

    title: str
    publisher: str
    date: str
    url: str
    figure: str
    terms: str
    method: Literal["digitised", "tabulated", "raw", "quoted"]
    calibration: str = ""
    log10_axis_scale_se: float = Field(default=0.0, ge=0)
    outlier_rule: str = "none flagged"
    note: str = ""
    file: str | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Benchmark(Strict):
    """Chance level and size of a benchmark."""

    floor: float = Field(ge=0, lt=1)
    questions: int = Field(ge=0)
    reason: str


class Shift(Row):
    """A generation shift: tokens saved at equal score after a step of RL, both in OOMs."""

    shift: Label
    benchmark: Label
    rl_ooms: float
    rl_ooms_se: float = Field(gt=0)
    shift_ooms: float
    shift_ooms_se: float = Field(gt=0)
    use: bool
    source: str
    url: str
    reason: str


class Tradeoff(Row):
    """Inference OOMs per training OOM at equal performance, for one technique."""

    tradeoff: Label
    inference_per_training: float = Field(gt=0)
    inference_per_training_se_log: float = Field(gt=0)
    use: bool
    source: str
    url: str
    reason: str


class GptLevel(Row):
    """Training compute of one GPT generation, FLOP at 5, 50 and 95%."""

    gpt: Label
    flop_low: float = Field(gt=0)
    flop: float = Field(gt=0)
    flop_high: float = Field(gt=0)
    year: int
    source: str
    url: str
    reason: str


R = TypeVar("R", bound=Row)


@dataclass
class Folder:
    """What one evidence folder holds, validated row by row but not yet across files."""

    path: Path
    files: list[Path] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    benchmarks: dict[str, Benchmark] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)
    tradeoff: list[Tradeoff] = field(default_factory=list)
    gpt: list[GptLevel] = field(default_factory=list)


def load(
    folder: Path | None = None,
    extra: Path | Sequence[Path] = (),
    *,
    include: Mapping[str, Sequence[str]] | None = None,
    exclude: Mapping[str, Sequence[str]] | None = None,
    outliers: Literal["keep", "drop"] = "keep",
) -> xr.Dataset:
    """All evidence as one dataset.

    Args:
        folder: evidence folder used instead of the shipped one.
        extra: the user's folders, read as well.
        include: keep only points that match, for every key, one of its patterns. Keys: source,
            series, benchmark, family, regime, unit, model, mode, and shift or tradeoff for those
            rows. Patterns are labels in which `*` stands for anything.
        exclude: drop points that match any pattern of any key.
        outliers: "drop" leaves out the points flagged as outliers.

    Returns:
        Dims and variables as listed in `data/README.md`; `attrs` hold JSON strings: `sources`,
        `files` (SHA-256 of every file read) and `filters`.

    Raises:
        SpecError: file, row, column and value of the first mistake.
    """
    extras = [extra] if isinstance(extra, Path) else list(extra)
    base = read_folder(folder or data_path())
    folders = [base] + [read_folder(path) for path in extras]
    for position, user in enumerate(folders[1:], start=1):
        for message in doubts(user, folders[:position]):
            warnings.warn(message, PointsWarning, stacklevel=2)
    check_across(folders)
    frame = pd.DataFrame([point for part in folders for point in part.points])
    shifts = [row for part in folders for row in part.shifts if row.use]
    tradeoff = [row for part in folders for row in part.tradeoff if row.use]
    tables = {
        "shift": pd.DataFrame([dict(row) for row in shifts], columns=list(Shift.model_fields)),
        "tradeoff": pd.DataFrame(
            [dict(row) for row in tradeoff], columns=list(Tradeoff.model_fields)
        ),
    }
    frame, tables = _filter(frame, tables, include, exclude)
    if outliers == "drop":
        frame = frame[~frame["outlier"]]
    if frame.empty:
        raise SpecError("points: no point is left after include, exclude and outliers")
    benchmarks = {name: item for part in folders for name, item in part.benchmarks.items()}
    sources = {name: item for part in folders for name, item in part.sources.items()}
    gpt = [row for part in folders for row in part.gpt]
    attrs = {
        "sources": json.dumps({k: v.model_dump(exclude_none=True) for k, v in sources.items()}),
        "files": json.dumps({str(p.name): file_hash(p) for part in folders for p in part.files}),
        "filters": json.dumps(
            {
                "include": {k: list(v) for k, v in (include or {}).items()},
                "exclude": {k: list(v) for k, v in (exclude or {}).items()},
                "outliers": outliers,
            }
        ),
    }
    scale = {name: item.log10_axis_scale_se for name, item in sources.items()}
    floors = {name: (item.floor, item.questions) for name, item in benchmarks.items()}
    return assemble(frame, floors, scale, attrs).assign(_tables(tables, gpt))


def read_folder(path: Path) -> Folder:
    """An evidence folder: every row valid by itself, every file with a source and its hash.

    Raises:
        SpecError: no such folder, no point files, or the first bad row.
    """
    if not path.is_dir():
        raise SpecError(f"{path}: not a folder; expected points as *.csv next to sources.toml")
    root = path / "points" if (path / "points").is_dir() else path
    found = Folder(path, files=sorted(root.glob("*.csv")))
    if not found.files:
        raise SpecError(f"{root}: no *.csv file of points")
    found.sources = read_sources(path / "sources.toml", root)
    found.benchmarks = read_benchmarks(path / "benchmarks.toml")
    for file in found.files:
        if file.stem not in found.sources:
            hint = did_you_mean(file.stem, sorted(found.sources))
            raise SpecError(f"{path / 'sources.toml'}: no table [{file.stem}] for {file}{hint}")
        found.points += read_points(file)
    if root != path:
        found.shifts = read_rows(path / "shifts.csv", Shift)
        found.tradeoff = read_rows(path / "tradeoff.csv", Tradeoff)
        found.gpt = read_rows(path / "gpt_ladder.csv", GptLevel)
        tables = ("sources.toml", "benchmarks.toml", "shifts.csv", "tradeoff.csv", "gpt_ladder.csv")
        found.files += [path / name for name in tables if (path / name).is_file()]
    return found


def read_sources(path: Path, root: Path) -> dict[str, Source]:
    """`sources.toml`, with every named file present and, where a hash is given, unchanged."""
    sources = {}
    for name, table in read_toml(path).items():
        source = validate(table, Source, f"{path}: {name}")
        file = path.parent / source.file if source.file else root / f"{name}.csv"
        if not file.is_file():
            raise SpecError(f"{path}: {name}: file {file} does not exist")
        if source.sha256 and source.sha256 != (actual := file_hash(file)):
            raise SpecError(
                f"{path}: {name}.sha256: got {source.sha256[:12]}..., but {file} has {actual}; "
                "expected the hash of the file as it is"
            )
        sources[name] = source
    return sources


def read_benchmarks(path: Path) -> dict[str, Benchmark]:
    """`benchmarks.toml`, or nothing where the folder has none."""
    if not path.is_file():
        return {}
    return {
        name: validate(table, Benchmark, f"{path}: {name}")
        for name, table in read_toml(path).items()
    }


def read_points(path: Path) -> list[dict[str, Any]]:
    """Rows of one points file as dicts: the columns of `OBS`, what series share, and the file.

    A missing `score_se` is computed from `n_questions`.
    """
    rows = []
    for number, point in enumerate(read_rows(path, Point), start=2):
        values = dict(point)
        if point.score_se is None:
            if point.n_questions is None:
                raise SpecError(
                    f"{path}: row {number}, score_se: empty; expected a standard error, "
                    "or n_questions to compute it from"
                )
            values["score_se"] = binomial_se(point.score, point.n_questions)
        values["unit"] = values.pop("compute_unit")
        values["log10_compute"] = math.log10(values.pop("compute"))
        values["non_thinking"] = point.mode == "non-thinking"
        values["n_questions"] = point.n_questions or 0
        for name in ("n_samples", "pixel_x", "pixel_y"):
            values[name] = math.nan if values[name] is None else values[name]
        rows.append(values | {"source": path.stem, "row": number, "file": str(path)})
    return rows


def read_rows(path: Path, kind: type[R]) -> list[R]:
    """A CSV file as validated rows; empty cells are missing values. No file, no rows.

    Raises:
        SpecError: file, row (the header is row 1), column and value.
    """
    if kind is not Point and not path.is_file():
        return []
    columns = list(kind.model_fields)
    try:
        table = list(csv.reader(read_text(path).removeprefix("\ufeff").splitlines(), strict=True))
    except csv.Error as error:
        raise SpecError(f"{path}: not a valid CSV file: {error}") from None
    if not table:
        raise SpecError(f"{path}: empty; expected the columns {', '.join(columns)}")
    header = [name.strip() for name in table[0]]
    required = [name for name, item in kind.model_fields.items() if item.is_required()]
    for name in header:
        if name not in columns:
            raise SpecError(f"{path}: row 1: unknown column {name!r}{did_you_mean(name, columns)}")
    if missing := [name for name in required if name not in header]:
        raise SpecError(f"{path}: row 1: missing column {missing[0]!r}")
    if len(set(header)) < len(header):
        raise SpecError(f"{path}: row 1: a column appears twice in {', '.join(header)}")
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if len(cells) != len(header):
            raise SpecError(f"{path}: row {number}: {len(cells)} cells; expected {len(header)}")
        values = {k: v.strip() for k, v in zip(header, cells, strict=True) if v.strip()}
        rows.append(validate(values, kind, f"{path}: row {number}"))
    if not rows:
        raise SpecError(f"{path}: no rows below the header")
    return rows


def binomial_se(score: float, n_questions: int) -> float:
    """Standard error of a share of `n_questions`, never zero.

    sqrt(p (1 - p) / n); with fewer than one question right or wrong, the plus-four estimate
    p = (x + 2) / (n + 4) of Agresti & Coull (1998, doi:10.1080/00031305.1998.10480550).
    """
    if min(score, 1 - score) * n_questions < 1:
        share, size = (score * n_questions + 2) / (n_questions + 4), n_questions + 4
    else:
        share, size = score, n_questions
    return math.sqrt(share * (1 - share) / size)


def check_across(folders: Sequence[Folder]) -> None:
    """What no single row can show: a series is in one file and is one curve; no row comes twice.

    Raises:
        SpecError: naming both rows.
    """
    first: dict[str, dict[str, Any]] = {}
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    names: dict[str, Path] = {}
    for folder in folders:
        for name in folder.sources:
            if name in names:
                raise SpecError(f"{folder.path}: source {name!r} is also in {names[name]}")
            names[name] = folder.path
        for point in folder.points:
            here = f"{point['file']}: row {point['row']}"
            start = first.setdefault(point["series"], point)
            if start["file"] != point["file"]:
                raise SpecError(
                    f"{here}, series: {point['series']!r} is also in {start['file']}, "
                    f"row {start['row']}; expected a series in one file only"
                )
            for key in SHARED:
                if start[key] != point[key]:
                    raise SpecError(
                        f"{here}, {'compute_unit' if key == 'unit' else key}: got {point[key]!r}; "
                        f"expected {start[key]!r} as in row {start['row']} of the same series"
                    )
            same = tuple(point[k] for k in ("series", "model", "setting", "log10_compute", "score"))
            if same in seen:
                raise SpecError(f"{here}: repeats row {seen[same]['row']} of the same series")
            seen[same] = point


def doubts(user: Folder, known: Sequence[Folder]) -> list[str]:
    """Warnings about a user's rows, each naming the first row concerned."""
    messages = []
    benchmarks = {name for part in [*known, user] for name in part.benchmarks}
    units: dict[tuple[str, str], set[str]] = {}
    for part in known:
        for point in part.points:
            units.setdefault((point["benchmark"], point["regime"]), set()).add(point["unit"])
    told = set()
    for point in user.points:
        where, name = f"{point['file']}: row {point['row']}", point["benchmark"]
        if name not in benchmarks and name not in told:
            near = difflib.get_close_matches(name, sorted(benchmarks), n=1, cutoff=0.75)
            hint = f"did you mean {near[0]!r}? Otherwise" if near else "so"
            messages.append(
                f"{where}, benchmark: {name!r} is not known; {hint} it is taken as a new one with "
                "chance level 0 (a benchmarks.toml in the folder can say more)"
            )
            told.add(name)
        used = units.get((name, point["regime"]))
        if used and point["unit"] not in used and (name, point["series"]) not in told:
            messages.append(
                f"{where}, compute_unit: {point['unit']!r} differs from the other "
                f"{point['regime']} series on {name!r}, in {', '.join(sorted(used))}"
            )
            told.add((name, point["series"]))
    return messages


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None


POINT_KEYS = ("source", "series", "benchmark", "family", "regime", "unit", "model", "mode")
TABLE_KEYS = ("shift", "tradeoff")


def _filter(
    frame: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    include: Mapping[str, Sequence[str]] | None,
    exclude: Mapping[str, Sequence[str]] | None,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Rows kept by the filters; a pattern that matches nothing is an error, not a no-op."""
    keep = np.ones(len(frame), dtype=bool)
    kept = dict(tables)
    for keeps, patterns in ((True, include or {}), (False, exclude or {})):
        word = "include" if keeps else "exclude"
        for key, values in patterns.items():
            if key in TABLE_KEYS:
                matched = _matches(tables[key][key], values, f"{word}.{key}")
                kept[key] = kept[key].loc[(matched == keeps)[kept[key].index]]
            elif key in POINT_KEYS:
                keep &= _matches(frame[key], values, f"{word}.{key}") == keeps
            else:
                known = did_you_mean(key, [*POINT_KEYS, *TABLE_KEYS])
                raise SpecError(f"points.{word}: unknown key {key!r}{known}")
    return frame[keep], kept


def _matches(labels: pd.Series, patterns: Sequence[str], where: str) -> np.ndarray:
    known = sorted(set(labels))
    hits: set[str] = set()
    for pattern in patterns:
        found = {label for label in known if fnmatchcase(label, pattern)}
        if not found:
            near = difflib.get_close_matches(pattern, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SpecError(f"points.{where}: {pattern!r} matches nothing{hint}")
        hits |= found
    return labels.isin(hits).to_numpy(dtype=bool)


def usable(points: xr.Dataset) -> xr.Dataset:
    """The series that carry a slope: at least two distinct compute values, not all flagged.

    What is left out is listed with its reason in `attrs["excluded"]` (a JSON object, series to
    reason); the labels in use and all indices are renewed.
    """
    excluded = {}
    for number, name in enumerate(points["series"].values):
        own = points.isel(obs=np.flatnonzero(points["series_index"].values == number))
        distinct = len(np.unique(own["log10_compute"].values))
        if distinct < 2:
            excluded[str(name)] = f"{distinct} distinct compute value: no slope"
        elif own["outlier"].values.all():
            excluded[str(name)] = f"every point is flagged: {own['reason'].values[0]}"
    labels = points["series"].values[points["series_index"].values]
    kept = subset(points, ~np.isin(labels, list(excluded)))
    earlier = json.loads(points.attrs.get("excluded", "{}"))
    return kept.assign_attrs(excluded=json.dumps(earlier | excluded))


def subset(points: xr.Dataset, keep: np.ndarray) -> xr.Dataset:
    """The points where `keep` (bool, one per obs) holds, with labels and indices renewed."""
    if not np.any(keep):
        raise SpecError("points: no point is left")
    kept = points.isel(obs=np.flatnonzero(keep))
    index = kept["series_index"].values
    frame = kept[list(OBS)].to_dataframe().reset_index(drop=True)
    frame["series"] = points["series"].values[index]
    for key in ("benchmark", "family", "regime", "unit"):
        frame[key] = points[f"series_{key}"].values[index]
    chart = zip(points["chart"].values, points["chart_scale_se"].values, strict=True)
    floors = zip(points["floor"].values, points["benchmark_questions"].values, strict=True)
    renewed = assemble(
        frame,
        dict(zip(points["benchmark"].values, floors, strict=True)),
        dict(chart),
        points.attrs,
    )
    others = [name for name in points if points[name].dims[0] in ("shift", "tradeoff", "gpt")]
    return renewed.assign({name: points[name] for name in others})


def assemble(
    frame: pd.DataFrame,
    floors: Mapping[str, tuple[float, int]],
    scale: Mapping[str, float],
    attrs: Mapping[Any, Any],
) -> xr.Dataset:
    """Points as a dataset. Labels are those in use, sorted; the regimes are always both.

    Args:
        frame: one row per point, with the columns of `OBS`, `series`, and what series share.
        floors: chance level and number of questions of known benchmarks.
        scale: shared relative scale error of each source's log axis; 0 where it carries numbers.
    """
    frame = frame.sort_values("series", kind="stable").reset_index(drop=True)
    first = frame.groupby("series", sort=True).first()
    labels = {
        "benchmark": sorted(set(first["benchmark"])),
        "family": sorted(set(first["family"])),
        "regime": list(REGIMES),
        "unit": [unit for unit in UNITS if unit in set(first["unit"])],
        "chart": sorted({name for name in first["source"] if scale.get(name, 0) > 0}),
    }
    place = {key: {name: i for i, name in enumerate(names)} for key, names in labels.items()}
    data = {name: ("obs", _array(frame[name], kind)) for name, kind in OBS.items()}
    number = {name: i for i, name in enumerate(first.index)}
    data["series_index"] = ("obs", _array(frame["series"].map(number), int))
    weight = 1 / frame["score_se"] ** 2
    total = (weight * frame["log10_compute"]).groupby(frame["series"]).sum()
    data["reference"] = ("series", _array(total / weight.groupby(frame["series"]).sum(), float))
    for key in ("benchmark", "family", "regime", "unit"):
        data[f"series_{key}"] = ("series", _array(first[key], str))
        data[f"{key}_index"] = ("series", _array(first[key].map(place[key]), int))
    data["series_source"] = ("series", _array(first["source"], str))
    charts = [place["chart"].get(name, -1) for name in first["source"]]
    data["chart_index"] = ("series", _array(charts, int))
    known = [floors.get(name, (0.0, 0)) for name in labels["benchmark"]]
    data["floor"] = ("benchmark", _array([item[0] for item in known], float))
    data["benchmark_questions"] = ("benchmark", _array([item[1] for item in known], int))
    data["chart_scale_se"] = ("chart", _array([scale[name] for name in labels["chart"]], float))
    coords = {key: _array(names, str) for key, names in labels.items()}
    coords |= {"obs": np.arange(len(frame)), "series": _array(first.index, str)}
    return xr.Dataset(data, coords=coords, attrs=dict(attrs))


def _tables(tables: Mapping[str, pd.DataFrame], gpt: Sequence[GptLevel]) -> dict[str, xr.DataArray]:
    """Generation shifts, trade-offs and the GPT ladder as labelled arrays, possibly empty."""
    columns = {
        "shift": ("rl_ooms", "rl_ooms_se", "shift_ooms", "shift_ooms_se"),
        "tradeoff": ("inference_per_training", "inference_per_training_se_log"),
    }
    data = {}
    for dim, names in columns.items():
        coords = {dim: _array(tables[dim][dim], str)}
        for name in names:
            data[name] = xr.DataArray(_array(tables[dim][name], float), coords, (dim,))
    where = _array(tables["shift"]["benchmark"], str)
    data["shift_benchmark"] = xr.DataArray(where, data["rl_ooms"].coords, ("shift",))
    coords = {"gpt": _array([level.gpt for level in gpt], str)}
    median = _array([math.log10(level.flop) for level in gpt], float)
    width = _array([math.log10(level.flop_high / level.flop_low) for level in gpt], float)
    data["log10_flop"] = xr.DataArray(median, coords, ("gpt",))
    data["log10_flop_se"] = xr.DataArray(width / (2 * NormalDist().inv_cdf(0.95)), coords, ("gpt",))
    return data


def _array(values: Any, kind: type) -> np.ndarray:
    return np.array(list(values), dtype=kind)
