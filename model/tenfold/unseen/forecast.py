"""A forecast of scores as a weighted mixture of normals, censored to [0, 1], and how good it was.

A score is a share, but the curve `power` and all noise reach beyond: whatever mass a
forecast has below 0 or above 1 stands at 0 or 1. An observed 0 or 1 therefore has a probability,
any other score a density, and the log score is taken of whichever it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

INTERVALS = (0.5, 0.9)
"""Equal-tailed intervals whose coverage is counted."""

MEMBERS = 4000
"""Draws that stand for a forecast where its CRPS is computed."""


@dataclass(frozen=True)
class Forecast:
    """Predictive distribution of some scores of one series: the same mixture weights for all.

    `weight` (particle,) sums to one; `mean` and `sd` (particle, target) are scores, sd > 0.
    """

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    @property
    def effective(self) -> float:
        """Effective number of particles, 1 / sum of squared weights (Kong 1992)."""
        return float(1 / np.sum(self.weight**2))

    def cdf(self, score: np.ndarray) -> np.ndarray:
        """P(score <= given) without the censoring, shape (target,); `score` likewise."""
        return self.weight @ special.ndtr((score - self.mean) / self.sd)

    def tails(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P(score <= observed) and P(score >= observed) of each target, as censored."""
        z = (score - self.mean) / self.sd
        # all mass above 1 stands at 1, all below 0 at 0
        upto = np.where(score >= 1, 1.0, self.weight @ special.ndtr(z))
        return upto, np.where(score <= 0, 1.0, self.weight @ special.ndtr(-z))

    def log_score(self, score: np.ndarray) -> np.ndarray:
        """Log density of each observed score, log probability of an observed 0 or 1; (target,)."""
        z = (score - self.mean) / self.sd
        inside = special.log_ndtr(np.where(score <= 0, z, -z))
        density = stats.norm.logpdf(z) - np.log(self.sd)
        value = np.where((score <= 0) | (score >= 1), inside, density)
        top = value.max(axis=0)
        return top + np.log(self.weight @ np.exp(value - top))

    def covered(self, score: np.ndarray, level: float) -> np.ndarray:
        """Whether each observed score lies in the equal-tailed interval, shape (target,)."""
        upto, onward = self.tails(score)
        return np.minimum(upto, onward) >= (1 - level) / 2

    def members(self, rng: np.random.Generator, n: int = MEMBERS) -> np.ndarray:
        """Equally likely draws, dims (draw, target), censored to [0, 1]; systematic resampling."""
        particle = resample(self.weight, n, rng)
        # one noise level per quantile, in random order: less Monte Carlo error than free draws
        noise = special.ndtri((rng.permuted(np.tile(np.arange(n), (self.mean.shape[1], 1)), axis=1)
                               + 0.5) / n).T  # fmt: skip
        return np.clip(self.mean[particle] + self.sd[particle] * noise, 0.0, 1.0)

    def crps(self, score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Continuous ranked probability score of each target, in score units; 0 is perfect.

        The quantile decomposition over equally likely members (Laio & Tamea 2007, eq. 15).
        """
        from scoringrules import crps_ensemble

        members = self.members(rng).T
        return np.asarray(crps_ensemble(score, members, estimator="qd", backend="numpy"))

    def quantile(self, probs: np.ndarray) -> np.ndarray:
        """Quantiles of the censored forecast, dims (prob, target), by bisection to 1e-9."""
        p = np.asarray(probs, dtype=float)[:, None]
        low = np.zeros((p.shape[0], self.mean.shape[1]))
        high = np.ones_like(low)
        for _ in range(30):
            middle = (low + high) / 2
            z = (middle[:, None, :] - self.mean) / self.sd
            enough = np.einsum("s,pst->pt", self.weight, special.ndtr(z)) >= p
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        # a quantile that no score below 1 reaches is 1, one that score 0 reaches is 0
        at_zero = self.cdf(np.zeros(low.shape[1])) >= p
        at_one = self.cdf(np.ones(low.shape[1])) < p
        return np.where(at_zero, 0.0, np.where(at_one, 1.0, (low + high) / 2))

    def expected_quantile(self, probs: np.ndarray) -> np.ndarray:
        """Quantiles of the expected score (no noise), dims (prob, target), held to [0, 1]."""
        order = np.argsort(self.mean, axis=0)
        ordered = np.take_along_axis(self.mean, order, axis=0)
        cumulative = np.cumsum(self.weight[order], axis=0)
        at = (cumulative[None] < np.asarray(probs, dtype=float)[:, None, None]).sum(axis=1)
        at = np.minimum(at, len(self.weight) - 1)
        return np.clip(np.take_along_axis(ordered, at, axis=0), 0.0, 1.0)


def resample(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` indices in random order, each as often as its weight says, give or take one."""
    edges = np.cumsum(weight)
    at = np.searchsorted(edges, (np.arange(n) + rng.random()) / n * edges[-1] * (1 - 1e-12))
    return rng.permutation(at)
