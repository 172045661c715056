"""Parameters that only what is left out has told, taken out of the weights of draws.

A draw holds theta, the curves of the series that go, and phi, all else. Weights 1 / p(y | theta,
phi) are ruled by theta, which no answer without those series reads. For any density q the weights

    q(theta | phi) / (p(y | theta, phi) p(theta | phi))

turn the posterior of phi into that without y as well; the nearer q is to p(theta | y, phi), the
nearer they are to 1 / p(y | phi), in which theta is integrated out (Chen 1994, "Importance-weighted
marginal Bayesian posterior density estimation", JASA 89, 818). Here q is fitted to the draws, one
parameter after the other, for each chain to the other chains.

Effects that only these series have (of a model, family, publication or cell) are normal, and so are
curves given them: they are integrated out of p(theta | phi) in closed form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import special

from tenfold import curves
from tenfold.curves import Form
from tenfold.posterior import forward, structure

NAMES = (
    "log_slope", "intercept", "log_slope_mean", "unit_offset", "cell_total", "benchmark_sd",
    "cell_sd", "family_sd", "family_z", "model_sd", "model_z", "publication_sd", "publication_z",
    "series_sd", "intercept_mean", "intercept_sd", "intercept_cell_sd", "intercept_cell_z",
    "ceiling_logit", "ceiling_mean", "ceiling_sd", "early_z", "start_z", "nu", "lambda",
    "sigma", "drift_share",
)  # fmt: skip
"""Variables of a posterior that are read, as far as it has them."""
SHARED = (
    "series_sd", "intercept_sd", "cell_sd", "intercept_cell_sd", "publication_sd", "model_sd", "nu",
    "lambda", "drift_share", "sigma", "ceiling_sd",
)  # fmt: skip
"""Positive parameters, on whose logarithms q depends."""
MOST = 10
"""Curves that go at once; of more, no q that a few thousand draws tell is near enough."""
RIDGE = 1e-4
CELLS = 1024
FLATTEST, STEEPEST = 0.1, 10.0
"""Limits of a parameter's conditional spread, over its median."""


@dataclass(frozen=True)
class Own:
    """Draws of one posterior, flattened: `at(name)` has shape (draw, ...).

    slope, intercept: what is typical of each series, shape (draw, series).
    """

    draws: xr.Dataset
    points: xr.Dataset
    form: Form
    slope: np.ndarray
    intercept: np.ndarray

    @classmethod
    def of(cls, draws: xr.Dataset, points: xr.Dataset, form: Form) -> Own:
        """From the variables of a posterior that are among `NAMES`."""
        means = (forward.typical_log_slope, forward.typical_intercept)
        found = [mean(draws, points).transpose("chain", "draw", "series") for mean in means]
        return cls(draws, points, form, *(_flat(values) for values in found))

    def at(self, name: str) -> np.ndarray:
        """Draws of a parameter."""
        return _flat(self.draws[name])

    def labelled(self, name: str, label: str) -> np.ndarray:
        """Those of one label of its last dim."""
        values = self.draws[name]
        return _flat(values.sel({values.dims[-1]: label}))


def log_ratio(own: Own, gone: np.ndarray) -> np.ndarray:
    """log q(theta | phi) - log p(theta | phi) of every draw, shape (chain, draw).

    Zero where there is no curve of its own among the series that go (mask over `series`), where
    there are more than `MOST`, and where slopes may be negative.
    """
    shape = own.draws["cell_sd"].shape
    series = np.flatnonzero(gone & structure.curves(own.points))
    if not 0 < series.size <= MOST or "log_slope" not in own.draws:
        return np.zeros(shape)
    slope, of_slope = _given_effects(
        own.at("log_slope") - own.slope, own.slope, own.at("series_sd"),
        list(_slope_effects(own, gone)), series,
    )  # fmt: skip
    level, of_level = _given_effects(
        own.at("intercept") - own.intercept, own.intercept, own.at("intercept_sd"),
        list(_level_effects(own, gone)), series,
    )  # fmt: skip
    prior = slope + level
    shared = [np.log(own.at(name)) for name in SHARED if name in own.draws]
    shared = [values if values.ndim > 1 else values[:, None] for values in shared]
    chain = np.repeat(np.arange(shape[0]), shape[1])
    fit = _Fit(np.concatenate(shared, axis=1), chain)
    for k, s in enumerate(series):
        near = [of_slope[:, k], of_level[:, k]]
        for values, log_prior in _further(own, gone, int(s)):
            if log_prior is not None:
                prior = prior + log_prior
                fit.add(values, near)
                near.append(values)
            near.append(special.expit(values))
        for values in (own.at("intercept")[:, s], own.at("log_slope")[:, s]):
            fit.add(values, near)
            near.append(values)
    return (fit.log_density - prior).reshape(shape)


