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
from scipy import special, stats

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
    floor: np.ndarray
    ceiling: np.ndarray
    early: np.ndarray
    shift: np.ndarray
    shift_sd: np.ndarray
    rest: np.ndarray
    share: np.ndarray
    sigma: np.ndarray
    nu: np.ndarray | None
    drift: np.ndarray | None
    length: np.ndarray | None

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
    slope, shift = (mean + sd * rng.standard_normal(n) for mean, sd in _priors(part))
    found = _given_slope(replace(part, shift=shift), series, slope, np.zeros(n), rng)
    if 1 / np.sum(found.weight**2) >= n / 10:
        return found
    moved = [
        _near(drawn, mean, sd, found.weight, rng)
        for drawn, (mean, sd) in zip((slope, shift), _priors(part), strict=True)
    ]
    (slope, one), (shift, other) = moved
    return _given_slope(replace(part, shift=shift), series, slope, one + other, rng)


def _priors(part: Particles) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Mean and sd of the (log) slope and of the shift of each particle."""
    return (part.slope_mean, part.slope_sd), (part.shift, part.shift_sd)


def _near(
    drawn: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    weight: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """New draws near those that fitted, mixed with the prior's, and their log weights."""
    n = drawn.size
    if not sd.all():  # known in some particles: nothing to move there
        return drawn, np.zeros(n)
    center = float(weight @ drawn)
    width = max(1.5 * float(np.sqrt(weight @ (drawn - center) ** 2)), 0.02)
    near = rng.random(n) < 0.7
    prior_draws = mean + sd * rng.standard_normal(n)
    again = np.where(near, center + width * rng.standard_t(5, n), prior_draws)
    prior = stats.norm.logpdf(again, mean, sd)
    proposal = np.logaddexp(
        np.log(0.7) + stats.t.logpdf(again, 5, center, width), np.log(0.3) + prior
    )
    return again, prior - proposal


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
        n = series.score.size
        half = (column.nu + n) / 2
        constant = (
            special.gammaln(half) - special.gammaln(column.nu / 2) - n / 2 * np.log(column.nu)
        )
        return prior + constant - half * np.log1p(squares / column.nu) - log_sd

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
    """Sum of squared standardised residuals and sum of log sd over the points of `series`.

    Of an RL run, residuals are less what the point before tells of them (`posterior.drift`).
    """
    squares, log_sd = np.zeros(intercept.shape), np.zeros(intercept.shape)
    before: float | np.ndarray = 0.0
    for i in range(series.score.size):
        mean, sd = curve(part, series, i, intercept, slope, series.score_se[i])
        z, rho = (series.score[i] - mean) / sd, 0.0
        if i and part.drift is not None:
            rho = _link(part, series.log10_compute[i] - series.log10_compute[i - 1], 1)
        left = 1 - np.square(rho)
        squares += (z - rho * before) ** 2 / left
        log_sd += np.log(sd) + 0.5 * np.log(left)
        before = z
    return squares, log_sd


def _link(part: Particles, ooms: float, count: int) -> np.ndarray:
    """Correlation of two standardised errors `ooms` and `count` points of the run apart."""
    assert part.drift is not None
    assert part.length is not None
    return part.drift**count * np.exp(-ooms / part.length)


def predicted(found: Conditioned, given: Series, targets: Series) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sd of the score of every target, each by itself, dims (particle, target).

    A run's errors go on: the nearest given points on either side tell of each target's error, the
    less the more of the other targets lie between.
    """
    part, moments = found.part, []
    at = [
        curve(part, given, i, found.intercept, found.slope, given.score_se[i])
        for i in range(given.score.size)
    ]
    place = np.searchsorted(given.log10_compute, targets.log10_compute, side="right")
    for j, se in enumerate(targets.score_se):
        mean, sd = curve(
            part, targets, j, found.intercept, found.slope, None if np.isnan(se) else se
        )
        shift, precision = np.zeros_like(mean), np.ones_like(mean)
        for i in (place[j] - 1, place[j]):
            if part.drift is None or not 0 <= i < given.score.size:
                continue
            x, end = targets.log10_compute[j], given.log10_compute[i]
            between = (targets.log10_compute - x) * (targets.log10_compute - end) < 0
            rho = _link(part, abs(x - end), 1 + int(between.sum()))
            left, before = 1 - rho**2, i < place[j]
            shift = shift + rho * (given.score[i] - at[i][0]) / at[i][1] / left
            precision = precision + (1 / left - 1 if before else rho**2 / left)
        moments.append((mean + sd * shift / precision, sd * found.tau / np.sqrt(precision)))
    means, sds = zip(*moments, strict=True)
    return np.stack(means, axis=1), np.stack(sds, axis=1)


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
    x, own = curves.with_earlier(x, part.early)
    eta = intercept + slope * x - part.shift * float(series.non_thinking[i])
    eta = np.clip(eta, -FAR, FAR)
    mean = curves.expected_score(eta, part.floor, part.ceiling, part.form)
    if score_se is None:
        score_se = _binomial(mean, series.questions)
    variance = (part.share * score_se) ** 2 + part.sigma**2
    if series.log10_compute_se[i] or series.non_thinking[i]:
        gradient = curves.score_gradient(eta, part.floor, part.ceiling, part.form)
        unsure = (slope * own * series.log10_compute_se[i]) ** 2
        unsure = unsure + (part.rest * float(series.non_thinking[i])) ** 2
        variance = variance + gradient**2 * unsure
    return mean, np.sqrt(variance)


def _binomial(mean: np.ndarray, questions: int) -> np.ndarray:
    """Standard error of a share of `questions` whose expectation is `mean`; plus-four estimate."""
    share = (np.clip(mean, 0, 1) * questions + 2) / (questions + 4)
    return np.sqrt(share * (1 - share) / (questions + 4))
