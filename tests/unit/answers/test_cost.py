"""Costs: the essay's arithmetic with its sources, both readings, any number of OOMs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tenfold import mixture
from tenfold.answers import baseline, cost, jump
from tenfold.answers.constants import Constants
from tenfold.files import SpecError
from tenfold.words import numbers
from tenfold.words.numbers import told

SHAPE = {"form": ["logistic"], "chain": range(2), "draw": range(500)}


def asked(ooms: float, inference: float = 3.0) -> xr.Dataset:
    """A jump of exactly `ooms` of RL."""
    like = xr.DataArray(np.full((1, 2, 500), float(ooms)), SHAPE)
    return xr.Dataset(
        {
            "rl_jump_ooms": like,
            "inference_jump_ooms": xr.full_like(like, inference),
            "weight": ("form", [1.0]),
        }
    )


def exactly(constants: Constants, **values: float) -> Constants:
    """Constants with some of them known exactly."""
    return constants.patched(
        {name: {"low": v, "central": v, "high": v} for name, v in values.items()}
    )


def median(found: xr.Dataset, name: str) -> float:
    return 10 ** float(mixture.quantile(found[name], found["weight"], 0.5).item())


def test_next_tenfold_of_rl():
    """Ord: 1.01x becomes 1.1x (1.089); at parity ten times costs (1 + 10) / 2 = 5.5."""
    for share, expected in ((0.01, 1.1 / 1.01), (1.0, 5.5), (1e9, 10.0)):
        found = 10 ** cost.log10_training_multiplier(1.0, math.log10(share))
        assert found == pytest.approx(expected, rel=1e-6)
    assert 1.1 / 1.01 == pytest.approx(1.089, abs=5e-4)


def test_a_million_at_parity_is_half_a_million():
    assert 10 ** cost.log10_training_multiplier(6.0, 0.0) == pytest.approx((1 + 1e6) / 2)
    assert 10 ** cost.log10_training_multiplier(6.0, 0.0, "whole") == pytest.approx(1e6)


@given(ooms=st.floats(0, 1e6), log_r=st.floats(-30, 30))
def test_multiplier_is_bounded_and_never_overflows(ooms, log_r):
    found = cost.log10_training_multiplier(ooms, log_r)
    slack = 1e-9 * (1 + ooms + abs(log_r))
    assert -slack <= found <= ooms + slack


@given(ooms=st.floats(0, 10), more=st.floats(0, 5), log_r=st.floats(-3, 1), up=st.floats(0, 2))
def test_multiplier_rises_with_ooms_and_with_the_share(ooms, more, log_r, up):
    at = cost.log10_training_multiplier
    assert at(ooms + more, log_r) >= at(ooms, log_r) - 1e-12
    assert at(ooms, log_r + up) >= at(ooms, log_r) - 1e-12


def test_never_costs_never(constants):
    found = cost.cost(asked(math.inf), constants)
    for name in ("training_multiplier", "training_energy", "training_cost"):
        assert (found[name] == np.inf).all()
    row = mixture.summarise(found["training_cost"], found["weight"], "USD") | {"scale": "log10"}
    assert (row["p50"], row["p_never"], told(row)) == ("inf", 1.0, "never (never to never)")


def test_ten_to_the_thousands_prints_as_such(constants):
    found = cost.cost(asked(300.0), constants, reading="whole")
    row = mixture.summarise(found["training_multiplier"], found["weight"], "dimensionless")
    assert told(row | {"scale": "log10"}).startswith("10³⁰⁰ ")
    far = cost.cost(asked(1e5), constants)
    assert np.isfinite(far["years_of_world_electricity"]).all()


def test_years_of_world_electricity(constants):
    """310 GWh (Epoch AI) times 1e6 is 10.0 years of 2024's 30,930 TWh (Ember); half of it 5.0."""
    exact = exactly(constants, E_G4=310.0, WE25=30930.23, RL_G4_OVER_P=1.0, RL_UTIL=1.0)
    whole = cost.cost(asked(6.0), exact, reading="whole")
    assert median(whole, "years_of_world_electricity") == pytest.approx(10.0, abs=0.03)
    rl = cost.cost(asked(6.0), exact, reading="rl")
    assert median(rl, "years_of_world_electricity") == pytest.approx(5.0, abs=0.02)
    assert median(rl, "training_energy") == pytest.approx(155_000, rel=1e-3)
    assert constants.named("WE24").central == 30930.23


