"""One reading of numbers everywhere: what is read, and what is refused with what to write."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.evidence import numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1000", 1000), (" 1e3 ", 1000), (".5", 0.5), ("5.", 5), ("-2", -2), ("+2", 2),
        ("1,234,567.5", 1234567.5), ("2 000", 2000), ("12\u202f345", 12345), ("1'000", 1000),
        ("1_000", 1000), ("\u22120.3", -0.3), ("1.000", 1), ("100,000", 100_000), ("007", 7),
    ],
)  # fmt: skip
def test_what_is_read(text, value):
    assert numbers.read(text).value == value


def test_signs_belong_to_their_number():
    assert numbers.read("42%") == numbers.Number(42, percent=True)
    assert numbers.read("0.4 %") == numbers.Number(0.4, percent=True)
    for text in ("$1.50", "US$ 1.50", "1.50 USD", "1.50$", "1.50 usd"):
        assert numbers.read(text) == numbers.Number(1.5, dollars=True), text
    assert numbers.read("-$1,500") == numbers.Number(-1500, dollars=True, grouped=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,5", "a decimal comma? expected a point: 1.5"),
        ("0,100", "a decimal comma? expected a point: 0.100"),
        ("0,001", "a decimal comma? expected a point: 0.001"),
        ("12,25", "a decimal comma? expected a point: 12.25"),
        ("1.000,0", "a decimal comma? expected a point: 1000.0"),
        (",5", "a decimal comma? expected a point: .5"),
        ("1,0000", "a decimal comma?"),
        ("1,00,000", "do not separate groups of three digits; expected none: 100000"),
        ("0,100,000", "do not separate groups of three digits"),
        ("1,000_000", "expected a number"),
        ("2024/09", "a date"), ("9/12/2024", "a date"), ("2024-09-12", "a date"),
        ("12.09.2024", "a date"), ("12:30", "a date or time"), ("Sep 2024", "a date"),
        ("12 Sep 2024", "a date"), ("Sept. 12, 2024", "a date"), ("12-Mar", "a date"),
        ("1952/02/29 09:00:00", "a date"), ("Q3 2024", "a date"), ("2024Q3", "a date"),
        ("10^3", "a power"), ("10\u00b3", "a power"), ("2**10", "a power"),
        ("3\u00d710^4", "a power"), ("1k", "an abbreviated number"), ("1.5M", "abbreviated"),
        ("nan", "a finite number"), ("-inf", "a finite number"), ("1e999", "a finite number"),
        ("\u0661\u0662", "expected a number"), ("0x10", "expected a number"), ("", "expected"),
        ("=1+1", "expected a number"), ("1e", "expected a number"), ("9" * 5000, "shorter than"),
    ],
)  # fmt: skip
def test_what_is_refused(text, words):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        numbers.read(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [("40%", "expected 0.4"), ("$2", "expected 2"), ("1,200", "expected 1200"), ("\u22122", "-2")],
)
def test_our_own_tables_are_plain(text, words):
    with pytest.raises(ValueError, match=words):
        numbers.plain(text)


@given(st.integers(0, 10**12), st.sampled_from(",'_ \u202f"))
def test_grouped_by_python_is_read_back(number, sign):
    assert numbers.read(f"{number:,}".replace(",", sign)).value == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_python_writes_is_read_back(number):
    assert numbers.plain(repr(number)) == number


@given(st.text(max_size=12) | st.text(alphabet="0123456789.,-+eE%$/: k", max_size=12))
def test_any_text_is_a_finite_number_or_refused_with_what_to_write(text):
    try:
        found = numbers.read(text).value
    except ValueError as error:
        found, said = 0.0, str(error)
    else:
        said = "expected"
    assert math.isfinite(found)
    assert "expected" in said
