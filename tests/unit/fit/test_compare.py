"""Predictive densities against brute force, and what refits keep."""

import numpy as np
import pytest
from scipy import stats

from tenfold.evidence import dataset
from tenfold.fit import compare, diagnose, draws, weights
from tenfold.posterior import forward, priors, simulate
from tenfold.posterior.plan import Plan
from tenfold.posterior.scenario import ModelChoice, Scenario


@pytest.fixture(scope="module")
def small():
    loaded = dataset.load(include={"source": ("o1_train", "o1_test", "claude_37", "qwen3_budget")})
    return dataset.usable(loaded)


@pytest.fixture(scope="module")
def parameters(small):
    rng = np.random.default_rng(3)
    drawn = simulate.prior(small, priors.load(), "saturating", ModelChoice(), 6, rng)
    return drawn.expand_dims("chain").transpose("chain", "draw", ...)


def correlation(parameters, points, own, series, d):
    """Correlation of the errors of some points of a series, entry by entry."""
    if points["series_regime"].values[series] != "rl":
        return np.eye(own.size)
    x = points["log10_compute"].values
    every = np.sort(x[points["series_index"].values == series])
    rank = np.searchsorted(every, x[own])
    share, length = (parameters[f"drift_{k}"].values[0, d] for k in ("share", "length"))
    apart = np.abs(x[own][:, None] - x[own])
    return share ** np.abs(rank[:, None] - rank) * np.exp(-apart / length)


def joint(parameters, points, form, series, which):
    """log density of some points of a series by SciPy's multivariate Student-t."""
    curve = forward.expected(parameters, points, form)
    own = np.flatnonzero(points["series_index"].values == series)[which]
    out = np.empty(parameters.sizes["draw"])
    for d in range(out.size):
        mean, sd = (curve[k].values[0, d, own] for k in ("expected_score", "score_sd"))
        shape = np.diag(sd) @ correlation(parameters, points, own, series, d) @ np.diag(sd)
        nu = parameters["nu"].values[0, d]
        out[d] = stats.multivariate_t(mean, shape, nu).logpdf(points["score"].values[own])
    return out


def test_series_density_is_a_multivariate_t(small, parameters):
    found = compare.series_log_density(parameters, small, "saturating")
    for series in range(small.sizes["series"]):
        size = int((small["series_index"].values == series).sum())
        expected = joint(parameters, small, "saturating", series, np.arange(size))
        np.testing.assert_allclose(found.values[0, :, series], expected, rtol=1e-9)


def test_pointwise_density_conditions_on_the_other_points(small, parameters):
    found = compare.log_density(parameters, small, "saturating")
    for series in (0, rl_run(small)):
        own = np.flatnonzero(small["series_index"].values == series)
        everything = np.arange(own.size)
        for i in everything:
            rest = np.delete(everything, i)
            whole = joint(parameters, small, "saturating", series, everything)
            expected = whole - joint(parameters, small, "saturating", series, rest)
            np.testing.assert_allclose(found.values[0, :, own[i]], expected, rtol=1e-8)


def rl_run(points):
    """Place of a series of RL with the most points."""
    size = np.bincount(points["series_index"].values)
    return int(np.argmax(size * (points["series_regime"].values == "rl")))


@pytest.mark.parametrize("regime", ["inference", "rl"])
def test_unseen_points_do_not_inform_each_other(small, parameters, regime):
    series = 0 if regime == "inference" else rl_run(small)
    seen = np.ones(small.sizes["obs"])
    own = np.flatnonzero(small["series_index"].values == series)
    own = own[np.argsort(small["log10_compute"].values[own])]
    where = np.argsort(np.argsort(small["log10_compute"].values[np.sort(own)]))
    order = np.argsort(where)  # places of the points, by compute
    seen[own[-2:]] = 0
    found = compare.given_others(parameters, small, "saturating", seen).log_density()
    kept = np.sort(order[:-2])
    base = joint(parameters, small, "saturating", series, kept)
    for column, i in enumerate(np.sort(order[-2:])):
        expected = joint(parameters, small, "saturating", series, np.append(kept, i)) - base
        np.testing.assert_allclose(found[0, :, column], expected, rtol=1e-8)


