"""Text fitted to a width: nothing wider, nothing lost, no number cut, whatever the table."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tenfold.words import layout
from tenfold.words.tables import QUANTITY_COLUMNS

WIDTHS = (60, 80, 100, 120, 160)
NUMBER = re.compile(r"[$<>−]*\d[\d,.]*(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|%)?|never")

quantile = st.sampled_from(
    [
        "5.0",
        "1,800 years",
        "6.9×10²⁶",
        "10³⁰⁰",
        "$1.2 trillion",
        "never",
        "<0.1%",
        "−0.21",
        "12 days",
    ]
)
chances = st.sampled_from(["", "3.2% ± 0.4%", "36% ± <0.1%", ">99.9% ± <0.1%"])
words = st.text("abcdefgh /-_é字", min_size=1, max_size=12)
labels = st.lists(
    st.one_of(words, st.integers(1, 99999).map(str)), min_size=1, max_size=9
).map(" ".join).filter(str.strip)  # fmt: skip
unit = st.sampled_from(["", "OOMs", "TWh", "GPU-hours", "per million tokens"])
rows = st.lists(
    st.tuples(labels, quantile, quantile, quantile, unit, chances), min_size=1, max_size=6
)


def numbers(text):
    return sorted(NUMBER.findall(text))


@given(rows, st.sampled_from(WIDTHS), labels)
def test_no_table_is_wider_than_asked_or_loses_a_number(rows, width, title):
    text = layout.table(title, QUANTITY_COLUMNS, rows, width)
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    body = "\n".join(lines[len(layout.paragraph(title, width)) :])
    heads = numbers(" ".join(QUANTITY_COLUMNS))
    found = numbers(body)
    wanted = numbers("\n".join(cell for row in rows for cell in row))
    for head in heads:  # column names are repeated by stacked rows
        while found.count(head) > wanted.count(head):
            found.remove(head)
    assert [n for n in found if n not in heads] == [n for n in wanted if n not in heads]
    for row in rows:
        assert all(cell in body for cell in row[1:4])
        assert row[5] in body


@given(rows)
def test_wide_terminals_have_a_line_for_each_row(rows):
    text = layout.table("t", QUANTITY_COLUMNS, rows, 400)
    assert len(text.splitlines()) == len(rows) + 4


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), max_size=80),
       st.integers(20, 60))  # fmt: skip
def test_folding_loses_nothing(text, width):
    lines = layout.fold(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines) == text


def test_labels_give_way_first_then_intervals_are_joined_then_rows_stacked():
    row = ("World electricity generation of 2025 in the reference year", "1.2 hours", "9.0 days",
           "1,800 years", "", "3.2% ± 0.4%")  # fmt: skip
    wide, narrower, joined, stacked = (
        layout.table("T", QUANTITY_COLUMNS, [row], width) for width in (120, 80, 60, 36)
    )
    assert row[0] in wide
    assert row[0] not in narrower
    assert re.search(r"1\.2 hours +9\.0 days +1,800 years", narrower)
    assert "9.0 days (1.2" in joined
    assert "1,800 years)" in joined
    assert "50% (5% to" in joined
    assert "  never: 3.2% ± 0.4%" in stacked.splitlines()
    assert "  50% (5% to 95%): 9.0 days" in stacked.splitlines()


def test_counts_are_aligned_and_empty_columns_left_out():
    text = layout.table("T", ("name", "points", "flag"), [("a", 1496, ""), ("b", 7, "")], 80)
    assert text.splitlines()[-2:] == ["a      1,496", "b          7"]
    assert "flag" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_facts_and_plots_keep_to_the_width(width):
    facts = layout.facts({"title": "word " * 60, "url": "https://example.org/a/b", "n": 5}, width)
    plot = layout.plot([0.0, 1.0, 2.5], [0.1, 0.4, 0.9], ("log10 compute (tokens)", "score"), width)
    assert max(map(cell_len, [*facts, *plot])) <= width
    assert sum(line.count("●") for line in plot) == 3


def test_sentences_keep_their_indent():
    lines = layout.paragraph("  evidence: " + "word " * 30, 60, "  ")
    assert lines[0].startswith("  evidence: word")
    assert all(line.startswith("    word") for line in lines[1:])
    assert max(map(len, lines)) <= 60
