"""JSON that commands share has the declared shape, after it was written and read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from tenfold.answers import answer, compare
from tenfold.answers.question import Asked, Question
from tenfold.answers.rows import Compared, Row
from tenfold.editions import tables


def rows_in(value: Any) -> list[dict[str, Any]]:
    """Every table below a value that has quantiles and says of what."""
    if isinstance(value, dict):
        own = [value] if {"title", "p05", "p95"} <= set(value) else []
        return [*own, *(row for part in value.values() for row in rows_in(part))]
    return [row for part in value for row in rows_in(part)] if isinstance(value, list) else []


def valid(row: dict[str, Any]) -> None:
    TypeAdapter(Row).validate_python(row, strict=True)
    assert set(row) <= set(Row.__annotations__)


@pytest.mark.parametrize("answered", [answer.jump_answer, answer.cost_answer])
def test_rows_of_answers(answered, headline_draws, constants):
    found = json.loads(json.dumps(answered(headline_draws, constants, Question())))
    rows = rows_in(found)
    assert len(rows) > 20
    for row in rows:
        valid(row)
    assert any(row["p95"] == "inf" for row in rows)
    assert any("bound" in row for row in rows)


def test_rows_of_comparisons_and_editions(headline_draws, constants, editions):
    ours = compare.rows(Asked(headline_draws, constants, Question()))
    theirs = tables.rows(tables.of("2026-12", editions))
    compared = json.loads(json.dumps(compare.compare(ours, theirs)))
    for each in compared:
        TypeAdapter(Compared).validate_python(each, strict=True)
        assert set(each) == set(Compared.__annotations__)
        valid(each["first"])
        valid(each["second"])


def test_a_row_without_its_errors_is_none(headline_draws, constants):
    row = compare.rows(Asked(headline_draws, constants, Question()))["exchange_rate"]
    with pytest.raises(ValueError, match="p95_mcse"):
        valid({key: value for key, value in row.items() if key != "p95_mcse"})
