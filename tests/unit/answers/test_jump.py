"""Jumps against closed forms and brute force; ceilings, never, and the joint optimum."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from tenfold import curves
from tenfold.answers import headline, jump
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
            "exchange_rate": (dims, rate),
            "exchange_rate_new_benchmark": (dims, rate),
            "exchange_rate_benchmark": ((*dims, "shared_benchmark"), rate[..., None]),
            "slope_at_benchmark": ((*dims, "benchmark", "regime"), at),
            "slope_new_benchmark": ((*dims, "regime"), at[..., 0, :]),
            "ceiling": ((*dims, "benchmark", "regime"), np.reshape(ceiling, (1, 1, 1, 1, 2))),
            "ceiling_new_benchmark": ((*dims, "regime"), np.reshape(ceiling, (1, 1, 1, 2))),
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
    assert value(found, "inference_ooms") == pytest.approx(2.0, abs=0.01)
    assert value(found, "rl_ooms") == pytest.approx(4.0, abs=0.01)
    capped = jump.between_scores(one_draw("saturating", ceiling=(0.75, 0.95)), 0.2, 0.8, "AIME")
    assert value(capped, "rl_ooms") == math.inf
    assert np.isfinite(value(capped, "inference_ooms"))


@given(st.floats(0.05, 0.35), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_further_is_never_cheaper(start, step, more):
    draws = one_draw("saturating", ceiling=(0.85, 0.95))
    near, far = (
        jump.between_scores(draws, start, start + 0.01 + gain, "AIME")
        for gain in (step, step + more)
    )
    for name in ("rl_ooms", "inference_ooms"):
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
    assert 10 ** value(found, "log10_joint_multiplier") <= best * (1 + 1e-9)
    assert 10 ** value(found, "log10_joint_multiplier") == pytest.approx(best, rel=1e-5)
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


def test_a_level_without_ooms_costs_nothing():
    for level in (0.0, -0.5):
        linear = jump.exchange(one_draw(level=level))
        found = jump.joint(linear, xr.zeros_like(linear["rl_jump_ooms"]), 0.0)
        assert value(found, "joint_rl_ooms") == value(found, "joint_inference_ooms") == 0
        assert value(found, "rl_gain_share") == 0
        assert value(found, "log10_joint_multiplier") == pytest.approx(0)


def test_headline_has_the_stored_layout_and_is_repeatable(trees, headline_draws):
    again = headline.headline(trees, {"logistic": 0.4, "saturating": 0.6}, seed=3)
    assert again.identical(headline_draws)
    other = headline.headline(trees, {"logistic": 0.4, "saturating": 0.6}, seed=4)
    assert not other["gpt_level_ooms"].equals(again["gpt_level_ooms"])
    assert other["exchange_rate"].equals(again["exchange_rate"])
    assert headline_draws["shared_benchmark"].values.tolist() == ["AIME 2024", "GPQA"]
    for name, values in headline_draws.data_vars.items():
        assert np.isfinite(values).all(), name
    assert (headline_draws["ceiling"].sel(form="logistic") == 1).all()
    saturating = headline_draws["ceiling"].sel(form="saturating")
    assert (saturating == trees["saturating"]["posterior"]["ceiling"]).all()


@pytest.mark.parametrize("form", FORMS)
def test_headline_reads_what_a_run_stores(form):
    """Parameters of the model itself, drawn from its prior on the shipped evidence."""
    from tenfold.evidence import dataset
    from tenfold.posterior import priors, simulate
    from tenfold.posterior.scenario import ModelChoice

    data = dataset.usable(dataset.load())
    rng = np.random.default_rng(2)
    table = priors.load()
    stored = simulate.prior(data, table, form, ModelChoice(), 20, rng).expand_dims(chain=2)
    stored = stored.assign_coords(chain=range(2), draw=range(20))
    run = xr.DataTree.from_dict({"posterior": stored, "constant_data": data})
    draws = headline.headline({form: run}, {form: 1.0}, seed=1)
    for name, values in draws.data_vars.items():
        assert np.isfinite(values).all(), name
    ceiling = draws["ceiling"].values
    assert ((ceiling > 0) & (ceiling <= 1)).all()
    assert (ceiling < 1).any() == (form == "saturating")
    assert "AIME 2024" in draws["shared_benchmark"].values
    found = jump.between_scores(draws, 0.3, 0.6, "AIME 2024")
    assert not np.isnan(found["rl_ooms"]).any()


def test_headline_slopes_agree_with_the_posterior(trees, headline_draws):
    post = trees["logistic"]["posterior"].to_dataset()
    expected = np.exp(post["log_slope_mean"] + post["benchmark_effect"] + post["cell_effect"])
    found = headline_draws["slope_at_benchmark"].sel(form="logistic")
    xr.testing.assert_allclose(found.drop_vars("form"), expected.transpose(*found.dims))
    cells = post["cell_effect"].sel(benchmark="GPQA", drop=True)
    difference = cells.sel(regime="inference", drop=True) - cells.sel(regime="rl", drop=True)
    rate = headline_draws["exchange_rate_benchmark"].sel(form="logistic", shared_benchmark="GPQA")
    xr.testing.assert_allclose(
        rate.drop_vars(("form", "shared_benchmark")), post["exchange_rate"] * np.exp(difference)
    )


def test_predictive_quantities_are_wider_than_their_means(trees, headline_draws):
    post = trees["logistic"]["posterior"].to_dataset()
    one = headline_draws.sel(form="logistic")
    assert one["gpt_level_ooms"].std() > 1.5 * post["gpt_level_mean"].std()
    assert (
        np.log(one["exchange_rate_new_benchmark"]).std() > 1.2 * np.log(one["exchange_rate"]).std()
    )
    spread = np.log(one["inference_per_training"]).std()
    assert spread > 1.5 * post["log_inference_per_training_mean"].std()


def test_headline_refuses_weights_that_do_not_fit(trees):
    for weight, said in (
        ({"logistic": 1.0}, "expected one for each"),
        ({"logistic": 0.5, "saturating": 0.6}, "sum to 1"),
        ({"logistic": 1.5, "saturating": -0.5}, "sum to 1"),
    ):
        with pytest.raises(SpecError, match=said):
            headline.headline(trees, weight, seed=1)


def test_a_model_without_pooling_over_benchmarks(trees):
    bare = {}
    for form, stored in trees.items():
        post = stored["posterior"].to_dataset()
        kept = post.drop_vars(["benchmark_effect", "cell_effect", "benchmark_sd"])
        bare[form] = xr.DataTree.from_dict(
            {"posterior": kept, "constant_data": stored["constant_data"].to_dataset()}
        )
    draws = headline.headline(bare, {"logistic": 0.5, "saturating": 0.5}, seed=1)
    rates = draws["exchange_rate_benchmark"]
    xr.testing.assert_allclose(rates.isel(shared_benchmark=0, drop=True), draws["exchange_rate"])


def test_mixed_forms_keep_each_forms_answer(headline_draws):
    mixed = jump.between_scores(headline_draws, 0.3, 0.8, "AIME 2024")
    for form in ("logistic", "saturating"):
        alone = headline_draws.sel(form=[form])
        alone["weight"] = xr.ones_like(alone["weight"])
        found = jump.between_scores(alone, 0.3, 0.8, "AIME 2024")
        assert found["rl_ooms"].equals(mixed["rl_ooms"].sel(form=[form]))
    assert np.isfinite(mixed["rl_ooms"].sel(form="logistic")).all()
    p, _ = jump.probability(mixed["rl_ooms"] == np.inf, headline_draws["weight"])
    share = float((mixed["rl_ooms"].sel(form="saturating") == np.inf).mean())
    assert 0 < share < 1
    assert p == pytest.approx(0.6 * share)


def test_a_benchmark_with_one_regime_uses_the_hierarchys_prediction(headline_draws):
    found = jump.exchange(headline_draws, "HLE")["exchange_rate"]
    slopes = headline_draws["slope_at_benchmark"].sel(benchmark="HLE", drop=True)
    assert found.equals(
        (
            slopes.sel(regime="inference", drop=True) / slopes.sel(regime="rl", drop=True)
        ).assign_attrs(found.attrs)
    )


def test_the_linear_form_reaches_no_score_above_its_ceiling():
    found = jump.on_curve(one_draw("linear"), 0.9, "AIME")
    assert value(found, "reached_score") == pytest.approx(1.0)
    assert value(found, "rl_jump_ooms") == pytest.approx(6.0)


def test_where_inference_gains_nothing_it_says_so():
    stuck = jump.on_curve(one_draw("saturating", ceiling=(0.9, 0.6)), 0.7, "AIME")
    assert (value(stuck, "rl_jump_ooms"), value(stuck, "reached_score")) == (0.0, 0.7)
    assert bool(stuck["no_gain"].item())
    assert not bool(jump.on_curve(one_draw("saturating"), 0.7, "AIME")["no_gain"].item())


@pytest.mark.parametrize("alike", [0.0, 0.8])
def test_lengths_that_err_alike_widen_the_error_of_their_growth(alike):
    rng = np.random.default_rng(8)
    step = np.arange(101.0) * 10
    noise = np.zeros(100)
    for i in range(1, noise.size):
        noise[i] = alike * noise[i - 1] + 0.02 * rng.standard_normal()
    tokens = np.full(step.size, 1e5)
    for i, error in enumerate(noise):
        tokens[i + 1] = tokens[i] + 10 * tokens[i] ** 0.4 * 10 * 10**error
    length = np.diff(tokens) / 10
    told = xr.Dataset(
        {
            "source": ("obs", np.full(step.size, headline.LENGTH_SOURCE)),
            "setting": ("obs", [f"step {number:g}" for number in step]),
            "log10_compute": ("obs", np.log10(tokens)),
        }
    )
    found = headline.length_growth(told)
    assert found is not None
    middle = np.log10((tokens[1:] + tokens[:-1]) / 2)
    plain = stats.linregress(middle, np.log10(length))
    residual = np.log10(length) - plain.intercept - plain.slope * middle
    r = max(np.corrcoef(residual[:-1], residual[1:])[0, 1], 0.0)
    assert found[1] == pytest.approx(plain.slope)
    wanted = plain.stderr * np.sqrt(98 / (100 * (1 - r) / (1 + r) - 2))
    assert found[2] == pytest.approx(wanted, rel=1e-6)
    assert (found[2] > 2 * plain.stderr) == (alike > 0)
