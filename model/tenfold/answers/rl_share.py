"""RL compute over pre-training compute, from what was disclosed or estimated of models over time.

With y the log10 share of a model and t its date in years since 2025.5, over `data/rl_share.csv`:

    y = a + b t + p_publication + r,   p ~ N(0, tau^2 / 2),   r ~ N(0, tau^2 / 2)
    stated share ~ N(y, se^2);  a lower bound says y > log10 share

Shares of one publication are estimated alike, so they share p. tau lies on a grid; given tau, a and
b are normal (Gelman et al., Bayesian Data Analysis, chapter 14); bounds reweight the draws. Shares
are of FLOP or of GPU time as stated: rows that give both differ by less than the scatter.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import xarray as xr
from scipy import special

from tenfold import units
from tenfold.answers.constants import Baseline, Constants
from tenfold.evidence.columns import RlShare
from tenfold.evidence.rows import read_rows
from tenfold.files import SpecError, data_path, did_you_mean
from tenfold.units import Log10Quantity

ORIGIN = 2025.5
PRIOR_MEAN, PRIOR_SD = np.array([-1.0, 0.5]), np.array([1.0, 0.5])
"""Of a: a tenth, a factor of ten either way; of b: threefold a year, which may as well be nothing
or tenfold (RL grew tenfold from o1 to o3 in five months, and could not have for long)."""
TAU_SD = 0.5
"""Half-normal scale of tau, OOM: models of one date differ by a factor of a few."""
LEAST_SE = 0.02
"""Standard error, OOM, below which no share is known: what counts as RL is a matter of words."""
Z95 = float(special.ndtri(0.95))


@dataclass(frozen=True)
class Regression:
    """Posterior of the regression on a grid of tau.

    taus, tau_weight: dims (grid,); mean: (grid, 2) of a and b; root: (grid, 2, 2) Cholesky factors
    of their covariance; bounds: (n, 2) of date and log10 share of lower bounds.
    """

    taus: np.ndarray
    tau_weight: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    bounds: np.ndarray

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`n` independent draws of (a, b), dims (n, 2), and of tau.

        The least likely of the lower bounds is met exactly: tau is drawn by how probable it makes
        it, the share from its truncated normal, and the line given that share (Matheron's rule).
        Draws are kept with the probability that they give the other bounds.
        """
        bounds = sorted(self.bounds, key=lambda bound: self._given(*bound)[0].sum())
        (when, share), *others = bounds or [(0.0, -np.inf)]
        chance, mean, variance = self._given(when, share)
        lines, taus, missing = [], [], n
        while missing > 0:
            at = rng.choice(self.taus.size, size=n, p=chance / chance.sum())
            tau, z = self.taus[at], rng.standard_normal((n, 2))
            line = self.mean[at] + np.einsum("nij,nj->ni", self.root[at], z)
            other = line[:, 0] + line[:, 1] * when + tau * rng.standard_normal(n)
            tail = special.ndtr((mean - share) / np.sqrt(variance))[at] * rng.random(n)
            wanted = mean[at] - np.sqrt(variance[at]) * special.ndtri(tail)
            pull = np.einsum("kij,klj,l->ki", self.root, self.root, (1.0, when))
            line += pull[at] * ((wanted - other) / variance[at])[:, None]
            kept = np.ones(n, dtype=bool)
            for moment, least in others:
                z = (line[:, 0] + line[:, 1] * moment - least) / tau
                kept &= rng.random(n) < special.ndtr(z)
            lines.append(line[kept])
            taus.append(tau[kept])
            missing -= int(kept.sum())
        return np.concatenate(lines)[:n], np.concatenate(taus)[:n]

    def _given(self, when: float, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """On the grid: weight of tau with P(a share there is above `share`), mean and variance."""
        at = np.array([1.0, when])
        variance = (np.einsum("kij,i->kj", self.root, at) ** 2).sum(axis=1) + self.taus**2
        mean = self.mean @ at
        return self.tau_weight * special.ndtr((mean - share) / np.sqrt(variance)), mean, variance


@cache
def regression(without: str | None = None, until: datetime.date = datetime.date.max) -> Regression:
    """The regression on the shipped shares of models up to a day, one left out if named.

    Raises:
        SpecError: no such model in rl_share.csv.
    """
    rows = read_rows(data_path("rl_share.csv"), RlShare)
    if without is not None and without not in {row.model for row in rows}:
        hint = did_you_mean(without, sorted(row.model for row in rows))
        raise SpecError(f"rl_share.csv: no model {without!r}{hint}")
    counted = [
        row
        for row in rows
        if row.role != "not counted" and row.model != without and known(row, until)
    ]
    exact = [row for row in counted if row.role == "share"]
    y, se = np.array([_stated(row) for row in exact]).reshape(-1, 2).T
    design = np.array([(1.0, _years(row.date)) for row in exact]).reshape(-1, 2)
    published = np.array([row.publication for row in exact])
    alike = 0.5 * (published[:, None] == published) + 0.5 * np.eye(y.size)
    lower = [row for row in counted if row.role == "lower bound"]
    bounds = [(_years(row.date), np.log10(row.rl_share_low or np.nan)) for row in lower]
    return posterior(design, y, se, alike, np.array(bounds))


def posterior(
    design: np.ndarray, y: np.ndarray, se: np.ndarray, alike: np.ndarray, bounds: np.ndarray
) -> Regression:
    """The regression of log10 shares.

    Args:
        design: dims (model, 2), of a and b; y, se: (model,); alike: (model, model), correlation of
            what is left; bounds: (n, 2), as in `Regression`.
    """
    taus = np.linspace(0.02, 2.0, 60)
    log_weight, means, roots = [], [], []
    for tau in taus:
        covariance = tau**2 * alike + np.diag(se**2)
        inverse = np.linalg.inv(covariance)
        precision = design.T @ inverse @ design + np.diag(PRIOR_SD**-2)
        mean = np.linalg.solve(precision, design.T @ inverse @ y + PRIOR_MEAN / PRIOR_SD**2)
        marginal = covariance + design @ np.diag(PRIOR_SD**2) @ design.T
        gap = y - design @ PRIOR_MEAN
        log_weight.append(
            -0.5 * (tau / TAU_SD) ** 2
            - 0.5 * np.linalg.slogdet(marginal)[1]
            - 0.5 * gap @ np.linalg.solve(marginal, gap)
        )
        means.append(mean)
        roots.append(np.linalg.cholesky(np.linalg.inv(precision)))
    weight = np.exp(np.array(log_weight) - max(log_weight))
    return Regression(taus, weight / weight.sum(), np.array(means), np.array(roots), bounds)


def share(constants: Constants, run: Baseline, like: xr.DataArray, seed: int) -> Log10Quantity:
    """log10 draws of a baseline's RL share: its own estimate, weighed against those of others.

    An exact estimate stands as it is; without an estimate the others alone speak.
    """
    expected, tau = _line(run.year, like.shape, seed, run.rl_share_row, constants.as_of)
    rng = np.random.default_rng([seed, 2])
    noise = rng.standard_normal(like.shape)
    if run.rl_share is None:
        return _labelled(expected + tau * noise, like)
    own = constants.named(run.rl_share)
    if not run.rl_share_weighed:
        return _labelled(np.log10(own.quantile(special.ndtr(noise))), like)
    low, centre, high = np.log10([own.low, own.central, own.high])
    se = (high - low) / (2 * Z95)
    if se == 0:
        return _labelled(np.full(like.shape, centre), like)
    trust = tau**2 / (tau**2 + se**2)
    mean = expected + trust * (0.5 * (low + high) - expected)
    return _labelled(mean + np.sqrt(trust) * se * noise, like)


def typical(
    date: float, like: xr.DataArray, seed: int, until: datetime.date = datetime.date.max
) -> Log10Quantity:
    """log10 draws of the share of a further model of a decimal year, by the regression alone."""
    expected, tau = _line(date, like.shape, seed, None, until)
    noise = np.random.default_rng([seed, 3]).standard_normal(like.shape)
    return _labelled(expected + tau * noise, like)


@lru_cache(maxsize=8)
def _line(
    date: float, shape: tuple[int, ...], seed: int, without: str | None, until: datetime.date
) -> tuple[np.ndarray, np.ndarray]:
    """Expected log10 share at a date and the spread of models, draws of a shape."""
    rng = np.random.default_rng([seed, 1])
    line, tau = regression(without, until).draw(math.prod(shape), rng)
    expected = line[:, 0] + line[:, 1] * (date - ORIGIN)
    return expected.reshape(shape), tau.reshape(shape)


def known(row: RlShare, day: datetime.date) -> bool:
    """Whether a model was out on a day, by the month or the year that is known of it."""
    return row.date <= day.isoformat()[: len(row.date)]


def _labelled(values: np.ndarray, like: xr.DataArray) -> Log10Quantity:
    labelled = xr.DataArray(values, coords=like.coords, dims=like.dims)
    return Log10Quantity(labelled, units.parse("dimensionless"))


def _stated(row: RlShare) -> tuple[float, float]:
    """log10 of the stated share and its standard error, from its 90% interval where it has one."""
    if row.rl_share is None:
        raise SpecError(f"rl_share.csv: {row.model!r} has no rl_share but counts as {row.role}")
    centre = float(np.log10(row.rl_share))
    if not row.rl_share_low or not row.rl_share_high:
        return centre, LEAST_SE
    spread = float(np.log10(row.rl_share_high / row.rl_share_low)) / (2 * Z95)
    return centre, max(LEAST_SE, spread)


def rests_on(asked: object) -> str:
    """What an answer by the regression rests on: the shares and the date of the newest."""
    rows = [row for row in read_rows(data_path("rl_share.csv"), RlShare) if row.role == "share"]
    return f"RL shares of {len(rows)} models, the newest of {max(row.date for row in rows)}"


def _years(date: str) -> float:
    """Years since ORIGIN of a date such as "2025-07" or "2025", each in its middle."""
    year, _, month = date.partition("-")
    middle = (int(month) - 0.5) / 12 if month else 0.5
    return int(year) + middle - ORIGIN
