"""Weights of stored draws: a changed prior is met, evidence that goes is taken out of the draws."""

import numpy as np
import pytest
from scipy import stats

from tenfold.fit import compare
from tenfold.mixture import quantile
from tenfold.posterior import priors, simulate
from tenfold.posterior.scenario import Prior
from tenfold.runs import netcdf, store
from tenfold.scenarios import apart, changes, reweigh
from tenfold.scenarios.material import Material


@pytest.fixture(scope="module")
def material(prior_run):
    return Material(prior_run)


def change(run, after=None, series=None, shifts=None):
    before = changes.priors_of(run)
    points = run.points
    series = np.ones(points.sizes["series"], dtype=bool) if series is None else series
    shifts = np.ones(points.sizes["shift"], dtype=bool) if shifts is None else shifts
    return reweigh.Change(before, before | (after or {}), series, shifts)


def test_a_sample_of_one_prior_weighed_for_another_is_a_sample_of_it(prior_run, material):
    """The run holds prior draws: weighed for another prior they are draws of that one."""
    other = Prior(family="normal", mu=-0.4, sigma=0.5, unit="-", reason="test")
    asked = change(prior_run, {"log_slope_mean": other})
    found = reweigh.weighed(material, asked)
    sample = reweigh.resampled(material, found, prior_run.info["weights"], asked, 1)
    for form in prior_run.forms:
        assert found[form].pareto_k < 0.7
        values = sample["log_slope_mean"].sel(form=form).values.ravel()
        error = 0.5 / np.sqrt(2 * found[form].effective)
        assert values.mean() == pytest.approx(-0.4, abs=4 * error)
        assert values.std() == pytest.approx(0.5, rel=0.25)
    assert (sample["weight"] == material.sample["weight"]).all()


def test_nothing_changed_changes_nothing(prior_run, material):
    asked = change(prior_run)
    found = reweigh.weighed(material, asked)
    assert all(one.effective == pytest.approx(300) for one in found.values())
    sample = reweigh.resampled(material, found, prior_run.info["weights"], asked, 1)
    for name, values in material.sample.data_vars.items():
        assert (sample[name] == values).all(), name


def test_series_that_go_take_their_density_along(prior_run, material):
    points = prior_run.points
    gone = points["series_source"].values == "s1"
    asked = change(prior_run, series=~gone)
    kept = reweigh.without(points, ~gone)
    for form in prior_run.forms:
        posterior = prior_run.group(store.posterior_file(form), "posterior")
        scores = compare.series_log_density(posterior, points, form).values
        own = apart.log_ratio(apart.Own.of(posterior, points, form), gone)
        wanted = own - scores[..., gone].sum(-1)
        found = reweigh.smoothed(wanted)
        here = reweigh.weighed(material, asked)[form]
        np.testing.assert_allclose(here.log_weights, found.log_weights, atol=1e-3)
    even = {form: reweigh.smoothed(np.zeros((2, 150))) for form in prior_run.forms}
    sample = reweigh.resampled(material, even, prior_run.info["weights"], asked, 1)
    assert sample["benchmark"].values.tolist() == kept["benchmark"].values.tolist()
    assert int(sample["series_count"].sum()) == kept.sizes["series"]
    for form in prior_run.forms:  # local slopes over the series that stay
        posterior = prior_run.group(store.posterior_file(form), "posterior")
        local = simulate.local_slopes(posterior, points, form)[..., ~gone]
        wanted = local @ simulate.steepness_weights(kept)
        np.testing.assert_allclose(sample["steepness"].sel(form=form), wanted, atol=1e-5)


def test_shifts_that_go_take_theirs(prior_run, material, monkeypatch):
    points = prior_run.points
    shifts = np.ones(points.sizes["shift"], dtype=bool)
    shifts[0] = False
    form = prior_run.forms[0]
    parameters = material.parameters(form)
    if "shift_exchange_rate" not in parameters:
        rate = np.exp(np.random.default_rng(1).normal(size=(2, 150, shifts.size)))
        parameters = parameters.assign(shift_exchange_rate=(("chain", "draw", "shift"), rate))
    monkeypatch.setattr(material, "parameters", lambda form: parameters)
    found = reweigh._log_ratio(material, form, False, change(prior_run, shifts=shifts))
    rate = parameters["shift_exchange_rate"].values[..., 0]
    error = np.hypot(points["shift_ooms_se"].values[0], points["rl_ooms_se"].values[0] / rate)
    row = stats.norm(points["rl_ooms"].values[0] / rate, error)
    np.testing.assert_allclose(found, -row.logpdf(points["shift_ooms"].values[0]), rtol=1e-9)


