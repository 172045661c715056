"""What a curve form says of a point: pointwise predictive densities, and points left out.

Points of a series share a noise scale that is integrated out, so the likelihood does not factorise
over points. Every density here is that of a point given the *other* points of its series that were
seen, p(y_i | y_-i, parameters), which is Student-t in closed form (Buerkner, Gabry & Vehtari 2021,
"Efficient leave-one-out cross-validation for Bayesian non-factorized normal and Student-t models").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy import special, stats

from tenfold.curves import Form
from tenfold.posterior import drift, forward, structure


@dataclass(frozen=True)
class Given:
    """Predictive distributions of points, each given the other seen points of its series.

    A Student-t of `freedom` degrees of freedom and `scale` (None, None for normal noise) in units
    of `sd`, at which the observed score lies `residual` sds above its expectation; all of shape
    (chain, draw, point).
    """

    residual: np.ndarray
    sd: np.ndarray
    freedom: np.ndarray | None
    scale: np.ndarray | None

    def log_density(self) -> np.ndarray:
        """Log density of the observed scores."""
        if self.freedom is None:
            return stats.norm.logpdf(self.residual) - np.log(self.sd)
        return stats.t.logpdf(self.residual, self.freedom, scale=self.scale) - np.log(self.sd)

    def below(self) -> np.ndarray:
        """P(a new score <= the observed one)."""
        if self.freedom is None:
            return stats.norm.cdf(self.residual)
        return stats.t.cdf(self.residual, self.freedom, scale=self.scale)


def given_others(
    parameters: xr.Dataset, points: xr.Dataset, form: Form, seen: np.ndarray | None = None
) -> Given:
    """Predictive distributions of scores given the other seen scores of their series.

    Args:
        seen: mask over `obs` of the scores that may be conditioned on; the *other* points are
            then predicted. All points are, each from the rest, unless given.
    """
    curve = forward.expected(parameters, points, form)
    sd = curve["score_sd"].values
    z = (points["score"].values - curve["expected_score"].values) / sd
    told = ~structure.given(points)
    known = told if seen is None else told & np.asarray(seen, dtype=bool)
    chosen = told if seen is None else ~np.asarray(seen, dtype=bool)
    along = drift.links(parameters, points)
    mean, precision = drift.from_others(z, along, known)
    residual, sd = (z - mean) * np.sqrt(precision), sd / np.sqrt(precision)
    freedom = scale = None
    if "nu" in parameters:
        innovation, _ = drift.innovations(z, along, known)
        freedom, scale = _others(parameters, innovation, residual, points, known)
        freedom, scale = freedom[..., chosen], scale[..., chosen]
    return Given(residual[..., chosen], sd[..., chosen], freedom, scale)


def log_density(parameters: xr.Dataset, points: xr.Dataset, form: Form) -> xr.DataArray:
    """log p(score_i | the other scores of its series, parameters), dims (..., `obs`).

    Zero for points that only others are told from (`structure.given`).
    """
    told = ~structure.given(points)
    values = np.zeros((*parameters["cell_sd"].shape, points.sizes["obs"]))
    values[..., told] = given_others(parameters, points, form).log_density()
    return xr.DataArray(values, dims=(*parameters["cell_sd"].dims, "obs"))


def _others(
    parameters: xr.Dataset,
    innovation: np.ndarray,
    residual: np.ndarray,
    points: xr.Dataset,
    known: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """What the other known points of its series say of a point's noise.

    Args:
        innovation: of every point given the known ones before it, shape (..., obs).
        residual: of every point given the known ones on either side.

    Returns:
        Degrees of freedom nu + n and scale sqrt((nu + q) / (nu + n)) of the Student-t that a
        residual follows given n others with sum of squares q, shapes (..., obs).
    """
    series = points["series_index"].values
    starts = np.flatnonzero(np.diff(series, prepend=-1))  # obs are sorted by series
    rest = np.add.reduceat(known * innovation**2, starts, axis=-1)[..., series]
    # the density of all known points is that of the others times that of this one
    rest = rest - known * residual**2
    count = np.add.reduceat(known.astype(float), starts)[series] - known
    nu = parameters["nu"].values[..., None]
    # a difference of sums can fall a rounding error below zero
    return nu + count, np.sqrt((nu + np.maximum(rest, 0.0)) / (nu + count))


def series_log_density(
    posterior: xr.Dataset, points: xr.Dataset, form: Form, seen: np.ndarray | None = None
) -> xr.DataArray:
    """log p(scores of a series | parameters), dims (..., `series`): factors of the likelihood.

    Args:
        seen: mask over `obs` of the scores that count; all unless given.
    """
    curve = forward.expected(posterior, points, form)
    series, told = points["series_index"].values, ~structure.given(points)
    told = told if seen is None else told & seen
    z = (points["score"].values - curve["expected_score"].values) / curve["score_sd"].values
    z, logs = drift.innovations(z, drift.links(posterior, points), told)
    starts = np.flatnonzero(np.diff(series, prepend=-1))
    total = np.add.reduceat(told * z**2, starts, axis=-1)
    logs = told * (np.log(curve["score_sd"].values) + 0.5 * logs)
    log_sd = np.add.reduceat(logs, starts, axis=-1)
    count = np.bincount(series, told)
    if "nu" in posterior:
        nu = posterior["nu"].values[..., None]
        half = 0.5 * (nu + count)
        constant = special.gammaln(half) - special.gammaln(nu / 2) - count / 2 * np.log(nu * np.pi)
        value = constant - half * np.log1p(total / nu)
    else:
        value = -0.5 * total - count / 2 * np.log(2 * np.pi)
    return xr.DataArray(value - log_sd, dims=("chain", "draw", "series"))


def log_pointwise(log_density: np.ndarray) -> np.ndarray:
    """log of the posterior mean density of each point: (chain, draw, point) to (point,)."""
    chains, draws, _ = log_density.shape
    return special.logsumexp(log_density, axis=(0, 1)) - np.log(chains * draws)


@dataclass(frozen=True)
class LeftOut:
    """Pareto-smoothed importance weights that leave one point out at a time.

    Attributes:
        log_density: as `log_density`, dims chain, draw, obs, of the points in `told`.
        log_weights: normalised over draws, same dims.
        pareto_k: shape (points told,); above 0.7 the point cannot be left out without a refit
            (Vehtari et al. 2024, "Pareto smoothed importance sampling").
    """

    log_density: xr.DataArray
    log_weights: xr.DataArray
    pareto_k: np.ndarray
    told: np.ndarray

    @property
    def reliable(self) -> np.ndarray:
        """Mask over the points told of those whose Pareto k is at most 0.7."""
        return self.pareto_k <= PARETO_K


PARETO_K = 0.7


def leave_one_out(posterior: xr.Dataset, points: xr.Dataset, form: Form) -> LeftOut:
    """PSIS weights of every point, given the others of its series (module docstring)."""
    import arviz_stats  # noqa: F401  registers the accessor

    density = log_density(posterior, points, form)
    told = ~structure.given(points)
    weights, k = density[..., told].azstats.psislw(dim=["chain", "draw"])  # negated inside
    weights = weights.transpose(*density.dims)
    total = special.logsumexp(weights.values, axis=(0, 1))
    return LeftOut(density[..., told], weights - total, np.asarray(k.values), told)


def psis_loo(left_out: LeftOut) -> dict[str, Any]:
    """PSIS-LOO: elpd, its standard error, p_loo, and Pareto-k counts (Vehtari et al. 2017)."""
    joint = left_out.log_weights.values + left_out.log_density.values
    elpd = np.asarray(special.logsumexp(joint, axis=(0, 1)))
    fitted = log_pointwise(left_out.log_density.values)
    return {
        "elpd": float(elpd.sum()),
        "elpd_se": float(elpd.std(ddof=1) * np.sqrt(elpd.size)),
        "p_loo": float((fitted - elpd).sum()),
        "pareto_k_above_0.7": int((~left_out.reliable).sum()),
        "pareto_k_max": float(left_out.pareto_k.max()),
        "points": int(elpd.size),
    }
