"""Benchmark tables of the Epoch AI Benchmarking Hub as points.

The hub (epoch.ai/benchmarks) is CC BY 4.0; its files named `*_external.csv` keep the terms of
their own source.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tenfold.evidence.columns import Source
from tenfold.evidence.interchange.common import Imported, as_points, questions_of, split_effort
from tenfold.files import SpecError, read_text

SCORES = (
    "mean_score", "Score", "Accuracy", "Accuracy mean", "Pass@1", "Pass@1 score", "Main score",
    "Percent correct", "% Resolved", "% Score", "Overall accuracy", "Score OPT@1",
    "Best score (across scorers)",
)  # fmt: skip
COMPUTE: dict[str, Literal["tokens", "usd"]] = {
    "Mean output tokens": "tokens",
    "Output tokens per task": "tokens",
    "Tokens per task": "tokens",
    "Cost per task": "usd",
    "Cost per task (USD)": "usd",
    "Mean cost (USD)": "usd",
}
"""Columns that hold compute per question, best first. `Training compute (FLOP)` is pre-training."""
SE = ("stderr", "Accuracy SE", "Standard error")
EFFORT = ("Reasoning effort", "Reasoning level")


def read_epoch(
    path: Path, benchmark: str | None = None, n_questions: int | None = None
) -> Imported:
    """A benchmark table of the Epoch AI hub as points.

    Args:
        benchmark: name of the benchmark; by default the file name.
        n_questions: size of the benchmark, where the table has no standard error; by default that
            of the known benchmark.

    Raises:
        SpecError: no score or compute column, or scores that fit neither [0, 1] nor percent.
    """
    benchmark = benchmark or path.stem.removesuffix("_external").replace("_", " ")
    try:
        reader = csv.DictReader(io.StringIO(read_text(path).removeprefix("\ufeff")), strict=True)
        table = [{k: v or "" for k, v in row.items() if k} for row in reader]
        header = [name for name in reader.fieldnames or [] if name]
    except csv.Error as error:
        raise SpecError(f"{path}: not a valid CSV file: {error}") from None
    score = _column(path, header, SCORES, "a score")
    compute = _column(path, header, COMPUTE, "compute per question (tokens or cost)")
    if "Model version" not in header:
        raise SpecError(f"{path}: row 1: missing column 'Model version'")
    se = next((name for name in SE if name in header), "")
    effort = next((name for name in EFFORT if name in header), "")
    rows, skipped = [], 0
    for number, row in enumerate(table, start=2):
        if not (row["Model version"].strip() and row[score].strip() and row[compute].strip()):
            skipped += 1
            continue
        where = f"{path}: row {number}"
        model, suffix = split_effort(row["Model version"].strip())
        rows.append(
            {
                "where": where,
                "model": model,
                "setting": row[effort].strip().lower() if effort and row[effort] else suffix,
                "compute": _number(row[compute], where, compute),
                "score": _number(row[score], where, score),
                "score_se": _number(row[se], where, se) if se and row[se].strip() else None,
            }
        )
    notes = [f"score read from {score!r}, compute from {compute!r} ({COMPUTE[compute]})"]
    if any(row["score"] > 1 for row in rows):
        notes.append("scores taken as percent because one is above 1")
        for row in rows:
            row["score"] /= 100
            row["score_se"] = row["score_se"] and row["score_se"] / 100
    if skipped:
        notes.append(f"{skipped} of {len(table)} rows without model, score or compute left out")
    size = n_questions or questions_of(benchmark)
    for row in rows:
        row |= {"benchmark": benchmark, "compute_unit": COMPUTE[compute]}
        row["n_questions"] = size
    source = Source(
        title=f"Epoch AI Benchmarking Hub: {benchmark}",
        publisher="Epoch AI",
        date="",
        url="https://epoch.ai/benchmarks",
        figure=path.name,
        terms="CC BY 4.0 for Epoch AI's own evaluations; *_external files: as their own source",
        method="raw",
    )
    return as_points(path, rows, source, notes)


def _column(path: Path, header: list[str], known: Iterable[str], what: str) -> str:
    for name in known:
        if name in header:
            return name
    raise SpecError(f"{path}: no column with {what}; expected one of {', '.join(known)}")


def _number(text: str, where: str, column: str) -> float:
    cleaned = text.strip().removesuffix("%").removeprefix("$").replace(",", "")
    try:
        return float(cleaned)
    except ValueError:
        raise SpecError(f"{where}, {column}: got {text!r}; expected a number") from None
