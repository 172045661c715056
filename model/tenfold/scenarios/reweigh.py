"""Stored draws weighed for other priors and less evidence: Pareto-smoothed importance sampling.

Within each form a draw's weight is the new density over the old (Vehtari et al. 2024, "Pareto
smoothed importance sampling"), the curves of series that go taken out of it (`apart`); forms are
weighed anew by what the draws of the refits without the future say of the scores held out. Those
are weighed for other priors and rows, but not for series that go: their curves are not stored, and
what can be weighed out at all says little of the future of other series. A sample is then drawn
from the draws in proportion to their weights, in their order, so that every statistic of a run
holds for it, its errors from batch means included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.evidence import dataset
from tenfold.fit.weights import weigh
from tenfold.posterior import simulate, structure
from tenfold.posterior.priors import Priors
from tenfold.runs import headline
from tenfold.scenarios import apart
from tenfold.scenarios.material import Material

PARETO_K = 0.7
EVEN = 1e-6
"""Log ratios that differ by less are even: their rounding has no tail."""
LEAST_EFFECTIVE = 400
"""Effective draws of each form, below which a sample is too poor."""


@dataclass(frozen=True)
class Change:
    """What is weighed: priors that changed, and series and generation shifts that are left out.

    `series` and `shifts` are masks over those of the run, of what stays.
    """

    before: Priors
    after: Priors
    series: np.ndarray
    shifts: np.ndarray

    @property
    def less(self) -> bool:
        """Whether evidence is left out."""
        return not (self.series.all() and self.shifts.all())


@dataclass(frozen=True)
class Weighed:
    """Log weights of one form's draws, shape (chain, draw), normalised; Pareto k."""

    log_weights: np.ndarray
    pareto_k: float

    @property
    def effective(self) -> float:
        """Kish's effective number of draws."""
        return float(1 / np.exp(2 * self.log_weights).sum())

    @property
    def good(self) -> bool:
        """Whether k and the effective draws allow it."""
        return self.pareto_k < PARETO_K and self.effective >= LEAST_EFFECTIVE


def weighed(material: Material, change: Change) -> dict[Form, Weighed]:
    """Weights of every form's draws."""
    found = {}
    for form in material.run.forms:
        ratio = _log_ratio(material, form, False, change)
        if not change.series.all():
            gone = ~change.series
            ratio = ratio - material.scores(form)[..., gone].sum(-1)
            ratio = ratio + apart.log_ratio(material.own(form), gone)
        found[form] = smoothed(ratio)
    return found


def weighed_future(material: Material, change: Change) -> dict[Form, Weighed]:
    """Weights of the draws of every form's refit without the future."""
    forms = material.run.forms
    return {form: smoothed(_log_ratio(material, form, True, change)) for form in forms}


def smoothed(log_ratio: np.ndarray) -> Weighed:
    """Smoothed weights of log ratios, shape (chain, draw); even ones where nothing changed."""
    from arviz_stats.base.array import array_stats

    flat = log_ratio.ravel()
    if np.ptp(flat) < EVEN:
        return Weighed(np.full(log_ratio.shape, -np.log(flat.size)), -np.inf)
    weights, k = array_stats.psislw(-flat)  # it takes log densities of what is left out
    weights = np.asarray(weights)
    weights = weights - np.log(np.exp(weights).sum())
    k = float(np.asarray(k))
    return Weighed(weights.reshape(log_ratio.shape), k if np.isfinite(k) else np.inf)


def _log_ratio(material: Material, form: Form, future: bool, change: Change) -> np.ndarray:
    """log of the new density of parameters and of rows beside the curves, over the old."""
    parameters = material.held_out(form) if future else material.parameters(form)
    points = material.run.points
    total = np.zeros(parameters["cell_sd"].shape)
    for name, prior in change.after.items():
        if name in parameters and prior != change.before[name]:
            total = total + material.log_prior(form, future, name, prior)
            total = total - material.log_prior(form, future, name, change.before[name])
    if not change.shifts.all():
        total = total - _shift_scores(parameters, points)[..., ~change.shifts].sum(-1)
    second = structure.twins(points)
    gone = second & ~change.series
    if gone.any():
        total = total - _axis_scores(parameters, points)[..., gone[second]].sum(-1)
    return total


def _shift_scores(parameters: xr.Dataset, points: xr.Dataset) -> np.ndarray:
    """Log density of each generation shift, shape (chain, draw, shift); `beside` has the same."""
    rate = parameters["shift_exchange_rate"].values
    variance = points["shift_ooms_se"].values ** 2 + (points["rl_ooms_se"].values / rate) ** 2
    gap = points["shift_ooms"].values - points["rl_ooms"].values / rate
    return -0.5 * (gap**2 / variance + np.log(2 * np.pi * variance))


def _axis_scores(parameters: xr.Dataset, points: xr.Dataset) -> np.ndarray:
    """Log density of what runs on two axes say of units, shape (chain, draw, twin)."""
    one, other, ratio = structure.axes(points)
    units = np.unique(np.concatenate([one, other]))
    offset = parameters["unit_offset"].reindex(free_unit=units).fillna(0.0)
    gap = offset.sel(free_unit=other).values - offset.sel(free_unit=one).values
    sd = parameters["unit_sd"].values[..., None]
    return -0.5 * ((ratio - gap) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi))


