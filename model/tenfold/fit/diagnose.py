"""How well a posterior describes its data, and how much it owes to its priors.

Leave-one-out predictive calibration (LOO-PIT and coverage per regime and benchmark), and
power-scaling sensitivity (Kallioinen et al. 2024) of the top-level priors only: the standard-normal
offsets of the hierarchy are part of the model, not of what anyone believed beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from tenfold.curves import Form
from tenfold.fit.compare import LeftOut, given_others, series_log_density
from tenfold.posterior import drift, forward, structure
from tenfold.posterior import priors as prior_table
from tenfold.posterior.priors import Priors

SENSITIVE = 0.05
"""Power-scaling sensitivity from which a prior counts as informative (Kallioinen et al. 2024)."""

TAIL = 0.05
"""Two-sided tail probability of the posterior's median under the prior that makes a conflict."""


def loo_pit(left_out: LeftOut, posterior: xr.Dataset, points: xr.Dataset, form: Form) -> np.ndarray:
    """P(a new score <= the observed one), each point left out by PSIS; uniform if calibrated.

    Returns:
        Shape (obs,), given the other points of the series as in `compare`; NaN where the point
        cannot be left out without a refit.
    """
    share = np.exp(left_out.log_weights.values)
    found = (share * given_others(posterior, points, form).below()).sum(axis=(0, 1))
    pit = np.full(points.sizes["obs"], np.nan)
    pit[left_out.told] = np.where(left_out.reliable, found, np.nan)
    return pit


def mean_over_points(values: np.ndarray, series: np.ndarray) -> tuple[float, float]:
    """Mean over points and its standard error, with series and not points as independent.

    A ratio of sums over series (Cochran 1977, section 6.3); the error is NaN for a single series.

    Args:
        values: shape (points,).
        series: whole numbers from 0, shape (points,): the series of each point.
    """
    size = np.bincount(series)
    total = np.bincount(series, values)[size > 0]
    size = size[size > 0]
    mean = total.sum() / size.sum()
    if size.size == 1:
        return float(mean), float("nan")
    spread = ((total - mean * size) ** 2).sum() * size.size / (size.size - 1)
    return float(mean), float(np.sqrt(spread) / size.sum())


def coverage(pit: np.ndarray, points: xr.Dataset) -> dict[str, Any]:
    """Share of points inside their central predictive intervals; points with NaN are left out.

    Returns:
        `overall`, `regime` and `benchmark` tables of `points`, `series`, `inside_50`, `inside_90`
        and `inside_90_se`, and `uniform_p`: the Kolmogorov-Smirnov p-value of all points together.
        The standard error is that of `mean_over_points`, None for a single series.
    """
    series = points["series_index"].values
    known = np.isfinite(pit)

    def within(own: np.ndarray) -> dict[str, Any]:
        own = own & known
        if not own.any():
            return dict.fromkeys(("inside_50", "inside_90", "inside_90_se")) | {
                "points": 0, "series": 0,
            }  # fmt: skip
        distance = np.abs(pit[own] - 0.5)
        share, error = mean_over_points(distance <= 0.45, series[own])
        return {
            "points": int(own.sum()),
            "series": int(np.unique(series[own]).size),
            "inside_50": float((distance <= 0.25).mean()),
            "inside_90": share,
            "inside_90_se": None if np.isnan(error) else error,
        }

    def by(labels: np.ndarray) -> dict[str, Any]:
        return {str(name): within(labels == name) for name in np.unique(labels)}

    return {
        "overall": within(np.ones(pit.size, dtype=bool)),
        "regime": by(points["series_regime"].values[series]),
        "benchmark": by(points["series_benchmark"].values[series]),
        "uniform_p": float(stats.kstest(pit[known], "uniform").pvalue),
    }


LONG = 6
"""Points from which a series counts in `serial_correlation`."""


