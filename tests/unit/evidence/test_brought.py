"""Files as people bring them (`tests/fixtures/brought`), and what comes of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.evidence.digitise import digitise_chart
from tenfold.evidence.interchange.common import Options
from tenfold.evidence.interchange.read import read_results
from tenfold.evidence.rows import read_points
from tenfold.files import SpecError, read_toml

BROUGHT = Path(__file__).resolve().parents[2] / "fixtures" / "brought"


@pytest.mark.parametrize(
    ("name", "compute", "note"),
    [
        ("chart.tar", [1467.80, 4641.59, 14677.99, 46415.89], ""),
        ("xy_and_bar.json", [1467.80, 4641.59, 14677.99, 46415.89], "BarAxes: refused"),
        ("chart.json", [2000, 4000, 8000], "series 'model-a': pixel (100.0, 420.0) left out"),
    ],
)
def test_charts(name, compute, note):
    found = digitise_chart(BROUGHT / name)
    assert found.points["compute"].tolist() == pytest.approx(compute, abs=0.01)
    assert note in "\n".join(found.notes)


@pytest.mark.parametrize(
    ("name", "questions", "points", "note"),
    [
        ("arc_agi_external.csv", None, [(1.9, 0.94), (1.2, 0.92), (0.7, 0.86)], "1 results repeat"),
        ("percent_mixed.csv", None, [(0.1, 0.42), (0.9, 0.62)], "compute from 'Cost per task'"),
        ("aggregate.jsonl", None, [(0.1, 0.3), (0.9, 0.62)], ""),
        ("arc_leaderboard.json", None, [(0.1, 0.3), (0.9, 0.62)], ""),
        ("hal_low.json", 65, [(165.9 / 65, 0.06)], ""),
    ],
)
def test_results(name, questions, points, note):
    found = read_results(BROUGHT / name, Options(questions=questions))
    assert list(zip(found.points["compute"], found.points["score"], strict=True)) == points
    assert note in "\n".join(found.notes)


def test_totals_and_errors_need_the_number_of_questions():
    with pytest.raises(SpecError, match="--questions"):
        read_results(BROUGHT / "cursorbench_external.csv", Options())
    with pytest.raises(SpecError, match="--questions"):
        read_results(BROUGHT / "hal_low.json", Options())
    found = read_results(BROUGHT / "cursorbench_external.csv", Options(questions=100))
    assert found.points["setting"].tolist() == ["max", "xhigh", "high", "", "", ""]
    assert "model-b" in set(found.points["model"])


def test_decimal_commas_and_index_columns_are_named():
    with pytest.raises(SpecError, match="a decimal comma"):
        read_results(BROUGHT / "decimal_comma_cost.csv", Options())
    with pytest.raises(SpecError, match="an index column"):
        read_points(BROUGHT / "16_index_column.csv")
    assert len(read_points(BROUGHT / "09_ghost_columns.csv")) == 2


def test_marks_of_windows_editors():
    assert read_toml(BROUGHT / "bom.toml")["version"] == 1
    with pytest.raises(SpecError, match="UTF-16 text"):
        read_toml(BROUGHT / "utf16.toml")
