"""Shapley effects: shares of an answer's variance that add up to one, also where inputs correlate.

The effect of an input is its mean gain in explained variance over all orders in which inputs can
become known (Owen 2014, doi:10.1137/130936233; Song, Nelson & Staum 2016). What is explained by a
set is estimated from the draws themselves: the variance of the output among nearest neighbours in
the inputs that are known (Broto, Bachoc & Depecker 2020, doi:10.1137/18M1234631). Everything is
done on ranks, so that "never" keeps its place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np

NEIGHBOURS = 6
POINTS = 1000
"""Draws at which the variance among neighbours is taken."""
MOST = 8
"""Most inputs: the sets of them are all gone through."""


def effects(
    inputs: Mapping[str, np.ndarray], output: np.ndarray, seed: int = 0
) -> dict[str, float]:
    """Shapley effects of inputs, of the variance of the output's ranks; largest first.

    Args:
        inputs: draws of equal weight, shape (draw,) each; those that do not vary are left out.
        output: their output, shape (draw,); infinities allowed.

    Raises:
        ValueError: more inputs than `MOST`, or an output that does not vary.
    """
    varying = {name: x for name, x in inputs.items() if np.ptp(x) > 0}
    if len(varying) > MOST:
        raise ValueError(f"{len(varying)} inputs; expected at most {MOST}")
    rng = np.random.default_rng(seed)
    y = _ranks(output, rng)
    if np.unique(output).size < 2:
        raise ValueError("the output does not vary: nothing drives it")
    names, n = list(varying), len(varying)
    x = np.stack([_ranks(varying[name], rng) for name in names], axis=1)
    at = rng.choice(y.size, min(POINTS, y.size), replace=False)
    left = {frozenset[int](): float(y.var())}
    for size in range(1, n + 1):
        for chosen in combinations(range(n), size):
            left[frozenset(chosen)] = _left(x[:, chosen], y, at)
    found = np.zeros(n)
    for known, variance in left.items():
        for i in set(range(n)) - known:
            weight = math.factorial(len(known)) * math.factorial(n - len(known) - 1)
            found[i] += weight / math.factorial(n) * (variance - left[known | {i}])
    total = found.sum()
    order = np.argsort(-found)
    return {names[i]: float(found[i] / total) for i in order} if total > 0 else {}


def _left(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> float:
    """Mean variance of y among the nearest neighbours in x."""
    from scipy.spatial import KDTree

    _, near = KDTree(x).query(x[at], k=NEIGHBOURS)
    return float(y[near].var(axis=1, ddof=1).mean())


def _ranks(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ranks over (0, 1); equal values in random order, so that none is nearer by its place."""
    order = np.lexsort((rng.random(values.size), values))
    found = np.empty(values.size)
    found[order] = (np.arange(values.size) + 0.5) / values.size
    return found
