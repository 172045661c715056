"""Stored posteriors are what ArviZ takes: its plots and its LOO run on a file as it comes."""

from __future__ import annotations

import numpy as np
import pytest

from tenfold.runs.store import posterior_file

FORM = "saturating"
FEW = ["exchange_rate", "log_slope_mean", "sigma"]
"""ArviZ draws 40 panels at most, two for a parameter."""


@pytest.fixture(scope="module")
def tree(prior_run):
    xarray = pytest.importorskip("xarray")
    with xarray.open_datatree(prior_run.path / posterior_file(FORM), engine="h5netcdf") as opened:
        return opened.load()


@pytest.fixture
def arviz():
    import matplotlib as mpl

    mpl.use("agg")
    found = pytest.importorskip("arviz")
    yield found
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_series_is_left_out_at_a_time(arviz, tree):
    density = tree["log_likelihood"]["series_scores"]
    assert "series" in density.dims
    assert density.attrs["density"].startswith("log density of all scores of a series")
    with np.errstate(all="ignore"), pytest.warns(UserWarning, match="Pareto"):
        found = arviz.loo(tree, pointwise=True)
    assert found.n_data_points == density.sizes["series"]
    assert np.isfinite(found.elpd)
    assert found.pareto_k.dims == ("series",)


def test_the_observed_scores_are_those_that_are_predicted(tree):
    observed, predicted = tree["observed_data"]["score"], tree["posterior_predictive"]["score"]
    assert predicted.dims[-1] == "obs"
    assert predicted.sizes["obs"] == observed.sizes["obs"]


def test_its_plots_are_drawn(arviz, tree):
    assert arviz.plot_ppc_dist(tree, num_samples=20).viz["figure"].item()
    assert arviz.plot_trace_dist(tree, var_names=FEW).viz["figure"].item()
    forest = arviz.plot_forest(tree, var_names=FEW)
    assert forest.viz["figure"].item()
