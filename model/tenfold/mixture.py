"""Statistics of draws that are a weighted mixture of curve forms, with infinities in place.

Draws have dims `form, chain, draw` (any order, further dims allowed where stated); `weight` has dim
`form` and sums to one. A draw of form f counts weight_f / (number of its draws). "Never" is +inf:
it takes its place in the order and is neither dropped nor averaged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.units import format_log10

if TYPE_CHECKING:
    import xarray as xr

SAMPLE_DIMS = ("form", "chain", "draw")
PROBABILITIES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}
LEVEL = 0.90
KIND = "equal-tailed"


def quantile(values: xr.DataArray, weight: xr.DataArray, probs: Any) -> xr.DataArray:
    """Quantiles by the inverse of the weighted distribution function: always one of the draws.

    There is no interpolation, hence none across an infinity.

    Args:
        values: draws; dims beyond `form, chain, draw` are kept.
        probs: probabilities in (0, 1).

    Returns:
        Dims `quantile` and the kept ones.

    Raises:
        ValueError: NaN draws, weights that are negative or do not sum to one, missing dims.
    """
    import xarray as xr

    p = np.atleast_1d(np.asarray(probs, dtype=float))
    if not ((p > 0) & (p < 1)).all():
        raise ValueError(f"probabilities {p}; expected values inside (0, 1)")
    ordered, weights = _flat(values, weight)
    order = np.argsort(ordered, axis=-1, kind="stable")
    ordered = np.take_along_axis(ordered, order, axis=-1)
    cumulative = np.cumsum(weights[order], axis=-1)
    found = np.empty((len(p), *ordered.shape[:-1]))
    for where in np.ndindex(*ordered.shape[:-1]):
        # The tolerance keeps rounding in the sum from moving past the draw that completes p.
        index = np.searchsorted(cumulative[where], p * (1 - 1e-12))
        found[(slice(None), *where)] = ordered[where][np.minimum(index, ordered.shape[-1] - 1)]
    kept = [dim for dim in values.dims if dim not in SAMPLE_DIMS]
    coords = {dim: values.coords[dim] for dim in kept if dim in values.coords}
    return xr.DataArray(found, dims=["quantile", *kept], coords={"quantile": p, **coords})


def probability(event: xr.DataArray, weight: xr.DataArray) -> tuple[float, float]:
    """Weighted probability of a boolean event and its Monte Carlo standard error.

    The error combines arviz' MCSE of the mean of each form: sqrt(sum_f weight_f^2 mcse_f^2). Where
    a form's draws all agree, its MCSE is not zero but the standard deviation of the rule of
    succession, about 1 / (number of draws).

    Raises:
        ValueError: as `quantile`; dims other than `form, chain, draw`.
    """
    from arviz_stats.sampling_diagnostics import mcse

    extra = set(event.dims) - set(SAMPLE_DIMS)
    if extra:
        raise ValueError(f"event has dims {sorted(map(str, extra))}; expected {SAMPLE_DIMS}")
    _flat(event.astype(float), weight)
    estimate = variance = 0.0
    for form in weight["form"].values:
        share = float(weight.sel(form=form))
        if share == 0:
            continue
        draws = event.sel(form=form).transpose("chain", "draw").values.astype(float)
        n, mean = draws.size, float(draws.mean())
        if mean in (0.0, 1.0):
            error = math.sqrt((n + 1) / ((n + 2) ** 2 * (n + 3)))
        else:
            error = float(mcse(draws, method="mean", chain_axis=0, draw_axis=1))
        if math.isnan(error):
            raise ValueError(f"form {form!r}: {n} draws are too few for a standard error")
        estimate += share * mean
        variance += (share * error) ** 2
    return min(estimate, 1.0), math.sqrt(variance)


def summarise(values: xr.DataArray, weight: xr.DataArray, unit: str) -> dict[str, Any]:
    """p05 to p95 of scalar draws, with unit, level and kind named; plain JSON.

    An infinite quantile is the string "inf" or "-inf". `p_never` and `p_never_mcse` are there when
    some draw is +inf.
    """
    found = quantile(values, weight, list(PROBABILITIES.values())).values
    row: dict[str, Any] = {"unit": unit, "level": LEVEL, "kind": KIND}
    row |= {key: plain(value) for key, value in zip(PROBABILITIES, found, strict=True)}
    never = values == np.inf
    if bool(never.any()):
        row["p_never"], row["p_never_mcse"] = probability(never, weight)
    return row


def plain(value: float) -> float | str:
    """A number for JSON, which has no infinities: "inf" and "-inf" become strings."""
    return float(value) if math.isfinite(value) else str(float(value))


def between_share(values: xr.DataArray, weight: xr.DataArray) -> float:
    """Share of the mixture's variance that lies between the forms' means; NaN if any draw is not
    finite (a mean of "never" has no meaning)."""
    if not bool(np.isfinite(values).all()):
        return math.nan
    mean, variance = values.mean(("chain", "draw")), values.var(("chain", "draw"))
    centre = float((weight * mean).sum())
    between = float((weight * (mean - centre) ** 2).sum())
    total = between + float((weight * variance).sum())
    return between / total if total > 0 else 0.0


def sample(
    values: dict[str, xr.DataArray], weight: xr.DataArray, n: int, seed: int
) -> dict[str, np.ndarray]:
    """`n` equally weighted joint draws of several scalar variables: the mixture resampled.

    Systematic resampling of positions, the same for every variable, so that dependence survives.
    """
    rng = np.random.default_rng(seed)
    names = list(values)
    flat = [_flat(values[name], weight) for name in names]
    edges = np.cumsum(flat[0][1])
    at = np.searchsorted(edges, (np.arange(n) + rng.random()) / n * edges[-1] * (1 - 1e-12))
    at = rng.permutation(at)
    return {name: draws[at] for name, (draws, _) in zip(names, flat, strict=True)}


def _flat(values: xr.DataArray, weight: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Draws with the sample dims joined at the end, and their weights; zero weights left out."""
    missing = set(SAMPLE_DIMS) - set(values.dims)
    if missing or weight.dims != ("form",):
        raise ValueError(f"draws have dims {values.dims}; expected {SAMPLE_DIMS} and weight(form)")
    shares = weight.values.astype(float)
    if not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(f"weights {shares}; expected non-negative values that sum to one")
    labels = weight["form"].values[shares > 0]
    chosen = values.sel(form=labels).transpose(..., *SAMPLE_DIMS)
    array = chosen.values.astype(float)
    if array.size == 0 or np.isnan(array).any():
        raise ValueError(f"draws of {values.name or 'a quantity'} are empty or contain NaN")
    per_form = array.shape[-1] * array.shape[-2]
    weights = np.repeat(shares[shares > 0] / per_form, per_form)
    return array.reshape(*array.shape[:-3], -1), weights


