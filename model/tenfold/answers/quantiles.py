"""Quantiles of every quantity: what an edition keeps and what is exported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.question import Asked
from tenfold.answers.registry import named
from tenfold.files import SpecError
from tenfold.mixture import plain, probability, quantile

PROBABILITIES = {
    "p01": 0.01, "p05": 0.05, "p10": 0.1, "p20": 0.2, "p25": 0.25, "p50": 0.5,
    "p75": 0.75, "p80": 0.8, "p90": 0.9, "p95": 0.95, "p99": 0.99,
}  # fmt: skip


def record(asked: Asked, name: str) -> dict[str, Any]:
    """Quantiles of one quantity; plain JSON.

    Returns:
        `title, arguments, unit, kind, scale, level, essay`; `quantiles` and their Monte Carlo
        errors `mcse` by "p01" to "p99", on the scale of the draws (under "log10" log10 of the
        quantity in its unit), infinities as text; `p_never` with `mcse`.

    Raises:
        SpecError: as `Quantity.draws`.
    """
    entry, weight = named(name), asked.draws["weight"]
    draws = entry.draws(asked)
    found, errors = spread(draws, weight, np.array(list(PROBABILITIES.values())))
    never, mcse = probability(draws == np.inf, weight)
    return {
        "title": entry.titled(asked),
        "arguments": entry.stated(asked.question),
        "unit": entry.unit,
        "kind": entry.kind,
        "scale": entry.scale,
        "level": entry.at_level(asked.question),
        "essay": entry.essay(asked.question),
        "quantiles": dict(zip(PROBABILITIES, map(plain, found), strict=True)),
        "mcse": dict(zip(PROBABILITIES, map(plain, errors), strict=True)),
        "p_never": {"probability": never, "mcse": mcse if never else 0.0},
    }


def spread(
    draws: xr.DataArray, weight: xr.DataArray, probs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of scalar draws and their Monte Carlo errors, as `mixture.summarise` has them."""
    found = quantile(draws, weight, probs).values
    errors = np.array([probability(draws <= value, weight)[1] for value in found])
    low = quantile(draws, weight, np.clip(probs - errors, 1e-9, None)).values
    high = quantile(draws, weight, np.clip(probs + errors, None, 1 - 1e-9)).values
    with np.errstate(invalid="ignore"):
        return found, np.where(low == high, 0.0, (high - low) / 2)


def records(asked: Asked, names: Iterable[str] = QUANTITIES) -> dict[str, dict[str, Any]]:
    """`record` of each quantity that the run, the baseline and the question tell, by name."""
    return {name: record(asked, name) for name in told(asked, names)}


def told(asked: Asked, names: Iterable[str] = QUANTITIES) -> list[str]:
    """Quantities that need no argument which is not given, and that run and baseline tell."""
    found = []
    for name in names:
        try:
            named(name).draws(asked)
        except SpecError:
            continue
        found.append(name)
    return found
