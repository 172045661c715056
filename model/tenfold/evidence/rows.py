"""Evidence files as validated rows: what a folder holds and what each column may say.

An evidence folder holds `points/*.csv` (or the CSV files directly), `sources.toml` with one table
per file, and optionally `benchmarks.toml`, `shifts.csv`, `tradeoff.csv` and `gpt_ladder.csv`;
`data/README.md` describes every column. A mistake is a `SpecError` that names file, row and
column; what is doubtful but not wrong is a warning.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field

from tenfold.files import SpecError, did_you_mean, read_text, read_toml
from tenfold.spec import Strict, validate

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
    log10_compute_se: float = Field(default=0.0, ge=0, le=10)
    score: float = Field(ge=0, le=1)
    score_se: float | None = Field(default=None, gt=0, le=1)
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
    """Chance level and number of questions of a benchmark; 0 questions: not known."""

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


class RlShare(Row):
    """RL compute over pre-training compute of one model; FLOP and GPU-hours where known."""

    model: Label
    date: str
    pretrain_flop: float | None = Field(default=None, gt=0)
    rl_flop: float | None = Field(default=None, gt=0)
    pretrain_gpu_hours: float | None = Field(default=None, gt=0)
    rl_gpu_hours: float | None = Field(default=None, gt=0)
    rl_share_low: float | None = Field(default=None, ge=0)
    rl_share: float | None = Field(default=None, ge=0)
    rl_share_high: float | None = Field(default=None, ge=0)
    basis: Literal["FLOP", "GPU-hours", "cost", "statement", "assumption", "none"]
    kind: Literal["disclosed", "estimate", "statement", "assumption", "not disclosed"]
    confidence: Literal["high", "medium", "low"]
    source: str
    url: str
    quote: str = ""
    reason: str
    publication: str
    role: Literal["share", "lower bound", "not counted"]


class Quoted(Row):
    """A number quoted from a chart or text without the compute that would make it a point."""

    source: Label
    model: Label
    benchmark: str = ""
    quantity: str
    value: float
    unit: Literal["share", "ratio", "USD"]
    reason: str = ""


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
    names = ["sources.toml", "benchmarks.toml"]
    names += ["shifts.csv", "tradeoff.csv", "gpt_ladder.csv"] if root != path else []
    found.files += [path / name for name in names if (path / name).is_file()]
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
    """Rows of one points file as dicts ready for the dataset, with `source`, `row` and `file`.

    `log10_compute` replaces `compute`, `non_thinking` the mode; a missing `score_se` is computed
    from `n_questions`, which is 0 where not stated; other missing numbers are NaN.
    """
    rows = []
    for number, point in read_numbered(path, Point):
        score_se = point.score_se
        if score_se is None:
            if point.n_questions is None:
                raise SpecError(
                    f"{path}: row {number}, score_se: empty; expected a standard error, "
                    "or n_questions to compute it from"
                )
            score_se = binomial_se(point.score, point.n_questions)
        rows.append(
            {
                "series": point.series,
                "family": point.family,
                "benchmark": point.benchmark,
                "regime": point.regime,
                "unit": point.compute_unit,
                "source": path.stem,
                "file": str(path),
                "row": number,
                "model": point.model,
                "setting": point.setting,
                "non_thinking": point.mode == "non-thinking",
                "log10_compute": math.log10(point.compute),
                "log10_compute_se": point.log10_compute_se,
                "score": point.score,
                "score_se": score_se,
                "n_questions": point.n_questions or 0,
                "n_samples": math.nan if point.n_samples is None else point.n_samples,
                "pixel_x": math.nan if point.pixel_x is None else point.pixel_x,
                "pixel_y": math.nan if point.pixel_y is None else point.pixel_y,
                "outlier": point.outlier,
                "reason": point.reason,
            }
        )
    return rows


def read_rows[R: Row](path: Path, kind: type[R]) -> list[R]:
    """The rows of an optional table; no file, no rows."""
    return [row for _, row in read_numbered(path, kind)] if path.is_file() else []


def read_numbered[R: Row](path: Path, kind: type[R]) -> list[tuple[int, R]]:
    """A CSV file as validated rows with their numbers; empty cells are missing values.

    Raises:
        SpecError: file, row (the header is row 1), column and value.
    """
    columns = list(kind.model_fields)
    try:
        text = read_text(path).removeprefix("\ufeff")
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise SpecError(f"{path}: not a valid CSV file: {error}") from None
    if not table:
        raise SpecError(f"{path}: empty; expected the columns {', '.join(columns)}")
    header = [name.strip() for name in table[0]]
    required = [name for name, item in kind.model_fields.items() if item.is_required()]
    for name in header:
        if name not in columns:
            raise SpecError(f"{path}: row 1: unknown column {name!r}{did_you_mean(name, columns)}")
        if header.count(name) > 1:
            raise SpecError(f"{path}: row 1: column {name!r} appears twice")
    if missing := [name for name in required if name not in header]:
        raise SpecError(f"{path}: row 1: missing column {missing[0]!r}")
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise SpecError(f"{path}: row {number}: {len(cells)} cells; expected {len(header)}")
        values = {k: v.strip() for k, v in zip(header, cells, strict=True) if v.strip()}
        rows.append((number, validate(values, kind, f"{path}: row {number}")))
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
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None
