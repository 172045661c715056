"""Jumps against closed forms and brute force; ceilings, never, and the joint optimum."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from tenfold import curves, mixture
from tenfold.answers import jump
from tenfold.curves import FORMS
from tenfold.files import SpecError

ESSAY = {"gpt_level_ooms": 2.0, "inference_per_training": 1.5, "exchange_rate": 2.0}
"""Ord, How Well Does RL Scale? (20 October 2025): 100x, 1,000x for 100x, twice the OOMs."""


def one_draw(
    form: str = "logistic",
    slope: tuple[float, float] = (0.6, 1.2),
    ceiling: tuple[float, float] = (1.0, 1.0),
    floor: float = 0.0,
    level: float = 2.0,
    trade: float = 1.5,
) -> xr.Dataset:
    """Headline draws with one value; slopes and ceilings are (rl, inference)."""
    dims, lead = ("form", "chain", "draw"), (1, 1, 1)
    rate = np.full(lead, slope[1] / slope[0] if slope[0] else np.inf)
    at = np.array(slope).reshape(1, 1, 1, 1, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.array(slope)).reshape(1, 1, 1, 2)
    return xr.Dataset(
        {
            "log_slope_mean": ((*dims, "regime"), logs),
            "steepness": (dims, np.zeros(lead)),
            "exchange_rate": (dims, rate),
            "exchange_rate_new_benchmark": (dims, rate),
            "exchange_rate_new_model": (dims, rate),
            "exchange_rate_benchmark": ((*dims, "shared_benchmark"), rate[..., None]),
            "slope_at_benchmark": ((*dims, "benchmark", "regime"), at),
            "slope_new_benchmark": ((*dims, "regime"), at[..., 0, :]),
            "slope_new_model": ((*dims, "regime"), at[..., 0, :]),
            "ceiling": ((*dims, "benchmark", "regime"), np.reshape(ceiling, (1, 1, 1, 1, 2))),
            "ceiling_new_benchmark": ((*dims, "regime"), np.reshape(ceiling, (1, 1, 1, 2))),
            "ceiling_typical": ((*dims, "regime"), np.reshape(ceiling, (1, 1, 1, 2))),
            "floor": ("benchmark", [floor]),
            "inference_per_training": (dims, np.full(lead, trade)),
            "gpt_level_ooms": (dims, np.full(lead, level)),
            "weight": ("form", [1.0]),
        },
        coords={
            "form": [form],
            "chain": [0],
            "draw": [0],
            "regime": ["rl", "inference"],
            "benchmark": ["AIME"],
            "shared_benchmark": ["AIME"],
        },
    )


def value(found: xr.Dataset, name: str) -> float:
    return float(found[name].item())


def test_the_essays_six_ooms():
    found = jump.exchange(one_draw())
    assert value(found, "inference_jump_ooms") == pytest.approx(3.0)
    assert value(found, "rl_jump_ooms") == pytest.approx(6.0)


def test_on_the_curve_equals_the_exchange_where_ceilings_agree():
    for form in FORMS:
        for start in (0.05, 0.2, 0.9, 0.999):
            draws = one_draw(form, level=2.03, trade=1.26)
            found = jump.on_curve(draws, start, "AIME")
            expected = value(jump.exchange(draws, "AIME"), "rl_jump_ooms")
            assert value(found, "rl_jump_ooms") == pytest.approx(expected, rel=1e-9), form


def test_a_steep_curve_next_to_the_ceiling_is_not_mistaken_for_never():
    # 60 logits up: the share rounds to one, the shortfall does not.
    found = jump.on_curve(one_draw(slope=(10.0, 20.0)), 0.5, "AIME")
    assert value(found, "rl_jump_ooms") == pytest.approx(6.0)


def by_hand(start: float, slope, ceiling, floor: float, ooms: float) -> float:
    """RL OOMs by bisection on the plain curves, as slow and obvious as possible."""

    def score(x: float, regime: int) -> float:
        eta0 = float(curves.eta_at_score(start, floor, ceiling[regime], "saturating"))
        return float(
            curves.expected_score(eta0 + slope[regime] * x, floor, ceiling[regime], "saturating")
        )

    target = score(ooms, 1)
    if target >= ceiling[0]:
        return math.inf
    return optimize.brentq(  # pyright: ignore[reportReturnType]
        lambda x: score(x, 0) - target, 0.0, 400.0, xtol=1e-12
    )


@given(
    start=st.floats(0.3, 0.5),
    slope=st.tuples(st.floats(0.3, 2.0), st.floats(0.3, 2.0)),
    ceiling=st.tuples(st.floats(0.55, 1.0), st.floats(0.55, 1.0)),
    floor=st.floats(0.0, 0.25),
)
def test_ceilings_match_bisection(start, slope, ceiling, floor):
    draws = one_draw("saturating", slope, ceiling, floor)
    found = value(jump.on_curve(draws, start, "AIME"), "rl_jump_ooms")
    expected = by_hand(start, slope, ceiling, floor, 3.0)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_never_is_never():
    below = one_draw("saturating", ceiling=(0.6, 0.9))
    found = jump.on_curve(below, 0.2, "AIME")
    assert value(found, "rl_jump_ooms") == math.inf
    assert value(found, "reached_score") > 0.6
    flat = jump.on_curve(one_draw(slope=(0.0, 1.2)), 0.2, "AIME")
    assert value(flat, "rl_jump_ooms") == math.inf
    started_above = jump.on_curve(one_draw("saturating", ceiling=(0.6, 0.9)), 0.7, "AIME")
    assert value(started_above, "rl_jump_ooms") == math.inf


def test_inference_that_gains_nothing_leaves_nothing_to_match():
    found = jump.on_curve(one_draw("saturating", ceiling=(0.9, 0.6)), 0.7, "AIME")
    assert value(found, "rl_jump_ooms") == 0
    assert value(found, "reached_score") == 0.7


def test_between_scores_is_the_curve_inverse_on_each_regime():
    found = jump.between_scores(one_draw(slope=(0.693, 1.386)), 0.2, 0.8, "AIME")
    # Essay: 20 to 80% takes 100x of inference and 10,000x of RL (logits: 2.77).
    assert value(found, "inference_jump_ooms") == pytest.approx(2.0, abs=0.01)
    assert value(found, "rl_jump_ooms") == pytest.approx(4.0, abs=0.01)
    capped = jump.between_scores(one_draw("saturating", ceiling=(0.75, 0.95)), 0.2, 0.8, "AIME")
    assert value(capped, "rl_jump_ooms") == math.inf
    assert np.isfinite(value(capped, "inference_jump_ooms"))


@given(st.floats(0.05, 0.35), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_further_is_never_cheaper(start, step, more):
    draws = one_draw("saturating", ceiling=(0.85, 0.95))
    near, far = (
        jump.between_scores(draws, start, start + 0.01 + gain, "AIME")
        for gain in (step, step + more)
    )
    for name in ("rl_jump_ooms", "inference_jump_ooms"):
        assert value(far, name) >= value(near, name) >= 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda d: jump.on_curve(d, 0.1, "AIME"), "chance level 0.25"),
        (lambda d: jump.on_curve(d, 1.0, "AIME"), "start score 1"),
        (lambda d: jump.between_scores(d, 0.5, 0.4, "AIME"), "target score 0.4"),
        (lambda d: jump.between_scores(d, 0.5, 1.1, "AIME"), "target score 1.1"),
        (lambda d: jump.on_curve(d, 0.5, "AIMEE"), "did you mean 'AIME'"),
        (lambda d: jump.exchange(d, "nothing"), "unknown benchmark 'nothing'"),
        (lambda d: jump.on_curve(d, math.nan, "AIME"), "start score nan"),
    ],
)
def test_bad_questions_are_one_line(call, said):
    with pytest.raises(SpecError) as error:
        call(one_draw(floor=0.25))
    assert said in str(error.value)


def total_cost(rl_ooms: float, gain: float, rate: float, r: float, ratio: float) -> float:
    deploy = ratio * (1 + r)
    inference = gain - rl_ooms / rate
    return (1 + r * 10**rl_ooms + deploy * 10**inference) / (1 + r + deploy)


@given(
    rate=st.floats(0.5, 5.0),
    level=st.floats(0.5, 3.0),
    log_r=st.floats(-4, 1),
    log_ratio=st.floats(-3, 3),
)
def test_joint_optimum_matches_brute_force(rate, level, log_r, log_ratio):
    draws = one_draw(slope=(0.6, 0.6 * rate), level=level, trade=1.3)
    linear = jump.exchange(draws)
    r = xr.full_like(linear["rl_jump_ooms"], log_r)
    found = jump.joint(linear, r, log_ratio)
    gain = level * 1.3
    grid = np.linspace(0, gain * rate, 20_001)
    costs = [total_cost(x, gain, rate, 10**log_r, 10**log_ratio) for x in grid]
    best = min(costs)
    assert 10 ** value(found, "joint_multiplier") <= best * (1 + 1e-9)
    assert 10 ** value(found, "joint_multiplier") == pytest.approx(best, rel=1e-5)
    rl, inference = value(found, "joint_rl_ooms"), value(found, "joint_inference_ooms")
    assert rl / rate + inference == pytest.approx(gain)
    assert value(found, "rl_gain_share") == pytest.approx(rl / rate / gain)


def test_joint_scaling_with_equal_spending_grows_both_by_equal_ooms():
    """With exchange rate 2, r = D / 2 (the steady optimum): RL supplies a third of the gain."""
    linear = jump.exchange(one_draw())
    found = jump.joint(linear, xr.zeros_like(linear["rl_jump_ooms"]), 0.0)  # r = 1, D = 2
    assert value(found, "joint_rl_ooms") == pytest.approx(2.0)
    assert value(found, "joint_inference_ooms") == pytest.approx(2.0)
    assert value(found, "rl_gain_share") == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("rl", "inference", "expected"),
    [
        (math.inf, 3.0, (0.0, 3.0, 0.0)),
        (6.0, math.inf, (6.0, 0.0, 1.0)),
        (math.inf, math.inf, (math.inf, math.inf, math.inf)),
        (0.0, math.inf, (0.0, 0.0, 0.0)),
        (math.inf, -1.0, (0.0, 0.0, 0.0)),
    ],
)
def test_a_mix_leaves_what_one_way_never_reaches_to_the_other(rl, inference, expected):
    linear = jump.exchange(one_draw())
    like = linear["rl_jump_ooms"]
    asked = linear.assign(
        rl_jump_ooms=xr.full_like(like, rl), inference_jump_ooms=xr.full_like(like, inference)
    )
    found = jump.joint(asked, xr.zeros_like(like), 0.0)
    names = ("joint_rl_ooms", "joint_inference_ooms", "rl_gain_share")
    assert tuple(value(found, name) for name in names) == expected
    spent = 10 ** value(found, "joint_multiplier")  # r = 1, D = 2
    assert spent == pytest.approx((1 + 10 ** expected[0] + 2 * 10 ** expected[1]) / 4)


def test_a_mix_makes_the_jump_that_was_asked():
    """From 50% to 90%: the mix gains what either way alone gains, not a GPT level."""
    asked = jump.between_scores(one_draw(slope=(0.6, 1.2)), 0.5, 0.9, "AIME")
    found = jump.joint(asked, xr.zeros_like(asked["rl_jump_ooms"]), 0.0)
    gained = 0.6 * value(found, "joint_rl_ooms") + 1.2 * value(found, "joint_inference_ooms")
    assert gained == pytest.approx(math.log(9))


def test_a_level_without_ooms_costs_nothing():
    for level in (0.0, -0.5):
        linear = jump.exchange(one_draw(level=level))
        found = jump.joint(linear, xr.zeros_like(linear["rl_jump_ooms"]), 0.0)
        assert value(found, "joint_rl_ooms") == value(found, "joint_inference_ooms") == 0
        assert value(found, "rl_gain_share") == 0
        assert value(found, "joint_multiplier") == pytest.approx(0)


def test_mixed_forms_keep_each_forms_answer(headline_draws):
    mixed = jump.between_scores(headline_draws, 0.3, 0.8, "AIME 2024")
    for form in ("logistic", "saturating"):
        alone = headline_draws.sel(form=[form])
        alone["weight"] = xr.ones_like(alone["weight"])
        found = jump.between_scores(alone, 0.3, 0.8, "AIME 2024")
        assert found["rl_jump_ooms"].equals(mixed["rl_jump_ooms"].sel(form=[form]))
    assert np.isfinite(mixed["rl_jump_ooms"].sel(form="logistic")).all()
    p, _ = mixture.probability(mixed["rl_jump_ooms"] == np.inf, headline_draws["weight"])
    share = float((mixed["rl_jump_ooms"].sel(form="saturating") == np.inf).mean())
    assert 0 < share < 1
    assert p == pytest.approx(0.6 * share)


def test_a_benchmark_with_one_regime_uses_the_hierarchys_prediction(headline_draws):
    found = jump.exchange(headline_draws, "HLE")["exchange_rate"]
    slopes = headline_draws["slope_at_benchmark"].sel(benchmark="HLE", drop=True)
    assert found.equals(
        slopes.sel(regime="inference", drop=True) / slopes.sel(regime="rl", drop=True)
    )


def test_where_inference_gains_nothing_it_says_so():
    stuck = jump.on_curve(one_draw("saturating", ceiling=(0.9, 0.6)), 0.7, "AIME")
    assert (value(stuck, "rl_jump_ooms"), value(stuck, "reached_score")) == (0.0, 0.7)
    assert bool(stuck["no_gain"].item())
    assert not bool(jump.on_curve(one_draw("saturating"), 0.7, "AIME")["no_gain"].item())


def test_the_score_reached_is_on_the_inference_curve_above_chance():
    draws = one_draw("saturating", (0.6, 1.2), (0.95, 0.8), floor=0.25)
    found = jump.on_curve(draws, 0.4, "AIME")
    eta = curves.eta_at_score(0.4, 0.25, 0.8, "saturating") + 1.2 * 3.0
    assert value(found, "reached_score") == pytest.approx(
        curves.expected_score(eta, 0.25, 0.8, "saturating")
    )


def test_from_its_ceiling_inference_gains_nothing():
    found = jump.on_curve(one_draw("saturating", ceiling=(0.9, 0.6)), 0.6, "AIME")
    assert value(found, "no_gain") == 1
    assert (value(found, "rl_jump_ooms"), value(found, "reached_score")) == (0, 0.6)


def test_no_benchmark_is_the_population():
    draws = one_draw()
    for one, other in zip(jump.curve(draws, None), jump.curve(draws, jump.POPULATION), strict=True):
        xr.testing.assert_identical(xr.DataArray(one), xr.DataArray(other))
    stored = draws.assign(exchange_rate=draws["exchange_rate"] * 0 + 7.0)
    for none in (None, jump.POPULATION):
        assert value(jump.exchange(stored, none), "exchange_rate") == 7
    assert "regime" not in jump.between_scores(draws, 0.2, 0.8).coords
    assert "regime" not in jump.on_curve(draws, 0.2).coords
    assert "shared_benchmark" not in jump.exchange(draws, "AIME").coords


def test_a_benchmark_of_one_regime_has_its_slopes_and_the_steepness():
    draws = one_draw().assign_coords(shared_benchmark=["another"])
    draws["steepness"] = draws["steepness"] + 0.3
    assert value(jump.exchange(draws, "AIME"), "exchange_rate") == pytest.approx(2 * math.exp(0.3))
