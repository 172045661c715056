"""Fitted curves of every series, slopes with and without pooling, and predictive checks, as
numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import optimize

from tenfold import curves, mixture
from tenfold.curves import Form
from tenfold.evidence import inventory
from tenfold.posterior import forward
from tenfold.report.stored import Frame, Stored

GRID = 24
"""Points along each curve."""

LEVELS = (0.05, 0.5, 0.95)


def curves_of_series(stored: Stored) -> Frame:
    """Expected score along every series' range: columns series, log10_compute, p05, p50, p95.

    A mixture of the forms by weight; thinking mode, with the chart's own axis error where it has
    one. `p05` to `p95` is the 90% interval of the curve, without noise.
    """
    points, series = stored.points, stored.points["series_index"].values
    x = points["log10_compute"].values
    count = points.sizes["series"]
    low, high = (np.full(count, sign * np.inf) for sign in (1, -1))
    np.minimum.at(low, series, x)
    np.maximum.at(high, series, x)
    grid = low + (high - low) * np.linspace(0, 1, GRID)[:, None]
    from_reference = (grid - points["reference"].values).T
    parts = []
    for form in stored.used():
        posterior, chosen = stored.posterior[form], stored.mixture(form)

        def flat(name: str, posterior: Any = posterior, chosen: slice = chosen) -> np.ndarray:
            values = posterior[name].values
            return values.reshape(-1, *values.shape[2:])[chosen]

        slope = flat("slope").copy()
        if "kappa_chart" in posterior and posterior.sizes["chart"]:
            chart = points["chart_index"].values
            kappa = flat("kappa_chart")[:, np.maximum(chart, 0)]
            slope = slope * np.where(chart >= 0, kappa, 1.0)
        earlier = forward.earlier(posterior, points).reshape(-1, count)[chosen]
        spent, _ = curves.with_earlier(from_reference, earlier[:, :, None])
        eta = flat("intercept")[:, :, None] + slope[:, :, None] * spent
        ceiling = flat("series_ceiling")[:, :, None]
        floor = forward.starts(posterior, points).reshape(-1, count)[chosen][:, :, None]
        parts.append(curves.expected_score(eta, floor, ceiling, form))
    found = np.quantile(np.concatenate(parts), LEVELS, axis=0)
    names = np.repeat(points["series"].values, GRID)
    table = {"series": names, "log10_compute": grid.T.ravel()}
    return pd.DataFrame(table | _levels(found.reshape(len(LEVELS), -1)))


def slopes_by_cell(stored: Stored) -> Frame:
    """Each cell (benchmark, regime) alone against the posterior, link units per OOM.

    Columns: benchmark, regime, series, points, alone, alone_se, p05, p50, p95, population (the
    regime's median). `alone` is one slope for the cell with an intercept per series, by weighted
    least squares under the form with the largest weight, its ceiling held at the posterior median;
    non-thinking points are left out, and its standard error is scaled up by the scatter. The
    posterior is the geometric mean of the slopes of the same series, under the same form.
    """
    points, form = stored.points, stored.best
    posterior = stored.posterior[form]
    slope = posterior["slope"].values.reshape(-1, points.sizes["series"])
    ceiling = np.median(posterior["series_ceiling"].values, axis=(0, 1))
    labels = [points[f"series_{key}"].values for key in ("benchmark", "regime")]
    population = {
        str(name): float(np.exp(np.median(posterior["log_slope_mean"].sel(regime=name).values)))
        for name in posterior["regime"].values
    }
    rows = []
    for benchmark, regime in sorted(set(zip(*labels, strict=True))):
        own = np.flatnonzero((labels[0] == benchmark) & (labels[1] == regime))
        alone, error, used = _alone(stored, own, ceiling[own], form)
        typical = _geometric(slope[:, own])
        rows.append(
            {
                "benchmark": str(benchmark),
                "regime": str(regime),
                "series": len(own),
                "points": used,
                "alone": alone,
                "alone_se": error,
            }
            | {key: float(v) for key, v in _levels(np.quantile(typical, LEVELS)).items()}
            | {"population": population[str(regime)]}
        )
    order = {"rl": 0, "inference": 1}
    return pd.DataFrame(sorted(rows, key=lambda row: (order[row["regime"]], row["p50"])))


def _geometric(slope: np.ndarray) -> np.ndarray:
    """Geometric mean over series; plain mean where some slope is not positive."""
    if (slope > 0).all():
        return np.exp(np.log(slope).mean(axis=1))
    return slope.mean(axis=1)


def _alone(
    stored: Stored, own: np.ndarray, ceilings: np.ndarray, form: Form
) -> tuple[float, float, int]:
    """Slope, its standard error and the number of points of a cell without any pooling."""
    points = stored.points
    keep = np.isin(points["series_index"].values, own) & ~points["non_thinking"].values
    series = points["series_index"].values[keep]
    x = points["log10_compute"].values[keep] - points["reference"].values[series]
    score, se = points["score"].values[keep], points["score_se"].values[keep]
    floor = float(points["floor"].values[points["benchmark_index"].values[own[0]]])
    index = np.searchsorted(own, series)
    ceiling = ceilings[index]
    once = np.zeros((series.size, own.size))
    once[np.arange(series.size), index] = 1.0

    def residual(beta: np.ndarray) -> np.ndarray:
        eta = beta[index + 1] + beta[0] * x
        return (curves.expected_score(eta, floor, ceiling, form) - score) / se

    def jacobian(beta: np.ndarray) -> np.ndarray:
        eta = beta[index + 1] + beta[0] * x
        slope = curves.score_gradient(eta, floor, ceiling, form) / se
        return np.column_stack([slope * x, once * slope[:, None]])

    distinct = [np.unique(x[index == i]).size for i in range(own.size)]
    if max(distinct, default=0) < 2:
        return np.nan, np.nan, int(keep.sum())
    start = np.concatenate([[0.5], np.zeros(own.size)])
    least_squares: Any = optimize.least_squares  # Its stubs take no function as `jac`.
    found = least_squares(residual, start, jac=jacobian)
    freedom = int(keep.sum()) - np.count_nonzero(distinct) - 1
    scatter = max(1.0, 2 * found.cost / freedom) if freedom > 0 else 1.0
    # Ridge of 1e-9: a series whose scores all sit at the ceiling says nothing of its intercept.
    information = found.jac.T @ found.jac + 1e-9 * np.eye(own.size + 1)
    error = float(np.sqrt(np.linalg.inv(information)[0, 0] * scatter))
    return float(found.x[0]), error, int(keep.sum())


def pit(stored: Stored) -> np.ndarray:
    """P(a new score <= the observed one) of every point, shape (obs,); in-sample, over forms."""
    observed = stored.points["score"].values
    found = stored.predictive("posterior_predictive", "score")
    total = sum(stored.weights[form] for form in found)
    share = sum(
        stored.weights[form] * (draws <= observed).mean(axis=0) for form, draws in found.items()
    )
    return np.asarray(share / total)


def coverage(stored: Stored, pit: np.ndarray) -> Frame:
    """Share of points inside their central 50% and 90% predictive intervals.

    Columns: regime, benchmark ("all" for the regime), points, inside_50, inside_90.
    """
    points, distance = stored.points, np.abs(pit - 0.5)
    series = points["series_index"].values
    regime = points["series_regime"].values[series]
    benchmark = points["series_benchmark"].values[series]
    rows = []
    for name in ("rl", "inference"):
        for place in ("all", *np.unique(benchmark[regime == name])):
            own = (regime == name) & ((benchmark == place) | (place == "all"))
            if own.any():
                rows.append(
                    {
                        "regime": name,
                        "benchmark": str(place),
                        "points": int(own.sum()),
                        "inside_50": float((distance[own] <= 0.25).mean()),
                        "inside_90": float((distance[own] <= 0.45).mean()),
                    }
                )
    return pd.DataFrame(rows)


def prior_ranges(stored: Stored) -> Frame:
    """Prior predictive scores by regime and benchmark against the evidence.

    Columns: regime, benchmark, points, p05, p25, p75, p95 (prior, mixed over forms), low, high
    (range of the observed scores), inside_90 (share of observed scores inside p05 to p95).
    """
    points = stored.points
    series = points["series_index"].values
    regime = points["series_regime"].values[series]
    benchmark = points["series_benchmark"].values[series]
    observed = points["score"].values
    found = stored.predictive("prior_predictive", "score")
    rows = []
    for name in ("rl", "inference"):
        for place in np.unique(benchmark[regime == name]):
            own = (regime == name) & (benchmark == place)
            values = np.concatenate([draws[:, own].ravel() for draws in found.values()])
            weight = np.concatenate(
                [
                    np.full(draws[:, own].size, stored.weights[form] / draws[:, own].size)
                    for form, draws in found.items()
                ]
            )
            order = np.argsort(values)
            total = np.cumsum(weight[order])
            at = np.searchsorted(total, np.array([0.05, 0.25, 0.75, 0.95]) * total[-1])
            p = values[order][np.minimum(at, values.size - 1)]
            inside = float(((observed[own] >= p[0]) & (observed[own] <= p[3])).mean())
            rows.append(
                {"regime": name, "benchmark": str(place), "points": int(own.sum())}
                | dict(zip(("p05", "p25", "p75", "p95"), map(float, p), strict=True))
                | {
                    "low": float(observed[own].min()),
                    "high": float(observed[own].max()),
                    "inside_90": inside,
                }
            )
    return pd.DataFrame(rows)


def _levels(found: np.ndarray) -> dict[str, Any]:
    return dict(zip(("p05", "p50", "p95"), found, strict=True))


def both_regimes(points: xr.Dataset, benchmarks: Iterable[str]) -> list[dict[str, Any]]:
    """The series in either regime of benchmarks that have both."""
    rows = inventory.table(points)
    return [
        {"benchmark": name}
        | {
            regime: [
                row["series"]
                for row in rows
                if (row["benchmark"], row["regime"], row["left_out"]) == (name, regime, "")
            ]
            for regime in ("rl", "inference")
        }
        for name in benchmarks
    ]


def rl_slopes(draws: xr.Dataset) -> dict[str, Any] | None:
    """RL slope with tokens free and at a fixed token budget, of the one series that tells them
    apart: `series` and `rows`; None where no series does."""
    if "answer_length_growth" not in draws:
        return None
    titles = {
        "rl_slope_tokens_free": "RL slope, answers free to lengthen",
        "rl_slope_fixed_tokens": "RL slope at a fixed token budget",
        "answer_length_growth": "OOMs of answer length per OOM of RL",
    }
    rows = {
        name: mixture.summarise(draws[name], draws["weight"], "dimensionless")
        | {"title": title, "scale": "linear"}
        for name, title in titles.items()
    }
    return {**draws["answer_length_growth"].attrs, "rows": rows}
