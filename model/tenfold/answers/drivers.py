"""What drives an answer: how much of its spread each input explains, from the draws alone.

The inputs are posterior draws and may depend on one another, so that variance decompositions for
independent inputs (Sobol) do not apply. Used here are measures defined for given data:

- `pawn` (Pianosi & Wagener 2015): median Kolmogorov-Smirnov distance between the output's
  distribution and its distribution within a class of the input, 0 to 1; `pawn_noise` is the same
  for an input of pure noise, the floor below which nothing can be said;
- `variance_explained`: the correlation ratio, variance of the output's conditional mean over its
  variance. With dependent inputs the shares overlap and need not add up to one;
- `rank_correlation` (Spearman): the sign and strength of a monotone relation;
- `low` and `high`: the median of the output where the input is about at its 5% and at its 95%, in
  its lowest and its highest class; `at_low` and `at_high` are the input's medians there.

All but `variance_explained` depend on ranks only, so infinities ("never") keep their place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from tenfold.mixture import plain, sample

CLASSES = 10
"""Equally filled classes of an input."""

Inputs = dict[str, tuple[str, dict[str, Any]]]
"""Inputs by their label: a quantity's name, and arguments that differ from the question's."""

JUMP: Inputs = {
    "exchange rate": ("exchange_rate", {}),
    "RL slope": ("slope", {"regime": "rl"}),
    "inference slope": ("slope", {"regime": "inference"}),
    "inference per training": ("inference_per_training", {}),
    "GPT level": ("gpt_level_ooms", {}),
}
"""What a jump in OOMs comes from. The exchange rate is the ratio of the two slopes, which are
listed too: their shares overlap."""

BASE: Inputs = {
    "RL share of the baseline": ("rl_share", {}),
    "energy of the baseline": ("baseline_energy", {}),
    "world electricity": ("world_electricity", {}),
}
COST: Inputs = JUMP | BASE
"""What "years of world electricity" come from."""

TRENDS: Inputs = {
    "growth of FLOP per joule": ("efficiency_growth", {}),
    "growth of FLOP per dollar": ("price_growth", {}),
    "growth of world electricity": ("electricity_growth", {}),
    "growth of frontier compute": ("compute_growth", {}),
    "growth of frontier budgets": ("budget_growth", {}),
}
"""What dates come from, beside what the jump costs."""


def inputs_of(arguments: tuple[str, ...]) -> Inputs:
    """Inputs that may matter to a quantity with these arguments."""
    found: Inputs = JUMP if "benchmark" in arguments else {}
    if "baseline" in arguments:
        found = found | BASE | {"cost of the baseline": ("baseline_cost", {})}
    dated = {"date", "energy_share", "budget_share", "chip_share", "horizon"}
    return found | TRENDS if dated & set(arguments) else found


def drivers(
    output: xr.DataArray,
    inputs: dict[str, xr.DataArray],
    weight: xr.DataArray,
    n: int = 4000,
    seed: int = 0,
    given: xr.DataArray | None = None,
) -> list[dict[str, Any]]:
    """One plain-JSON row per input that varies, most influential (largest PAWN) first.

    Args:
        output, inputs: scalar draws with dims `form, chain, draw`; resampled to `n` joint draws of
            equal weight.
        given: only draws where it holds count.

    Returns:
        Keys `input, pawn, pawn_noise, variance_explained` (None if any output is infinite),
        `rank_correlation`, `low`, `high`, `at_low` and `at_high`.

    Raises:
        ValueError: an output that does not vary, or bad draws as `mixture.quantile`.
    """
    # The noise goes through the same resampling, repeats included, as the inputs.
    noise = output.copy(data=np.random.default_rng(seed).random(output.shape))
    everything = {"output": output, "noise": noise, **inputs}
    if given is not None:
        everything["given"] = given.astype(float)
    drawn = sample(everything, weight, n, seed)
    if given is not None:
        met = drawn.pop("given") > 0
        drawn = {name: x[met] for name, x in drawn.items()}
    y, silent = drawn.pop("output"), drawn.pop("noise")
    ranks = _ranks(y)
    if np.ptp(ranks) == 0:
        raise ValueError("the output does not vary: nothing drives it")
    varying = {name: x for name, x in drawn.items() if np.ptp(x) > 0}
    noise_floor = pawn(silent, ranks)
    rows = [
        {
            "input": name,
            "pawn": pawn(x, ranks),
            "pawn_noise": noise_floor,
            "variance_explained": correlation_ratio(x, y),
            "rank_correlation": float(np.corrcoef(_ranks(x), ranks)[0, 1]),
        }
        | _ends(x, y)
        for name, x in varying.items()
    ]
    return sorted(rows, key=lambda row: -row["pawn"])


def pawn(x: np.ndarray, y: np.ndarray) -> float:
    """Median over equally filled classes of x of the Kolmogorov-Smirnov distance between the
    values of y in the class and all of them."""
    ordered = np.sort(y)
    share = np.searchsorted(ordered, ordered, "right") / y.size
    groups = np.array_split(y[np.argsort(x, kind="stable")], CLASSES)
    inside = [np.searchsorted(np.sort(group), ordered, "right") / group.size for group in groups]
    return float(np.median([np.abs(own - share).max() for own in inside]))


def _ends(x: np.ndarray, y: np.ndarray) -> dict[str, float | str]:
    """Medians of x and y in the lowest and the highest class of x; "inf" as in `mixture.plain`."""
    order = np.argsort(x, kind="stable")
    lowest, *_, highest = np.array_split(order, CLASSES)
    found = {}
    for name, own in (("low", lowest), ("high", highest)):
        for key, values in ((name, y), (f"at_{name}", x)):
            found[key] = plain(float(np.quantile(values[own], 0.5, method="inverted_cdf")))
    return found


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal values sharing their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - 0.5 * (count - 1))[place]


def correlation_ratio(x: np.ndarray, y: np.ndarray) -> float | None:
    """Variance of the mean of y within equally filled classes of x, over the variance of y.

    Corrected for the chance spread of class means, never below 0; None if y is not all finite.
    """
    if not np.isfinite(y).all():
        return None
    groups = np.array_split(y[np.argsort(x, kind="stable")], CLASSES)
    total = float(np.var(y))
    within = float(np.sum([group.var(ddof=1) * len(group) for group in groups])) / len(y)
    return max(0.0, 1.0 - within / (total * len(y) / (len(y) - 1)))