def test_forms_are_weighed_by_the_weighed_future(prior_run, material, monkeypatch):
    """Draws of a refit that a change makes likelier count for more."""
    rng = np.random.default_rng(2)
    held = np.arange(3)
    told = {}
    for form, shift in zip(prior_run.forms, (0.0, -1.0), strict=True):
        density = rng.normal(-1 + shift, 0.1, (2, 150, 3))
        density[:, :20] += 3.0  # a few draws under which the form tells the future
        found = material.parameters(form)[["cell_sd"]].drop_vars(("chain", "draw"))
        found["draw_log_density"] = (("chain", "draw", "obs"), density)
        told[form] = found.assign_coords(obs=held)
    monkeypatch.setattr(material, "held_out", told.get)
    even = {form: reweigh.smoothed(np.zeros((2, 150))) for form in prior_run.forms}
    asked = change(prior_run)
    first = reweigh.form_weights(material, asked, even)
    assert first[prior_run.forms[0]] > 0.99
    chosen = np.full((2, 150), -20.0)
    chosen[:, :20] = 0.0
    weights = chosen - np.log(np.exp(chosen).sum())
    moved = even | {prior_run.forms[1]: reweigh.Weighed(weights, 0.0)}
    assert reweigh.form_weights(material, asked, moved)[prior_run.forms[1]] > 0.9


def test_a_resampled_quantity_has_the_weighted_quantiles(prior_run, material):
    other = priors.load()["log_slope_mean"].model_copy(update={"sigma": 0.5})
    asked = change(prior_run, {"log_slope_mean": other})
    found = reweigh.weighed(material, asked)
    sample = reweigh.resampled(material, found, prior_run.info["weights"], asked, 1)
    rate = sample["log_slope_mean"].sel(regime="rl", drop=True)
    here = quantile(rate, sample["weight"], [0.5])
    stored = prior_run.group(netcdf.HEADLINE)["log_slope_mean"].sel(regime="rl", drop=True)
    shares = np.concatenate([
        prior_run.info["weights"][form] * np.exp(found[form].log_weights.ravel())
        for form in prior_run.forms
    ])  # fmt: skip
    values = np.concatenate([stored.sel(form=form).values.ravel() for form in prior_run.forms])
    order = np.argsort(values)
    wanted = values[order][np.searchsorted(np.cumsum(shares[order]), 0.5)]
    assert here.item() == pytest.approx(wanted, abs=0.05)


def test_a_cell_that_is_empty_is_drawn_from_what_it_stands_under(prior_run, material):
    """Under a prior, in which nothing was learnt of it, it is spread as before."""
    points = prior_run.points
    both = (material.sample["series_count"] > 0).all("regime")
    benchmark = str(both["benchmark"].values[both.values][0])
    of_cell = points["series_benchmark"].values == benchmark
    gone = of_cell & (points["series_regime"].values == "rl")
    sample = reweigh._of_less(material, change(prior_run, series=~gone))
    assert int(sample["series_count"].sel(benchmark=benchmark, regime="rl")) == 0
    empty = (material.sample["series_count"] == 0).sel(benchmark=sample["benchmark"])
    for name in ("slope_at_benchmark", "ceiling"):  # what was empty before stays as it was
        same = (sample[name] == material.sample[name].sel(benchmark=sample["benchmark"])) | ~empty
        assert bool(empty.any())
        assert bool(same.all())
    effect, before = (
        np.log(each["slope_at_benchmark"].sel(benchmark=benchmark)) - each["log_slope_mean"]
        for each in (sample, material.sample)
    )
    assert (effect.sel(regime="inference") == before.sel(regime="inference")).all()
    rl, inference = (effect.sel(regime=name).values.ravel() for name in ("rl", "inference"))
    assert rl.std() == pytest.approx(before.sel(regime="rl").values.std(), rel=0.2)
    alike = np.corrcoef(before.sel(regime="rl").values.ravel(), inference)[0, 1]
    assert np.corrcoef(rl, inference)[0, 1] == pytest.approx(alike, abs=0.15)
    other = sample["ceiling"].sel(benchmark=benchmark, regime="inference")
    kept = material.sample["ceiling"].sel(benchmark=benchmark, regime="inference")
    assert (other == kept).all()
    top = [each["ceiling"].sel(benchmark=benchmark, regime="rl", form="saturating").values
           for each in (sample, material.sample)]  # fmt: skip
    for q in (0.1, 0.5, 0.9):
        assert np.quantile(top[0], q) == pytest.approx(np.quantile(top[1], q), abs=0.1)


