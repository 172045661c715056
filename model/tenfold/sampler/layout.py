"""Which parameters a model has, and where each stands in the sampler's vector.

The sampler moves through one unconstrained vector `u`: parameters with a prior of their own first
(log of positive ones, logit of shares), then the blocks of `kernel.BLOCKS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.posterior.hierarchy import REFERENCE_UNITS, cells
from tenfold.posterior.scenario import ModelChoice

FAMILIES = ("normal", "half_normal", "log_normal", "gamma", "beta")
SHAPES = ("logistic", "linear", "power")


@dataclass(frozen=True)
class Layout:
    """Which parameters a model has and where each stands in `u`.

    Attributes:
        own: parameter with a prior of its own -> (first place, dims).
        blocks: block -> (first place, dims).
        coords: labels of every dim.
    """

    own: dict[str, tuple[int, tuple[str, ...]]]
    blocks: dict[str, tuple[int, tuple[str, ...]]]
    coords: dict[str, np.ndarray]
    size: int

    @property
    def n_own(self) -> int:
        """How many numbers have a prior of their own: the first of `u`."""
        return max(self.slice(*entry).stop for entry in self.own.values())

    def slice(self, first: int, dims: tuple[str, ...]) -> slice:
        """Places in `u` of a parameter or block."""
        return slice(first, first + int(np.prod([len(self.coords[d]) for d in dims], dtype=int)))


def layout(points: xr.Dataset, choice: ModelChoice, form: Form) -> Layout:
    """The places of every parameter of one form of a model on a set of usable points."""
    cell = cells(points)
    partner = cell["partner"].values
    own_units = [u for u in points["unit"].values.tolist() if u not in REFERENCE_UNITS]
    names = ("series", "benchmark", "family", "regime", "chart", "shift")
    coords: dict[str, np.ndarray] = {name: points[name].values for name in names}
    coords |= {
        "cell": cell["cell"].values,
        "cell_first": cell["cell"].values[partner < 0],
        "cell_second": cell["cell"].values[partner >= 0],
        "free_unit": np.array(own_units, dtype=str),
        "shifted_benchmark": shifted(points),
    }
    student, pools = choice.noise == "student_t", choice.pool_benchmark
    thinking = choice.thinking_shift and coords["shifted_benchmark"].size > 0
    ceilings = form == "saturating"
    own = {
        "log_slope_mean": ("regime",),
        "unit_offset": ("free_unit",) if own_units else None,
        "benchmark_sd": () if pools else None,
        "cell_sd": (),
        "family_sd": () if choice.pool_family else None,
        "series_sd": (),
        "intercept_mean": ("regime",),
        "intercept_cell_sd": (),
        "intercept_sd": (),
        "thinking_shift_mean": () if thinking else None,
        "thinking_shift_sd": () if thinking else None,
        "ceiling_mean": ("regime",) if ceilings else None,
        "ceiling_sd": () if ceilings else None,
        "lambda": () if choice.estimate_lambda else None,
        "sigma": ("regime",),
        "nu": () if student else None,
        "log_inference_per_training_mean": () if points.sizes["tradeoff"] else None,
        "inference_per_training_sd": () if points.sizes["tradeoff"] else None,
        "gpt_level_mean": () if points.sizes["gpt"] > 1 else None,
        "gpt_level_sd": () if points.sizes["gpt"] > 1 else None,
    }
    blocks = {
        "cell_slope": ("cell",) if pools else None,
        "family_z": ("family",) if choice.pool_family else None,
        "cell_level": ("cell",),
        "ceiling_logit": ("cell",) if ceilings else None,
        "intercept": ("series",),
        "log_slope": ("series",),
        "thinking_shift": ("shifted_benchmark",) if thinking else None,
        "log_kappa": ("chart",),
        "shift_z": ("shift",) if choice.shift_evidence else None,
    }
    place = 0

    def placed(entries: dict[str, Any]) -> dict[str, tuple[int, tuple[str, ...]]]:
        nonlocal place
        found = {}
        for name, dims in entries.items():
            if dims is not None:
                found[name] = (place, dims)
                place += int(np.prod([len(coords[dim]) for dim in dims], dtype=int))
        return found

    return Layout(placed(own), placed(blocks), coords, place)


def shifted(points: xr.Dataset) -> np.ndarray:
    """Labels of the benchmarks that hold points of a non-thinking mode, in benchmark order."""
    series = points["series_index"].values[points["non_thinking"].values]
    index = np.unique(points["benchmark_index"].values[series])
    return points["benchmark"].values[index]