def test_five_datacentres_per_gpu(constants):
    """Ord: 200,000 GPUs, each becoming five datacentres of their size."""
    found = cost.cost(asked(6.0), exactly(constants, N_GPU=200_000.0), reading="whole")
    sites = 10 ** float(found["datacentres"].max())
    assert sites / 200_000 == pytest.approx(5.0)
    assert median(found, "gpus") == pytest.approx(2e11, rel=1e-6)


def test_the_published_monte_carlo(constants):
    """1e6 on the whole run: 6.3 / 9.7 / 15 years of 2025 (5, 50 and 95% of an earlier Monte Carlo,
    written independently)."""
    found = cost.cost(many(6.0), constants, reading="whole")
    years = found["years_of_world_electricity"]
    quantiles = mixture.quantile(years, found["weight"], [0.05, 0.5, 0.95]).values
    assert quantiles == pytest.approx(np.log10([6.3, 9.7, 15.0]), abs=0.02)


def many(ooms: float) -> xr.Dataset:
    like = xr.DataArray(np.full((1, 2, 20_000), ooms), {**SHAPE, "draw": range(20_000)})
    return xr.Dataset({"rl_jump_ooms": like, "weight": ("form", [1.0])})


def test_quantities_are_consistent_with_one_another(constants):
    found = cost.cost(asked(4.0), constants)
    run = baseline.baseline_run(constants, "grok-4", found["gpus"], 0)
    in_flop, in_time = found["training_multiplier"], found["gpu_time_multiplier"]
    for name, key, unit in (
        ("training_flop", "training_flop", "FLOP"),
        ("gpu_hours", "gpu_hours", "GPU*hour"),
        ("training_energy", "energy", "TWh"),
        ("training_cost", "cost", "USD"),
        ("water", "water", "liter"),
        ("emissions", "emissions", "tCO2e"),
    ):
        multiplier = in_flop if key == "training_flop" else in_time
        assert np.allclose(found[name], run[key].to(unit).log10 + multiplier), name
    # At equal duration, GPU-hours grow as GPUs do, and energy as mean power does.
    hours = found["gpu_hours"] - found["gpus"] - run["duration"].to("hour").log10
    assert np.allclose(hours, 0)
    joules = found["training_power"] + run["duration"].to("hour").log10 - 3
    assert np.allclose(joules, found["training_energy"])


@pytest.mark.parametrize("name", ["grok-4", "deepseek-r1", "gpt-5", "o3", "olmo-3.1"])
def test_every_baseline_yields_every_quantity(constants, name):
    found = cost.cost(asked(3.0), constants, name)
    needed = {"training_flop", "gpu_hours", "gpus", "training_energy"}
    needed |= {"years_of_world_electricity", "years_of_us_electricity"}
    assert needed | {"training_cost", "datacentres"} <= set(found)
    for key in needed:
        assert np.isfinite(found[key]).all(), key


def test_derived_baselines_match_what_is_known_of_them(constants):
    """DeepSeek-V3 and R1: 5.58 + 0.29 million dollars, 3.5e24 FLOP; o3 on 1.1 x GPT-4o."""
    r1 = cost.cost(asked(0.0), constants, "deepseek-r1")
    assert median(r1, "training_cost") == pytest.approx(5.87e6, rel=0.03)
    assert median(r1, "training_flop") == pytest.approx(3.48e24, rel=0.02)
    o3 = cost.cost(asked(0.0), constants, "o3")
    assert median(o3, "training_flop") == pytest.approx(4.2e25, rel=0.1)


