"""The sample of a run: its layout, what it takes from posteriors, and how it is stored."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from tenfold.answers import jump
from tenfold.answers.headline import complete
from tenfold.curves import CEILINGS, FORMS
from tenfold.files import SpecError
from tenfold.runs import headline, netcdf

WEIGHTS = {"logistic": 0.4, "saturating": 0.6}


def test_headline_has_the_stored_layout_and_is_repeatable(trees, headline_draws):
    again = complete(headline.headline(trees, WEIGHTS, seed=3))
    assert again.identical(headline_draws)
    other = complete(headline.headline(trees, WEIGHTS, seed=4))
    assert not other["gpt_level_ooms"].equals(again["gpt_level_ooms"])
    assert other["exchange_rate"].equals(again["exchange_rate"])
    assert headline_draws["shared_benchmark"].values.tolist() == ["AIME 2024", "GPQA"]
    for name, values in headline_draws.data_vars.items():
        assert np.isfinite(values).all(), name
    assert (headline_draws["ceiling"].sel(form="logistic") == 1).all()
    saturating = headline_draws["ceiling"].sel(form="saturating")
    assert (saturating == trees["saturating"]["posterior"]["ceiling"]).all()
    predicted = {name for name, values in headline_draws.items() if "repeat" in values.dims}
    levels = {headline_draws[name].attrs["level"] for name in predicted}
    assert levels == {"new benchmark", "new model", "next"}


def test_every_variable_is_labelled_and_survives_storing(trees, tmp_path):
    horizon = {"rl": {"ooms": 1.1, "farthest": 1.3}, "inference": {"ooms": 0.8, "farthest": 1.7}}
    ends = {"logistic": [0.2, 0.5], "saturating": [0.5, 0.8]}
    made = headline.headline(trees, WEIGHTS, 3, {"weights_90": ends, "horizon": horizon})
    about = {"key": "0123456789ab", "scenario": "baseline"}
    path = tmp_path / netcdf.HEADLINE
    path.write_bytes(netcdf.to_bytes(headline.single(made), about))
    stored = netcdf.read(path)
    assert stored.attrs == about
    assert set(stored.data_vars) == set(made.data_vars)
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        xr.testing.assert_equal(opened.load(), stored)
    draws = complete(stored)
    assert draws["weight_interval"].sel(form="logistic").values.tolist() == [0.2, 0.5]
    assert draws["tested_ahead"].sel(regime="rl") == 1.3
    for name, values in draws.data_vars.items():
        assert {"long_name", "units", "level"} <= set(values.attrs), name
        assert values.dtype == float or name == "series_count"
        xr.testing.assert_allclose(values, complete(made)[name], rtol=1e-5)


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
    draws = complete(headline.headline({form: run}, {form: 1.0}, seed=1))
    for name, values in draws.data_vars.items():
        assert np.isfinite(values).all(), name
    ceiling = draws["ceiling"].values
    assert ((ceiling > 0) & (ceiling <= 1)).all()
    assert (ceiling < 1).any() == (form in CEILINGS)
    assert "AIME 2024" in draws["shared_benchmark"].values
    found = jump.between_scores(draws, 0.3, 0.6, "AIME 2024")
    assert not np.isnan(found["rl_jump_ooms"]).any()


def test_headline_slopes_agree_with_the_posterior(trees, headline_draws):
    post = trees["logistic"]["posterior"].to_dataset().drop_vars(("chain", "draw"))
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
    model, place = (np.log(one[f"exchange_rate_new_{key}"]).std() for key in ("model", "benchmark"))
    assert model > 1.2 * place
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
    draws = complete(headline.headline(bare, {"logistic": 0.5, "saturating": 0.5}, seed=1))
    rates = draws["exchange_rate_benchmark"]
    xr.testing.assert_allclose(rates.isel(shared_benchmark=0, drop=True), draws["exchange_rate"])


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


def test_exchange_rates_compare_local_slopes(trees):
    sample = headline.headline(trees, WEIGHTS, seed=3)
    steeper = complete(sample.assign(steepness=sample["steepness"] + np.log(1.5)))
    plain = complete(sample)
    for name in ("", "_new_benchmark", "_new_model", "_benchmark"):
        found = steeper[f"exchange_rate{name}"] / plain[f"exchange_rate{name}"]
        np.testing.assert_allclose(found, 1.5)
