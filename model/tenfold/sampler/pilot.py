"""Quick separate fits of every series, from which the sampler's coordinates are built.

Intercept and log slope of a series are well known together but not apart, and move when a ceiling
moves. For a grid of ceilings this module finds the mode of each series given typical values of
everything above it, and the normal approximation there. The sampler then moves in what is left:
`coordinates` accounts for the change of variables exactly, so a poor fit costs time, not accuracy.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

GRID = np.arange(-6.0, 8.01, 0.25)
"""Logits of the ceiling (share of the way from the floor to 1) at which series are fitted."""

SHIFT_SD = 0.2
"""Thinking shifts are known this badly when series are fitted: it counts as noise of their points.
Without it two points, one of them in a non-thinking mode, would seem to fix a slope."""

LEAST = 0.02
"""Share of the precision of what stands above a series that its own never falls below."""

STEPS, AGAIN = 40, 8
"""Damped Gauss-Newton steps: more than any series needs, and from a fit at other typical values."""


@dataclass(frozen=True)
class Typical:
    """Typical values of what stands above a series: where its fit is centred."""

    level: np.ndarray  # of each series: expected intercept
    log_slope: np.ndarray
    intercept_sd: float
    series_sd: float
    noise_scale: float
    sigma: float
    nu: float  # infinite for normal noise
    thinking_shift: np.ndarray  # of each series
    drift: tuple[float, float]  # share and length, see `kernel._drift`


@dataclass(frozen=True)
class Fits:
    """Normal approximations; arrays of shape (series, ceilings) unless noted.

    `own` is the log slope, or the slope where any sign is allowed. The lower triangle `c11, c21,
    c22` is the Cholesky factor of the covariance of (intercept, own), `g11, g21, g22` that of the
    precision which the points alone have, plus a small share of what stands above.
    """

    intercept: np.ndarray
    own: np.ndarray
    c11: np.ndarray
    c21: np.ndarray
    c22: np.ndarray
    g11: np.ndarray
    g21: np.ndarray
    g22: np.ndarray
    log_marginal: np.ndarray  # log integral over (intercept, own), up to a constant
    pull: np.ndarray  # its gradient by the typical (intercept, own), (2, series, ceilings)
    variance: np.ndarray  # of each point, (points,), at the best ceiling of its series
    gap: np.ndarray  # score less its expectation, (points,), at the best ceiling of each series
    by_shift: np.ndarray  # precision times change of the mode per unit thinking shift, (2, ...)
    shift_pull: np.ndarray  # gradient by the thinking shift
    shift_information: np.ndarray  # and its precision, intercept and slope integrated out


@dataclass(frozen=True)
class _Design:
    """Every series at every ceiling: arrays (points, 1) or (points, ceilings), points by series."""

    points: np.ndarray
    series: np.ndarray
    at: Typical
    shape: str
    most: np.ndarray  # share of the way from the floor to 1, (series or 1, ceilings or 1)

    @cached_property
    def own(self) -> np.ndarray:
        """Series of each point, (points,)."""
        return np.repeat(np.arange(self.series.size), self.series["last"] - self.series["first"])

    @cached_property
    def rho(self) -> np.ndarray:
        return links(self.points, self.series, self.at)

    @property
    def x(self) -> np.ndarray:
        return self.points["x"][:, None]

    @property
    def seen(self) -> np.ndarray:
        return self.points["seen"][:, None]

    @property
    def non_thinking(self) -> np.ndarray:
        return self.points["non_thinking"][:, None]

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sums over the points of each series, (series, ceilings)."""
        return np.add.reduceat(values, self.series["first"], axis=0)

    def away(self, intercept: np.ndarray, log_slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far a fit is from what is typical, in standard deviations."""
        at = self.at
        level = (intercept - at.level[:, None]) / at.intercept_sd
        return level, (log_slope - at.log_slope[:, None]) / at.series_sd

    def expansion(self, intercept: np.ndarray, log_slope: np.ndarray) -> _Expansion:
        """Residuals, variances, and the expansion of each series' log density at a fit."""
        own, at, x, series = self.own, self.at, self.x, self.series
        shifts = (series["thinking"] >= 0)[own, None] * self.non_thinking
        known = at.thinking_shift[own, None] * shifts
        slope = np.exp(log_slope)[own]
        share, by_eta = curve(intercept[own] + slope * x - known, self.shape)
        begun = special.expit(series["start0"])[own, None]
        whole = ((1 - series["floor"])[:, None] * self.most)[own]
        height = whole * (1 - begun)
        gradient = height * by_eta
        variance = ((at.noise_scale * self.points["score_se"]) ** 2 + at.sigma**2)[:, None]
        variance = variance + (gradient * slope * self.points["x_se"][:, None]) ** 2
        variance = variance + (gradient * SHIFT_SD * shifts) ** 2
        gap = self.points["score"][:, None] - series["floor"][own, None]
        gap = gap - whole * begun - height * share
        inverse = 1 / np.sqrt(variance)
        error = innovations(gap * inverse, self.rho)
        by1 = innovations(gradient * inverse, self.rho)
        by2 = innovations(gradient * inverse * slope * x, self.rho)
        squares, count = self.total(self.seen * error**2), self.total(self.seen)
        trust = self.seen * trusted(squares, count, at.nu)[own]
        away1, away2 = self.away(intercept, log_slope)
        return _Expansion(
            gap=gap,
            variance=variance,
            weight=trust * gradient**2 / variance,
            miss=trust * gradient * gap / variance,
            tail=_log_tail(squares, count, at.nu),
            h11=self.total(trust * by1**2) + 1 / at.intercept_sd**2,
            h12=self.total(trust * by1 * by2),
            h22=self.total(trust * by2**2) + 1 / at.series_sd**2,
            g1=self.total(trust * by1 * error) - away1 / at.intercept_sd,
            g2=self.total(trust * by2 * error) - away2 / at.series_sd,
        )


@dataclass(frozen=True)
class _Expansion:
    """Points at a fit, (points, ceilings), and the second order of each series' log density."""

    gap: np.ndarray
    variance: np.ndarray
    weight: np.ndarray  # trusted precision of eta
    miss: np.ndarray  # and times the residual in eta
    tail: np.ndarray
    h11: np.ndarray
    h12: np.ndarray
    h22: np.ndarray
    g1: np.ndarray
    g2: np.ndarray

    @property
    def determinant(self) -> np.ndarray:
        return self.h11 * self.h22 - self.h12**2


def _most(ceilings: bool) -> np.ndarray:
    return 1 / (1 + np.exp(-GRID))[None] if ceilings else np.ones((1, 1))


def fits(
    points: np.ndarray,
    series: np.ndarray,
    shape: str,
    ceilings: bool,
    positive: bool,
    at: Typical,
    begin: tuple[np.ndarray, np.ndarray] | None = None,
) -> Fits:
    """Fit every series at every ceiling of GRID (or at 1).

    Args:
        begin: intercepts and log slopes of an earlier fit, which need few steps more.
        points: the kernel's table of points, sorted by series.
        series: the kernel's table of series.
    """
    most = _most(ceilings)
    design = _Design(points, series, at, shape, most)
    if begin is None:  # where the observed mean lies below each ceiling
        begun = special.expit(series["start0"])[:, None]
        position = (series["position"][:, None] / most - begun) / (1 - begun)
        position = np.clip(position, 0.03, 0.97)
        intercept = {
            "logistic": np.log(position / (1 - position)),
            "power": -2 * np.log(2 * (1 - position)),
        }[shape]
        log_slope = np.broadcast_to(at.log_slope[:, None], intercept.shape).copy()
    else:
        intercept, log_slope = begin
    for _ in range(STEPS if begin is None else AGAIN):
        e = design.expansion(intercept, log_slope)
        step1 = 0.7 * (e.h22 * e.g1 - e.h12 * e.g2) / e.determinant
        step2 = 0.7 * (e.h11 * e.g2 - e.h12 * e.g1) / e.determinant
        intercept = intercept + np.clip(step1, -1, 1)
        log_slope = log_slope + np.clip(step2, -0.5, 0.5)
    return _approximation(design, intercept, log_slope, positive)


def _approximation(
    design: _Design, intercept: np.ndarray, log_slope: np.ndarray, positive: bool
) -> Fits:
    """The normal approximation of every series at its mode."""
    e, at, total = design.expansion(intercept, log_slope), design.at, design.total
    determinant, non = e.determinant, design.non_thinking
    by_own = np.exp(log_slope)[design.own] * design.x
    away1, away2 = design.away(intercept, log_slope)
    log_marginal = e.tail - 0.5 * total(design.seen * np.log(e.variance))
    log_marginal = log_marginal - 0.5 * (away1**2 + away2**2 + np.log(determinant))
    s1, s2 = total(e.weight * non), total(e.weight * by_own * non)
    by_shift1 = (e.h22 * s1 - e.h12 * s2) / determinant
    by_shift2 = (e.h11 * s2 - e.h12 * s1) / determinant
    c11, c22 = np.sqrt(e.h22 / determinant), np.sqrt(1 / e.h22)
    own11, own22 = (1 - LEAST) / at.intercept_sd**2, (1 - LEAST) / at.series_sd**2
    g11 = np.sqrt(e.h11 - own11)
    g21 = e.h12 / g11
    g22 = np.sqrt(e.h22 - own22 - g21**2)
    c21 = -e.h12 / determinant / c11
    unit = 1.0 if positive else np.exp(log_slope)  # d slope = slope d log slope
    best = np.arange(design.own.size), np.argmax(log_marginal, axis=1)[design.own]
    return Fits(
        intercept=intercept,
        own=log_slope if positive else np.exp(log_slope),
        c11=c11,
        c21=c21 * unit,
        c22=c22 * unit,
        log_marginal=log_marginal,
        pull=np.stack([away1 / at.intercept_sd, away2 / at.series_sd]),
        variance=e.variance[best],
        gap=e.gap[best],
        g11=g11,
        g21=g21 / unit,
        g22=g22 / unit,
        by_shift=np.stack([s1, s2 / unit]),
        shift_pull=-total(e.miss * non),
        shift_information=total(e.weight * non**2) - s1 * by_shift1 - s2 * by_shift2,
    )


def links(points: np.ndarray, series: np.ndarray, at: Typical) -> np.ndarray:
    """Correlation of each point's error with that of the one before, (points, 1)."""
    share, length = at.drift
    rho = np.repeat(series["drifts"], series["last"] - series["first"]) * share
    rho = rho * np.exp(-points["step"] / length)
    rho[series["first"]] = 0.0
    return rho[:, None]


def innovations(values: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """What of standardised values the points before do not tell, in its own standard deviations."""
    before = np.concatenate([np.zeros((1, values.shape[1])), values[:-1]])
    return (values - rho * before) / np.sqrt(1 - rho**2)


def variances(
    points: np.ndarray, series: np.ndarray, at: Typical, found: Fits
) -> dict[str, np.ndarray]:
    """Mean variance of the points of each series as fitted, and the parts it is made of, (series,).

    `variance0` = noise_scale^2 `score_variance` + sigma^2 + `other_variance`. Points count by their
    precision; where nothing of a series is seen all of them do.
    """
    own = np.repeat(np.arange(series.size), series["last"] - series["first"])
    weight = np.where(np.bincount(own, points["seen"])[own] > 0, points["seen"], 1.0)
    weight = weight / found.variance

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(own, weight * values) / np.bincount(own, weight)

    score = mean(points["score_se"] ** 2)
    whole = mean(found.variance)
    other = np.maximum(whole - at.noise_scale**2 * score - at.sigma**2, 0.0)
    return {"variance0": whole, "score_variance": score, "other_variance": other}


def trusted(squares: np.ndarray, count: np.ndarray, nu: float) -> np.ndarray:
    """Expected precision of a series' noise scale given its squared residuals."""
    return np.ones_like(squares) if np.isinf(nu) else (nu + count) / (nu + squares)


def _log_tail(squares: np.ndarray, count: np.ndarray, nu: float) -> np.ndarray:
    if np.isinf(nu):
        return -0.5 * squares
    return -0.5 * (nu + count) * np.log1p(squares / nu)


def noise(
    points: np.ndarray, series: np.ndarray, gap: np.ndarray, scales: np.ndarray, nus: np.ndarray
) -> tuple[float, float, float]:
    """The most likely (noise_scale, sigma, nu) given residuals, among the given candidates."""
    count = (series["last"] - series["first"]).astype(float)
    left = np.maximum(count - 2, 0) / count  # two numbers were fitted to each series
    own = np.repeat(np.arange(series.size), series["last"] - series["first"])
    best, found = -np.inf, (1.0, 0.01, np.inf)
    for scale, sigma in itertools.product(scales, SIGMAS):
        variance = (scale * points["score_se"]) ** 2 + sigma**2
        squares = np.bincount(own, points["seen"] * gap**2 / variance)
        logs = 0.5 * np.sum(points["seen"] * left[own] * np.log(variance))
        for nu in nus:
            m = count * left
            constant = 0.0
            if not np.isinf(nu):
                constant = special.gammaln((nu + m) / 2) - special.gammaln(nu / 2)
                constant = constant - m / 2 * np.log(nu / 2)
            likely = np.sum(constant + _log_tail(squares, m, nu)) - logs
            if likely > best:
                best, found = likely, (float(scale), float(sigma), float(nu))
    return found


def curve(eta: np.ndarray, shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Share of the way to the ceiling, and its gradient, at bounded linear predictors."""
    eta = np.clip(eta, -30, 30)
    if shape == "power":
        left = 0.5 * np.exp(-0.5 * eta)
        return 1 - left, 0.5 * left
    share = 1 / (1 + np.exp(-eta))
    return share, share * (1 - share)


def slopes(values: np.ndarray) -> np.ndarray:
    """Derivatives along GRID for cubic Hermite interpolation; flat at and beyond both ends."""
    if values.shape[1] == 1:
        return np.zeros_like(values)
    found = np.gradient(values, GRID[1] - GRID[0], axis=1)
    found[:, 0] = found[:, -1] = 0.0
    return found


SIGMAS = 0.002 * 2.0 ** np.arange(6)

PROFILE_STEPS = 12
"""Damped Newton steps for the intercept at each slope, from a good start."""

NODES, RIGHT = 121, 8.0
"""Places along which the density of a slope is found, and how many of its sds the last lies off."""


def slope_density(
    points: np.ndarray,
    series: np.ndarray,
    shape: str,
    at: Typical,
    found: Fits,
    best: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Log density of the log slope of each series, its intercept integrated out.

    Where a steep slope is well known but noise might explain it all, the density has a long left
    tail of slopes next to nothing, down to where the prior takes over.

    Args:
        best: rows and columns of `found` at which to do so.

    Returns:
        Places in standard deviations from the mode, and log densities there up to a constant,
        both of shape (series, NODES).
    """
    sd = np.hypot(found.c21[best], found.c22[best])
    left = -np.maximum(RIGHT, 4 * at.series_sd / sd)
    grid = left[:, None] + (RIGHT - left)[:, None] * np.linspace(0, 1, NODES)
    log_slope = found.own[best][:, None] + sd[:, None] * grid
    most = _most(found.own.shape[1] > 1)[0, best[1]]
    design = _Design(points, series, at, shape, most[:, None])
    # the intercept moves linearly with the slope itself: along a line of the curve it is exact
    step = found.c11[best] * found.c21[best] / sd**2
    intercept = found.intercept[best][:, None] + step[:, None] * np.expm1(sd[:, None] * grid)
    e = design.expansion(intercept, log_slope)
    for _ in range(PROFILE_STEPS):
        intercept = intercept + np.clip(0.7 * e.g1 / e.h11, -1, 1)
        e = design.expansion(intercept, log_slope)
    away, off = design.away(intercept, log_slope)
    density = e.tail - 0.5 * design.total(design.seen * np.log(e.variance))
    return grid, density - 0.5 * (away**2 + off**2 + np.log(e.h11))
