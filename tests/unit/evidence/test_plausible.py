"""Valid values that are most likely not what was meant."""

from __future__ import annotations

import math

import pytest

from tenfold.evidence.plausible import implausible
from tenfold.evidence.rows import read_folder
from tenfold.files import data_path

POINT = {
    "file": "mine.csv", "series": "s", "model": "m", "benchmark": "b", "unit": "tokens",
    "setting": "low", "score": 0.5, "score_se": 0.09, "n_questions": 30, "n_samples": math.nan,
}  # fmt: skip


def doubts(*compute: float, **changes) -> list[str]:
    """What is said of a series of points at `compute`."""
    rows = [
        POINT | {"row": number, "log10_compute": math.log10(value)} | changes
        for number, value in enumerate(compute, start=2)
    ]
    return implausible(rows, {"b": 30})


@pytest.mark.parametrize(
    ("compute", "changes", "words"),
    [
        ([3.08, 4.18], {}, "log10 of tokens"),
        ([3.08], {}, "log10 of tokens"),
        ([24.1, 26.0], {"unit": "flop"}, "log10 of flop"),
        ([9.1, 11.0], {"unit": "rollout_tokens"}, "log10 of rollout_tokens"),
        ([2024.2, 2025.7], {}, "years"),
        ([2024, 2025], {"unit": "usd"}, "years"),
        ([45_111, 45_900], {}, "dates of a spreadsheet"),
        ([1200, 9000], {"score_se": 0.0003}, "0.0003 is far below the sampling error of 30"),
        ([1200, 9000], {"score_se": 0.0003, "n_questions": 0}, "sampling error of 30 questions"),
        ([1200, 9000], {"series": "\u201cs\u201d"}, "series: quotation marks"),
        ([1200, 9000], {"setting": "12-Mar"}, "'12-Mar' is a date"),
    ],
)
def test_what_is_doubted(compute, changes, words):
    (line,) = doubts(*compute, **changes)
    assert line.startswith("mine.csv: row 2, ")
    assert words in line


@pytest.mark.parametrize(
    ("compute", "changes"),
    [
        ([3.08, 4.18], {"unit": "usd"}),
        ([3.08, 4100], {}),
        ([2024, 9000], {}),
        ([40_000, 50_000], {}),
        ([40_001, 60_000], {}),
        ([1200, 9000], {"score_se": 0.001, "n_samples": 64.0}),
        ([1200, 9000], {"score_se": 0.0003, "n_questions": 0, "benchmark": "unknown"}),
    ],
)
def test_what_is_not(compute, changes):
    assert doubts(*compute, **changes) == []


def test_the_shipped_evidence_is_beyond_these_doubts():
    shipped = read_folder(data_path())
    questions = {name: item.questions for name, item in shipped.benchmarks.items()}
    assert implausible(shipped.points, questions) == []
