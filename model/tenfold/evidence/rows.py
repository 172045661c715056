"""Evidence files as validated rows: what a folder holds.

An evidence folder holds `points/*.csv` (or the CSV files directly), `sources.toml` with one table
per file, and optionally `benchmarks.toml`, `shifts.csv`, `tradeoff.csv`, `gpt_ladder.csv` and
`overlaps.csv`;
`data/README.md` describes every column. A mistake is a `SpecError` that names file, row and
column; what is doubtful but not wrong is a warning.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenfold.evidence.columns import (
    Benchmark,
    GptLevel,
    Overlap,
    Point,
    Row,
    Shift,
    Source,
    Tradeoff,
)
from tenfold.evidence.tables import read_table
from tenfold.files import (
    Mistakes,
    SpecError,
    did_you_mean,
    inside,
    key_path,
    read_bytes,
    read_toml,
    shown,
)
from tenfold.spec import validate


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
    overlaps: list[Overlap] = field(default_factory=list)


def read_folder(path: Path) -> Folder:
    """An evidence folder: every row valid by itself, every file with a source and its hash.

    Raises:
        SpecError: no such folder, no point files, or every mistake in them.
    """
    if not os.path.isdir(path):
        raise SpecError(f"{path}: not a folder; expected points as *.csv next to sources.toml")
    root = points_root(path)
    found = Folder(path, files=point_files(root))
    mistakes = Mistakes()
    with mistakes.gather():
        found.sources = read_sources(path / "sources.toml", root)
        for file in found.files:
            if file.stem not in found.sources:
                hint = did_you_mean(file.stem, sorted(found.sources))
                table = path / "sources.toml"
                mistakes.lines.append(f"{table}: no table [{file.stem}] for {file}{hint}")
    with mistakes.gather():
        found.benchmarks = read_benchmarks(path / "benchmarks.toml")
    for file in found.files:
        with mistakes.gather():
            source = found.sources.get(file.stem)
            publication = (source and source.publication) or file.stem
            found.points += [row | {"publication": publication} for row in read_points(file)]
    if root != path:
        with mistakes.gather():
            found.shifts = read_rows(path / "shifts.csv", Shift)
        with mistakes.gather():
            found.tradeoff = read_rows(path / "tradeoff.csv", Tradeoff)
        with mistakes.gather():
            found.gpt = read_rows(path / "gpt_ladder.csv", GptLevel)
        with mistakes.gather():
            found.overlaps = read_rows(path / "overlaps.csv", Overlap)
    mistakes.tell()
    names = ["sources.toml", "benchmarks.toml"]
    names += (
        ["shifts.csv", "tradeoff.csv", "gpt_ladder.csv", "overlaps.csv"] if root != path else []
    )
    found.files += [path / name for name in names if (path / name).is_file()]
    return found


def points_root(path: Path) -> Path:
    """Where a folder keeps its points files: in `points/`, or in itself."""
    return path / "points" if (path / "points").is_dir() else path


def point_files(root: Path) -> list[Path]:
    """The points files of a folder, sorted.

    Raises:
        SpecError: none, or a link that leaves the folder.
    """
    files = [inside(root, file.name, root) for file in sorted(root.glob("*.csv"))]
    if not files:
        raise SpecError(f"{root}: no *.csv file of points")
    return files


def read_sources(path: Path, root: Path) -> dict[str, Source]:
    """`sources.toml`, with every named file present and, where a hash is given, unchanged."""
    sources: dict[str, Source] = {}
    mistakes = Mistakes()
    for name, table in read_toml(path).items():
        where = f"{path}: {key_path([name])}"
        with mistakes.gather():
            source = validate(table, Source, where)
            if source.file:
                file = inside(path.parent, source.file, f"{where}.file")
            else:
                file = inside(root, f"{name}.csv", where)
            if not os.path.isfile(file):  # unlike Path.is_file, false for a name too long
                raise SpecError(f"{where}: file {file} does not exist")
            if source.sha256 and source.sha256 != (actual := file_hash(file)):
                raise SpecError(
                    f"{where}.sha256: got {source.sha256[:12]}..., but {file} has {actual}; "
                    "expected the hash of the file as it is"
                )
            sources[name] = source
    mistakes.tell()
    return sources


def read_benchmarks(path: Path) -> dict[str, Benchmark]:
    """`benchmarks.toml`, or nothing where the folder has none."""
    if not path.is_file():
        return {}
    known: dict[str, Benchmark] = {}
    mistakes = Mistakes()
    for name, table in read_toml(path).items():
        with mistakes.gather():
            known[name] = validate(table, Benchmark, f"{path}: {key_path([name])}")
    mistakes.tell()
    return known


def read_points(path: Path) -> list[dict[str, Any]]:
    """Rows of one points file as dicts ready for the dataset, with `source`, `row` and `file`.

    `log10_compute` replaces `compute`, `non_thinking` the mode; a missing `score_se` is computed
    from `n_questions`, which is 0 where not stated; other missing numbers are NaN. A row at compute
    0 is no point: its score stands as `start_score` on all rows of its series.
    """
    rows: list[dict[str, Any]] = []
    starts: dict[str, tuple[int, float, float]] = {}
    mistakes = Mistakes()
    for number, point in read_numbered(path, Point):
        score_se = point.score_se
        if score_se is None:
            if point.n_questions is None:
                mistakes.lines.append(
                    f"{path}: row {number}, score_se: empty; expected a standard error, "
                    "or n_questions to compute it from"
                )
                continue
            score_se = binomial_se(point.score, point.n_questions)
        if point.compute == 0:
            if point.series in starts:
                mistakes.lines.append(
                    f"{path}: row {number}, compute: 0 again; expected one score before the run "
                    f"of {point.series!r}, as in row {starts[point.series][0]}"
                )
                continue
            starts[point.series] = number, point.score, score_se
            continue
        rows.append(
            _point(point, score_se) | {"source": path.stem, "file": str(path), "row": number}
        )
    mistakes.tell()
    labels = {row["series"] for row in rows}
    for name, (number, _, _) in starts.items():
        if name not in labels:
            mistakes.lines.append(
                f"{path}: row {number}, series: {name!r} has a score before its run and no point; "
                "expected rows with compute above 0 too"
            )
    mistakes.tell()
    for row in rows:
        _, row["start_score"], row["start_score_se"] = starts.get(
            row["series"], (0, math.nan, math.nan)
        )
    return rows


def _point(point: Point, score_se: float) -> dict[str, Any]:
    """One row as the variables of `OBS` and `SERIES`, as far as the row knows them."""

    def number(value: float | None) -> float:
        return math.nan if value is None else value

    pretraining = number(point.pretraining_compute)
    return {
        "series": point.series,
        "family": point.family,
        "benchmark": point.benchmark,
        "regime": point.regime,
        "unit": point.compute_unit,
        "run": point.run,
        "axis_start": point.axis_start or "",
        "active_params_b": number(point.active_params_b),
        "log10_pretraining_compute": math.log10(pretraining),
        "model": point.model,
        "setting": point.setting,
        "non_thinking": point.mode == "non-thinking",
        "log10_compute": math.log10(point.compute),
        "log10_compute_se": point.log10_compute_se,
        "score": point.score,
        "score_se": score_se,
        "n_questions": point.n_questions or 0,
        "n_samples": number(point.n_samples),
        "pixel_x": number(point.pixel_x),
        "pixel_y": number(point.pixel_y),
        "outlier": point.outlier,
        "reason": point.reason,
        "compute_group": point.compute_group,
    }


def read_rows[R: Row](path: Path, kind: type[R]) -> list[R]:
    """The rows of an optional table; no file, no rows."""
    return [row for _, row in read_numbered(path, kind)] if path.is_file() else []


def read_numbered[R: Row](path: Path, kind: type[R]) -> list[tuple[int, R]]:
    """A CSV file as validated rows with their numbers; empty cells are missing values.

    Raises:
        SpecError: every mistake with file, row (the header is row 1), column and value.
    """
    columns = list(kind.model_fields)
    required = [name for name, item in kind.model_fields.items() if item.is_required()]
    header, table = read_table(path, columns, required)
    if not header:
        raise SpecError(f"{path}: empty; expected the columns {', '.join(columns)}")
    mistakes = Mistakes()
    for name, times in Counter(header).items():
        if name not in columns:
            hint = did_you_mean(name, columns)
            mistakes.lines.append(f"{path}: row 1: unknown column {shown(name)}{hint}")
        elif times > 1:
            mistakes.lines.append(f"{path}: row 1: column {name!r} appears twice")
    for name in required:
        if name not in header:
            mistakes.lines.append(f"{path}: row 1: missing column {name!r}")
    mistakes.tell()
    rows = []
    for number, cells in table:
        values = {k: v for k, v in zip(header, cells, strict=True) if v}
        with mistakes.gather():
            rows.append((number, validate(values, kind, f"{path}: row {number}")))
    mistakes.tell()
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


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(read_bytes(path)).hexdigest()
