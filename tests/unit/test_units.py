"""Units never mix, logs never overflow, and numbers print as people read them."""

from __future__ import annotations

import math

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import units
from tenfold.units import Log10Quantity, log10_minus_one, log10_sum, quantity

ONE_OF_EACH = (
    "FLOP",
    "GPU",
    "GPU*hour",
    "hour",
    "USD",
    "token",
    "TWh",
    "TWh/year",
    "kW/GPU",
    "USD/(GPU*hour)",
    "FLOP/(GPU*second)",
    "FLOP/joule",
    "tCO2e",
    "liter",
    "OOM",
    "datacentre",
    "fold/year",
    "1/year",
    "dimensionless",
)
"""Units of one dimension each; no two of them may be added or converted."""


@pytest.mark.parametrize("one", ONE_OF_EACH)
def test_units_never_mix(one):
    for other in ONE_OF_EACH:
        a, b = quantity(3.0, one), quantity(5.0, other)
        if one == other:
            assert 10 ** (a + b).log10 == pytest.approx(8)
            assert a.to(other).log10 == pytest.approx(a.log10)
            continue
        assert not units.compatible(one, other)
        with pytest.raises(pint.DimensionalityError):
            _ = a + b
        with pytest.raises(pint.DimensionalityError):
            a.to(other)
        # A product is allowed, and is a unit of its own: never read as either factor.
        if "dimensionless" not in (one, other):
            with pytest.raises(pint.DimensionalityError):
                (a * b).to(one)


def test_conversions_are_pints():
    assert quantity(310.0, "GWh").to("TWh").log10 == pytest.approx(math.log10(0.31))
    power = quantity(1.26, "kW/GPU")
    hours = quantity(246e6, "GPU*hour")
    assert 10 ** (power * hours).to("GWh").log10 == pytest.approx(310, rel=1e-3)
    assert 10 ** (hours / quantity(200e3, "GPU")).to("day").log10 == pytest.approx(51.25)


@pytest.mark.parametrize(
    "unit", ["", "((", "1/0", "9**9**9", "GWhh", "3 kW", "m^2", "__class__", "kW /GPU", "a" * 500]
)
def test_what_is_not_a_unit_is_refused_in_one_line(unit):
    with pytest.raises(ValueError, match="expected a unit such as") as error:
        units.parse(unit)
    assert "\n" not in str(error.value)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_log_sums_never_overflow(a, b):
    total = log10_sum(a, b)
    assert max(a, b) - 1e-9 <= total <= max(a, b) + math.log10(2) + 1e-6
    assert total == log10_sum(b, a)


def test_log_sums_keep_infinities():
    assert log10_sum(0.0, math.inf) == math.inf
    assert log10_sum(0.0, -math.inf) == 0
    assert log10_minus_one(0.0) == -math.inf
    assert log10_minus_one(-3.0) == -math.inf
    assert log10_minus_one(math.inf) == math.inf
    assert log10_minus_one(1000.0) == 1000.0
    assert log10_minus_one(math.log10(3)) == pytest.approx(math.log10(2))


def test_negative_quantities_have_no_logarithm():
    for bad in (-1.0, math.nan, np.array([1.0, -2.0])):
        with pytest.raises(ValueError, match="positive"):
            quantity(bad, "USD")
    assert quantity(0.0, "USD").log10 == -math.inf


def test_a_bare_number_is_not_a_quantity():
    with pytest.raises(AttributeError):
        _ = quantity(1.0, "USD") * 3.0  # pyright: ignore[reportOperatorIssue]
    assert isinstance(quantity(1.0, "USD"), Log10Quantity)