Effect = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Series that have it (mask), its standard deviation and its value, both of shape (draw,)."""


def _given_effects(
    left: np.ndarray, typical: np.ndarray, sd: np.ndarray, effects: list[Effect], series: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log density of what curves differ by from their typical values, effects integrated out.

    Returns:
        It, shape (draw,), and the typical values without the effects, shape (draw, those series).
    """
    left, typical = left[:, series].copy(), typical[:, series].copy()
    covariance = np.zeros((*left.shape, series.size))
    covariance[:, range(series.size), range(series.size)] = sd[:, None] ** 2
    for members, spread, value in effects:
        mask = members[series].astype(float)
        left += value[:, None] * mask
        typical -= value[:, None] * mask
        covariance += spread[:, None, None] ** 2 * np.outer(mask, mask)
    root = np.linalg.cholesky(covariance)
    z = np.linalg.solve(root, left[..., None])[..., 0]
    log_sd = np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(-1)
    return -0.5 * (z**2).sum(-1) - log_sd, typical


def _only(labels: np.ndarray, among: np.ndarray, own: Own, gone: np.ndarray) -> Iterator:
    """Labels that all their series take along, with a mask of those; none that pairs tell of."""
    among = among & ~structure.twins(own.points)
    for label in np.unique(labels[gone & among]):
        members = (labels == label) & among
        if not (members & (~gone | structure.paired(own.points))).any():
            yield label, members


def _slope_effects(own: Own, gone: np.ndarray) -> Iterator[Effect]:
    points, runs = own.points, structure.rl(own.points)
    kinds = {
        "family": (points["series_family"].values, np.ones(gone.size, dtype=bool)),
        "model": (structure.models(points), ~runs),
        "publication": (points["series_publication"].values, runs),
    }
    for kind, (labels, among) in kinds.items():
        if f"{kind}_z" in own.draws:
            for label, members in _only(labels, among, own, gone):
                sd = own.at(f"{kind}_sd")
                yield members, sd, sd * own.labelled(f"{kind}_z", label)
    if "cell_total" not in own.draws:
        return
    cell = structure.cells(points)
    other = partners(cell["partner"].values)
    every = np.ones(gone.size, dtype=bool)
    alone = dict(_only(cell["cell_index"].values, every, own, gone))
    between, within, total = (own.at(name) for name in ("benchmark_sd", "cell_sd", "cell_total"))
    for place, members in alone.items():
        beside = other[place]
        if beside in alone:  # their benchmark's effect goes with both
            if place < beside:
                yield members | alone[beside], between, np.zeros(between.size)
            yield members, within, total[:, place]
        elif beside < 0:
            yield members, np.hypot(between, within), total[:, place]
        else:
            share, sd = conditional(between, within)
            yield members, sd, total[:, place] - share * total[:, beside]


