"""Dates, waiting and break-even against solutions by hand."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from tenfold.answers import timing
from tenfold.answers.constants import Constants
from tenfold.answers.question import Question
from tenfold.files import SpecError

SHAPE = {"form": ["logistic"], "chain": range(2), "draw": range(100)}
EXACT = {
    "GR_EFF": 0.4,
    "EFF_CAP": 200.0,
    "GR_PP": 0.3,
    "GR_WE": 0.03,
    "GR_COMP": 4.5,
    "GR_COST": 2.4,
    "GR_GWP": 0.05,
    "GR_POW": 2.5,
    "GR_CHIP": 3.3,
    "POW30": 8.0,
    "CHIPS": 1.5e7,
    "GWP": 1.3e14,
    "N_GPU": 2e5,
    "H_G4": 2.4e8,
    "E_G4": 310.0,
    "USD_G4": 4.9e8,
    "WE25": 31772.35,
    "RL_G4_OVER_P": 1.0,
    "RL_UTIL": 1.0,
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


def first_by_stepping(
    ooms: float, energy_share: float, budget_share: float, chip_share: float
) -> dict[str, float]:
    """First year within each limit, whole run scaled, by walking in steps of 0.001 years."""
    t = np.arange(0.0, 400.0, 0.001)
    cost = math.log10(4.9e8) + ooms - t * math.log10(1.3)
    cap = math.log10(1.3e14 * budget_share) + (t + 0.5) * math.log10(1.05)
    budget = np.minimum(math.log10(4.9e8) + t * math.log10(2.4), cap)
    gained = np.minimum(t * math.log10(1.4), math.log10(200))
    energy = math.log10(0.31) + ooms - gained
    supply = math.log10(31772.35 * energy_share) + t * math.log10(1.03)
    days = 2.4e8 / 2e5 / 24
    gigawatts = math.log10(310 / (days * 24)) + ooms - gained
    projected = math.log10(8.0) + (t + 2025.5 - 2030) * math.log10(2.5)
    of_world = supply + math.log10(1000 / 8766)
    chips = math.log10(2e5) + ooms
    made = math.log10(1.5e7 * chip_share) + (t - 0.5) * math.log10(3.3)
    within = {
        "budget": cost <= budget,
        "energy": energy <= supply,
        "power": gigawatts <= np.minimum(projected, of_world),
        "chips": chips <= made,
        "compute": ooms <= t * math.log10(4.5),
    }
    return {
        name: 2025.5 + t[np.argmax(enough)] if enough.any() else math.inf
        for name, enough in within.items()
    }


@pytest.mark.parametrize(
    ("years", "dollars"),
    [
        (6.5, 4.9e8 * 2.4**6.5),  # 1.45e11, below the cap
        (12.5, 0.01 * 1.3e14 * 1.05 ** (2025.5 + 12.5 - 2025)),  # 2.8e13 on trend, above it
    ],
)
def test_the_budget_grows_up_to_its_share_of_gdp(exact, years, dollars):
    start = exact.run("grok-4").year
    like = asked(1.0)["rl_jump_ooms"]
    found = timing.budget(exact, "grok-4", like, start + years, 0.01, seed=0)
    np.testing.assert_allclose(found, math.log10(dollars), atol=1e-3)
    with pytest.raises(SpecError):
        timing.budget(exact, "grok-4", like, start - 1, 0.01, seed=0)


@pytest.mark.parametrize("ooms", [0.0, 1.0, 3.0, 4.5, 6.0])
@pytest.mark.parametrize("shares", [(0.01, 0.01, 0.1), (0.2, 0.001, 0.01)])
def test_first_year_matches_stepping(exact, ooms, shares):
    energy, budget, chips = shares
    found = timing.first_year(
        asked(ooms),
        exact,
        reading="whole",
        energy_share=energy,
        budget_share=budget,
        chip_share=chips,
    )
    expected = first_by_stepping(ooms, energy, budget, chips)
    assert set(expected) == set(timing.LIMITS)
    for name, year in expected.items():
        assert one(found, f"{name}_year") == pytest.approx(year, abs=0.002), name
    assert one(found, "first_year") == max(one(found, f"{name}_year") for name in expected)
    last = max(expected, key=lambda name: expected[name])
    listed = [row["probability"] for row in timing.binding(found)]
    assert listed == sorted(listed, reverse=True), "what binds most often comes first"
    rows = {row["limit"]: row["probability"] for row in timing.binding(found)}
    assert rows[last] == 1
    assert sum(rows.values()) == 1


def test_a_limit_on_efficiency_can_mean_never(exact):
    stalled = exact.patched({"GR_WE": {"low": 0.0, "central": 0.0, "high": 0.0}})
    found = timing.first_year(asked(9.0), stalled, reading="whole")
    assert one(found, "first_year") == math.inf
    dates = timing.dated(found)
    assert dates["never"]["probability"] == 1
    assert dates["later_or_never"]["probability"] == 1
    assert dates["by_2030"]["probability"] == 0


def test_an_impossible_jump_is_never_affordable(exact):
    found = timing.first_year(asked(math.inf), exact)
    for name in ("first_year", *(f"{limit}_year" for limit in timing.LIMITS)):
        assert one(found, name) == math.inf


def test_dates_count_whole_years(exact):
    years = xr.Dataset({"weight": ("form", [1.0])})
    values = np.tile([2030.99, 2031.0, 2050.99, 2051.0, np.inf], (1, 2, 20))
    years["first_year"] = xr.DataArray(values, SHAPE)
    dates = timing.dated(years)
    found = {name: row["probability"] for name, row in dates.items()}
    assert found == pytest.approx(
        {"by_2030": 0.2, "by_2035": 0.4, "by_2050": 0.6, "later_or_never": 0.4, "never": 0.2}
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


@pytest.mark.parametrize("horizon", [1.0, 3.0, 5.0])
def test_break_even_matches_the_integral(exact, horizon):
    """The bill for inference is the integral of a price that falls as FLOP get cheaper."""
    found = timing.break_even(asked(6.0, 3.0), exact, horizon=horizon)
    once = 4.9e8 * ((1 + 1e6) / 2 - 1)
    assert 10 ** one(found, "rl_cost") == pytest.approx(once)
    extra = 2.0e-6 * (1e3 - 1)  # USD a token
    volume = 10 ** one(found, "break_even_volume")

    def bill(volume: float, years: float) -> float:
        return integrate.quad(lambda t: volume * 365.25 * extra * 1.3**-t, 0, years)[0]

    assert bill(volume, horizon) == pytest.approx(once, rel=1e-6)
    assert 10 ** one(found, "equal_tokens") == pytest.approx(once / extra)
    assert 10 ** one(found, "price_per_token") == pytest.approx(2.0)

    assert (timing.years_until_cheaper(found, exact, volume * 0.9) > horizon).all()
    years = float(timing.years_until_cheaper(found, exact, volume * 2).max())
    assert years < horizon
    assert bill(2 * volume, years) == pytest.approx(once, rel=1e-6)


def test_break_even_when_prices_do_not_fall(exact):
    flat = exact.patched({"GR_PP": {"low": 0.0, "central": 0.0, "high": 0.0}})
    found = timing.break_even(asked(6.0), flat, horizon=10.0)
    equal = 10 ** one(found, "equal_tokens")
    volume = 10 ** one(found, "break_even_volume")
    assert volume == pytest.approx(equal / 3652.5)
    assert np.allclose(timing.years_until_cheaper(found, flat, 2 * volume), 5)


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
    assert one(found, "break_even_volume") == expected
    for volume in timing.DAY_RATES:
        years = timing.years_until_cheaper(found, exact, volume)
        assert (np.isinf(years) == (expected > 0)).all()


def test_bad_shares_and_volumes_are_one_line(exact):
    for energy, budget in ((0.0, 0.01), (0.01, 1.5), (math.nan, 0.01)):
        with pytest.raises(SpecError, match="expected above 0 and at most 1"):
            timing.first_year(asked(1.0), exact, energy_share=energy, budget_share=budget)
    with pytest.raises(SpecError, match="horizon 0 years"):
        timing.break_even(asked(1.0), exact, horizon=0.0)
    with pytest.raises(SpecError, match="tokens per day -1"):
        timing.years_until_cheaper(timing.break_even(asked(1.0), exact), exact, -1.0)


def test_break_even_is_told_from_a_billion_tokens_a_day_on_over_three_years():
    assert timing.DAY_RATES[0] == 1e9
    assert timing.DAY_RATES[-1] == 1e15
    assert np.diff(np.log10(timing.DAY_RATES)) == pytest.approx(1)
    assert timing.HORIZON == 3, "about as long as a model is served"


def test_what_is_not_stated_is_as_a_question_has_it():
    """The most that a run takes, and the horizon, have one default each."""
    default = vars(Question())
    for function in (timing.first_year, timing.break_even):
        for name, argument in inspect.signature(function).parameters.items():
            if argument.default is not inspect.Parameter.empty:
                assert argument.default == default[name], (function.__name__, name)
