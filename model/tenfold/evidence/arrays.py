"""Validated rows as labelled arrays: points by series, and the tables of other evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import xarray as xr

from tenfold.evidence.columns import OBS, REGIMES, SERIES, UNITS, GptLevel, Shift, Tradeoff


def assemble(
    rows: Sequence[Mapping[str, Any]],
    floors: Mapping[str, tuple[float, int]],
    scale: Mapping[str, float],
    attrs: Mapping[Any, Any],
) -> xr.Dataset:
    """Points as a dataset. Labels are those in use, sorted; the regimes are always both.

    Args:
        rows: one mapping per point, with the keys of `OBS`, `series`, and those of `SERIES`.
        floors: chance level and number of questions of known benchmarks.
        scale: shared relative scale error of each source's log axis; 0 where it carries numbers.
    """
    rows = sorted(rows, key=lambda row: row["series"])
    first: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(row["series"], row)
    models = _models(rows)
    runs = {name: row["run"] or name for name, row in first.items()}
    labels: dict[str, list[str]] = {
        "series": list(first),
        "benchmark": sorted({row["benchmark"] for row in first.values()}),
        "family": sorted({row["family"] for row in first.values()}),
        "regime": list(REGIMES),
        "unit": [unit for unit in UNITS if unit in {row["unit"] for row in first.values()}],
        "publication": sorted({row["publication"] for row in first.values()}),
        "run": sorted(set(runs.values())),
        "llm": sorted(set(models.values())),
        "chart": sorted({row["source"] for row in rows if scale.get(row["source"], 0) > 0}),
        "shared_error": sorted({_shared_error(row) for row in rows} - {""}),
    }
    place = {key: {name: i for i, name in enumerate(names)} for key, names in labels.items()}

    def places(key: str, wanted: Sequence[str]) -> np.ndarray:
        return np.array([place[key].get(name, -1) for name in wanted], dtype=int)

    data: dict[str, Any] = {
        name: ("obs", np.array([row[name] for row in rows], dtype=kind))
        for name, kind in OBS.items()
    }
    index = places("series", [row["series"] for row in rows])
    data["series_index"] = ("obs", index)
    data["shared_error_index"] = ("obs", places("shared_error", [_shared_error(r) for r in rows]))
    weight = data["score_se"][1] ** -2.0
    total = np.bincount(index, weight * data["log10_compute"][1])
    data["reference"] = ("series", total / np.bincount(index, weight))
    for key, kind in SERIES.items():
        own = np.array([row[key] for row in first.values()], dtype=kind)
        data[key if kind is float else f"series_{key}"] = ("series", own)
    for key in ("benchmark", "family", "regime", "unit", "publication"):
        data[f"{key}_index"] = ("series", places(key, [row[key] for row in first.values()]))
    data["run_index"] = ("series", places("run", list(runs.values())))
    data["llm_index"] = ("series", places("llm", list(models.values())))
    families = {models[name]: row["family"] for name, row in first.items()}
    data["llm_family_index"] = ("llm", places("family", [families[m] for m in labels["llm"]]))
    data["chart_index"] = ("series", places("chart", [row["source"] for row in first.values()]))
    data["twin_index"] = ("series", _twins(list(first.values())))
    data["is_pair"] = ("series", _pairs(index, data["non_thinking"][1]))
    known = [floors.get(name, (0.0, 0)) for name in labels["benchmark"]]
    data["floor"] = ("benchmark", np.array([item[0] for item in known], dtype=float))
    data["benchmark_questions"] = ("benchmark", np.array([item[1] for item in known], dtype=int))
    scales = [scale[name] for name in labels["chart"]]
    data["chart_scale_se"] = ("chart", np.array(scales, dtype=float))
    coords = {key: np.array(names, dtype=str) for key, names in labels.items()}
    return xr.Dataset(data, coords=coords | {"obs": np.arange(len(rows))}, attrs=dict(attrs))


def _models(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The model of every series; where it joins several models, its run stands for one."""
    own: dict[str, set[str]] = {}
    run = {}
    for row in rows:
        own.setdefault(row["series"], set()).add(row["model"])
        run[row["series"]] = row["run"] or row["series"]
    return {name: min(found) if len(found) == 1 else run[name] for name, found in own.items()}


def _shared_error(row: Mapping[str, Any]) -> str:
    """What the points share whose compute is wrong by the same factor: a label, or ""."""
    return f"{row['source']}: {row['compute_group']}" if row["compute_group"] else ""


