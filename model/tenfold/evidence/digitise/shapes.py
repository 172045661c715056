"""The chart's own marker shape, and what it says of spots that are not one clean marker.

Clusters, markers behind something and markers on a line are explained by copies of the mean clean
marker, laid over each other; pixels that tell nothing of the spot have no weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize, signal
from scipy.interpolate import RectBivariateSpline

from tenfold.evidence.digitise.spots import Blob

TOUCHED_SE = 0.1
"""Uneven edges of a marker that a line, another colour or another marker touches, pixels."""
FIT_INFLATION = 2.5
"""Neighbouring pixels err together, so the least-squares error of a fit is this much too small."""
HIDDEN_SE = 0.15
"""Error of a marker of which a share h is hidden, in units of h times its size."""
MAX_CLUSTER = 5
"""Most markers taken apart in one cluster."""
MANY_PIXELS = 1500
"""Of spots with over four times as many pixels every second row and column is fitted, and so on."""


def template(models: Sequence[Blob]) -> np.ndarray:
    """Mean cover (2h + 1, 2h + 1) of single markers, its centroid in the middle.

    Markers that lines or other colours touch are centred by fitting a first mean, and the pixels
    that tell nothing of them are left out where others fill in.
    """
    half = int(np.ceil(max(np.sqrt(b.area) for b in models))) + 3
    models = models[:30]
    centres = [b.centroid - b.box for b in models]
    shape = stack(models, centres, half)
    if not all(b.clean for b in models):
        for _ in range(2):
            fits = [fit(b, shape, c[None]) for b, c in zip(models, centres, strict=True)]
            centres = [f.centres[0] for f in fits]
            shape = stack(models, centres, half)
    return shape


def stack(models: Sequence[Blob], centres: Sequence[np.ndarray], half: int) -> np.ndarray:
    """Mean cover around the centres, moved so that its own centroid is in the middle."""
    grid = np.mgrid[-half : half + 1, -half : half + 1].astype(float)

    def mean(shift: np.ndarray) -> np.ndarray:
        covers, seens = [], []
        for b, centre in zip(models, centres, strict=True):
            at = grid + (centre[::-1] + shift)[:, None, None]
            known = b.known.astype(float)
            seens.append(ndimage.map_coordinates(known, at, order=1, cval=1.0) > 0.99)
            covers.append(ndimage.map_coordinates(b.cover, at, order=3, mode="constant"))
        cover, seen = np.array(covers), np.array(seens)
        seen |= ~seen.any(axis=0)
        return np.clip((cover * seen).sum(axis=0) / seen.sum(axis=0), 0, 1)

    first = mean(np.zeros(2))
    return mean((grid * first).sum(axis=(1, 2)) / first.sum())


@dataclass(frozen=True)
class Fit:
    """Marker centres (k, 2) in a spot's window, their errors, and the misfit per marker pixel."""

    centres: np.ndarray
    se: np.ndarray
    misfit: float


def take_apart(
    b: Blob, shape: np.ndarray, usual: float, alike: bool
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Centres, errors and flags of the markers in a spot, by fitting the chart's marker shape.

    As few markers as explain the spot: a further one must cut the misfit by a quarter. A spot that
    no number of markers explains is one point with an error as wide as the spot.
    """
    best = fit(b, shape, greedy(b, shape, 1))
    if not alike and 0.85 * usual < b.area < MAX_CLUSTER * usual:
        for count in range(2, MAX_CLUSTER + 1):
            if best.misfit < 0.25:
                break
            other = fit(b, shape, greedy(b, shape, count))
            if other.misfit < 0.75 * best.misfit:
                best = other
    count = len(best.centres)
    if best.misfit > 0.4:
        rows, cols = np.nonzero(b.cover > 0.5)
        width = np.array([np.ptp(cols), np.ptp(rows)]) + 1.0
        return [(b.centroid, width / math.sqrt(12), "overlapping markers, not taken apart")]
    if count > 1:
        flag = f"one of {count} overlapping markers, taken apart"
    elif alike:
        flag = ""
    else:
        flag = "partly hidden" if b.area < 0.85 * usual else "unlike the other markers"
    hidden = HIDDEN_SE * math.sqrt(usual) * max(0.0, 1 - b.area / usual)
    se = np.sqrt((FIT_INFLATION * best.se) ** 2 + TOUCHED_SE**2 + b.noise**2 + hidden**2)
    return [(c + b.box, e, flag) for c, e in zip(best.centres, se, strict=True)]


def greedy(b: Blob, shape: np.ndarray, count: int) -> np.ndarray:
    """First guess of `count` centres (k, 2): where the shape matches best what is left over."""
    rest, centres = np.where(b.known, b.cover, 0), []
    for _ in range(count):
        match = signal.fftconvolve(rest, shape[::-1, ::-1], mode="same")
        row, col = np.unravel_index(int(match.argmax()), match.shape)
        centres.append([col, row])
        rest = np.where(b.known, b.cover - union(b, shape, np.array(centres))[0], 0)
    return np.array(centres, dtype=float)


def union(
    b: Blob, shape: np.ndarray, centres: np.ndarray, step: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Cover (height, width) of markers at `centres` (k, 2), and its slopes (2k, height, width).

    Of every `step`th row and column.
    """
    half = len(shape) // 2
    side = np.arange(-half, half + 1.0)
    spline = RectBivariateSpline(side, side, shape)
    height, width = b.cover.shape
    rows, cols = np.arange(0, height, step), np.arange(0, width, step)
    clear = np.array([1 - spline(rows - y, cols - x) for x, y in centres])
    slopes = []
    for k, (x, y) in enumerate(centres):
        others = np.prod(np.delete(clear, k, axis=0), axis=0)
        slopes += [-spline(rows - y, cols - x, dx=i, dy=1 - i) * others for i in (0, 1)]
    return 1 - np.prod(clear, axis=0), np.array(slopes)


def fit(b: Blob, shape: np.ndarray, start: np.ndarray) -> Fit:
    """Least-squares centres of markers of a known shape; what is not known has no weight."""

    step = max(int(math.sqrt(b.cover.size / MANY_PIXELS)), 1)
    cover, known = b.cover[::step, ::step], b.known[::step, ::step]

    def residual(c: np.ndarray) -> np.ndarray:
        return (union(b, shape, c.reshape(-1, 2), step)[0] - cover)[known]

    def jacobian(c: np.ndarray) -> np.ndarray:
        return union(b, shape, c.reshape(-1, 2), step)[1][:, known].T

    result = optimize.least_squares(
        residual,
        start.ravel(),
        jac=jacobian,  # pyright: ignore[reportArgumentType]
        ftol=1e-5,
        xtol=1e-5,
        tr_solver="lsmr",  # a decomposition of each Jacobian would take as long as all the rest
    )
    information = result.jac.T @ result.jac + 1e-3 * np.eye(start.size)
    free = max(int(known.sum()) - start.size, 1)
    variance = np.diag(np.linalg.inv(information)) * 2 * result.cost / free
    misfit = step * math.sqrt(2 * result.cost / b.area)
    return Fit(result.x.reshape(-1, 2), np.sqrt(variance).reshape(-1, 2), misfit)