def form_weights(
    material: Material, change: Change, future: Mapping[Form, Weighed]
) -> dict[str, float]:
    """Weights of the forms under the change."""
    points, pointwise = material.run.points, {}
    held = np.zeros(points.sizes["obs"], dtype=bool)
    for form in material.run.forms:
        obs = material.held_out(form)["obs"].values
        stays = change.series[points["series_index"].values[obs]]
        held[obs[stays]] = True
        density, top = material.densities(form)
        # not by a library that deals it out to threads: they cost more than the sum itself
        mean = np.einsum("d,ds->s", np.exp(future[form].log_weights.ravel()), density)
        pointwise[form] = (np.log(np.maximum(mean, np.finfo(float).tiny)) + top)[stays]
    told = weigh(pointwise, points, held, material.run.info["seed"])
    return {form: mean for form, (mean, *_) in told.items()}


def resampled(
    material: Material,
    found: Mapping[Form, Weighed],
    weight: Mapping[str, float],
    change: Change,
    seed: int,
) -> xr.Dataset:
    """A stored sample as the weights have it, of the evidence that stays."""
    sample = _of_less(material, change) if change.less else material.sample
    rng = np.random.default_rng([seed, 17])
    order = np.stack([_systematic(found[form].log_weights.ravel(), rng) for form in found])
    forms, moved = np.arange(len(order))[:, None], {}
    for name in sample.data_vars:
        values = sample.variables[name]  # it has no labels, which would be compared
        if "draw" in values.dims:
            array = values.transpose("form", "chain", "draw", ...)
            flat = array.values.reshape(array.shape[0], -1, *array.shape[3:])
            moved[name] = array.copy(data=flat[forms, order].reshape(array.shape))
    weights = np.array([weight[str(form)] for form in sample["form"].values])
    if not np.allclose(weights, sample["weight"].values):  # their spread is not known anew
        moved["weight"] = sample.variables["weight"].copy(data=weights)
        ends = np.repeat(weights[:, None], sample.sizes["probability"], axis=1)
        moved["weight_interval"] = sample.variables["weight_interval"].copy(data=ends)
    return sample.assign(moved)


def _systematic(log_weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places in proportion to weights, as many as there are, in ascending order."""
    cumulative = np.cumsum(np.exp(log_weights))
    at = (np.arange(log_weights.size) + rng.random()) / log_weights.size * cumulative[-1]
    return np.minimum(np.searchsorted(cumulative, at), log_weights.size - 1)


def _of_less(material: Material, change: Change) -> xr.Dataset:
    """The stored sample as less evidence would have it: labels, counts, and local slopes."""
    points, sample = material.run.points, material.sample
    if change.series.all():
        return sample
    left = without(points, change.series)
    weights = np.zeros(points.sizes["series"])
    weights[change.series] = simulate.steepness_weights(left)
    steepness = np.stack([material.local_slopes(form) @ weights for form in material.run.forms])
    found = sample.sel(benchmark=left["benchmark"].values)
    found = _emptied(material, found, left)
    typical = found["ceiling"].median("benchmark").transpose(*sample["ceiling_typical"].dims)
    renewed = {
        "steepness": sample["steepness"].copy(data=steepness.astype("float32")),
        "series_count": headline.series_count(left, sample["regime"]),
        "ceiling_typical": typical,
    }
    found = found.assign(
        {name: values.assign_attrs(sample[name].attrs) for name, values in renewed.items()}
    )
    if headline.length_growth(left) is None:
        gone = ("answer_length_growth", "rl_slope_tokens_free", "rl_slope_fixed_tokens")
        found = found.drop_vars(gone, errors="ignore")
    return found


def _emptied(material: Material, sample: xr.Dataset, left: xr.Dataset) -> xr.Dataset:
    """A sample in which cells without a series any more are drawn from what they stand under."""
    count = headline.series_count(left, sample["regime"])
    before = sample["series_count"]
    slope, ceiling = (sample[name].copy() for name in ("slope_at_benchmark", "ceiling"))
    rng = np.random.default_rng([material.run.info["seed"], 19])
    for form in material.run.forms:
        drawn = material.parameters(form)
        for benchmark, regime in np.argwhere(((count == 0) & (before > 0)).values):
            here = {"form": form, "benchmark": count["benchmark"][benchmark].item()}
            place = here | {"regime": count["regime"][regime].item()}
            other = here | {"regime": count["regime"][1 - regime].item()}
            mean = sample["log_slope_mean"].sel(form=form)
            z = rng.standard_normal((2, *drawn["cell_sd"].shape))
            if "benchmark_sd" in drawn:
                share, sd = apart.conditional(drawn["benchmark_sd"].values, drawn["cell_sd"].values)
                beside = np.log(sample["slope_at_benchmark"].sel(other).values)
                effect = share * (beside - mean.sel(regime=other["regime"]).values) + sd * z[0]
                slope.loc[place] = np.exp(mean.sel(regime=place["regime"]).values + effect)
            if "ceiling_mean" in drawn:
                centre, spread = (
                    drawn[f"ceiling_{key}"].sel(regime=place["regime"]) for key in ("mean", "sd")
                )
                floor = sample["floor"].sel(benchmark=here["benchmark"]).item()
                top = 1 / (1 + np.exp(-(centre.values + spread.values * z[1])))
                ceiling.loc[place] = floor + (1 - floor) * top
    return sample.assign(slope_at_benchmark=slope, ceiling=ceiling)


def without(points: xr.Dataset, series: np.ndarray) -> xr.Dataset:
    """The points of the series that stay (mask over `series`)."""
    return dataset.subset(points, series[points["series_index"].values])
