"""Quick separate fits of every series, from which the sampler's coordinates are built.

Intercept and log slope of a series are well known together but not apart, and move when a ceiling
moves. For a grid of ceilings this module finds the mode of each series given typical values of
everything above it, and the normal approximation there. The sampler then moves in what is left:
`coordinates` accounts for the change of variables exactly, so a poor fit costs time, not accuracy.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

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
    most = 1 / (1 + np.exp(-GRID)) if ceilings else np.ones(1)
    own = np.repeat(np.arange(series.size), series["last"] - series["first"])
    first = series["first"]
    x, non = points["x"][:, None], points["non_thinking"][:, None]
    height = (1 - series["floor"])[own, None] * most
    base = (at.noise_scale * points["score_se"]) ** 2 + at.sigma**2
    known = np.where(series["thinking"] >= 0, at.thinking_shift, 0.0)[own, None] * non
    shifted = (series["thinking"] >= 0)[own, None] * non
    shown = points["seen"][:, None]

    def total(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, first, axis=0)

    count, rho = total(shown), links(points, series, at)

    # start where the observed mean lies below each ceiling
    position = np.clip(series["position"][:, None] / most, 0.03, 0.97)
    intercept = {
        "logistic": np.log(position / (1 - position)),
        "power": -2 * np.log(2 * (1 - position)),
    }[shape]
    log_slope = np.broadcast_to(at.log_slope[:, None], intercept.shape).copy()
    if begin is not None:
        intercept, log_slope = begin

    def quadratic() -> tuple[np.ndarray, ...]:
        """Residuals, variances, trusted weights, and the expansion of each series' log density."""
        slope = np.exp(log_slope)[own]
        share, by_eta = curve(intercept[own] + slope * x - known, shape)
        gradient = height * by_eta
        variance = base[:, None] + (gradient * slope * points["x_se"][:, None]) ** 2
        variance = variance + (gradient * SHIFT_SD * shifted) ** 2
        gap = points["score"][:, None] - series["floor"][own, None] - height * share
        inverse = 1 / np.sqrt(variance)
        error = innovations(gap * inverse, rho)
        by1 = innovations(gradient * inverse, rho)
        by2 = innovations(gradient * inverse * slope * x, rho)
        trust = shown * trusted(total(shown * error**2), count, at.nu)[own]
        away1 = (intercept - at.level[:, None]) / at.intercept_sd
        away2 = (log_slope - at.log_slope[:, None]) / at.series_sd
        h11 = total(trust * by1**2) + 1 / at.intercept_sd**2
        h12 = total(trust * by1 * by2)
        h22 = total(trust * by2**2) + 1 / at.series_sd**2
        g1 = total(trust * by1 * error) - away1 / at.intercept_sd
        g2 = total(trust * by2 * error) - away2 / at.series_sd
        weight, miss = trust * gradient**2 / variance, trust * gradient * gap / variance
        return gap, error, variance, weight, miss, h11, h12, h22, g1, g2

    for _ in range(STEPS if begin is None else AGAIN):
        _, _, _, _, _, h11, h12, h22, g1, g2 = quadratic()
        determinant = h11 * h22 - h12**2
        intercept = intercept + np.clip(0.7 * (h22 * g1 - h12 * g2) / determinant, -1, 1)
        log_slope = log_slope + np.clip(0.7 * (h11 * g2 - h12 * g1) / determinant, -0.5, 0.5)
    gap, error, variance, weight, miss, h11, h12, h22, _, _ = quadratic()
    determinant, by_own = h11 * h22 - h12**2, np.exp(log_slope)[own] * x
    away1 = (intercept - at.level[:, None]) / at.intercept_sd
    away2 = (log_slope - at.log_slope[:, None]) / at.series_sd
    log_marginal = _log_tail(total(shown * error**2), count, at.nu)
    log_marginal = log_marginal - 0.5 * total(shown * np.log(variance))
    log_marginal = log_marginal - 0.5 * (away1**2 + away2**2 + np.log(determinant))
    s1, s2 = total(weight * non), total(weight * by_own * non)
    by_shift1, by_shift2 = (h22 * s1 - h12 * s2) / determinant, (h11 * s2 - h12 * s1) / determinant
    c11, c22 = np.sqrt(h22 / determinant), np.sqrt(1 / h22)
    own11, own22 = (1 - LEAST) / at.intercept_sd**2, (1 - LEAST) / at.series_sd**2
    g11 = np.sqrt(h11 - own11)
    g21 = h12 / g11
    g22 = np.sqrt(h22 - own22 - g21**2)
    c21 = -h12 / determinant / c11
    unit = 1.0 if positive else np.exp(log_slope)  # d slope = slope d log slope
    return Fits(
        intercept=intercept,
        own=log_slope if positive else np.exp(log_slope),
        c11=c11,
        c21=c21 * unit,
        c22=c22 * unit,
        log_marginal=log_marginal,
        pull=np.stack([away1 / at.intercept_sd, away2 / at.series_sd]),
        variance=variance[np.arange(own.size), np.argmax(log_marginal, axis=1)[own]],
        gap=gap[np.arange(own.size), np.argmax(log_marginal, axis=1)[own]],
        g11=g11,
        g21=g21 / unit,
        g22=g22 / unit,
        by_shift=np.stack([s1, s2 / unit]),
        shift_pull=-total(miss * non),
        shift_information=total(weight * non**2) - s1 * by_shift1 - s2 * by_shift2,
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
    most = (1 / (1 + np.exp(-GRID)) if found.own.shape[1] > 1 else np.ones(1))[best[1]]
    own = np.repeat(np.arange(series.size), series["last"] - series["first"])
    height = ((1 - series["floor"]) * most)[own, None]
    moved = np.where(series["thinking"] >= 0, at.thinking_shift, 0.0)[own] * points["non_thinking"]
    shown = points["seen"][:, None]
    by_x = np.exp(log_slope)[own] * points["x"][:, None] - moved[:, None]
    base = ((at.noise_scale * points["score_se"]) ** 2 + at.sigma**2)[:, None]
    x_se = np.exp(log_slope)[own] * points["x_se"][:, None]
    unsure = ((series["thinking"] >= 0)[own] * points["non_thinking"] * SHIFT_SD)[:, None]

    def total(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, series["first"], axis=0)

    count, rho = total(shown), links(points, series, at)
    # the intercept moves linearly with the slope itself: along a line of the curve it is exact
    step = found.c11[best] * found.c21[best] / sd**2
    intercept = found.intercept[best][:, None] + step[:, None] * np.expm1(sd[:, None] * grid)
    for last in (*[False] * PROFILE_STEPS, True):
        share, by_eta = curve(intercept[own] + by_x, shape)
        gradient = height * by_eta
        variance = base + gradient**2 * (x_se**2 + unsure**2)
        gap = points["score"][:, None] - series["floor"][own, None] - height * share
        error = innovations(gap / np.sqrt(variance), rho)
        by_level = innovations(gradient / np.sqrt(variance), rho)
        squares = total(shown * error**2)
        trust = shown * trusted(squares, count, at.nu)[own]
        away = (intercept - at.level[:, None]) / at.intercept_sd
        information = total(trust * by_level**2) + at.intercept_sd**-2
        if last:
            break
        pull = total(trust * by_level * error) - away / at.intercept_sd
        intercept = intercept + np.clip(0.7 * pull / information, -1, 1)
    density = _log_tail(squares, count, at.nu) - 0.5 * total(shown * np.log(variance))
    off = (log_slope - at.log_slope[:, None]) / at.series_sd
    return grid, density - 0.5 * (away**2 + off**2 + np.log(information))


PROFILE_STEPS = 12
"""Damped Newton steps for the intercept at each slope, from a good start."""

BENDS = np.linspace(-2.5, 2.5, 11)
SHARPNESS = np.array([1.0, 2.0, 4.0])
STEEPEST = 15.0
"""Largest ratio of a map's two slopes; beyond it a pilot is not to be trusted."""


def normal_curves(log_density: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Maps from standard normals to numbers with about the given densities.

    Each is `p0 + p1 u + p2 softplus(p4 (u - p3)) / p4`: one slope on the left, another on the
    right, as where a prior takes over from data that leave no room.

    Args:
        log_density: shape (n, nodes), up to a constant.
        grid: where, evenly spaced; shape (nodes,) or (n, nodes).

    Returns:
        Shape (n, 5); both slopes positive.
    """
    z = np.linspace(-3.0, 3.0, 41)
    grid = np.broadcast_to(grid, log_density.shape)
    part = np.linspace(0, 1, 10 * (grid.shape[1] - 1) + 1)
    wanted = np.empty((len(grid), z.size))
    for row, (places, values) in enumerate(zip(grid, log_density, strict=True)):
        fine = places[0] + (places[-1] - places[0]) * part
        density = np.exp(np.interp(fine, places, values - values.max()))
        cdf = np.cumsum(density) - 0.5 * density
        wanted[row] = np.interp(special.ndtr(z), cdf / density.sum(), fine)
    found, best = np.empty((len(grid), 5)), np.full(len(grid), np.inf)
    for bend, sharp in itertools.product(BENDS, SHARPNESS):
        soft = np.logaddexp(0, sharp * (z - bend)) / sharp
        base = np.stack([np.ones_like(z), z - soft, soft])
        slopes = np.maximum(np.linalg.lstsq(base.T, wanted.T, rcond=None)[0][1:].T, 0.05)
        slopes = np.maximum(slopes, slopes.max(axis=1, keepdims=True) / STEEPEST)
        rest = wanted - slopes @ base[1:]
        miss = rest.var(axis=1)
        better = miss < best
        best[better] = miss[better]
        left, right = slopes.T
        curve = [rest.mean(axis=1), left, right - left, np.full_like(left, bend)]
        found[better] = np.stack([*curve, np.full_like(left, sharp)], axis=1)[better]
    return found
