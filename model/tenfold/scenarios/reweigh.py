"""Stored draws weighed for other priors and less evidence: Pareto-smoothed importance sampling.

Within each form a draw's weight is the new density over the old (Vehtari et al. 2024, "Pareto
smoothed importance sampling"); forms are weighed anew by what the draws of the refits without the
future, weighed likewise, say of the scores held out. A sample is then drawn from the draws in
proportion to their weights, in their order, so that every statistic of a run holds for it, its
errors from batch means included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold.curves import Form
from tenfold.evidence import dataset
from tenfold.fit import compare, diagnose, judge
from tenfold.posterior import simulate, structure
from tenfold.posterior.priors import Priors
from tenfold.runs import headline, netcdf, store

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


class Material:
    """What weighing reads of a run, kept once it is read."""

    def __init__(self, run: store.Run) -> None:
        self.run = run
        self._kept: dict[Any, Any] = {}

    @cached_property
    def sample(self) -> xr.Dataset:
        """The stored sample."""
        return self.run.group(netcdf.HEADLINE)

    @cached_property
    def future(self) -> bool:
        """Whether forms can be weighed anew."""
        return judge.FUTURE in self.run.info["files"] and all(
            "draw_log_density" in self.held_out(form) for form in self.run.forms
        )

    def parameters(self, form: Form) -> xr.Dataset:
        """Draws of everything with a prior of its own, and of shifts' exchange rates."""

        def read() -> xr.Dataset:
            path = self.run.file(store.posterior_file(form))
            wanted = {*self.run.info["priors"], "shift_exchange_rate"}
            return netcdf.read(path, "posterior", wanted & netcdf.names(path, "posterior"))

        return self._once(("parameters", form), read)

    def scores(self, form: Form) -> np.ndarray:
        """Log density of each series' scores, shape (chain, draw, series); 0 of a second axis."""

        def read() -> np.ndarray:
            found = self.run.group(store.posterior_file(form), "log_likelihood")["series_scores"]
            series = self.run.points["series"].values
            return found.reindex(series=series).fillna(0.0).values.astype(float)

        return self._once(("scores", form), read)

    def local_slopes(self, form: Form) -> np.ndarray:
        """`simulate.local_slopes` of every draw."""
        needed = ("cell_sd", "intercept", "slope", "series_ceiling")

        def read() -> np.ndarray:
            path = self.run.file(store.posterior_file(form))
            early = {"early"} & netcdf.names(path, "posterior")
            found = netcdf.read(path, "posterior", [*needed, *early])
            return simulate.local_slopes(found, self.run.points, form)

        return self._once(("local", form), read)

    def held_out(self, form: Form) -> xr.Dataset:
        """What the refit without the future says of it."""
        return self._once(("future", form), lambda: self.run.group(judge.FUTURE, form))

    def _once(self, key: Any, read: Any) -> Any:
        if key not in self._kept:
            self._kept[key] = read()
        return self._kept[key]


_known: dict[tuple[str, str], Material] = {}


def material(run: store.Run) -> Material:
    """The material of a run; that of the last one stays in memory."""
    key = (str(run.path.resolve()), run.info["key"])
    if key not in _known:
        _known.clear()
        _known[key] = Material(run)
    return _known[key]


def weighed(material: Material, change: Change) -> dict[Form, Weighed]:
    """Weights of every form's draws."""
    found = {}
    for form in material.run.forms:
        ratio = _log_ratio(material.parameters(form), change, material.run.points)
        if not change.series.all():
            ratio = ratio - material.scores(form)[..., ~change.series].sum(-1)
        found[form] = smoothed(ratio)
    return found


def weighed_future(material: Material, change: Change) -> dict[Form, Weighed]:
    """Weights of the draws of every form's refit without the future."""
    found = {}
    for form in material.run.forms:
        told = material.held_out(form)
        ratio = _log_ratio(told, change, material.run.points)
        if not change.series.all():
            scores = told["series_scores"].values[..., ~change.series]
            ratio = ratio - scores.sum(-1, dtype=float)
        found[form] = smoothed(ratio)
    return found


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


def _log_ratio(parameters: xr.Dataset, change: Change, points: xr.Dataset) -> np.ndarray:
    """log of the new density of parameters and of rows beside the curves, over the old."""
    changed = [
        name
        for name, prior in change.after.items()
        if name in parameters and prior != change.before[name]
    ]
    like = parameters["cell_sd"]
    total = np.zeros(like.shape)
    for sign, table in ((1, change.after), (-1, change.before)):
        density = diagnose.log_prior(parameters, {name: table[name] for name in changed})
        for name in changed:
            total = total + sign * density[name].transpose(*like.dims).values
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
    """Stacking weights of the forms under the change."""
    points, pointwise = material.run.points, {}
    for form in material.run.forms:
        told = material.held_out(form)
        stays = change.series[points["series_index"].values[told["obs"].values]]
        density = told["draw_log_density"].values[..., stays].astype(float)
        weights = future[form].log_weights[..., None]
        pointwise[form] = np.asarray(special.logsumexp(density + weights, axis=(0, 1)))
    return compare.stacking(pointwise)


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
    order = [_systematic(found[form].log_weights.ravel(), rng) for form in found]
    moved = {}
    for name, values in sample.data_vars.items():
        if "draw" in values.dims:
            array = values.transpose("form", "chain", "draw", ...)
            flat = array.values.reshape(array.shape[0], -1, *array.shape[3:])
            picked = np.stack([one[row] for one, row in zip(flat, order, strict=True)])
            moved[name] = array.copy(data=picked.reshape(array.shape))
    weights = np.array([weight[str(form)] for form in sample["form"].values])
    if not np.allclose(weights, sample["weight"].values):  # their spread is not known anew
        moved["weight"] = sample["weight"].copy(data=weights)
        ends = np.repeat(weights[:, None], sample.sizes["probability"], axis=1)
        moved["weight_interval"] = sample["weight_interval"].copy(data=ends)
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
    found = sample.sel(benchmark=left["benchmark"].values).copy()
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


def without(points: xr.Dataset, series: np.ndarray) -> xr.Dataset:
    """The points of the series that stay (mask over `series`)."""
    return dataset.subset(points, series[points["series_index"].values])
