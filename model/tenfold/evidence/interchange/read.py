"""Which format a file of results is in, and its results as points."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tenfold.evidence.interchange.common import (
    Harvest,
    Imported,
    Options,
    as_points,
    benchmark_of,
    questions_of,
)
from tenfold.evidence.interchange.epoch import read_epoch
from tenfold.evidence.interchange.every_eval import harvest_record
from tenfold.evidence.interchange.others import (
    harvest_arc,
    harvest_hal,
    harvest_inspect,
    harvest_metr,
)
from tenfold.files import Mistakes, SpecError, abridged, inside, parse_json, read_text

READ = (
    "tables of the Epoch AI hub (CSV), Every Eval Ever records (JSON, JSON lines, or a folder of "
    "them), ARC Prize evaluations, HAL runs, Inspect logs and METR runs"
)
HARVESTERS: dict[str, Callable[[Any, Path, int | None, Harvest], None]] = {
    "an Every Eval Ever record": harvest_record,
    "ARC Prize evaluations": harvest_arc,
    "a run of the HAL harness": harvest_hal,
    "an Inspect log": harvest_inspect,
    "METR runs": harvest_metr,
}
WITHOUT = {
    "an lm-evaluation-harness result": "it holds scores, but neither tokens nor cost",
    "an Artificial Analysis answer": "it holds scores and prices, but neither tokens nor cost per "
    "question",
    "instance-level records of Every Eval Ever": "import the aggregate record that names them",
    "a WebPlotDigitizer project": "see `tenfold digitise`",
}
"""Formats that are known by name and not read, and why."""
SUFFIXES = {
    ".eval": "Inspect's own log format (convert it: inspect log convert --to json)",
    ".parquet": "a Parquet table (write it as CSV)",
    ".xlsx": "a spreadsheet (save the sheet as CSV)",
    ".xls": "a spreadsheet (save the sheet as CSV)",
    ".ods": "a spreadsheet (save the sheet as CSV)",
    ".zip": "an archive (unpack it)",
    ".gz": "an archive (unpack it)",
}
MAX_FILES = 20_000
MAX_LINES_BYTES = 64 * 1024 * 1024
"""Largest file of JSON lines."""


def read_results(path: Path, options: Options) -> Imported:
    """Points from a file of any format that is read, or from a folder of JSON files.

    Raises:
        SpecError: a format that is not read, by name; no result with score and compute.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind and not os.path.isdir(path):
        raise SpecError(f"{path}: {kind}; read are {READ}")
    if not os.path.isdir(path) and path.suffix.lower() not in (".json", ".jsonl", ".ndjson"):
        return read_epoch(path, options)
    if options.compute or options.unit or options.score:
        raise SpecError(f"{path}: --compute, --unit and --score are for tables (CSV)")
    found = Harvest()
    passed: dict[str, int] = {}
    unreadable = Mistakes()
    for file in _files(path):
        with unreadable.gather():
            for kind, value in _recognised(file):
                if kind in HARVESTERS:
                    HARVESTERS[kind](value, file, options.questions, found)
                elif os.path.isdir(path):
                    passed[kind] = passed.get(kind, 0) + 1
                else:
                    why = f"{WITHOUT[kind]}; " if kind in WITHOUT else ""
                    raise SpecError(f"{file}: {kind}; {why}read are {READ}")
    if not os.path.isdir(path):
        unreadable.tell()
    found.notes += [f"passed over: {line}" for line in abridged(unreadable.lines)]
    found.notes += [f"passed over: {kind}, {times} times" for kind, times in passed.items()]
    named = options.benchmark and benchmark_of(options.benchmark)
    rows, found.rows = found.rows, []
    for row in rows:
        row["benchmark"] = named or row["benchmark"]
        row["n_questions"] = row["n_questions"] or questions_of(row["benchmark"])
        if row.get("score_se") or row["n_questions"]:
            found.rows.append(row)
        else:
            found.left["results without a standard error (--questions gives one)"] += 1
    return as_points(path, found)


def _files(path: Path) -> list[Path]:
    """The JSON files of a folder and those below it, or the one file."""
    if not os.path.isdir(path):
        return [path]
    found = sorted(path.rglob("*.json"))
    if not found:
        raise SpecError(f"{path}: no *.json file; read are {READ}")
    if len(found) > MAX_FILES:
        raise SpecError(f"{path}: {len(found)} files; expected at most {MAX_FILES}")
    return [inside(path, file.relative_to(path), path) for file in found]


def _recognised(file: Path) -> Iterator[tuple[str, Any]]:
    """The values of a file with the names of their formats; runs of METR come together."""
    if file.suffix.lower() == ".json":
        value = parse_json(read_text(file), file)
        yield kind_of(value), value
        return
    runs = []
    for number, line in enumerate(read_text(file, MAX_LINES_BYTES).split("\n"), start=1):
        if line.strip():
            value = parse_json(line, f"{file}: line {number}")
            kind = kind_of([value]) if _is_run(value) else kind_of(value)
            if kind == "METR runs":
                runs.append(value)
            else:
                yield kind, value
    if runs:
        yield "METR runs", runs


def kind_of(value: Any) -> str:
    """The format of a parsed JSON value, by its keys."""
    if isinstance(value, list):
        first = value[0] if value else None
        if isinstance(first, dict) and {"datasetId", "modelId"} <= set(first):
            return "ARC Prize evaluations"
        return "METR runs" if _is_run(first) else "a list of a format that is not known"
    keys = set(value) if isinstance(value, dict) else set()
    for kind, test in TESTS:
        if test(keys, value):
            return kind
    return "JSON of a format that is not known"


def _is_run(value: Any) -> bool:
    return isinstance(value, dict) and {"task_id", "score_binarized"} <= set(value)


def _inner(value: Mapping[str, Any], key: str) -> set[str]:
    inner = value.get(key)
    return set(inner) if isinstance(inner, dict) else set()


def _scored(value: Mapping[str, Any]) -> bool:
    data = value.get("data")
    return isinstance(data, list) and any(isinstance(x, dict) and "evaluations" in x for x in data)


TESTS: tuple[tuple[str, Callable[[set[str], Any], bool]], ...] = (
    ("an Every Eval Ever record", lambda keys, _: "evaluation_results" in keys),
    (
        "instance-level records of Every Eval Ever",
        lambda keys, _: "evaluation_id" in keys and bool({"sample_id", "token_usage"} & keys),
    ),
    (
        "an Inspect log",
        lambda keys, value: "eval" in keys and bool({"model", "task"} & _inner(value, "eval")),
    ),
    (
        "a run of the HAL harness",
        lambda _, value: (
            isinstance(value, dict)
            and bool({"accuracy", "total_cost"} & _inner(value, "results"))
            and bool(_inner(value, "config"))
        ),
    ),
    (
        "an lm-evaluation-harness result",
        lambda keys, _: (
            "results" in keys
            and bool({"n-samples", "configs", "config", "versions", "n-shot"} & keys)
        ),
    ),
    ("an Artificial Analysis answer", lambda keys, value: "data" in keys and _scored(value)),
    ("a WebPlotDigitizer project", lambda keys, _: bool({"axesColl", "wpd"} & keys)),
)
"""Formats by what tells them apart: a test of the keys of a table and of the table."""
