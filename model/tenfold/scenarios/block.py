"""Parts of the posterior that no curve enters: the trade-off and the GPT ladder, sampled alone.

Each is a mean and a spread with independent priors, and a few rows of evidence. In the quantiles of
the two priors the posterior is the likelihood, which is laid out on a grid, the grid on what holds
the mass; draws are spread evenly over its cells. No sampler, and any family of priors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from tenfold.mixture import stratified
from tenfold.posterior import priors as prior_table
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import Prior

CELLS = 400
"""Cells of the grid along each side."""
ROUNDS = 3
"""Times that the grid is laid out, each over what the last one found."""
LEFT_OUT = 1e-9
"""Share of the mass that a round may leave outside of the next one's grid."""

LogLikelihood = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Block:
    """One part: the priors of its mean and spread, and what it gives to the sample.

    The sample holds `typical`, the mean, and `next`, a draw around it; both of its logarithm where
    `log` is set.
    """

    mean: str
    sd: str
    typical: str
    next: str
    log: bool


TRADEOFF = Block(
    "log_inference_per_training_mean",
    "inference_per_training_sd",
    "inference_per_training_typical",
    "inference_per_training",
    True,
)
LADDER = Block("gpt_level_mean", "gpt_level_sd", "gpt_level_ooms_typical", "gpt_level_ooms", False)
BLOCKS = (TRADEOFF, LADDER)
PRIORS = {name: block for block in BLOCKS for name in (block.mean, block.sd)}
"""Parameters of the blocks."""


def likelihood(block: Block, points: xr.Dataset) -> LogLikelihood:
    """Log likelihood of a block's rows by mean and spread, as `posterior.beside` has it."""
    if block is TRADEOFF:
        value = np.log(points["inference_per_training"].values)
        error, axis = points["inference_per_training_se_log"].values ** 2, np.ones(value.size)
    else:
        difference = np.diff(np.eye(points.sizes["gpt"]), axis=0)
        covariance = difference @ np.diag(points["log10_flop_se"].values ** 2) @ difference.T
        error, axes = np.linalg.eigh(covariance)
        value = axes.T @ difference @ points["log10_flop"].values
        axis = axes.sum(axis=0)

    def log_likelihood(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
        total = np.zeros(np.broadcast_shapes(mean.shape, sd.shape))
        for x, e, a in zip(value, error, axis, strict=True):
            variance = sd**2 + e
            total -= 0.5 * ((x - mean * a) ** 2 / variance + np.log(variance))
        return total

    return log_likelihood


def draws(
    mean: Prior, sd: Prior, log_likelihood: LogLikelihood, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """`n` draws of mean and spread from their posterior, in random order."""
    priors = [(prior_table.distribution(p.family, prior_table.hyperparameters(p)), p.shift)
              for p in (mean, sd)]  # fmt: skip

    def at(k: int, quantile: np.ndarray) -> np.ndarray:
        return priors[k][0].ppf(quantile) + priors[k][1]

    low, high = np.zeros(2), np.ones(2)
    weight = edges = np.array([])
    for _ in range(ROUNDS):
        edges = np.linspace(low, high, CELLS + 1, axis=-1)
        middle = (edges[:, 1:] + edges[:, :-1]) / 2
        log_weight = log_likelihood(at(0, middle[0])[:, None], at(1, middle[1])[None, :])
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        for k in range(2):
            below = np.cumsum(weight.sum(axis=1 - k))
            first = np.searchsorted(below, LEFT_OUT)
            last = np.searchsorted(below, 1 - LEFT_OUT)
            low[k], high[k] = edges[k, max(first - 1, 0)], edges[k, min(last + 2, CELLS)]
    cumulative = np.cumsum(weight)
    place = np.searchsorted(cumulative, (np.arange(n) + rng.random()) / n * cumulative[-1])
    place = rng.permutation(np.minimum(place, weight.size - 1))
    cell = np.array(np.unravel_index(place, weight.shape))
    width = edges[:, 1:2] - edges[:, :1]
    quantile = np.take_along_axis(edges, cell, axis=1) + width * rng.random((2, n))
    return at(0, quantile[0]), at(1, quantile[1])


def resampled(
    sample: xr.Dataset, block: Block, points: xr.Dataset, priors: Priors, seed: int
) -> xr.Dataset:
    """A stored sample whose block is drawn anew, from these rows under these priors."""
    like, wide = sample[block.typical], sample[block.next]
    rng = np.random.default_rng([seed, 13])
    mean, sd = (
        values.reshape(like.shape)
        for values in draws(
            priors[block.mean], priors[block.sd], likelihood(block, points), like.size, rng
        )
    )
    z = even_normals(wide.shape, rng)
    around = mean[..., None] + sd[..., None] * z
    found = {block.typical: np.exp(mean) if block.log else mean}
    found[block.next] = np.exp(around) if block.log else around
    return sample.assign({name: sample[name].copy(data=values) for name, values in found.items()})


def even_normals(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Standard normals, stratified within each row of the first axis."""
    from scipy import special

    rest = int(np.prod(shape[1:]))
    return special.ndtri(stratified(shape[0], rest, rng)).reshape(shape)
