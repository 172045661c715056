"""What stands above a series: its cell, and the family, model and publication it comes from."""

from __future__ import annotations

import numpy as np
import xarray as xr

REFERENCE_UNITS = ("tokens", "flop", "relative")
"""Units whose slope offset is zero by definition; `relative` axes have `kappa_chart` instead."""


def cells(points: xr.Dataset) -> xr.Dataset:
    """The (benchmark, regime) cells that hold series, in benchmark order, RL before inference.

    Returns:
        dims `cell` (`benchmark_index`, `regime_index`, and `partner`: the inference cell of the
        same benchmark for an RL cell, else -1) and `series` (`cell_index`).
    """
    pairs = list(
        zip(
            points["benchmark_index"].values.tolist(),
            points["regime_index"].values.tolist(),
            strict=True,
        )
    )
    unique = sorted(set(pairs))
    place = {pair: i for i, pair in enumerate(unique)}
    inference = points["regime"].values.tolist().index("inference")
    rl = points["regime"].values.tolist().index("rl")
    partner = [place.get((b, inference), -1) if r == rl else -1 for b, r in unique]
    labels = [f"{points['benchmark'].values[b]} / {points['regime'].values[r]}" for b, r in unique]
    return xr.Dataset(
        {
            "cell_benchmark_index": ("cell", np.array([b for b, _ in unique])),
            "cell_regime_index": ("cell", np.array([r for _, r in unique])),
            "partner": ("cell", np.array(partner)),
            "cell_index": ("series", np.array([place[pair] for pair in pairs])),
        },
        coords={"cell": np.array(labels, dtype=str)},
    )


def paired(points: xr.Dataset) -> np.ndarray:
    """Mask over `series`: two points of which one is in a non-thinking mode.

    Such a pair says little of a slope. What it says of thinking is the score in one mode given the
    score in the other, which needs no intercept and no slope of its own.
    """
    return points["is_pair"].values & ~twins(points)


def twins(points: xr.Dataset) -> np.ndarray:
    """Mask over `series` of those that hold another one's observations on a second axis.

    They tell how the two units compare and nothing more.
    """
    return points["twin_index"].values >= 0


def curves(points: xr.Dataset) -> np.ndarray:
    """Mask over `series` of those with an intercept and a slope of their own."""
    return ~points["is_pair"].values & ~twins(points)


def axes(points: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs on two axes: the units of the first and of the second, and log slope(second / first).

    A curve over one axis is as much steeper over another as that one is shorter.
    """
    second = np.flatnonzero(twins(points))
    first = points["twin_index"].values[second]
    index, x = points["series_index"].values, points["log10_compute"].values
    length = np.array([x[index == s].std() for s in range(points.sizes["series"])])
    unit = points["series_unit"].values
    return unit[first], unit[second], np.log(length[first] / length[second])


def modes(points: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Places among `obs` of the thinking and the non-thinking point of each pair, by series."""
    inside = paired(points)[points["series_index"].values]
    non_thinking = points["non_thinking"].values
    return np.flatnonzero(inside & ~non_thinking), np.flatnonzero(inside & non_thinking)


def given(points: xr.Dataset) -> np.ndarray:
    """Mask over `obs` of points without a density: pairs' thinking scores, second axes."""
    found = twins(points)[points["series_index"].values].copy()
    found[modes(points)[0]] = True
    return found


def shifted(points: xr.Dataset, kind: str = "benchmark") -> np.ndarray:
    """Benchmarks (families, models) that hold points of a non-thinking mode, sorted labels."""
    series = points["series_index"].values[points["non_thinking"].values]
    labels = models(points) if kind == "model" else points[f"series_{kind}"].values
    return np.unique(labels[series])


def models(points: xr.Dataset) -> np.ndarray:
    """Label of the model of each series."""
    return points["llm"].values[points["llm_index"].values]


def slope_models(points: xr.Dataset) -> np.ndarray:
    """Models with inference series, sorted: their slopes have an effect of the model.

    How differently models use inference compute says nothing of how RL runs differ: given to both,
    the effect predicts RL runs worse.
    """
    return np.unique(models(points)[~rl(points)])


def publications(points: xr.Dataset) -> np.ndarray:
    """Publications with RL runs, sorted: an effect of their own is told from benchmarks there."""
    return np.unique(points["series_publication"].values[rl(points)])


def ceilings(points: xr.Dataset) -> xr.Dataset:
    """What has a ceiling of its own: the inference series of a benchmark together, each RL run.

    Returns:
        dims `ceiling` (`ceiling_regime_index`) and `series` (`ceiling_index`), `cell`
        (`cell_ceiling`, -1 for cells of RL runs).
    """
    cell, runs = cells(points), np.flatnonzero(rl(points))
    inference = points["regime"].values.tolist().index("inference")
    shared = np.flatnonzero(cell["cell_regime_index"].values == inference)
    of_cell = np.full(cell.sizes["cell"], -1)
    of_cell[shared] = np.arange(shared.size)
    of_series = of_cell[cell["cell_index"].values]
    of_series[runs] = shared.size + np.arange(runs.size)
    regime = [inference] * shared.size + points["regime_index"].values[runs].tolist()
    labels = [*cell["cell"].values[shared], *points["series"].values[runs]]
    return xr.Dataset(
        {
            "ceiling_regime_index": ("ceiling_of", np.array(regime, dtype=int)),
            "ceiling_index": ("series", of_series),
            "cell_ceiling": ("cell", of_cell),
        },
        coords={"ceiling_of": np.array(labels, dtype=str)},
    )


def rl(points: xr.Dataset) -> np.ndarray:
    """Mask over `series` of the RL runs."""
    return points["series_regime"].values == "rl"


def steps(points: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Order of `obs` by series and compute, and the OOMs from the point before in each series.

    The first point of a series has a step of 0.
    """
    index, x = points["series_index"].values, points["log10_compute"].values
    order = np.lexsort((x, index))
    step = np.diff(x[order], prepend=0.0)
    return order, np.where(np.diff(index[order], prepend=-1) != 0, 0.0, step)


def place(labels: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Position of each label in a sorted list, -1 where it is not there."""
    if not labels.size:
        return np.full(wanted.size, -1)
    found = np.minimum(np.searchsorted(labels, wanted), labels.size - 1)
    return np.where(labels[found] == wanted, found, -1)
