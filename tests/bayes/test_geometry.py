"""The sampler's coordinates keep the posterior near a standard normal: counts, not times.

Trajectories of 15 steps and no divergences were measured for every form on the shipped evidence;
a change of model, data or coordinates that makes a funnel shows up here first.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tenfold.curves import FORMS
from tenfold.posterior import forward, simulate
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import Prior, load_scenario
from tenfold.sampler import sample

STEPS = 36.0
"""Mean leapfrog steps per draw, with a margin over the 31 of a full binary tree of depth 5."""


@pytest.fixture(scope="module")
def compiled():
    return sample.compile_plan(prepare("baseline", load_scenario("baseline")))


@pytest.mark.parametrize("form", FORMS)
def test_short_trajectories_without_divergences(compiled, form):
    settings = compiled.plan.settings.model_copy(update={"tune": 400, "draws": 150, "chains": 2})
    stats = sample.sample(compiled, form, settings=settings)["sample_stats"]
    assert float(stats["n_steps"].mean()) <= STEPS
    assert int(stats["diverging"].sum()) == 0


def test_the_same_seed_gives_the_same_draws(compiled):
    settings = compiled.plan.settings.model_copy(update={"tune": 30, "draws": 10, "chains": 2})
    one, two = (sample.sample(compiled, "saturating", settings=settings) for _ in range(2))
    for name, values in one["posterior"].data_vars.items():
        np.testing.assert_array_equal(values, two["posterior"][name], err_msg=str(name))


def test_top_level_alone_is_that_of_the_same_draws(compiled):
    settings = compiled.plan.settings.model_copy(update={"tune": 30, "draws": 10, "chains": 2})
    whole, top = (
        sample.sample(compiled, "saturating", settings=settings, top_level=alone)["posterior"]
        for alone in (False, True)
    )
    assert {"log_slope_mean", "benchmark_sd", "nu"} <= set(top.data_vars)
    assert not {"log_slope", "intercept", "ceiling"} & set(top.data_vars)
    for name, values in top.data_vars.items():
        np.testing.assert_array_equal(values, whole[name], err_msg=str(name))


def test_no_funnel_where_spreads_are_small(compiled):
    """Evidence simulated with hardly any spread: where centred effects would make a neck."""
    plan = compiled.plan
    small = {"series_sd", "benchmark_sd", "cell_sd", "thinking_shift_sd", "intercept_cell_sd"}
    priors = plan.priors | {
        name: Prior(family="normal", mu=0.03, sigma=1e-9, unit="any", reason="given")
        for name in small
    }
    rng = np.random.default_rng(4)
    truth = simulate.prior(plan.points, priors, "logistic", plan.choice, 1, rng)
    score = forward.scores(truth, plan.points, "logistic", rng).values[0]
    simulated = dataclasses.replace(plan, points=plan.points.assign(score=("obs", score)))
    settings = plan.settings.model_copy(update={"tune": 400, "draws": 300, "chains": 2})
    tree = sample.sample(
        dataclasses.replace(compiled, plan=simulated), "logistic", settings=settings
    )
    assert int(tree["sample_stats"]["diverging"].sum()) == 0
    for name in sorted(small):
        assert float(tree["posterior"][name].median()) < 0.3