def test_energy_by_gpu_time(constants):
    """RL at a fifth of pre-training's utilisation: 0.2 in FLOP is parity in GPU-time."""
    exact = exactly(constants, RL_G4_OVER_P=0.2, RL_UTIL=0.2, E_G4=310.0)
    found = cost.cost(asked(6.0), exact)
    assert median(found, "training_multiplier") == pytest.approx((1 + 0.2e6) / 1.2, rel=1e-6)
    assert median(found, "training_energy") == pytest.approx(310e-3 * (1 + 1e6) / 2, rel=1e-6)
    by_flop = cost.cost(asked(6.0), exact, split="flop")
    assert by_flop["gpu_time_multiplier"].equals(by_flop["training_multiplier"])
    # A share stated in GPU-time converts the other way.
    r1 = exactly(constants, RL_R1_OVER_P=0.05, RL_UTIL=0.2)
    found = cost.cost(asked(3.0), r1, "deepseek-r1")
    assert median(found, "rl_share") == pytest.approx(0.01)
    assert median(found, "gpu_time_multiplier") == pytest.approx(51 / 1.05)


@pytest.mark.parametrize("split", ["flop", "gpu_time"])
def test_the_rl_of_r1_is_as_epoch_has_it(constants, split):
    """Epoch AI: 1.83e23 FLOP; both splits agree within a factor of 1.5."""
    found = cost.cost(asked(0.0), constants, "deepseek-r1", split=split)
    share = 10 ** found["rl_share"]
    rl = 10 ** found["training_flop"] * share / (1 + share)
    assert 1 / 1.5 < float(rl.median()) / 1.83e23 < 1.5


def test_derived_constants_follow_their_parents(constants):
    like = asked(0.0)["rl_jump_ooms"]
    before = baseline.draw(constants, "F_EFF_G4", "FLOP/(GPU*s)", like, 0)
    parents = [
        baseline.draw(constants, n, u, like, 0) for n, u in (("C_GROK4", "FLOP"), ("H_G4", "GPU*s"))
    ]
    assert np.allclose(before.log10, parents[0].log10 - parents[1].log10)
    doubled = exactly(constants, C_GROK4=1e27, H_G4=1e8)
    after = baseline.draw(doubled, "F_EFF_G4", "FLOP/(GPU*hour)", like, 0)
    assert np.allclose(after.log10, 19)
    own = baseline.draw(exactly(doubled, F_EFF_G4=5e14), "F_EFF_G4", "FLOP/(GPU*s)", like, 0)
    assert np.allclose(own.log10, math.log10(5e14))


def test_waiting_makes_it_cheaper_until_the_limit(constants):
    exact = exactly(
        constants, GR_EFF=0.4, EFF_CAP=200.0, GR_PP=0.3, GR_WE=0.03, E_G4=310.0, WE25=31772.35
    )
    now = cost.cost(asked(6.0), exact, reading="whole")
    later = cost.cost(asked(6.0), exact, reading="whole", date=2030.5)
    ratio = median(now, "training_energy") / median(later, "training_energy")
    assert ratio == pytest.approx(1.4**5)
    dollars = median(now, "training_cost") / median(later, "training_cost")
    assert dollars == pytest.approx(1.3**5)
    years = median(later, "years_of_world_electricity")
    assert years == pytest.approx(310e3 / 1.4**5 / (31772.35 * 1.03**5))
    # By hand: a 200x limit leaves 1,550 TWh of 310,000.
    limit = cost.cost(asked(6.0), exact, reading="whole", date=2100)
    assert median(limit, "training_energy") == pytest.approx(1550)
    assert median(limit, "gpus") == pytest.approx(median(now, "gpus"))


