"""Statistics of draws that are a weighted mixture of curve forms, with infinities in place.

Draws have dims `form, chain, draw` and, where something is predicted several times for each draw,
`repeat` (any order, further dims allowed where stated); `weight` has dim `form` and sums to one. A
draw of form f counts weight_f / (number of its draws). "Never" is +inf: it takes its place in the
order and is neither dropped nor averaged.

Every Monte Carlo error here comes from batch means: each chain is cut into at most `BATCHES`
stretches of successive draws, long enough to be nearly independent of one another (Flegal & Jones
2010, doi:10.1214/09-AOS735; over several chains, Gupta & Vats 2020, arXiv:2007.04229).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

SAMPLE_DIMS = ("form", "chain", "draw")
NEGLIGIBLE = 1e-3
"""Weight below which a form is neither drawn nor predicted with."""
REPEAT = "repeat"
BATCHES = 25
"""Batches of a chain, and no more than the root of its length."""
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
    draws, shares = _arranged(values, weight)
    places = draws.shape[:-4]
    found = np.empty((len(p), *places))
    for where in np.ndindex(*places):
        found[(slice(None), *where)] = _Ordered.of(draws[where], shares).at(p)
    kept = [dim for dim in values.dims if dim not in (*SAMPLE_DIMS, REPEAT)]
    coords = {dim: values.coords[dim] for dim in kept if dim in values.coords}
    return xr.DataArray(found, dims=["quantile", *kept], coords={"quantile": p, **coords})


def probability(event: xr.DataArray, weight: xr.DataArray) -> tuple[float, float]:
    """Weighted probability of a boolean event and its Monte Carlo standard error.

    A form's error is never below the standard deviation of the rule of succession where its draws
    all agree, about 1 / (number of draws): few draws may agree by chance, whole batches too.

    Raises:
        ValueError: as `quantile`; dims other than `form, chain, draw, repeat`; one draw to a chain.
    """
    extra = set(event.dims) - {*SAMPLE_DIMS, REPEAT}
    if extra:
        raise ValueError(f"event has dims {sorted(map(str, extra))}; expected {SAMPLE_DIMS}")
    draws, shares = _arranged(event.astype(float), weight)
    mean, error = draws.mean((1, 2, 3)), _errors(draws)
    n = draws.shape[1] * draws.shape[2]
    error = np.maximum(error, math.sqrt((n + 1) / ((n + 2) ** 2 * (n + 3))))
    return min(float(shares @ mean), 1.0), float(np.linalg.norm(shares * error))


def summarise(values: xr.DataArray, weight: xr.DataArray, unit: str) -> dict[str, Any]:
    """p05 to p95 of scalar draws, with unit, level and kind named; plain JSON.

    An infinite quantile is the string "inf" or "-inf". `p05_mcse` to `p95_mcse` are the Monte Carlo
    standard errors of the quantiles: half the distance between the order statistics that lie one
    standard error of the probability below and above (Vehtari et al. 2021, "Rank-normalization,
    folding, and localization", doi:10.1214/20-BA1221, section 4.3); "inf" where "never" is that
    near. `p_never` and `p_never_mcse` are there when some draw is +inf.
    """
    draws, shares = _arranged(values, weight)
    p = np.array(list(PROBABILITIES.values()))
    ordered = _Ordered.of(draws, shares)
    found = ordered.at(p)
    below = np.array([np.linalg.norm(shares * _errors(draws <= q)) for q in found])
    low, high = ordered.at(p - below), ordered.at(p + below)
    with np.errstate(invalid="ignore"):
        mcse = np.where(low == high, 0.0, (high - low) / 2)
    row: dict[str, Any] = {"unit": unit, "level": LEVEL, "kind": KIND}
    row |= {key: plain(value) for key, value in zip(PROBABILITIES, found, strict=True)}
    row |= {f"{key}_mcse": plain(value) for key, value in zip(PROBABILITIES, mcse, strict=True)}
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
    within = [dim for dim in values.dims if dim != "form"]
    mean, variance = values.mean(within), values.var(within)
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
    import xarray as xr

    rng = np.random.default_rng(seed)
    alike = xr.broadcast(*values.values())
    flat = []
    for each in alike:
        draws, shares = _arranged(each, weight)
        flat.append(draws.ravel())
    edges = np.cumsum(np.repeat(shares, flat[0].size // shares.size))
    at = np.searchsorted(edges, (np.arange(n) + rng.random()) / n * edges[-1] * (1 - 1e-12))
    at = rng.permutation(at)
    return {name: draws[at] for name, draws in zip(values, flat, strict=True)}


def stratified(rows: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Uniform numbers, shape (rows, n): in each row one in every n-th part of (0, 1), shuffled.

    A sum over them varies less than one over independent numbers and never more by a factor of
    n / (n - 1) (Latin hypercube sampling: McKay, Beckman & Conover 1979; Owen 1997).
    """
    place = rng.permuted(np.tile(np.arange(n, dtype=float), (rows, 1)), axis=1)
    return (place + (rng.integers(0, 2**32, (rows, n)) + 0.5) / 2**32) / n


@dataclass(frozen=True)
class _Ordered:
    """Draws in order and the weight that has come up with each."""

    values: np.ndarray
    cumulative: np.ndarray

    @classmethod
    def of(cls, draws: np.ndarray, shares: np.ndarray) -> _Ordered:
        """From draws (form, chain, draw) and the forms' shares."""
        flat = draws.ravel()
        order = np.argsort(flat)
        each = np.repeat(shares / (flat.size // shares.size), flat.size // shares.size)
        return cls(flat[order], np.cumsum(each[order]))

    def at(self, p: np.ndarray) -> np.ndarray:
        """The smallest draw whose cumulative weight reaches each of `p`."""
        # The tolerance keeps rounding in the sum from moving past the draw that completes p.
        index = np.searchsorted(self.cumulative, p * (1 - 1e-12))
        return self.values[np.minimum(index, self.values.size - 1)]


def _errors(draws: np.ndarray) -> np.ndarray:
    """Standard error of each form's mean by batch means: (form, chain, draw, repeat) to (form,)."""
    forms, chains, n, _ = draws.shape
    batches = min(max(math.isqrt(n), 2), BATCHES)
    if n < batches:
        raise ValueError(f"{n} draws of a chain are too few for a standard error")
    even = draws[:, :, : n // batches * batches].reshape(forms, chains * batches, -1)
    means = even.mean(axis=-1)
    return means.std(axis=-1, ddof=1) / math.sqrt(chains * batches)


def _arranged(values: xr.DataArray, weight: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Draws (..., form, chain, draw, repeat) and the forms' shares; zero weights left out."""
    missing = set(SAMPLE_DIMS) - set(values.dims)
    if missing or weight.dims != ("form",):
        raise ValueError(f"draws have dims {values.dims}; expected {SAMPLE_DIMS} and weight(form)")
    shares = weight.values.astype(float)
    if not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(f"weights {shares}; expected non-negative values that sum to one")
    forms = weight["form"].values
    if not np.array_equal(values["form"].values, forms):
        values = values.sel(form=forms)
    repeated = (REPEAT,) if REPEAT in values.dims else ()
    array = values.transpose(..., *SAMPLE_DIMS, *repeated).values.astype(float)
    array = (array if repeated else array[..., None])[..., shares > 0, :, :, :]
    if array.size == 0 or np.isnan(array).any():
        raise ValueError(f"draws of {values.name or 'a quantity'} are empty or contain NaN")
    return array, shares[shares > 0]


def label(values: xr.DataArray, title: str, unit: str, scale: str = "linear") -> xr.DataArray:
    """Draws with the attributes that `table` prints: title, unit, and scale "linear", "log10"
    (draws of the log10 of a quantity that is in `unit`) or "calendar" (decimal years)."""
    return values.assign_attrs(title=title, unit=unit, scale=scale)


def table(draws: Mapping[Hashable, xr.DataArray]) -> dict[str, dict[str, Any]]:
    """Plain-JSON summary of every labelled scalar variable of `draws`, which holds `weight`.

    Rows are as `summarise` with `title` and `scale`. Under scale "log10", p05 to p95 are the log10
    of a quantity in `unit`.
    """
    rows = {}
    for name, values in draws.items():
        if "title" in values.attrs:
            row = summarise(values, draws["weight"], values.attrs["unit"])
            rows[str(name)] = {key: values.attrs[key] for key in ("title", "scale")} | row
    return rows