def along_axis(
    rows: Sequence[Mapping[str, Any]], scale: Mapping[str, float]
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Errors that points share (`compute_group`), as an error of their source's axis.

    What several benchmarks share of wrong budgets is how long the axis is: a common shift of all
    budgets moves levels alone, a stretch makes every slope wrong by one factor, as on a chart
    without numbers; what a straight line through the budgets leaves has no slope and stays with the
    points. The stretch's error is that of the slope of a weighted regression on the budgets, what
    is left of a point's is sqrt(1 - leverage).

    Args:
        rows, scale: as in `assemble`, as they were read.

    Returns:
        Rows and scale errors, for `assemble`.
    """
    found, scales = [dict(row) for row in rows], dict(scale)
    for source in sorted({row["source"] for row in found if row["compute_group"]}):
        own = [row for row in found if row["source"] == source and row["compute_group"]]
        errors = {
            row["compute_group"]: (row["log10_compute"], row["log10_compute_se"]) for row in own
        }
        x, se = np.array([error for error in errors.values() if error[1] > 0]).reshape(-1, 2).T
        if x.size < 2 or np.ptp(x) == 0:
            continue
        weight = se**-2.0
        apart = x - np.average(x, weights=weight)
        spread = (weight * apart**2).sum()
        left = 1 - weight * (1 / weight.sum() + apart**2 / spread)
        share = dict(zip(x.tolist(), np.sqrt(np.maximum(left, 0.0)), strict=True))
        for row in own:
            row["log10_compute_se"] *= float(share.get(row["log10_compute"], 0.0))
        scales[source] = math.hypot(scales.get(source, 0.0), spread**-0.5)
    return found, scales


def _twins(series: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Per series the place of the one that holds the same observations on another axis, or -1.

    Series of one run on one benchmark in several units are one observation; the one whose unit
    stands first in `UNITS` is the observation, the others point at it.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, row in enumerate(series):
        if row["run"]:
            groups.setdefault((row["run"], row["benchmark"], row["regime"]), []).append(number)
    twin = np.full(len(series), -1)
    for own in groups.values():
        first = min(own, key=lambda number: UNITS.index(series[number]["unit"]))
        for number in own:
            if series[number]["unit"] != series[first]["unit"]:
                twin[number] = first
    return twin


def _pairs(index: np.ndarray, non_thinking: np.ndarray) -> np.ndarray:
    """Whether a series is two points, one without thinking and one with."""
    return (np.bincount(index) == 2) & (np.bincount(index, non_thinking) == 1)


def tables(
    shifts: Sequence[Shift], tradeoff: Sequence[Tradeoff], gpt: Sequence[GptLevel]
) -> dict[str, xr.DataArray]:
    """Generation shifts, trade-offs and the GPT ladder as labelled arrays, possibly empty."""

    def array(rows: Sequence[Any], dim: str, values: Sequence[Any], kind: type = float) -> Any:
        coords = {dim: np.array([getattr(row, dim) for row in rows], dtype=str)}
        return xr.DataArray(np.array(values, dtype=kind), coords, (dim,))

    def column(rows: Sequence[Any], dim: str, name: str, kind: type = float) -> Any:
        return array(rows, dim, [getattr(row, name) for row in rows], kind)

    # flop_low and flop_high are the 5% and 95% points of a log-normal
    per_width = 1 / (2 * NormalDist().inv_cdf(0.95))
    width = [math.log10(level.flop_high / level.flop_low) * per_width for level in gpt]
    steps = [row.rl_step or row.shift for row in shifts]
    shared = [
        (row.rl_ooms_se or math.nan) * steps.count(step) ** 0.5
        for row, step in zip(shifts, steps, strict=True)
    ]
    numbers = ("rl_ooms", "shift_ooms", "shift_ooms_se")
    trades = ("inference_per_training", "inference_per_training_se_log")
    return (
        {name: column(shifts, "shift", name) for name in numbers}
        | {
            f"shift_{k}": column(shifts, "shift", k, str)
            for k in ("benchmark", "publication", "reading")
        }
        | {
            "shift_benchmarks": array(
                shifts, "shift", [row.benchmarks or 1 for row in shifts], int
            ),
            "rl_ooms_se": array(shifts, "shift", shared),
            "rl_step": array(shifts, "shift", steps, str),
            "rl_step_se": column(shifts, "shift", "rl_ooms_se"),
        }
        | {name: column(tradeoff, "tradeoff", name) for name in trades}
        | {
            f"tradeoff_{k}": column(tradeoff, "tradeoff", k, str)
            for k in ("direction", "publication")
        }
        | {
            "log10_flop": array(gpt, "gpt", [math.log10(level.flop) for level in gpt]),
            "log10_flop_se": array(gpt, "gpt", width),
        }
    )
