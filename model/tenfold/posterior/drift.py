"""Errors that checkpoints of an RL run share: a slow course of its own, and independent errors.

A standardised error is z_i = c_i + e_i: `drift_share` of its unit variance is that of c, an
Ornstein-Uhlenbeck process along log RL compute whose correlation is exp(-OOMs / `drift_length`);
the rest is independent from point to point. Errors of other series, and of runs under a model
without drift, are independent. What points tell of the course is a scalar Kalman filter (Rauch,
Tung & Striebel 1965, doi 10.2514/3.3166, for points on either side).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from tenfold.posterior import structure


@dataclass(frozen=True)
class Course:
    """What drifts: `order` are the points of RL runs by series and compute, shape (k,).

    `step` (k,) are OOMs since the point before, infinite where a run begins; `share` and `length`
    have the shape (...) of the parameters.
    """

    order: np.ndarray
    step: np.ndarray
    share: np.ndarray
    length: np.ndarray


def course(parameters: xr.Dataset, points: xr.Dataset) -> Course | None:
    """The course of the runs' errors, or None where errors are independent."""
    if "drift_share" not in parameters:
        return None
    order, step = structure.steps(points)
    inside = structure.rl(points)[points["series_index"].values[order]]
    order, step = order[inside], step[inside]
    first = np.diff(points["series_index"].values[order], prepend=-1) != 0
    share, length = (parameters[f"drift_{k}"].values for k in ("share", "length"))
    return Course(order, np.where(first, np.inf, step), share, length)


def after(
    mean: np.ndarray, variance: np.ndarray, share: np.ndarray, length: np.ndarray, ooms: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the course so many OOMs on."""
    stays = np.exp(-ooms / length)
    return stays * mean, share + stays**2 * (variance - share)


def given(
    z: np.ndarray, mean: np.ndarray, variance: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the course once the error `z` is seen."""
    whole = variance + 1 - share
    return mean + variance / whole * (z - mean), variance * (1 - share) / whole


def innovations(
    z: np.ndarray, along: Course | None, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Standardised errors less what the seen points before them tell, and log variances.

    Args:
        z: standardised errors, shape (..., obs).
        seen: mask over `obs`.

    Returns:
        Innovations in units of their standard deviation and the logarithm of their variance, both
        of shape (..., obs).
    """
    found, logs = z.copy(), np.zeros_like(z)
    if along is not None:
        for i, mean, variance in _told(z, along, seen):
            whole = variance + 1 - along.share
            found[..., i] = (z[..., i] - mean) / np.sqrt(whole)
            logs[..., i] = np.log(whole)
    return found, logs


def from_others(
    z: np.ndarray, along: Course | None, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the seen points on either side tell of each standardised error: mean and precision."""
    mean, precision = np.zeros_like(z), np.ones_like(z)
    if along is None:
        return mean, precision
    back = Course(
        along.order[::-1], np.append(np.inf, along.step[:0:-1]), along.share, along.length
    )
    before = {i: (m, v) for i, m, v in _told(z, along, seen)}
    for i, m, v in _told(z, back, seen):
        mean[..., i], spread = both((m, v), before[i], along.share)
        precision[..., i] = 1 / (spread + 1 - along.share)
    return mean, precision


def both(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the course from what two sides tell of it, each with its own prior."""
    variance = 1 / (1 / one[1] + 1 / other[1] - 1 / share)
    return variance * (one[0] / one[1] + other[0] / other[1]), variance


def correlated(z: np.ndarray, along: Course | None) -> np.ndarray:
    """Standardised errors made from independent standard normals, shape (..., obs)."""
    found = z.copy()
    if along is not None:
        for i, mean, variance in _told(found, along, np.ones(z.shape[-1])):
            found[..., i] = mean + np.sqrt(variance + 1 - along.share) * z[..., i]
    return found


def _told(
    z: np.ndarray, along: Course, seen: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each point, with mean and variance of the course there from the seen points before it."""
    mean, variance = np.zeros(z.shape[:-1]), along.share * np.ones(z.shape[:-1])
    for i, step in zip(along.order.tolist(), along.step.tolist(), strict=True):
        mean, variance = after(mean, variance, along.share, along.length, step)
        yield i, mean, variance
        if seen[i]:
            mean, variance = given(z[..., i], mean, variance, along.share)
