"""Numbers as printed: every format, rounding by Monte Carlo error, and what never prints."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.answers import jump, registry
from tenfold.answers.answer import COST, JUMP, ROOM
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.runs import headline
from tenfold.words import numbers


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.number(math.log10(310_000)), "310,000"),
        (numbers.number(math.log10(0.23)), "0.23"),
        (numbers.number(math.log10(9.96)), "10"),
        (numbers.number(0.0), "1.0"),
        (numbers.number(26.698970004336), "5.0×10²⁶"),
        (numbers.number(-7.0), "1.0×10⁻⁷"),
        (numbers.number(300), "10³⁰⁰"),
        (numbers.number(1e9), "10¹⁰⁰⁰⁰⁰⁰⁰⁰⁰"),
        (numbers.number(math.inf), "never"),
        (numbers.number(-math.inf), "0"),
        (numbers.number(3.43), "2,700"),
        (numbers.plain(5.04), "5.0"),
        (numbers.plain(12.34), "12"),
        (numbers.plain(0.331), "0.33"),
        (numbers.plain(-0.00213), "−0.0021"),
        (numbers.plain(0.0), "0"),
        (numbers.plain(math.inf), "never"),
        (numbers.plain(-math.inf), "−∞"),
        (numbers.stated(1e6), "1,000,000"),
        (numbers.stated(0.0005), "0.0005"),
        (numbers.stated(2.03), "2.03"),
        (numbers.money(12.11), "$1.3 trillion"),
        (numbers.money(5.9999), "$1.0 million"),
        (numbers.money(4.6), "$40,000"),
        (numbers.money(16.92), "$8.3×10¹⁶"),
        (numbers.money(math.inf), "never"),
        (numbers.money(-math.inf), "$0"),
        (numbers.duration(0.7), "5.0 years"),
        (numbers.duration(-1.5673), "9.9 days"),
        (numbers.duration(-3.872), "1.2 hours"),
        (numbers.duration(-6.0), "0.0088 hours"),
        (numbers.duration(math.inf), "never"),
        (numbers.year(2034.97), "2034"),
        (numbers.year(2100.5), "2100"),
        (numbers.year(2101.0), "after 2100"),
        (numbers.year(math.inf), "never"),
        (numbers.year(2062.4, 0.2), "2062"),
        (numbers.year(2062.4, 0.3), "about 2060"),
        (numbers.year(2062.4, 2.0), "about 2060"),
        (numbers.year(2062.4, 90.0), "about 2050"),
        (numbers.year(2100.9, math.inf), "about 2100"),
        (numbers.percent(0.99999), ">99.9%"),
        (numbers.percent(0.9995), ">99.9%"),
        (numbers.percent(0.0001), "<0.1%"),
        (numbers.percent(0.363), "36%"),
        (numbers.percent(0.0316, 0.02), "3%"),
        (numbers.percent(0.0016, 0.02), "<1%"),
        (numbers.chance(0.0316, 0.0038), "3% ± 0.4%"),
        (numbers.chance(0.0316, 0.0018), "3.2% ± 0.2%"),
        (numbers.chance(0.363, 0.0038), "36% ± 0.4%"),
        (numbers.chance(0.0, 0.0004), "0.0% ± <0.1%"),
        (numbers.share(0.2), "20%"),
        (numbers.share(0.015), "1.5%"),
        (numbers.share(0.01), "1%"),
        (numbers.share(1.0), "100%"),
        (numbers.share(0.0), "0%"),
        (numbers.share(0.684, 0.002), "68%"),
        (numbers.share(0.684, 0.01), "70%"),
        (numbers.share(0.98, 0.01), "100%"),
        (numbers.share(0.0316, 0.0038), "2%"),
    ],
)
def test_printed_numbers(written, expected):
    assert written == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.plain(5.04, 0.02), "5.0"),
        (numbers.plain(5.04, 0.03), "5"),
        (numbers.plain(12.34, 0.2), "12"),
        (numbers.plain(12.34, 0.3), "10"),
        (numbers.plain(8.14, 0.24), "8"),
        (numbers.plain(8.14, 0.26), "10"),
        (numbers.plain(0.02, 0.02), "0.0"),
        (numbers.plain(51, 26), "50"),
        (numbers.plain(-37, 26), "−50"),
        (numbers.plain(51, 52), "0"),
        (numbers.plain(5.04, math.inf), "5"),
        (numbers.number(math.log10(1840), 0.005), "1,800"),
        (numbers.number(math.log10(1840), 0.05), "2,000"),
        (numbers.number(math.log10(1840), 0.3), "1,000"),
        (numbers.number(26.7, 0.05), "5×10²⁶"),
        (numbers.number(26.7, 0.3), "10²⁷"),
        (numbers.money(12.11, 0.05), "$1 trillion"),
    ],
)
def test_numbers_are_rounded_by_their_monte_carlo_error(written, expected):
    assert written == expected


@given(st.floats(allow_nan=False), st.floats(0, 1))
def test_every_number_prints(value, mcse):
    for write in (numbers.number, numbers.plain, numbers.money, numbers.duration, numbers.year):
        text = write(value, mcse)
        assert text
        assert "nan" not in text
        assert "inf" not in text


def test_nan_does_not_print():
    with pytest.raises(ValueError, match="NaN"):
        numbers.number(math.nan)


@given(st.floats(-4, 40), st.floats(1e-4, 0.03), st.integers(0, 2**32 - 1))
def test_a_number_moves_by_one_in_its_last_digit(log10, mcse, seed):
    """Between a run and others whose draws differ by Monte Carlo error alone, on either scale."""
    drawn = log10 + mcse * np.random.default_rng(seed).uniform(-1, 1, 20)
    here, error = numbers.number(log10, mcse), mcse * math.log(10)
    for there in (numbers.number(value, mcse) for value in drawn):
        assert near(here, there)
    value = 10.0 ** (log10 / 10)
    here = numbers.plain(value, value * error)
    for there in (numbers.plain(10 ** (d / 10), value * error) for d in drawn):
        assert near(here, there)


def near(here, there):
    """At most one in the last digit apart, or next to one another among 1, 2, 5 and 10, or among
    powers of ten."""
    low, high = sorted((here, there), key=read)
    if "" in (parts(low)[0], parts(high)[0]):
        return read(high) <= 10.01 * read(low)
    if read(high) - read(low) <= 1.01 * max(last(low), last(high)):
        return True
    coarse = any(parts(text)[0].strip("0.") in ("1", "2", "5") for text in (low, high))
    return coarse and read(high) <= 2.51 * read(low)


def parts(text):
    """Mantissa as text and exponent of a printed number; no mantissa where only a power is told."""
    back = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    if text[:2] == "10" and text[2:] != text[2:].translate(back):
        return "", int(text[2:].translate(back))
    mantissa, _, exponent = text.replace(",", "").translate(back).partition("×10")
    return mantissa, int(exponent or 0)


def read(text):
    mantissa, exponent = parts(text)
    return float(mantissa or 1) * 10.0**exponent


def last(text):
    """What one in the last printed digit is worth, two significant digits at most."""
    mantissa, exponent = parts(text)
    if "." in mantissa:
        return 10.0 ** (exponent - len(mantissa.partition(".")[2]))
    digits = mantissa.lstrip("-")
    zeros = len(digits) - len(digits.rstrip("0"))
    return 10.0 ** (exponent + zeros)


def test_a_row_prints_by_its_scale_and_unit():
    ends = {"p05": -3.872, "p50": -1.5673, "p95": 3.255}
    years = {"scale": "log10", "unit": "year", **ends}
    assert numbers.told(years) == "9.9 days (1.2 hours to 1,800 years)"
    dollars = {"scale": "log10", "unit": "USD", "p05": 9.0, "p50": 12.1, "p95": "inf"}
    assert numbers.told(dollars) == "$1.3 trillion ($1.0 billion to never)"
    price = dollars | {"unit": "USD/megatoken", "p05": 0.0, "p50": 0.3, "p95": 1.0}
    assert numbers.told(price) == "$2.0 ($1.0 to $10) per million tokens"
    ooms = {"scale": "linear", "unit": "OOM", "p05": 3.3, "p50": 5.01, "p95": 7.76}
    assert numbers.told(ooms) == "5.0 (3.3 to 7.8) OOMs"
    assert numbers.told(ooms | {"p95_mcse": "inf"}) == "5.0 (3.3 to 8) OOMs"
    assert numbers.told(ooms | {"p95_mcse": 0.2}) == "5.0 (3.3 to 8) OOMs"
    near = {"scale": "log10", "unit": "TWh/year", "p05": 3.620, "p50": 3.622, "p95": 3.624}
    assert numbers.told(near) == "4,190 (4,170 to 4,210) TWh a year"
    gdp = {"scale": "log10", "unit": "USD", "p05": 14.06, "p50": 14.07, "p95": 14.08}
    assert numbers.told(gdp) == "$120 trillion ($110 trillion to $120 trillion)"
    gdp |= {"p05": 14.065}
    assert numbers.told(gdp) == "$117 trillion ($116 trillion to $120 trillion)"
    assert numbers.told(near | {"p05": 3.622, "p95": 3.622}) == "4,200 (4,200 to 4,200) TWh a year"
    score = {"scale": "share", "unit": "dimensionless", "p05": 0.412, "p50": 0.633, "p95": 0.9}
    assert numbers.told(score) == "63% (41% to 90%)"
    assert numbers.with_text({"rows": [ooms]})["rows"][0]["text"] == numbers.told(ooms)


SEEDS = range(40)


@pytest.fixture(scope="module")
def seeds(trees, constants):
    """Rows of the jump and of its cost, one dict for each seed of the predictive parts."""
    found = []
    for seed in SEEDS:
        draws = complete(headline.headline(trees, {"logistic": 0.4, "saturating": 0.6}, seed))
        rows = {}
        for place in (None, jump.NEW_BENCHMARK, jump.NEW_MODEL):
            asked = Asked(draws, constants, Question(benchmark=place, seed=seed))
            for name, row in registry.table(asked, (*JUMP, *COST, *ROOM)).items():
                rows[place, name] = row
        found.append(rows)
    return found


def vague(error):
    """Whether only the power of ten is told with such an error of the log10."""
    return math.isfinite(error) and math.log(10) * error > numbers.VAGUE


def test_a_printed_number_moves_by_one_in_its_last_digit_at_most(seeds):
    moved = {}
    assert len(seeds[0]) == 3 * len((*JUMP, *COST, *ROOM))
    for name, first in seeds[0].items():
        written = numbers.number if first["scale"] == "log10" else numbers.plain
        for key in ("p05", "p50", "p95"):
            rows = [each[name] for each in seeds[:20]]
            texts = [
                numbers.power(
                    row[key]
                )  # "10,000" where only that is told, which looks like a digit
                if written is numbers.number and vague(numbers.error(row, key))
                else written(row[key], numbers.error(row, key))
                for row in rows
            ]
            if not near(min(texts, key=read), max(texts, key=read)):
                moved[(*name, key)] = sorted(set(texts))
    assert not moved


def test_what_is_predicted_hardly_moves_what_is_printed(seeds):
    """The errors that text is rounded by hold for these seeds, and are not much too large."""
    ratios = []
    for name in seeds[0]:
        for key in ("p05", "p50", "p95"):
            values = np.array([rows[name][key] for rows in seeds])
            errors = np.array([numbers.error(rows[name], key) for rows in seeds])
            ratios.append(values.std(ddof=1) / errors.mean())
    assert 0.3 < np.median(ratios) < 1.0
    assert np.quantile(ratios, 0.95) < 1.3


def test_the_essay_stands_beside_a_number():
    row = {"scale": "linear", "unit": "OOM/OOM", "p50": 2.1, "essay": 2.0}
    row |= {"essay_percentile": 0.462}
    assert numbers.beside_essay(row) == "the essay says 2.0, the 46th percentile"
    years = {"scale": "log10", "unit": "year", "p50": -1.0, "essay": 5.0, "essay_percentile": 0.912}
    assert numbers.beside_essay(years) == "the essay says 5.0 years, the 91st percentile"
    assert numbers.beside_essay({"scale": "linear", "unit": "OOM", "p50": 1.0}) == ""


@pytest.mark.parametrize(
    ("rank", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (91, "91st")]
)
def test_ordinals(rank, word):
    assert numbers.ordinal(rank) == word


def test_what_the_world_uses_in_a_year_is_a_bound():
    row = {"scale": "log10", "unit": "liter", "p05": 9.0, "p50": 15.0, "p95": 400.0}
    row |= {"bound": 15.6, "bound_title": "the world's yearly withdrawals"}
    assert numbers.told(row) == (
        "1.0×10¹⁵ (1.0×10⁹ to more than the world's yearly withdrawals) litres"
    )
