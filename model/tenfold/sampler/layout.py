"""Which parameters a model has, and where each stands in the sampler's vector.

The sampler moves through one unconstrained vector `u`: parameters with a prior of their own first
(log of positive ones, logit of shares), then the blocks of `kernel.BLOCKS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from tenfold.curves import CEILINGS, EARLIER, STARTS, Form
from tenfold.posterior import structure
from tenfold.posterior.scenario import FAMILIES, ModelChoice
from tenfold.posterior.structure import REFERENCE_UNITS


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


def labels(points: xr.Dataset) -> dict[str, np.ndarray]:
    """Labels of every dim that a parameter may have."""
    cell = structure.cells(points)
    partner = cell["partner"].values
    own_units = [u for u in points["unit"].values.tolist() if u not in REFERENCE_UNITS]
    names = ("series", "benchmark", "family", "regime", "chart", "shift")
    coords: dict[str, np.ndarray] = {name: points[name].values for name in names}
    coords |= {
        "curve": points["series"].values[structure.curves(points)],
        "llm": structure.slope_models(points),
        "rl_publication": structure.publications(points),
        "shifted_family": structure.shifted(points, "family"),
        "shifted_model": structure.shifted(points, "model"),
        "cell": cell["cell"].values,
        "ceiling_of": structure.ceilings(points)["ceiling_of"].values,
        "rl_series": points["series"].values[structure.rl(points)],
        "cell_first": cell["cell"].values[partner < 0],
        "cell_second": cell["cell"].values[partner >= 0],
        "free_unit": np.array(own_units, dtype=str),
        "shifted_benchmark": structure.shifted(points),
    }
    return coords


def layout(points: xr.Dataset, choice: ModelChoice, form: Form) -> Layout:
    """The places of every parameter of one form of a model on a set of usable points."""
    coords = labels(points)
    student, pools = choice.noise == "student_t", choice.pool_benchmark
    thinking = choice.thinking_shift and coords["shifted_benchmark"].size > 0
    ceilings = form in CEILINGS
    early = form in EARLIER and coords["rl_publication"].size > 0
    starts = form in STARTS and coords["rl_publication"].size > 0
    published = choice.pool_publication and coords["rl_publication"].size > 0
    drifts = choice.drift and coords["rl_publication"].size > 0
    own = {
        "log_slope_mean": ("regime",),
        "unit_offset": ("free_unit",) if coords["free_unit"].size else None,
        "unit_sd": () if structure.twins(points).any() else None,
        "benchmark_sd": () if pools else None,
        "cell_sd": (),
        "family_sd": () if choice.pool_family else None,
        "model_sd": () if choice.pool_model and coords["llm"].size else None,
        "publication_sd": () if published else None,
        "series_sd": (),
        "intercept_mean": ("regime",),
        "intercept_cell_sd": (),
        "intercept_sd": (),
        "thinking_shift_mean": () if thinking else None,
        "thinking_shift_sd": () if thinking else None,
        "thinking_family_sd": () if thinking and choice.pool_family else None,
        "thinking_model_sd": () if thinking and choice.pool_model else None,
        "thinking_rest_mean": () if thinking else None,
        "thinking_rest_sd": () if thinking else None,
        "ceiling_mean": ("regime",) if ceilings else None,
        "ceiling_sd": ("regime",) if ceilings else None,
        "early_mean": () if early else None,
        "early_sd": () if early else None,
        "start_mean": () if starts else None,
        "start_sd": () if starts else None,
        "lambda": () if choice.estimate_lambda else None,
        "sigma": ("regime",),
        "nu": () if student else None,
        "drift_share": () if drifts else None,
        "drift_length": () if drifts else None,
        "log_inference_per_training_mean": () if points.sizes["tradeoff"] else None,
        "inference_per_training_sd": () if points.sizes["tradeoff"] else None,
        "gpt_level_mean": () if points.sizes["gpt"] > 1 else None,
        "gpt_level_sd": () if points.sizes["gpt"] > 1 else None,
    }
    blocks = {
        "cell_slope": ("cell",) if pools else None,
        "family_z": ("family",) if choice.pool_family else None,
        "model_z": ("llm",) if own["model_sd"] is not None else None,
        "publication_z": ("rl_publication",) if published else None,
        "thinking_family_z": ("shifted_family",) if own["thinking_family_sd"] is not None else None,
        "thinking_model_z": ("shifted_model",) if own["thinking_model_sd"] is not None else None,
        "cell_level": ("cell",),
        "ceiling_logit": ("ceiling_of",) if ceilings else None,
        "early_z": ("rl_series",) if early else None,
        "start_z": ("rl_series",) if starts else None,
        "intercept": ("curve",),
        "log_slope": ("curve",),
        "thinking_shift": ("shifted_benchmark",) if thinking else None,
        "thinking_rest_z": ("shifted_benchmark",) if thinking else None,
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


def typical(own: np.ndarray) -> np.ndarray:
    """A typical value of each parameter under its prior: mean, or about the mean."""
    a, b = own["a"], own["b"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "normal": a, "half_normal": 0.8 * a, "log_normal": np.exp(a),
            "gamma": a / b, "beta": a / (a + b),
        }  # fmt: skip
    return (
        np.select([own["family"] == k for k in range(5)], [found[f] for f in FAMILIES])
        + own["shift"]
    )
