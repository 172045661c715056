"""A quantity as Squiggle code: its draws, and a mixture of normals fitted to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

PARTS = 10
"""Normals of the fitted mixture: one for each tenth of the draws."""


def code(name: str, row: Mapping[str, Any], draws: np.ndarray) -> str:
    """Squiggle code that defines a quantity; Squiggle knows no "never", which is told apart.

    Args:
        name: of the quantity.
        row: its `quantiles.record`.
        draws: equally weighted, on the scale of the quantity.

    Returns:
        Code that defines `NAME` (a sample set of the finite draws), `NAME_fitted` (a mixture) and
        `NAME_never`; under scale "log10" the names begin with `log10_`.
    """
    own = f"log10_{name}" if row["scale"] == "log10" else name
    finite = draws[np.isfinite(draws)]
    unit = f"log10 of {row['unit']}" if row["scale"] == "log10" else row["unit"]
    lines = [
        f"// {row['title']}, in {unit}; draws in which it is finite",
        f"{own} = SampleSet.fromList({_list(finite)})",
        f"{own}_never = {1 - finite.size / draws.size}",
    ]
    if finite.size >= 2 * PARTS:
        parts, shares = fitted(finite)
        normals = ", ".join(f"normal({float(mean)}, {float(sd)})" for mean, sd in parts)
        apart = round(distance(finite, parts, shares), 4)
        lines.insert(2, f"// its distribution function is within {apart} of the draws'")
        lines.insert(3, f"{own}_fitted = mixture([{normals}], {_list(shares)})")
    return "\n".join(lines) + "\n"


def fitted(draws: np.ndarray) -> tuple[list[tuple[float, float]], np.ndarray]:
    """A mixture of normals: mean and standard deviation of each tenth of the draws, and shares."""
    tenths = np.array_split(np.sort(draws), PARTS)
    least = 1e-6 * max(float(np.ptp(draws)), 1e-12)  # draws may be equal
    parts = [(float(t.mean()), max(float(t.std()), least)) for t in tenths]
    return parts, np.array([t.size / draws.size for t in tenths])


def distance(draws: np.ndarray, parts: list[tuple[float, float]], shares: np.ndarray) -> float:
    """Largest difference between the distribution functions of a mixture and of the draws."""
    ordered = np.sort(draws)
    mean, sd = np.array(parts).T[..., None]
    below = shares @ special.ndtr((ordered - mean) / sd)
    steps = np.arange(draws.size + 1) / draws.size
    return float(max(np.abs(below - steps[1:]).max(), np.abs(below - steps[:-1]).max()))


def _list(values: np.ndarray) -> str:
    return json.dumps([float(x) for x in values], allow_nan=False)
