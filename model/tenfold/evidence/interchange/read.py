"""Which format a file of results is in, and its results as points."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tenfold.evidence.interchange.common import (
    Harvest,
    Imported,
    Options,
    as_points,
    benchmark_of,
    check_size,
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
from tenfold.files import (
    MAX_FILE_BYTES,
    Mistakes,
    SpecError,
    abridged,
    inside,
    parse_json,
    read_text,
)

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
    "samples of lm-evaluation-harness": "they hold scores, but neither tokens nor cost",
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
    ".tar": "an archive (unpack it)",
    ".yaml": "YAML (write it as CSV or JSON)",
    ".yml": "YAML (write it as CSV or JSON)",
}
BEGINNINGS = {
    "version https://git-lfs": "a pointer to a file that Git LFS keeps elsewhere (git lfs pull)",
    "<": "a web page or XML, not data",
}
"""How files begin that came down as something else."""
JSON = (".json", ".jsonl", ".ndjson")
TOGETHER = ("ARC Prize evaluations", "METR runs")
"""Formats of many small records, which are read together."""
UNKNOWN = "JSON of a format that is not known"
MAX_FILES = 20_000
MAX_JSON_BYTES, MAX_LINES_BYTES = 32 * 1024 * 1024, 64 * 1024 * 1024
"""Largest file of JSON, as logs with their samples are, and of JSON lines."""


def read_results(path: Path, options: Options) -> Imported:
    """Points from a file of any format that is read, or from a folder of JSON files.

    Raises:
        SpecError: a format that is not read, by name; no result with score and compute.
    """
    folder = os.path.isdir(path)
    if not folder:
        if kind := SUFFIXES.get(path.suffix.lower()):
            raise SpecError(f"{path}: {kind}; read are {READ}")
        if path.suffix.lower() not in JSON and not _text(path).lstrip().startswith(("{", "[")):
            return read_epoch(path, options)
    if options.compute or options.unit or options.score:
        raise SpecError(f"{path}: --compute, --unit and --score are for tables (CSV)")
    found = Harvest()
    passed: Counter[str] = Counter()
    unreadable = Mistakes()
    for file in _files(path):
        with unreadable.gather():
            passed += _harvest(file, options.questions, found, alone=not folder)
    if not folder:
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
    return as_points(path, found, strict=False)


def _harvest(file: Path, questions: int | None, found: Harvest, alone: bool) -> Counter[str]:
    """Take the results of one file; what else it holds, by its kind.

    Raises:
        SpecError: not JSON; `alone`, and nothing that is read.
    """
    passed: Counter[str] = Counter()
    taken = 0
    for kind, value in _recognised(file, found):
        if kind in HARVESTERS:
            HARVESTERS[kind](value, file, questions, found)
            taken += 1
        else:
            passed[kind] += 1
            if not taken and kind in WITHOUT:
                break  # a long file of samples
    if alone and not taken:
        kind = next(iter(passed), "nothing")
        why = f"{WITHOUT[kind]}; " if kind in WITHOUT else ""
        raise SpecError(f"{file}: {kind}; {why}read are {READ}")
    return passed


def _files(path: Path) -> list[Path]:
    """The JSON files of a folder and those below it, or the one file."""
    if not os.path.isdir(path):
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in JSON)
    if not found:
        one = "; tables (CSV) come one by one" if any(path.rglob("*.csv")) else ""
        raise SpecError(f"{path}: no *.json or *.jsonl file{one}; read are {READ}")
    if len(found) > MAX_FILES:
        raise SpecError(f"{path}: {len(found)} files; expected at most {MAX_FILES}")
    return [inside(path, file.relative_to(path), path) for file in found]


def _text(file: Path, limit: int = MAX_FILE_BYTES) -> str:
    """Text of a file, unless it begins like what is no data."""
    text = read_text(file, limit)
    for start, what in BEGINNINGS.items():
        if text[:100].lstrip().startswith(start):
            raise SpecError(f"{file}: {what}; read are {READ}")
    return text


def _recognised(file: Path, found: Harvest) -> Iterator[tuple[str, Any]]:
    """The values of a file with the names of their formats, whether it is one, a list or lines."""
    lines = file.suffix.lower() != ".json"
    text = _text(file, MAX_LINES_BYTES if lines else MAX_JSON_BYTES)
    check_size(text, file)
    try:
        value = parse_json(text, file)
    except SpecError:
        first, _, rest = text.lstrip().partition("\n")
        if not lines and not (rest.strip() and _is_json(first)):
            raise
        yield from _together(_lines(text, file, found))
        return
    if isinstance(value, dict) and kind_of(value) == UNKNOWN:
        value = value.get("evaluations", value)  # ARC Prize, with its models and sets
    if not isinstance(value, list):
        yield from _together([value])
        return
    kinds = [kind_of(item) for item in value]
    if kind := next((kind for kind in kinds if kind in TOGETHER), None):
        yield kind, value
    elif set(kinds) <= {UNKNOWN}:
        yield "a list of a format that is not known", value
    else:
        yield from zip(kinds, value, strict=True)


def _is_json(text: str) -> bool:
    try:
        parse_json(text, "")
    except SpecError:
        return False
    return True


def _lines(text: str, file: Path, found: Harvest) -> Iterator[Any]:
    """The values of JSON lines; one that is no JSON, as where a writer was stopped, is left out.

    Raises:
        SpecError: the first line is no JSON.
    """
    good = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield parse_json(line, f"{file}: line {number}")
        except SpecError:
            if not good:
                raise
            found.left["lines that are not JSON"] += 1
        good = True


def _together(values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Values with the names of their formats; small records come as one list, at the end."""
    small: dict[str, list[Any]] = {}
    for value in values:
        kind = kind_of(value)
        if kind in TOGETHER:
            small.setdefault(kind, []).append(value)
        else:
            yield kind, value
    yield from small.items()


def kind_of(value: Any) -> str:
    """The format of a parsed JSON value, by its keys."""
    keys = set(value) if isinstance(value, dict) else set()
    return next((kind for kind, test in TESTS if test(keys, value)), UNKNOWN)


def _inner(value: Mapping[str, Any], key: str) -> set[str]:
    inner = value.get(key)
    return set(inner) if isinstance(inner, dict) else set()


def _scored(value: Mapping[str, Any]) -> bool:
    data = value.get("data")
    return isinstance(data, list) and any(isinstance(x, dict) and "evaluations" in x for x in data)


TESTS: tuple[tuple[str, Callable[[set[str], Any], bool]], ...] = (
    ("ARC Prize evaluations", lambda keys, _: {"datasetId", "modelId"} <= keys),
    ("METR runs", lambda keys, _: {"task_id", "score_binarized"} <= keys),
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
    ("samples of lm-evaluation-harness", lambda keys, _: {"doc_id", "resps"} <= keys),
    (
        "an Artificial Analysis answer",
        lambda keys, value: (
            ("data" in keys and _scored(value)) or {"evaluations", "pricing"} <= keys
        ),
    ),
    ("a WebPlotDigitizer project", lambda keys, _: bool({"axesColl", "wpd"} & keys)),
)
"""Formats by what tells them apart: a test of the keys of a table and of the table."""