def label(values: xr.DataArray, title: str, unit: str, scale: str = "linear") -> xr.DataArray:
    """Draws with the attributes that `table` prints: title, unit, and scale "linear", "log10"
    (draws of the log10 of a quantity that is in `unit`) or "calendar" (decimal years)."""
    return values.assign_attrs(title=title, unit=unit, scale=scale)


def table(draws: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Plain-JSON summary of every labelled scalar variable of `draws`, which holds `weight`.

    Rows are as `summarise` with `title`, `scale` and `text` (median and 90% interval for people).
    Under scale "log10", p05 to p95 are the log10 of a quantity in `unit`.
    """
    rows = {}
    for name, values in draws.data_vars.items():
        if "title" in values.attrs:
            row = summarise(values, draws["weight"], values.attrs["unit"])
            row = {key: values.attrs[key] for key in ("title", "scale")} | row
            row["text"] = f"{text_of(row)} {printed_unit(row)}".rstrip()
            rows[str(name)] = row
    return rows


def printed_unit(row: dict[str, Any]) -> str:
    """The unit of a `table` row as printed: none for ratios and calendar years."""
    bare = row["scale"] == "calendar" or row["unit"] in ("dimensionless", "OOM/OOM")
    return "" if bare else row["unit"]


def format_plain(value: float) -> str:
    """A number on a linear scale: "5.0", "0.33", "0.002", "never"."""
    if math.isinf(value):
        return "never" if value > 0 else "-inf"
    size = abs(value)
    return f"{value:.1f}" if size >= 1 else f"{value:.2f}" if size >= 0.1 else f"{value:.1g}"


def percent(p: float) -> str:
    """A probability in percent to one decimal, never rounded to certainty: "<0.1%", "3.2%"."""
    if 0 < p < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= p < 1 else f"{p:.1%}"


def chance(p: float, mcse: float) -> str:
    """A probability with its Monte Carlo standard error: "3.2% ± 0.4%", "0.0% ± <0.1%"."""
    return f"{percent(p)} ± {percent(mcse)}"


def text(row: dict[str, Any], key: str) -> str:
    """One quantile of a `table` row as printed, without its unit."""
    value = float(row[key])
    if row["scale"] == "log10":
        return format_log10(value)
    if row["scale"] == "calendar":
        return str(math.floor(value)) if math.isfinite(value) else "never"
    return format_plain(value)


def text_of(row: dict[str, Any]) -> str:
    """Median and 90% interval of a `table` row as printed, without its unit."""
    low, middle, high = (text(row, key) for key in ("p05", "p50", "p95"))
    return f"{middle} ({low} to {high})"


def table_rows(rows: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, str, str, str]]:
    """(title, 5%, 50%, 95%, unit, never) for a printed table, one tuple per row of `table`."""
    found = []
    for row in rows.values():
        never = row.get("p_never")
        printed = "" if never is None else chance(never, row["p_never_mcse"])
        low, middle, high = (text(row, key) for key in ("p05", "p50", "p95"))
        found.append((row["title"], low, middle, high, printed_unit(row), printed))
    return found
