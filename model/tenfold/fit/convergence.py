"""What is measured of a posterior while all of its draws are at hand; fewer are stored."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

COPIES = {
    "slope": "log_slope", "ceiling": "ceiling_logit", "series_ceiling": "ceiling_logit",
    "thinking_rest": "thinking_rest_z", "early": "early_z", "start": "start_z",
    "family_effect": "family_z",
}  # fmt: skip
"""Functions of another parameter, monotone or nearly so, whose diagnostics are not repeated."""


def measured(tree: Any, ess: bool = True) -> dict[str, Any]:
    """R-hat, bulk and tail ESS of every parameter, divergences and E-BFMI of one posterior.

    Args:
        tree: DataTree with groups `posterior` and `sample_stats`, dims `chain`, `draw`.
        ess: whether ESS is wanted too.

    Returns:
        JSON-ready: `r_hat`, `ess_bulk`, `ess_tail` (parameter -> the worst over its elements, None
        where one is NaN), `divergent` and `draws` (counts), `e_bfmi` (the least over chains, or
        None). Where a group or its draws are missing: `missing` (the group) and `detail` instead.
    """
    from arviz_stats.sampling_diagnostics import bfmi, rhat
    from arviz_stats.sampling_diagnostics import ess as effective

    missing = _missing(tree)
    if missing:
        return missing
    varying = _sampled(tree)
    found: dict[str, Any] = {"r_hat": _worst(rhat(varying), np.max)}
    if ess:
        found["ess_bulk"] = _worst(effective(varying, method="bulk"), np.min)
        found["ess_tail"] = _worst(effective(varying, method="tail"), np.min)
    stats = tree["sample_stats"].to_dataset()
    diverging = stats["diverging"].values
    least = float(np.min(bfmi(tree)["energy"].values)) if "energy" in stats else math.nan
    found |= {"divergent": int(diverging.sum()), "draws": int(diverging.size)}
    return found | {"e_bfmi": None if math.isnan(least) else least}


def _missing(tree: Any) -> dict[str, Any] | None:
    """Why there is nothing to measure, or None."""
    for group, needed in (("posterior", None), ("sample_stats", "diverging")):
        dataset = tree[group].to_dataset() if group in getattr(tree, "children", {}) else None
        if dataset is None or (needed and needed not in dataset):
            return {"missing": group, "detail": f"group {group} is missing"}
        if not all(dataset.sizes.get(dim, 0) for dim in ("chain", "draw")):
            return {"missing": group, "detail": f"group {group} has no draws"}
    if not _sampled(tree).data_vars:
        return {"missing": "posterior", "detail": "no parameter varies"}
    return None


def _sampled(tree: Any) -> xr.Dataset:
    """The parameters to measure: all that vary, but for copies."""
    posterior = tree["posterior"].to_dataset()
    names = [name for name in posterior if posterior[name].dtype.kind == "f"]
    names = [name for name in names if COPIES.get(str(name)) not in posterior]
    return posterior[[name for name in names if _varies(posterior[name])]]


def _varies(values: xr.DataArray) -> bool:
    """A constant (the ceiling 1 of a form without ceilings) has no R-hat; NaN counts as varying."""
    flat = values.values.reshape(-1)
    return not bool(np.all(flat == flat[0])) if flat.size else False


def _worst(dataset: Any, extreme: Any) -> dict[str, float | None]:
    """The worst value of each parameter over its elements; None where one is NaN."""
    found: dict[str, float | None] = {}
    for variable, values in dataset.data_vars.items():
        array = np.asarray(values.values, dtype=float)
        constant = np.isnan(array) & (variable in ("ceiling", "cell_effect"))
        array = array[~constant]
        if array.size:
            found[str(variable)] = None if np.isnan(array).any() else float(extreme(array))
    return found