def test_one_draw_that_has_all_weight_is_the_sample(prior_run, material, monkeypatch):
    sample = material.sample.isel(chain=[0])
    monkeypatch.setattr(material, "sample", sample)
    only = np.full((1, 150), -np.inf)
    only[0, 7] = 0.0
    found = {form: reweigh.Weighed(only, 0.0) for form in prior_run.forms}
    weight = dict(zip(prior_run.forms, (0.25, 0.75), strict=True))
    made = reweigh.resampled(material, found, weight, change(prior_run), 1)
    for name, values in sample.data_vars.items():
        if "draw" in values.dims:
            assert (made[name] == values.isel(draw=7)).all(), name
    assert made["weight"].values.tolist() == [0.25, 0.75]
    assert (made["weight_interval"] == made["weight"]).all()


def test_what_two_axes_say_of_units_is_normal(prior_run, material, monkeypatch):
    """Ratios of a series' slopes on two axes; what goes is taken out of the weights."""
    offset = np.random.default_rng(3).normal(size=(2, 150, 1))
    parameters = material.parameters(prior_run.forms[0]).drop_vars(
        ["unit_offset", "unit_sd"], errors="ignore"
    )
    parameters = parameters.drop_dims("free_unit", errors="ignore").assign(
        unit_offset=(("chain", "draw", "free_unit"), offset),
        unit_sd=(("chain", "draw"), np.full((2, 150), 0.3)),
    )
    parameters = parameters.assign_coords(free_unit=["usd"])
    axes = (np.array(["tokens", "usd"]), np.array(["usd", "tokens"]), np.array([0.4, -0.1]))
    monkeypatch.setattr(reweigh.structure, "axes", lambda points: axes)
    gap = np.concatenate([offset, -offset], axis=-1)
    wanted = stats.norm.logpdf(axes[2], gap, 0.3)
    np.testing.assert_allclose(reweigh._axis_scores(parameters, prior_run.points), wanted)
    second = np.zeros(prior_run.points.sizes["series"], dtype=bool)
    second[[1, 4]] = True
    monkeypatch.setattr(reweigh.structure, "twins", lambda points: second)
    monkeypatch.setattr(material, "parameters", lambda form: parameters)
    stays = np.ones(second.size, dtype=bool)
    stays[[0, 4]] = False
    found = reweigh._log_ratio(material, prior_run.forms[0], False, change(prior_run, series=stays))
    np.testing.assert_allclose(found, -wanted[..., 1])


def test_the_ceiling_of_an_empty_cell_lies_above_chance(prior_run, material):
    points = prior_run.points
    gone = points["series_benchmark"].values == "MATH500"
    gone &= points["series_regime"].values == "rl"
    left = reweigh.without(points, ~gone)
    sample = material.sample.sel(benchmark=left["benchmark"].values)
    at = {"benchmark": "MATH500", "regime": "rl", "form": "saturating"}
    tops = [
        reweigh._emptied(material, sample.assign(floor=sample["floor"] * 0 + floor), left)
        for floor in (0.0, 0.25)
    ]
    without, above = (found["ceiling"].sel(at).values for found in tops)
    np.testing.assert_allclose(above, 0.25 + 0.75 * without, rtol=1e-5)
    assert 0 < without.min() < without.max() <= 1
