"""Dates, waiting and break-even against solutions by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from tenfold.answers import timing
from tenfold.answers.constants import Constants
from tenfold.files import SpecError

SHAPE = {"form": ["logistic"], "chain": range(2), "draw": range(100)}
EXACT = {
    "GR_EFF": 0.4,
    "EFF_CAP": 200.0,
    "GR_PP": 0.3,
    "GR_WE": 0.03,
    "GR_COMP": 4.5,
    "GR_COST": 2.4,
    "GWP": 1.3e14,
    "E_G4": 310.0,
    "USD_G4": 4.9e8,
    "WE25": 31772.35,
    "RL_G4_OVER_P": 1.0,
    "PRICE": 10.0,
    "PRICE_TOKEN": 2.0,
}


def asked(ooms: float, inference: float = 3.0) -> xr.Dataset:
    like = xr.DataArray(np.full((1, 2, 100), float(ooms)), SHAPE)
    return xr.Dataset(
        {
            "rl_jump_ooms": like,
            "inference_jump_ooms": xr.full_like(like, inference),
            "weight": ("form", [1.0]),
        }
    )


@pytest.fixture(scope="module")
def exact(constants: Constants) -> Constants:
    return constants.patched({k: {"low": v, "central": v, "high": v} for k, v in EXACT.items()})


def one(found: xr.Dataset, name: str) -> float:
    values = np.unique(found[name].values)
    assert values.size == 1
    return float(values[0])


def first_by_stepping(ooms: float, energy_share: float, budget_share: float) -> tuple[float, float]:
    """First years of budget and energy, whole run scaled, by walking in steps of 0.001 years."""
    t = np.arange(0.0, 400.0, 0.001)
    cost = math.log10(4.9e8) + ooms - t * math.log10(1.3)
    budget = np.minimum(math.log10(4.9e8) + t * math.log10(2.4), math.log10(1.3e14 * budget_share))
    energy = math.log10(0.31) + ooms - np.minimum(t * math.log10(1.4), math.log10(200))
    supply = math.log10(31772.35 * energy_share) + (t + 0.5) * math.log10(1.03)
    found = []
    for enough in (cost <= budget, energy <= supply):
        found.append(2025.5 + t[np.argmax(enough)] if enough.any() else math.inf)
    return found[0], found[1]


@pytest.mark.parametrize("ooms", [0.0, 1.0, 3.0, 4.5, 6.0])
@pytest.mark.parametrize(("energy_share", "budget_share"), [(0.01, 0.01), (0.2, 0.001)])
def test_first_year_matches_stepping(exact, ooms, energy_share, budget_share):
    found = timing.first_year(
        asked(ooms),
        exact,
        reading="whole",
        energy_share=energy_share,
        budget_share=budget_share,
    )
    budget, energy = first_by_stepping(ooms, energy_share, budget_share)
    assert one(found, "budget_year") == pytest.approx(budget, abs=0.002)
    assert one(found, "energy_year") == pytest.approx(energy, abs=0.002)
    assert one(found, "first_year") == max(one(found, "budget_year"), one(found, "energy_year"))
    assert one(found, "compute_year") == pytest.approx(2025.5 + ooms / math.log10(4.5))


def test_a_limit_on_efficiency_can_mean_never(exact):
    stalled = exact.patched({"GR_WE": {"low": 0.0, "central": 0.0, "high": 0.0}})
    found = timing.first_year(asked(9.0), stalled, reading="whole")
    assert one(found, "first_year") == math.inf
    dates = timing.dated(found)
    assert dates["never"]["probability"] == 1
    assert dates["not_before_2040"]["probability"] == 1
    assert dates["by_2030"]["probability"] == 0


def test_an_impossible_jump_is_never_affordable(exact):
    found = timing.first_year(asked(math.inf), exact)
    for name in ("first_year", "budget_year", "energy_year", "compute_year"):
        assert one(found, name) == math.inf


def test_dates_count_whole_years(exact):
    years = xr.Dataset({"weight": ("form", [1.0])})
    values = np.tile([2030.99, 2031.0, 2039.99, 2040.0, np.inf], (1, 2, 20))
    years["first_year"] = xr.DataArray(values, SHAPE)
    dates = timing.dated(years)
    found = {name: row["probability"] for name, row in dates.items()}
    assert found == pytest.approx(
        {"by_2030": 0.2, "by_2035": 0.4, "not_before_2040": 0.4, "never": 0.2}
    )
    assert all(row["mcse"] > 0 for row in dates.values())


@given(st.floats(-5, 10), st.floats(-0.5, 2))
def test_years_to_close_a_gap(gap, rate):
    years = float(timing.years_to_close(xr.DataArray(gap), xr.DataArray(rate)))
    assert years >= 0
    if gap <= 0:
        assert years == 0
    elif rate <= 0:
        assert years == math.inf
    elif math.isfinite(years):
        assert years * rate == pytest.approx(gap)


def test_break_even_matches_the_integral(exact):
    """The bill for inference is the integral of a price that falls tenfold a year."""
    found = timing.break_even(asked(6.0, 3.0), exact)
    once = 4.9e8 * ((1 + 1e6) / 2 - 1)
    assert 10 ** one(found, "log10_rl_cost_usd") == pytest.approx(once)
    extra = 2.0e-6 * (1e3 - 1)  # USD a token
    volume = 10 ** one(found, "log10_break_even_tokens_per_day")
    ever = integrate.quad(lambda t: volume * 365.25 * extra * 10**-t, 0, np.inf)[0]
    assert ever == pytest.approx(once, rel=1e-6)
    assert 10 ** one(found, "log10_equal_tokens") == pytest.approx(once / extra)

    rows = timing.break_even_curve(found, exact, (volume * 0.9, volume * 2))
    assert [row["p_rl_cheaper"] for row in rows] == [0, 1]
    assert rows[0]["years"]["p50"] == "inf"
    years = rows[1]["years"]["p50"]
    paid = integrate.quad(lambda t: 2 * volume * 365.25 * extra * 10**-t, 0, years)[0]
    assert paid == pytest.approx(once, rel=1e-6)


def test_break_even_when_prices_do_not_fall(exact):
    flat = exact.patched({"PRICE": {"low": 1.0, "central": 1.0, "high": 1.0}})
    found = timing.break_even(asked(6.0), flat)
    assert one(found, "log10_break_even_tokens_per_day") == -math.inf
    equal = 10 ** one(found, "log10_equal_tokens")
    rows = timing.break_even_curve(found, flat, (equal / 3652.5,))
    assert rows[0]["p_rl_cheaper"] == 1
    assert rows[0]["years"]["p50"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("rl", "inference", "expected"),
    [
        (math.inf, 3.0, math.inf),
        (math.inf, math.inf, math.inf),
        (6.0, math.inf, -math.inf),
        (-1.0, -0.5, -math.inf),
    ],
)
def test_break_even_where_one_way_or_both_never_arrive(exact, rl, inference, expected):
    found = timing.break_even(asked(rl, inference), exact)
    assert one(found, "log10_break_even_tokens_per_day") == expected
    rows = timing.break_even_curve(found, exact)
    assert {row["p_rl_cheaper"] for row in rows} == {0.0 if expected > 0 else 1.0}


def test_break_even_never_arrives_even_where_prices_do_not_fall(exact):
    flat = exact.patched({"PRICE": {"low": 1.0, "central": 1.0, "high": 1.0}})
    found = timing.break_even(asked(math.inf, math.inf), flat)
    assert one(found, "log10_break_even_tokens_per_day") == math.inf
    assert timing.break_even_curve(found, flat, (1e30,))[0]["p_rl_cheaper"] == 0


def test_bad_shares_and_volumes_are_one_line(exact):
    for energy, budget in ((0.0, 0.01), (0.01, 1.5), (math.nan, 0.01)):
        with pytest.raises(SpecError, match="expected above 0 and at most 1"):
            timing.first_year(asked(1.0), exact, energy_share=energy, budget_share=budget)
    with pytest.raises(SpecError, match="tokens per day -1"):
        timing.break_even_curve(timing.break_even(asked(1.0), exact), exact, (-1.0,))