def partners(partner: np.ndarray) -> np.ndarray:
    """The cell of the same benchmark in the other regime, -1 for none, from those of RL cells."""
    found = partner.copy()
    found[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    return found


def conditional(between: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Regression of a cell's total on that of its partner, and what is left (standard deviation).

    Args:
        between, within: standard deviations of effects of benchmarks and of their cells.
    """
    spread = np.hypot(between, within)
    share = (between / spread) ** 2
    return share, spread * np.sqrt(1 - share**2)


def _level_effects(own: Own, gone: np.ndarray) -> Iterator[Effect]:
    cell = structure.cells(own.points)["cell_index"].values
    sd, z = own.at("intercept_cell_sd"), own.at("intercept_cell_z")
    # pairs have no intercept: they tell nothing of a cell's
    runs = structure.curves(own.points)
    for place in np.unique(cell[gone & runs]):
        members = (cell == place) & runs
        if not (members & ~gone).any():
            yield members, sd, sd * z[:, place]


def _further(
    own: Own, gone: np.ndarray, series: int
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """What else bends a curve: draws, and log prior density where it goes with the series.

    The logit of its ceiling, which goes with the first of the series that have it, once all of them
    go; and where an RL run began, in compute or score.
    """
    if own.form in curves.CEILINGS:
        top = structure.ceilings(own.points)
        index, regime = top["ceiling_index"].values, top["ceiling_regime_index"].values
        members = np.flatnonzero(index == index[series])
        values = own.at("ceiling_logit")[:, index[series]]
        log_prior = None
        first = members[structure.curves(own.points)[members]][0]
        if gone[members].all() and series == first:
            mean, sd = (own.at(f"ceiling_{k}")[:, regime[index[series]]] for k in ("mean", "sd"))
            log_prior = -0.5 * ((values - mean) / sd) ** 2 - np.log(sd)
        yield values, log_prior
    runs = np.flatnonzero(structure.rl(own.points))
    for name in ("early_z", "start_z"):
        if name in own.draws and series in runs:
            values = own.at(name)[:, np.searchsorted(runs, series)]
            yield values, -0.5 * values**2


class _Fit:
    """q: each parameter given `shared` ones and those before it, fitted to the other chains."""

    def __init__(self, shared: np.ndarray, chain: np.ndarray) -> None:
        self.known = list(shared.T)
        self.chain = chain
        self.log_density = np.zeros(chain.size)

    def add(self, values: np.ndarray, near: list[np.ndarray]) -> None:
        """One more parameter; it is curved in `near`, linear in all that is known."""
        close = [_standard(x) for x in near]
        curved = [x * y for i, x in enumerate(close) for y in close[i:]]
        spread = np.stack([np.ones(values.size), *close, *curved], axis=1)
        known = [_standard(x)[:, None] for x in self.known]
        mean = np.concatenate([spread, *known], axis=1)
        for one in np.unique(self.chain):
            other, here = self.chain != one, self.chain == one
            left = values - mean @ _least_squares(mean[other], values[other])
            size = np.log(np.abs(left[other]) + 1e-3 * left[other].std())
            scale = np.exp(spread @ _least_squares(spread[other], size))
            middle = np.median(scale[other])
            scale = np.clip(scale, FLATTEST * middle, STEEPEST * middle)
            z = left / scale
            self.log_density[here] += _log_kernel(z[other], z[here]) - np.log(scale[here])
        self.known.append(values)


def _standard(values: np.ndarray) -> np.ndarray:
    sd = values.std()
    return (values - values.mean()) / (sd if sd > 0 else 1.0)


def _least_squares(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Coefficients, drawn a little to 0 where columns say the same."""
    square = design.T @ design
    square[np.diag_indices_from(square)] += RIDGE * len(values)
    return np.linalg.solve(square, design.T @ values)


def _log_kernel(drawn: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Log of a kernel estimate of the density of `drawn`, on a grid; next to none outside of it."""
    low, high = np.quantile(drawn, [0.25, 0.75])
    width = 1.06 * min(drawn.std(), (high - low) / 1.349) * drawn.size**-0.2
    edges = np.linspace(drawn.min() - 4 * width, drawn.max() + 4 * width, CELLS + 1)
    step = edges[1] - edges[0]
    reach = np.arange(-np.ceil(5 * width / step), np.ceil(5 * width / step) + 1) * step
    kernel = np.exp(-0.5 * (reach / width) ** 2)
    count = np.histogram(drawn, edges)[0]
    density = np.convolve(count, kernel / kernel.sum(), mode="same") / drawn.size / step
    tiny = np.finfo(float).tiny
    middle = (edges[1:] + edges[:-1]) / 2
    found = np.log(np.maximum(density, tiny))
    return np.interp(at, middle, found, left=np.log(tiny), right=np.log(tiny))


def _flat(values: xr.DataArray) -> np.ndarray:
    found = values.values.astype(float)
    return found.reshape(-1, *found.shape[2:])
