"""Values that are valid and yet most likely not what was meant, series by series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenfold.evidence.numbers import is_date
from tenfold.evidence.rows import binomial_se

LEAST = {"tokens": 10, "rollout_tokens": 20, "flop": 40}
"""Compute below which all points of a series look like logarithms, by unit."""
YEARS = (1990, 2100)
SERIALS = (36526, 55153)
"""Days as spreadsheets count them: the years 2000 to 2050."""
SMALL_SE = 30
"""How many times a standard error may be smaller than that of its questions; graded answers give
up to 27 times, a per cent taken twice 100 times."""
QUOTES = re.compile('[\u201c\u201d\u201e\u00ab\u00bb"].*[\u201c\u201d\u00ab\u00bb"]')


def implausible(points: Iterable[Mapping[str, Any]], questions: Mapping[str, int]) -> list[str]:
    """One line per series and kind of doubt, naming the first row concerned.

    Args:
        points: rows as `read_points` gives them.
        questions: size of known benchmarks, for rows that do not state it; 0: not known.
    """
    series: dict[str, list[Mapping[str, Any]]] = {}
    for point in points:
        series.setdefault(point["series"], []).append(point)
    lines = []
    for rows in series.values():
        where = "{file}: row {row}".format(**rows[0])
        compute = [10 ** row["log10_compute"] for row in rows]
        if meaning := what_compute_looks_like(compute, rows[0]["unit"]):
            lines.append(f"{where}, compute: all points of the series look like {meaning}")
        size = questions.get(rows[0]["benchmark"], 0)
        for row in [row for row in rows if _too_small(row, size)][:1]:
            lines.append(
                f"{row['file']}: row {row['row']}, score_se: {row['score_se']:g} is far below the "
                f"sampling error of {row['n_questions'] or size} questions, "
                f"{binomial_se(row['score'], row['n_questions'] or size):.2g}"
            )
        for key in ("series", "model", "benchmark"):
            if QUOTES.fullmatch(rows[0][key]):
                lines.append(f"{where}, {key}: quotation marks are part of the label")
        for row in [row for row in rows if is_date(row["setting"])][:1]:
            lines.append(
                f"{row['file']}: row {row['row']}, setting: {row['setting']!r} is a date; has a "
                "spreadsheet changed it?"
            )
    return lines


def what_compute_looks_like(values: Sequence[float], unit: str) -> str:
    """What numbers given as compute look like instead: logarithms, years, dates; else nothing."""
    low, high = min(values), max(values)
    if high < LEAST.get(unit, 0):
        return f"log10 of {unit}; expected {unit} themselves"
    if YEARS[0] <= low < high <= YEARS[1]:
        return "years; expected compute"
    whole = all(abs(value - round(value)) < 1e-6 * value for value in values)
    if whole and SERIALS[0] <= low < high <= SERIALS[1] and any(round(v) % 500 for v in values):
        return "dates of a spreadsheet, in days; expected compute"
    return ""


def _too_small(row: Mapping[str, Any], size: int) -> bool:
    """Whether an error is far below the binomial one, samples of each question counted as new."""
    questions = row["n_questions"] or size
    samples = max(1.0, row["n_samples"])  # not stated is NaN, and 1 here
    least = binomial_se(row["score"], questions) / samples**0.5 if questions else 0.0
    return row["score_se"] < least / SMALL_SE