def test_the_same_constant_has_the_same_draws_everywhere(constants):
    like = asked(0.0)["rl_jump_ooms"]
    first = baseline.draw(constants, "E_G4", "GWh", like, 3)
    changed = constants.patched({"H_G4": {"central": 2e8}})
    assert first.log10.equals(baseline.draw(changed, "E_G4", "GWh", like, 3).log10)
    assert not first.log10.equals(baseline.draw(constants, "E_G4", "GWh", like, 4).log10)
    in_twh = baseline.draw(constants, "E_G4", "TWh", like, 3)
    assert np.allclose(first.log10 - in_twh.log10, 3)


def test_growth_is_a_rate_or_a_factor_never_both(constants):
    like = asked(0.0)["rl_jump_ooms"]
    rate = exactly(constants, GR_EFF=0.4)
    assert np.allclose(10 ** baseline.log10_growth(rate, "GR_EFF", like, 0), 1.4)
    factor = exactly(constants, GR_COMP=4.5)
    assert np.allclose(10 ** baseline.log10_growth(factor, "GR_COMP", like, 0), 4.5)
    with pytest.raises(SpecError, match="expected 1/year or fold/year"):
        baseline.log10_growth(constants, "E_G4", like, 0)
    with pytest.raises(SpecError, match="at or below -1"):
        baseline.log10_growth(exactly(constants, GR_EFF=-1.0), "GR_EFF", like, 0)
    with pytest.raises(SpecError, match="in GWh; expected a unit such as USD"):
        baseline.draw(constants, "E_G4", "USD", like, 0)
    with pytest.raises(SpecError, match="at or below zero"):
        baseline.draw(exactly(constants, GR_WE=-0.5), "GR_WE", "1/year", like, 0)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"baseline": "grok4"}, "unknown baseline 'grok4'; did you mean 'grok-4'?"),
        ({"reading": "whol"}, "reading 'whol'; did you mean 'whole'?"),
        ({"split": "gpu"}, "split 'gpu'"),
        ({"date": 2020.0}, "date 2020: expected 2025.5"),
        ({"date": math.nan}, "date nan"),
        ({"date": math.inf}, "date inf"),
    ],
)
def test_bad_choices_are_one_line(constants, choice, said):
    with pytest.raises(SpecError) as error:
        cost.cost(asked(1.0), constants, **choice)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_room_left_for_cheap_rl():
    share = xr.DataArray(np.log10(np.full((1, 2, 500), 0.01)), SHAPE)
    found = cost.room_left(share, xr.DataArray([1.0], {"form": ["logistic"]}))
    assert float(found["multiplier_spent"].max()) == pytest.approx(math.log10(1.01))
    assert float(found["next_tenfold"].max()) == pytest.approx(math.log10(1.1 / 1.01))
    ooms = float(found["cheap_rl_ooms"].max())
    assert ooms == pytest.approx(math.log10(102))
    assert 10 ** cost.log10_training_multiplier(ooms, -2.0) == pytest.approx(2.0)


def test_multiplier_curve_is_the_essays_ladder():
    """1.01x, 1.1x, then 5.5x at parity, and ten for ten in the end."""
    share = xr.DataArray(np.full((1, 2, 500), -2.0), SHAPE)
    weight = xr.DataArray([1.0], {"form": ["logistic"]})
    rows = cost.multiplier_curve(share, weight, np.arange(0.0, 6.0))
    totals = [1.01 * 10 ** row["p50"] for row in rows]
    assert totals[:4] == pytest.approx([1.01, 1.1, 2.0, 11.0])
    steps = np.diff([row["p50"] for row in rows])
    assert 10 ** steps[2] == pytest.approx(5.5)
    assert 10 ** steps[-1] == pytest.approx(10, rel=0.01)


def test_cost_of_a_mixture_keeps_forms_apart(headline_draws, constants):
    found = cost.cost(jump.on_curve(headline_draws, 0.3, "GPQA"), constants)
    years = found["years_of_world_electricity"]
    assert np.isfinite(years.sel(form="logistic")).all()
    assert (years.sel(form="saturating") == np.inf).any()
    assert numbers.number(float(years.max())) == "never"
