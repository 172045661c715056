"""The forward simulation and a posterior against the second implementation."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr

from tenfold.curves import FORMS
from tenfold.evidence import dataset
from tenfold.posterior import forward, priors, simulate, structure
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import ModelChoice, PointsChoice, Scenario, Settings
from tenfold.sampler import sample

SMALL = PointsChoice(
    include={"series": ["o1*", "o3*", "DeepSeek*", "s1*", "JustRL*", "Claude*", "GPT*", "Qwen3*",
                        "AA/GPT-5*/GPQA Diamond"]}
)  # fmt: skip


def named(one: xr.Dataset, e) -> dict[str, np.ndarray]:
    """A draw of `simulate.prior` under the names and in the order of the second implementation."""
    cell = [{"benchmark": b, "regime": r} for b, r in e.cells]
    values = {name: one[name].values for name in (
        "log_slope_mean", "benchmark_sd", "cell_sd", "family_sd", "series_sd", "intercept_mean",
        "intercept_cell_sd", "intercept_sd", "intercept", "thinking_shift_mean",
        "thinking_shift_sd", "lambda", "sigma", "nu", "shift_z", "gpt_level_mean", "gpt_level_sd",
        "log_inference_per_training_mean", "inference_per_training_sd", "model_sd", "model_z",
        "publication_sd", "publication_z", "thinking_family_sd", "thinking_family_z",
        "thinking_model_sd", "thinking_model_z", "thinking_rest_mean", "thinking_rest_sd",
        "thinking_rest_z", "drift_share", "drift_length",
    )}  # fmt: skip
    values["intercept"] = values["intercept"][e.curve]
    values["unit_offset"] = one["unit_offset"].sel(free_unit=e.units).values
    values["benchmark_effect"] = one["benchmark_effect"].sel(benchmark=e.benchmarks).values
    values["cell_effect"] = np.array([float(one["cell_effect"].sel(c)) for c in cell])
    values["family_effect"] = one["family_effect"].sel(family=e.families).values
    values["thinking_shift"] = one["thinking_shift"].sel(shifted_benchmark=e.thinking).values
    values["log_kappa"] = np.log(one["kappa_chart"].sel(chart=e.charts).values)
    values["series_effect"] = np.zeros(len(e.curve))
    values["intercept_cell"] = np.zeros(len(cell))
    if "early_mean" in one:
        values |= {name: one[name].values for name in ("early_mean", "early_sd", "early_z")}
    if "ceiling_mean" in one:
        values["ceiling_mean"], values["ceiling_sd"] = one["ceiling_mean"], one["ceiling_sd"]
        labels = [f"{c['benchmark']} / {c['regime']}" for c in cell if c["regime"] == "inference"]
        logit = one["ceiling_logit"]
        values["logit_m"] = logit.sel(ceiling_of=labels).values
        values["logit_run"] = logit.values[len(labels) :]
    return {name: np.asarray(value, dtype=float) for name, value in values.items()}


@pytest.mark.parametrize("form", FORMS)
def test_simulated_curves_and_noise_are_those_of_the_equations(form, equations):
    import numpyro

    usable = dataset.usable(dataset.load())
    e = equations.evidence(usable)
    rng = np.random.default_rng(21)
    drawn = simulate.prior(usable, priors.load(), form, ModelChoice(), 10, rng)
    ours = forward.expected(drawn, usable, form).transpose("draw", "obs")
    for draw in range(10):
        values = named(drawn.isel(draw=draw), e)

        def theirs(values=values):
            with numpyro.handlers.seed(rng_seed=0):
                model = numpyro.handlers.substitute(equations.model, data=values)
                trace = numpyro.handlers.trace(model).get_trace(e, form)
            names = ("slope", "expected", "point_sd", "pair_expected", "pair_sd")
            return {k: np.asarray(trace[k]["value"]) for k in names if k in trace}

        # the series' own effect is what is left of its log slope
        left = np.log(drawn["slope"].values[draw][e.curve]) - np.log(theirs()["slope"])
        values["series_effect"] = left
        assert np.abs(left / values["series_sd"]).max() < 5
        found = theirs()
        at = ours.isel(draw=draw, obs=np.isin(usable["series_index"].values, e.curve))
        np.testing.assert_allclose(at["expected_score"], found["expected"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(at["score_sd"], found["point_sd"], rtol=1e-9)
        at = ours.isel(draw=draw, obs=structure.modes(usable)[1])
        np.testing.assert_allclose(at["expected_score"], found["pair_expected"], rtol=1e-9)
        np.testing.assert_allclose(at["score_sd"], found["pair_sd"], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["logistic", "saturating"])
def test_posteriors_agree_within_monte_carlo_error(form, equations):
    """Means and quantiles of every top-level parameter, sampled by NumPyro and by ours."""
    settings = Settings(chains=2, tune=400, draws=600, target_accept=0.95)
    plan = prepare("small", Scenario(reason="test", points=SMALL, settings=settings))
    ours = sample.sample(sample.compile_plan(plan), form)["posterior"].to_dataset()
    e = equations.evidence(plan.points)
    draws = equations.posterior(e, form, chains=2, tune=400, draws=600, seed=3)
    theirs = {
        k: xr.DataArray(v, dims=("chain", "draw", *"ab"[: v.ndim - 2])) for k, v in draws.items()
    }
    rate = theirs["log_slope_mean"].isel(a=1) - theirs["log_slope_mean"].isel(a=0)
    theirs["exchange_rate"] = np.exp(rate)
    names = [
        "exchange_rate", "log_slope_mean", "benchmark_sd", "cell_sd", "family_sd", "series_sd",
        "intercept_mean", "intercept_cell_sd", "intercept_sd", "thinking_shift_mean",
        "thinking_shift_sd", "lambda", "sigma", "nu", "intercept", "slope", "model_sd",
        "publication_sd", "thinking_family_sd", "thinking_model_sd", "thinking_rest_mean",
        "thinking_rest_sd", "drift_share", "drift_length",
        "log_inference_per_training_mean", "inference_per_training_sd", "gpt_level_mean",
        "gpt_level_sd", *(["ceiling_mean", "ceiling_sd"] if form == "saturating" else []),
    ]  # fmt: skip
    worst = []
    for name in names:
        pair = [ours[name].transpose("chain", "draw", ...).values, theirs[name].values]
        assert pair[0].shape[2:] == pair[1].shape[2:]
        for place in np.ndindex(pair[0].shape[2:]):
            a, b = (values[(..., *place)] for values in pair)
            statistics = [(np.mean(x), float(az.mcse(x, method="mean"))) for x in (a, b)]
            gaps = [statistics]
            for prob in (0.05, 0.5, 0.95):
                gaps.append(
                    [
                        (np.quantile(x, prob), float(az.mcse(x, method="quantile", prob=prob)))
                        for x in (a, b)
                    ]
                )
            for (one, error), (two, other) in gaps:
                worst.append((abs(one - two) / np.hypot(error, other), f"{name}{place}"))
    z = np.array([gap for gap, _ in worst])
    # some 300 comparisons, of which a few exceed 3; what is wrong is far out or broadly off
    assert z.max() < 5, max(worst)
    assert np.mean(z > 2) < 0.12