def serial_correlation(
    posterior: xr.Dataset, points: xr.Dataset, form: Form, seed: int
) -> dict[str, dict[str, Any]]:
    """Do neighbouring points of a series err alike? A posterior predictive check, per regime.

    The statistic is sum z_i z_(i+1) / sum z_i^2 over standardised residuals in order of compute
    (less what drift tells of them from the points before), under each draw, against residuals that
    the same draw would make: independent within a series,
    whose noise scale cancels (realised discrepancy, Gelman, Meng & Stern 1996).

    Returns:
        Regime -> `series`, `correlation` (posterior mean) and `p`, the share of draws under which
        replicated residuals correlate at least as much; regimes without a series of `LONG` points
        are absent.
    """
    curve = forward.expected(posterior, points, form)
    z = (points["score"].values - curve["expected_score"].values) / curve["score_sd"].values
    told = ~structure.given(points)
    z, _ = drift.innovations(z, drift.links(posterior, points), told)
    z = z.reshape(-1, z.shape[-1])
    index, x = points["series_index"].values, points["log10_compute"].values
    order = np.lexsort((x, index))
    z, index = z[:, order], index[order]
    replicated = np.random.default_rng([seed, 3]).standard_normal(z.shape)
    counts = np.bincount(index)
    regime = points["series_regime"].values
    found = {}
    for name in np.unique(regime):
        long = np.flatnonzero((regime == name) & (counts >= LONG))
        if not long.size:
            continue
        own = np.isin(index, long)
        pair = own[1:] & (index[1:] == index[:-1])

        def statistic(values: np.ndarray, own: Any = own, pair: Any = pair) -> np.ndarray:
            products = (values[:, 1:] * values[:, :-1])[:, pair].sum(axis=1)
            return products / (values[:, own] ** 2).sum(axis=1)

        seen, made = statistic(z), statistic(replicated)
        found[str(name)] = {
            "series": int(long.size),
            "correlation": float(seen.mean()),
            "p": float((made >= seen).mean()),
        }
    return found


def log_prior(posterior: xr.Dataset, priors: Priors) -> xr.Dataset:
    """Log density of each top-level prior at every draw, summed over its dims: chain, draw."""
    found = {}
    for name, prior in priors.items():
        if name in posterior:
            frozen = prior_table.distribution(prior.family, prior_table.hyperparameters(prior))
            value = posterior[name].copy(data=frozen.logpdf(posterior[name].values - prior.shift))
            found[name] = value.sum([dim for dim in value.dims if dim not in ("chain", "draw")])
    return xr.Dataset(found)


def power_scaling(
    posterior: xr.Dataset, priors: Priors, points: xr.Dataset, form: Form
) -> dict[str, dict[str, Any]]:
    """Sensitivity of each top-level parameter to its own prior and to the curves.

    Returns:
        Parameter (with its label) -> `prior`, `likelihood` (both >= 0, dimensionless) and
        `diagnosis`: "ok"; else, where the prior matters, "prior-data conflict" if the posterior
        lies in the prior's tail, "prior and data" if not, "strong prior" if the data do not matter.
        A spread of few things owes something to both without any conflict between them.
    """
    from arviz_stats.psense import psense

    own = [name for name in priors if name in posterior]
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior[[*own, "exchange_rate"]],
            "log_prior": log_prior(posterior, priors),
            "log_likelihood": xr.Dataset({"scores": series_log_density(posterior, points, form)}),
        }
    )
    # a parameter is held against its own prior; the exchange rate against that of the slopes
    prior_of = {name: name for name in own} | {"exchange_rate": "log_slope_mean"}
    names = list(prior_of)
    by_prior = xr.Dataset(
        {
            name: psense(tree, var_names=[name], group="prior", group_var_names=[prior])[name]
            for name, prior in prior_of.items()
        }
    )
    by_likelihood = psense(tree, group="likelihood")
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        values, data = by_prior[name], by_likelihood[name]
        for place in np.ndindex(values.shape):
            label = "".join(
                f" {values[dim].values[i]}" for dim, i in zip(values.dims, place, strict=True)
            )
            prior, likelihood = float(values.values[place]), float(data.values[place])
            tail = _tail(posterior[name].values[(..., *place)], name, priors)
            if prior <= SENSITIVE:
                diagnosis = "ok"
            elif likelihood <= SENSITIVE:
                diagnosis = "strong prior"
            else:
                diagnosis = "prior-data conflict" if tail < TAIL else "prior and data"
            found[name + label] = {
                "prior": prior,
                "likelihood": likelihood,
                "tail": tail,
                "diagnosis": diagnosis,
            }
    return found


def _tail(drawn: np.ndarray, name: str, priors: Priors) -> float:
    """Two-sided tail probability of the median of some draws under the parameter's prior."""
    rate = name == "exchange_rate"  # a ratio of slopes, whose prior is the same in both regimes
    prior = priors["log_slope_mean" if rate else name]
    hyper = prior_table.hyperparameters(prior)
    if rate:
        drawn, hyper = np.log(drawn), {"mu": 0.0, "sigma": np.sqrt(2) * hyper["sigma"]}
    below = prior_table.distribution(prior.family, hyper).cdf(np.median(drawn) - prior.shift)
    return float(2 * min(below, 1 - below))
