"""Benchmark tables of the Epoch AI Benchmarking Hub as points.

The hub (epoch.ai/benchmarks) is CC BY 4.0; its files named `*_external.csv` keep the terms of
their own source. Columns are found by lists of the names that its editions used, in any case and
punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import NormalDist, median

from tenfold.evidence import numbers
from tenfold.evidence.columns import Unit
from tenfold.evidence.interchange.common import (
    HUMAN,
    Harvest,
    Imported,
    Options,
    as_points,
    benchmark_of,
    effort_of,
    plain_name,
    printable,
    questions_of,
    split_effort,
)
from tenfold.evidence.tables import read_table
from tenfold.files import Mistakes, SpecError, did_you_mean, shown

MODELS = ("Model version", "Model", "Model name", "Model id")
SCORES = (
    "mean_score", "Score", "Accuracy", "Accuracy mean", "Pass@1", "Pass@1 score", "Main score",
    "Percent correct", "% Resolved", "% Score", "Overall accuracy", "Overall", "EM", "Correct",
    "Average score", "Mean score", "Average", "Average progress", "Global average",
    "Score OPT@1", "Score (AVG@5)", "Weighted score", "Unguided % Solved", "Overall pass (%)",
    "Success rate", "Pass rate", "Overall score", "Final score", "Binary accuracy",
    "Mean accuracy", "Mean capability", "Resolved rate", "Best score (across scorers)",
)  # fmt: skip
PER_QUESTION: dict[str, Unit] = {
    "Mean output tokens": "tokens", "Average output tokens": "tokens",
    "Avg. output tokens": "tokens", "Output tokens per task": "tokens",
    "Output tokens per question": "tokens", "Tokens per task": "tokens",
    "Tokens per question": "tokens", "Mean tokens": "tokens",
    "Cost per task": "usd", "Cost per task (USD)": "usd", "Cost per task ($)": "usd",
    "Mean cost (USD)": "usd", "Mean cost": "usd", "Average cost (USD)": "usd",
    "Average cost": "usd", "Average costs": "usd", "Avg. Cost ($)": "usd", "Avg. cost": "usd",
    "Cost per run": "usd", "Cost per test (USD)": "usd", "Cost per test": "usd",
    "Cost per question": "usd", "Cost per question (USD)": "usd", "Cost per problem": "usd",
    "Cost per sample": "usd", "Cost per instance": "usd", "Cost/task": "usd",
    "Average cost per task": "usd", "Avg. cost per task": "usd", "Mean cost per task": "usd",
    "Average cost per task (USD)": "usd", "Avg. cost per task (USD)": "usd",
    "Mean cost per task (USD)": "usd", "Avg. cost (USD)": "usd",
}  # fmt: skip
"""Columns that hold compute per question, best first. `Training compute (FLOP)` is pre-training."""
TOTALS: dict[str, Unit] = {
    "Total output tokens": "tokens", "Output tokens": "tokens", "Total cost (USD)": "usd",
    "Total cost ($)": "usd", "Total cost": "usd", "Cost (USD)": "usd", "Cost ($)": "usd",
    "Cost": "usd", "Estimated cost (USD)": "usd", "Estimated cost": "usd",
}  # fmt: skip
"""Columns that hold the compute of a whole run of the benchmark."""
ERRORS = (
    "stderr", "Accuracy SE", "Accuracy Standard Error", "Standard error", "SE", "Score SE",
    "Std. error", "Accuracy stderr",
)  # fmt: skip
HALF_WIDTHS = ("95% CI half-width", "95% CI", "CI half-width")
EFFORTS = (
    "Reasoning effort", "Reasoning level", "Effort", "Reasoning", "Thinking", "Thinking level",
)  # fmt: skip
BENCHMARKS = ("Benchmark", "Benchmark name", "Benchmark id")
HARNESSES = ("Harness", "Agent", "Scaffold", "Agent scaffold", "Tool setting", "Autonudge")
"""What a model ran in. Where a model ran in several, each makes a series."""
QUESTIONS = {
    "aiderpolyglot": 225, "theagentcompany": 175, "gso": 102, "cybench": 40, "osworld": 369,
    "otismockaime20242025": 45, "vpct": 100,
}  # fmt: skip
"""Size of benchmarks of the hub that the evidence does not know, as their authors give it."""
BLANK = numbers.BLANK | {
    "--", "---", ".", "tbd", "tba", "pending", "unknown", "not available", "not reported",
    "n.a.", "n/d", "nil", "free", "<na>", "#div/0!", "#ref!", "#value!", "#num!", "#name?",
    "#null!", "#error!",
}  # fmt: skip
"""Cells without a number, errors of spreadsheets among them."""
Table = list[tuple[int, list[str]]]
MOST_QUESTIONS = 100_000
"""Questions that a standard error cannot imply: it was not in per cent."""


def read_epoch(path: Path, options: Options = Options()) -> Imported:  # noqa: B008 - frozen
    """A benchmark table of the Epoch AI hub as points.

    A per cent sign belongs to its cell; scores without one are per cent where any is above 1.
    Totals are divided by the number of questions.

    Raises:
        SpecError: no column with a score or compute, totals without the number of questions, or
            cells that are no numbers, all of them.
    """
    names = (*MODELS, *SCORES, *PER_QUESTION, *TOTALS, *ERRORS, *HALF_WIDTHS)
    lower = [name.lower() for name in names]
    header, table = read_table(path, [*names, *lower, *(n.replace(" ", "_") for n in lower)])
    if not header:
        raise SpecError(f"{path}: empty; expected a table with models, scores and compute")
    if {"series", "compute", "score"} <= set(header):
        raise SpecError(f"{path}: a points file of Tenfold's own; see `tenfold points check`")
    benchmark, table = _benchmark(path, header, table, options.benchmark)
    size = options.questions or questions_of(benchmark) or QUESTIONS.get(plain_name(benchmark))
    name = _column(path, header, MODELS, None, "missing column 'Model version'")
    score = _column(path, header, SCORES, options.score, "no column with a score (--score COLUMN)")
    compute, unit, divisor = _compute(path, header, options, size)
    error = next((header[i] for i in _found(header, (*ERRORS, *HALF_WIDTHS))), "")
    effort = next((header[i] for i in _found(header, EFFORTS)), "")
    harness = [header[i] for i in _found(header, HARNESSES)]
    harness = harness or [header[i] for i in _found(header, ["Name"])]
    found = Harvest(
        title=f"Epoch AI Benchmarking Hub: {benchmark}",
        publisher="Epoch AI",
        url="https://epoch.ai/benchmarks",
        terms="CC BY 4.0 for Epoch AI's own evaluations; *_external files: as their own source",
    )
    cells: list[tuple[numbers.Number, numbers.Number, numbers.Number | None]] = []
    mistakes = Mistakes()
    for number, values in table:
        row = dict(zip(header, values, strict=True))
        where = f"{path}: row {number}"
        blank = [key for key in (name, score, compute) if row[key].lower() in BLANK]
        if blank or HUMAN.search(row[name]):
            reason = f"rows without {blank[0]!r}" if blank else "rows of people, not models"
            found.left[reason] += 1
            continue
        with mistakes.gather():
            used = _used(row[compute], where, compute, unit)
            if used.value == 0:
                found.left[f"rows with {compute!r} 0"] += 1
                continue
            own = _error(row[error], where, error, size, found) if error else None
            cells.append((_share(row[score], where, score), used, own))
            model, suffix = split_effort(row[name])
            said = effort_of(row[effort] if effort else "")
            found.rows.append(
                {
                    "where": where,
                    "model": model,
                    "setting": suffix if suffix and said in ("", "thinking") else said,
                    "group": _harness(row, harness),
                    "benchmark": benchmark,
                    "compute": used.value / divisor,
                    "compute_unit": unit,
                    "n_questions": size,
                }
            )
    mistakes.tell()
    per = f", divided by {divisor} questions" if divisor > 1 else ""
    found.notes.append(f"score read from {score!r}, compute from {compute!r} ({unit}{per})")
    if per and not options.compute:
        found.notes.append(f"if {compute!r} is per question: --compute {compute!r}")
    _keep_harnesses_that_differ(found)
    amounts = [row[header.index(compute)] for _, row in table]
    if unit == "tokens" and (doubt := _points_of_thousands(amounts)):
        found.notes.append(f"{compute!r}: {doubt}")
    if grouped := sum(used.grouped for _, used, _ in cells):
        found.notes.append(f"{grouped} cells of {compute!r} have separators of thousands")
    _fill_scores(path, found, cells, "%" in score or "percent" in score.lower(), error)
    return as_points(path, found)


def _benchmark(
    path: Path, header: Sequence[str], table: Table, wanted: str | None
) -> tuple[str, Table]:
    """The benchmark of a table, by its column or else the name of the file, and its rows.

    Raises:
        SpecError: the table holds several benchmarks, none of which is `wanted`.
    """
    stem = re.sub(r" ?\(\d+\)$", "", path.stem).removeprefix("external_benchmark_")
    named = benchmark_of(wanted or stem.removesuffix("_external").replace("_", " "))
    at = next(iter(_found(header, BENCHMARKS)), None)
    if at is None:
        return named, table
    own: dict[str, Table] = {}
    for number, cells in table:
        own.setdefault(benchmark_of(cells[at]), []).append((number, cells))
    if len(own) == 1:
        return named if wanted else benchmark_of(next(iter(own)) or named), table
    if not wanted or named not in own:
        names = shown(", ".join(sorted(own)), 400)
        raise SpecError(
            f"{path}: {header[at]}: {len(own)} benchmarks; expected one: --benchmark, of {names}"
        )
    return named, own[named]


def _fill_scores(
    path: Path,
    found: Harvest,
    cells: Sequence[tuple[numbers.Number, numbers.Number, numbers.Number | None]],
    named_percent: bool,
    error: str,
) -> None:
    """Put scores and standard errors, as shares of 1, into the rows; rows without any are left out.

    Raises:
        SpecError: no row has a standard error, nor is the number of questions known.
    """
    scores = [cell for cell, _, _ in cells]
    unsigned = [cell.value for cell in scores if not cell.percent]
    percent = any(value > 1 for value in unsigned)
    if percent:
        small = sum(0 < value <= 1 for value in unsigned)
        among = f" ({small} of them are not)" if small else ""
        highest = max(unsigned) / 100
        found.notes.append(
            f"scores taken as percent because one is above 1{among}: the highest is {highest:.3g}"
        )
    elif named_percent and unsigned:
        found.notes.append("scores taken as shares of 1, though their column is named per cent")
    shares = [cell.value / (100 if cell.percent or percent else 1) for cell in scores]
    errors = [own for _, _, own in cells]
    bare = [
        (share, own.value)
        for share, own in zip(shares, errors, strict=True)
        if own is not None and not own.percent and own.value > 0
    ]
    in_percent = bool(bare) and _errors_in_percent(bare, percent)
    if in_percent and not percent:
        found.notes.append(f"{error!r} taken as per cent: no share has so large an error")
    width = NormalDist().inv_cdf(0.975) if error in HALF_WIDTHS else 1.0
    for row, share, own in zip(found.rows, shares, errors, strict=True):
        row["score"], row["score_se"] = share, None
        if own is not None and own.value > 0:
            row["score_se"] = own.value / width / (100 if own.percent or in_percent else 1)
    if percent and bare and not in_percent:
        found.notes.append(f"{error!r} taken as shares of 1: as per cent they would be too small")
    usable = [row for row in found.rows if row["score_se"] or row["n_questions"]]
    if found.rows and not usable:
        raise SpecError(
            f"{path}: no standard error; state the number of questions with --questions"
        )
    if without := len(found.rows) - len(usable):
        found.left["rows without a standard error (--questions gives one)"] += without
        found.rows = usable


def _errors_in_percent(errors: Sequence[tuple[float, float]], percent: bool) -> bool:
    """Whether standard errors without a sign, beside their scores, are per cent."""
    widths = [(share, max(value / 100, 1e-9)) for share, value in errors]
    implied = median(share * (1 - share) / width / width for share, width in widths)
    large = max(value for _, value in errors) > 0.5  # no share has so large an error
    return (percent or large) and implied < MOST_QUESTIONS


def _compute(
    path: Path, header: Sequence[str], options: Options, size: int | None
) -> tuple[str, Unit, int]:
    """The column with compute, its unit, and what it is divided by."""
    known: dict[str, Unit] = {_folded(k): v for k, v in (PER_QUESTION | TOTALS).items()}
    name = _column(
        path,
        header,
        (*PER_QUESTION, *TOTALS),
        options.compute,
        "no column with compute per question (name it: --compute COLUMN --unit UNIT)",
    )
    unit = options.unit or known.get(_folded(name))
    if unit is None:
        raise SpecError(f"{path}: --compute {name!r}: state what it is in with --unit")
    if _folded(name) not in map(_folded, TOTALS) or (options.compute and not options.questions):
        return name, unit, 1
    if size is None:
        raise SpecError(
            f"{path}: {name!r} holds totals of the whole benchmark; state its number of questions "
            f"with --questions, or that they are per question with --compute {name!r}"
        )
    return name, unit, size


def _found(header: Sequence[str], names: Iterable[str]) -> list[int]:
    """Where in the header the names are, in their own order."""
    folded = [_folded(name) for name in header]
    return [folded.index(_folded(name)) for name in names if _folded(name) in folded]


def _folded(name: str) -> str:
    """A name of a column by its letters, digits and foreign currencies, in lower case."""
    return re.sub(r"[^\w\u20ac\u00a3\u00a5]|_", "", name.casefold())


def _column(
    path: Path, header: Sequence[str], names: Iterable[str], wanted: str | None, missing: str
) -> str:
    """The column that is `wanted`, else the first of the `names` that is there."""
    if wanted is not None:
        at = _found(header, [wanted])
        if not at:
            raise SpecError(f"{path}: no column {wanted!r}{did_you_mean(wanted, list(header))}")
    else:
        at = _found(header, names)
        if not at:
            columns = shown(", ".join(header), 400)
            raise SpecError(f"{path}: row 1: {missing}; the columns are {columns}")
    name = header[at[0]]
    if header.count(name) > 1:
        raise SpecError(f"{path}: row 1: column {name!r} appears twice")
    return name


def _harness(row: Mapping[str, str], columns: Sequence[str]) -> str:
    """What a model ran in, as its row says; its name alone may say so as `Harness + Model`."""
    said = {name: row[name] for name in columns if row[name].lower() not in BLANK}
    if len(columns) == 1 and _folded(columns[0]) == "name":
        said = {name: text.partition(" + ")[0] for name, text in said.items() if " + " in text}
    words = [name if said[name].lower() in ("true", "yes", "1") else said[name] for name in said]
    return printable(" ".join(words), 60)


def _points_of_thousands(cells: Sequence[str]) -> str:
    """What may be meant otherwise where all points of whole tokens stand before three digits."""
    pointed = [cell for cell in cells if "." in cell]
    if not pointed or not all(re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", cell) for cell in pointed):
        return ""
    return (
        f"{pointed[0]!r} is read as {float(pointed[0]):g}; if the point separates thousands, "
        "leave it out"
    )


def _keep_harnesses_that_differ(found: Harvest) -> None:
    """Forget what models ran in that ran in one alone; where it differs, say so."""
    own: dict[str, set[str]] = {}
    for row in found.rows:
        own.setdefault(row["model"], set()).add(row["group"])
    for row in found.rows:
        if len(own[row["model"]]) == 1:
            del row["group"]
    if several := sum(len(names) > 1 for names in own.values()):
        found.notes.append(f"{several} models ran in several harnesses: a series for each")


def _used(text: str, where: str, column: str, unit: Unit) -> numbers.Number:
    """Compute, in its unit."""
    found = _number(text, where, column)
    if found.percent or (found.dollars and unit != "usd"):
        raise SpecError(f"{where}, {column}: got {shown(text)}; expected compute in {unit}")
    return found


def _error(
    text: str, where: str, column: str, size: int | None, found: Harvest
) -> numbers.Number | None:
    """An error of a score; one that is no number is left out where the questions give it."""
    if text.lower() in BLANK:
        return None
    try:
        return _share(text, where, column)
    except SpecError:
        if not size:
            raise
    found.left[f"cells of {column!r} that are no numbers (the questions give the error)"] += 1
    return None


def _share(text: str, where: str, column: str) -> numbers.Number:
    """A score or its error."""
    found = _number(text, where, column)
    if found.dollars:
        raise SpecError(f"{where}, {column}: got {shown(text)}; expected no amount of money")
    return found


def _number(text: str, where: str, column: str) -> numbers.Number:
    """A cell as a number that is not negative."""
    try:
        found = numbers.read(text)
    except ValueError as error:
        other = any(unicodedata.category(c) == "Sc" and c != "$" for c in text)
        reason = "another currency; expected US dollars" if other else error
        raise SpecError(f"{where}, {column}: got {shown(text)}; {reason}") from None
    if found.value < 0:
        raise SpecError(f"{where}, {column}: got {shown(text)}; expected 0 or more")
    return found
