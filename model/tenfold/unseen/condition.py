"""Importance sampling of new series given some of their points, under one curve form.

The intercept is integrated out on a grid per particle under the model's own likelihood
(multivariate Student-t: one unknown noise scale per series) and drawn from its conditional, so that
particles are weighted by how well slope, ceiling and shift fit, not by luck with the level. The
noise scale is drawn last, from its inverse gamma conditional. Where few particles keep weight, a
second round draws slopes near those that fitted, mixed with the prior, and weighs them by the
ratio of densities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from tenfold import curves
from tenfold.curves import Form
from tenfold.unseen.series import Series

FAR = 200.0
"""Link units beyond which no form is distinguishable from a plateau or from infinity; keeps the
squares of the unbounded forms from overflowing."""


@dataclass(frozen=True)
class Particles:
    """New series as the hierarchy has them, one per particle; arrays of shape (particle,)."""

    form: Form
    intercept_mean: np.ndarray
    intercept_sd: np.ndarray
    slope_mean: np.ndarray
    slope_sd: np.ndarray
    signed: bool
    ceiling: np.ndarray
    shift: np.ndarray
    share: np.ndarray
    sigma: np.ndarray
    nu: np.ndarray | None

    def columns(self) -> Particles:
        """The same with arrays of shape (particle, 1), to go with nodes of a grid."""
        arrays = {k: v[:, None] for k, v in vars(self).items() if isinstance(v, np.ndarray)}
        return replace(self, **arrays)


@dataclass(frozen=True)
class Conditioned:
    """Particles given some points: curve and noise scale of each, and log weights (particle,)."""

    part: Particles
    log_weight: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    tau: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Weights that sum to one."""
        raw = np.exp(self.log_weight - self.log_weight.max())
        return raw / raw.sum()


def condition(part: Particles, series: Series, rng: np.random.Generator) -> Conditioned:
    """Importance sampling of one form's new series given the points of `series`."""
    n = part.ceiling.size
    z = rng.standard_normal(n)
    raw = part.slope_mean + part.slope_sd * z
    found = _given_slope(part, series, raw, np.zeros(n), rng)
    if 1 / np.sum(found.weight**2) >= n / 10:
        return found
    weight = found.weight
    center = float(weight @ raw)
    width = max(1.5 * float(np.sqrt(weight @ (raw - center) ** 2)), 0.02)
    near = rng.random(n) < 0.7
    again = np.where(
        near, center + width * rng.standard_t(5, n), part.slope_mean + part.slope_sd * z
    )
    prior = stats.norm.logpdf(again, part.slope_mean, part.slope_sd)
    proposal = np.logaddexp(
        np.log(0.7) + stats.t.logpdf(again, 5, center, width), np.log(0.3) + prior
    )
    return _given_slope(part, series, again, prior - proposal, rng)


def _given_slope(
    part: Particles,
    series: Series,
    raw: np.ndarray,
    log_weight: np.ndarray,
    rng: np.random.Generator,
) -> Conditioned:
    """Integrates the intercept out and draws it, then the noise scale; `raw`: slope or its log."""
    slope = raw if part.signed else np.exp(raw)
    column = part.columns()

    def log_posterior(intercept: np.ndarray) -> np.ndarray:
        squares, log_sd = _residuals(column, series, intercept, slope[:, None])
        z = (intercept - column.intercept_mean) / column.intercept_sd
        prior = -0.5 * z**2 - np.log(column.intercept_sd)
        if column.nu is None:
            return prior - 0.5 * squares - log_sd
        half = (column.nu + series.score.size) / 2
        return prior - half * np.log1p(squares / column.nu) - log_sd

    low = part.intercept_mean - 6.5 * part.intercept_sd
    high = part.intercept_mean + 6.5 * part.intercept_sd
    row = np.arange(slope.size)
    nodes = log_density = np.empty(0)
    for size in (49, 33, 65):
        nodes = np.linspace(low, high, size, axis=1)
        log_density = log_posterior(nodes)
        # where the density is within e^-20 of its largest value, and one node more on either side
        near = log_density > log_density.max(axis=1, keepdims=True) - 20
        first = np.maximum(near.argmax(axis=1) - 1, 0)
        last = np.minimum(size - near[:, ::-1].argmax(axis=1), size - 1)
        low, high = nodes[row, first], nodes[row, last]
    top = log_density.max(axis=1)
    density = np.exp(log_density - top[:, None])
    step = nodes[:, 1] - nodes[:, 0]
    pieces = (density[:, 1:] + density[:, :-1]) / 2
    edges = np.cumsum(pieces, axis=1)
    target = rng.random(slope.size) * edges[:, -1]
    bin_ = np.minimum((edges < target[:, None]).sum(axis=1), pieces.shape[1] - 1)
    inside = (target - (edges[row, bin_] - pieces[row, bin_])) / pieces[row, bin_]
    intercept = nodes[row, bin_] + step * inside
    tau = np.ones(slope.size)
    if part.nu is not None:
        squares, _ = _residuals(column, series, intercept[:, None], slope[:, None])
        half = (part.nu + series.score.size) / 2
        tau = np.sqrt((part.nu + squares[:, 0]) / 2 / rng.gamma(half))
    return Conditioned(part, log_weight + top + np.log(edges[:, -1] * step), intercept, slope, tau)


def _residuals(
    part: Particles, series: Series, intercept: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of squared standardised residuals and sum of log sd over the points of `series`."""
    squares, log_sd = np.zeros(intercept.shape), np.zeros(intercept.shape)
    for i in range(series.score.size):
        mean, sd = curve(part, series, i, intercept, slope, series.score_se[i])
        squares += ((series.score[i] - mean) / sd) ** 2
        log_sd += np.log(sd)
    return squares, log_sd


def curve(
    part: Particles,
    series: Series,
    i: int,
    intercept: np.ndarray,
    slope: np.ndarray,
    score_se: float | np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Expected score and sd (before the noise scale) at point i of `series`.

    `score_se` None stands for the error of a share of the benchmark's questions.
    """
    x = series.log10_compute[i] - series.reference
    eta = intercept + slope * x - part.shift * float(series.non_thinking[i])
    eta = np.clip(eta, -FAR, FAR)
    mean = curves.expected_score(eta, series.floor, part.ceiling, part.form)
    if score_se is None:
        score_se = _binomial(mean, series.questions)
    variance = (part.share * score_se) ** 2 + part.sigma**2
    if series.log10_compute_se[i]:
        gradient = curves.score_gradient(eta, series.floor, part.ceiling, part.form) * slope
        variance = variance + (gradient * series.log10_compute_se[i]) ** 2
    return mean, np.sqrt(variance)


def _binomial(mean: np.ndarray, questions: int) -> np.ndarray:
    """Standard error of a share of `questions` whose expectation is `mean`; plus-four estimate."""
    share = (np.clip(mean, 0, 1) * questions + 2) / (questions + 4)
    return np.sqrt(share * (1 - share) / (questions + 4))
