"""Errors that neighbouring checkpoints of an RL run share: an autoregression along compute.

Standardised errors of a run's points, in order of compute, follow z_i = rho_i z_(i-1) + noise with
rho_i = drift_share exp(-step_i / drift_length), steps in OOMs. Errors of other series, and of runs
under a model without drift, are independent: rho is zero there. Points that are not seen are passed
over, so that the errors on either side correlate by the product of the links between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from tenfold.posterior import structure


@dataclass(frozen=True)
class Links:
    """Correlations along runs: `order` are the points of RL runs by series and compute.

    `rho` (..., k) belongs to the points of `order`; it is 0 where a run begins.
    """

    order: np.ndarray
    rho: np.ndarray


def links(parameters: xr.Dataset, points: xr.Dataset) -> Links | None:
    """The links of the runs' points, or None where errors are independent."""
    if "drift_share" not in parameters:
        return None
    order, step = structure.steps(points)
    inside = structure.rl(points)[points["series_index"].values[order]]
    order, step = order[inside], step[inside]
    series = points["series_index"].values[order]
    first = np.diff(series, prepend=-1) != 0
    share, length = (parameters[f"drift_{k}"].values[..., None] for k in ("share", "length"))
    return Links(order, np.where(first, 0.0, share * np.exp(-step / length)))


def innovations(
    z: np.ndarray, along: Links | None, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Standardised errors less what the seen points before them tell, and log variances.

    Args:
        z: standardised errors, shape (..., obs).
        seen: mask over `obs`.

    Returns:
        Innovations in units of their standard deviation and the logarithm of their variance, both
        of shape (..., obs).
    """
    if along is None:
        return z.copy(), np.zeros_like(z)
    found, logs = z.copy(), np.zeros_like(z)
    before, product = np.zeros(z.shape[:-1]), np.zeros(z.shape[:-1])
    for k, i in enumerate(along.order):
        product = product * along.rho[..., k]
        left = 1 - product**2
        found[..., i] = (z[..., i] - product * before) / np.sqrt(left)
        logs[..., i] = np.log(left)
        if seen[i]:
            before, product = z[..., i], np.ones(z.shape[:-1])
    return found, logs


def from_others(
    z: np.ndarray, along: Links | None, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the seen points on either side tell of each standardised error: mean and precision."""
    mean, precision = np.zeros_like(z), np.ones_like(z)
    if along is None:
        return mean, precision
    sides = []
    for forward in (True, False):
        value, link = np.zeros_like(z), np.zeros_like(z)
        before, product = np.zeros(z.shape[:-1]), np.zeros(z.shape[:-1])
        places = range(along.order.size) if forward else range(along.order.size - 1, -1, -1)
        for k in places:
            i = along.order[k]
            if forward:
                product = product * along.rho[..., k]
            elif k + 1 < along.order.size:
                product = product * along.rho[..., k + 1]
            value[..., i], link[..., i] = before, product
            if seen[i]:
                before, product = z[..., i], np.ones(z.shape[:-1])
        sides.append((value, link))
    (last, a), (following, b) = sides
    precision = 1 / (1 - a**2) + b**2 / (1 - b**2)
    mean = (a * last / (1 - a**2) + b * following / (1 - b**2)) / precision
    return mean, precision


def correlated(z: np.ndarray, along: Links | None) -> np.ndarray:
    """Standardised errors made from independent standard normals, shape (..., obs)."""
    if along is None:
        return z
    found, before = z.copy(), np.zeros(z.shape[:-1])
    for k, i in enumerate(along.order):
        rho = along.rho[..., k]
        before = rho * before + np.sqrt(1 - rho**2) * z[..., i]
        found[..., i] = before
    return found