def test_future_scores_from_the_model_itself_are_uniform(small):
    rng = np.random.default_rng(5)
    seen = ~weights.future(small)
    pits = []
    for _ in range(60):
        drawn = simulate.prior(small, priors.load(), "logistic", ModelChoice(), 1, rng)
        simulated = small.copy()
        simulated["score"] = forward.scores(drawn, small, "logistic", rng)[0]
        chain = drawn.expand_dims("chain").transpose("chain", "draw", ...)
        given = compare.given_others(chain, simulated, "logistic", seen)
        pits.append(draws.held_out(given, ~seen)["below"].values[:1])
    assert stats.kstest(np.concatenate(pits), "uniform").pvalue > 0.001


def test_a_refit_keeps_what_its_draws_are_weighed_by(small, parameters):
    held = weights.future(small)
    scenario = Scenario(reason="test")
    plan = Plan("small", scenario, small, priors.load())
    given = compare.given_others(parameters, small, "saturating", ~held)
    found = draws.weighable(given, parameters, plan, draws.Job("saturating", held, {}))
    np.testing.assert_allclose(
        np.log(np.exp(found["draw_log_density"].astype(float)).mean(("chain", "draw"))),
        draws.held_out(given, held)["log_density"],
        rtol=1e-4,
    )
    assert {"cell_sd", "ceiling_mean", "nu"} <= set(found)
    for series in range(small.sizes["series"]):
        own = np.flatnonzero(small["series_index"].values == series)
        expected = joint(parameters, small, "saturating", series, np.flatnonzero(~held[own]))
        got = found["series_scores"].values[0, :, series]
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_serial_correlation_is_found_where_it_is(small):
    rng = np.random.default_rng(8)
    choice = ModelChoice(drift=False)
    drawn = simulate.prior(small, priors.load(), "logistic", choice, 40, rng)
    chain = drawn.expand_dims("chain").transpose("chain", "draw", ...)
    curve = forward.expected(drawn, small, "logistic").isel(draw=0)
    one = chain.isel(draw=np.zeros(200, dtype=int)).assign_coords(draw=np.arange(200))

    def check(z):
        score = (curve["expected_score"] + curve["score_sd"] * z).values
        return diagnose.serial_correlation(one, small.assign(score=("obs", score)), "logistic", 1)

    size = small.sizes["obs"]
    found = [check(rng.standard_normal(size)) for _ in range(40)]
    p = [row["p"] for regimes in found for row in regimes.values()]
    assert 0.35 < np.mean(p) < 0.65  # with the true parameters p is uniform
    drift = check(1 + rng.random(small.sizes["series"])[small["series_index"].values])
    assert drift
    for row in drift.values():
        assert row["correlation"] > 0.3
        assert row["p"] < 0.05


def test_log_prior_sums_top_level_densities(parameters):
    table = priors.load()
    total = diagnose.log_prior(parameters, table)
    assert set(total) == set(table) & set(parameters)
    expected = stats.halfnorm(scale=0.3).logpdf(parameters["cell_sd"].values)
    expected = expected + stats.norm(-0.2231, 0.7).logpdf(parameters["log_slope_mean"].values).sum(
        -1
    )
    found = total["cell_sd"] + total["log_slope_mean"]
    np.testing.assert_allclose(found.values, expected, rtol=1e-10)
    assert all(np.isfinite(total[name].values).all() for name in total)


def test_leave_one_out_agrees_with_arviz(small):
    import arviz as az
    import xarray as xr

    rng = np.random.default_rng(6)
    drawn = simulate.prior(small, priors.load(), "logistic", ModelChoice(), 1, rng)
    many = drawn.isel(draw=np.zeros(400, dtype=int)).assign_coords(draw=np.arange(400))
    jitter = rng.normal(1, 0.02, many["intercept"].shape)
    many["intercept"] = many["intercept"] * jitter
    chain = many.expand_dims("chain").transpose("chain", "draw", ...)
    halves = [
        chain.isel(draw=slice(k, k + 200)).assign_coords(draw=np.arange(200)) for k in (0, 200)
    ]
    chain = xr.concat(halves, "chain", join="exact").assign_coords(chain=[0, 1])
    simulated = small.copy()
    simulated["score"] = forward.scores(drawn, small, "logistic", rng)[0]
    left_out = compare.leave_one_out(chain, simulated, "logistic")
    found = compare.psis_loo(left_out)
    tree = xr.DataTree.from_dict(
        {
            "posterior": chain[["exchange_rate"]],
            "log_likelihood": xr.Dataset({"score": left_out.log_density}),
        }
    )
    expected = az.loo(tree, var_name="score", pointwise=True, reff=1.0)
    assert found["elpd"] == pytest.approx(float(expected.elpd), rel=1e-6)
    assert found["p_loo"] == pytest.approx(float(expected.p), rel=1e-4)
    assert found["p_loo"] > 0
