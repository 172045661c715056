"""Where chains start: what is typical of the priors, or of an earlier fit."""

import numpy as np
import pytest
import xarray as xr

from tenfold.posterior import simulate
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import PointsChoice, Scenario
from tenfold.sampler import coordinates, layout, packing


@pytest.fixture(scope="module")
def plan():
    points = PointsChoice(include={"source": ["o1_train", "o1_test", "claude_37", "gpt5_launch"]})
    return prepare("small", Scenario(reason="test", points=points))


def test_chains_start_around_the_values_of_an_earlier_fit(plan):
    form = "saturating"
    where = layout.layout(plan.points, plan.choice, form)
    tables = packing.tables(plan.points, plan.priors, plan.choice, where, form)
    rng = np.random.default_rng(5)
    drawn = simulate.prior(plan.points, plan.priors, form, plan.choice, 1, rng).isel(draw=0)
    typical = {name: drawn[name] for name in where.own if name in drawn}
    assert {"benchmark_sd", "sigma", "nu", "ceiling_mean", "drift_share"} <= set(typical)
    starts = [coordinates.start(tables, where, typical, seed) for seed in range(400)]
    middle = np.mean(starts, axis=0)  # the jitter is even on both sides
    found = coordinates.top_level(middle[None, None], tables, where).isel(chain=0, draw=0)
    for name, values in typical.items():
        np.testing.assert_allclose(found[name], values, rtol=0.1, atol=0.05, err_msg=name)
    assert np.ptp(starts, axis=0).min() > 0.9


def test_a_place_that_an_earlier_fit_lacks_starts_from_its_prior(plan):
    where = layout.layout(plan.points, plan.choice, "logistic")
    tables = packing.tables(plan.points, plan.priors, plan.choice, where, "logistic")
    one = xr.DataArray([3.0], dims="regime", coords={"regime": ["rl"]})
    found = coordinates.start(tables, where, {"log_slope_mean": one}, 1)
    cold = coordinates.start(tables, where, {}, 1)
    differ = np.flatnonzero(found != cold)
    first, dims = where.own["log_slope_mean"]
    inside = range(where.size)[where.slice(first, dims)]
    assert differ.size == 1
    assert differ[0] in inside
    assert abs(found[differ[0]] - 3.0) < 0.5
