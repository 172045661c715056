"""From evidence to the tables that the kernel reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.curves import SHAPES, Form
from tenfold.posterior import priors as prior_table
from tenfold.posterior import structure
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import FAMILIES, HYPERPARAMETERS, ModelChoice
from tenfold.sampler import geometry, layout, pilot
from tenfold.sampler.layout import Layout

Tables = dict[str, np.ndarray]


def tables(
    points: xr.Dataset,
    priors: Priors,
    choice: ModelChoice,
    where: Layout,
    form: Form,
    data: Mapping[str, Any] | None = None,
) -> Tables:
    """The kernel's tables (see `kernel.TABLES`) for one form and one set of data.

    Args:
        data: values that replace those of the evidence and the prior table, by the names that
            `hierarchy.build_model` gives its pm.Data.

    Raises:
        KeyError: a name that is not among them.
        ValueError: a value of another shape.
    """
    given = _given(points, priors, choice)
    for name, value in (data or {}).items():
        if name not in given:
            raise KeyError(f"unknown data {name!r}; known: {', '.join(given)}")
        value = np.asarray(value, dtype=float)
        if value.shape != given[name].shape:
            raise ValueError(f"data {name!r} has shape {value.shape}, not {given[name].shape}")
        given[name] = value
    own = np.concatenate(
        [
            _table("own", where.slice(first, dims).stop - first, **_prior(name, priors, given))
            for name, (first, dims) in where.own.items()
        ]
    )
    made = {"layout": _layout(where, choice, form, own), "own": own}
    made |= _of_series(_Numbered(points, where, given)) | _beside(points, where, given)
    return made | geometry.adapt(made, where, choice)


def _table(kind: str, size: int, **columns: Any) -> np.ndarray:
    from tenfold.sampler import kernel

    made = np.zeros(size, dtype=kernel.TABLES[kind])
    for column, values in columns.items():
        made[column] = values
    return made


def _layout(where: Layout, choice: ModelChoice, form: Form, own: np.ndarray) -> np.ndarray:
    """Where each parameter stands in `u`, and the switches of the density."""
    from tenfold.sampler import kernel

    places = {name.rstrip("_"): -1 for name in kernel.OWN}
    places |= {f"u_{name}": -1 for name in kernel.BLOCKS}
    places |= {name: first for name, (first, _) in where.own.items()}
    places |= {f"u_{name}": first for name, (first, _) in where.blocks.items()}
    at = {("lambda_" if name == "lambda" else name): place for name, place in places.items()}
    at |= {
        "shape": SHAPES.index(form if form in SHAPES else "logistic"),
        "saturating": int(form in curves.CEILINGS),
        "positive": int(choice.slope_sign == "positive"),
        "n_nodes": pilot.GRID.size if form in curves.CEILINGS else 1,
        "grid_start": pilot.GRID[0],
        "grid_step": pilot.GRID[1] - pilot.GRID[0],
    }
    return _table("layout", 1, **at, **_polar(own, where))


@dataclass(frozen=True)
class _Numbered:
    """Evidence of series, those with a curve of their own numbered among themselves."""

    points: xr.Dataset
    where: Layout
    given: Tables

    @cached_property
    def curves(self) -> np.ndarray:
        """Which series have a curve of their own, (series,)."""
        return structure.curves(self.points)

    @cached_property
    def order(self) -> tuple[np.ndarray, np.ndarray]:
        """Their points by series and compute, and the OOMs from the point before."""
        order, step = structure.steps(self.points)
        kept = self.curves[self.points["series_index"].values[order]]
        return order[kept], step[kept]

    @cached_property
    def series(self) -> np.ndarray:
        """The curve of each of those points."""
        return (np.cumsum(self.curves) - 1)[self.points["series_index"].values[self.order[0]]]

    @cached_property
    def x(self) -> np.ndarray:
        """OOMs since the reference of its series, of every point."""
        reference = self.points["reference"].values[self.points["series_index"].values]
        return self.points["log10_compute"].values - reference


def _of_series(numbered: _Numbered) -> Tables:
    """Cells, ceilings, series and their points, groups, and pairs."""
    points, where, given = numbered.points, numbered.where, numbered.given
    cell, ceiling = structure.cells(points), structure.ceilings(points)
    runs, own_curve = structure.rl(points), numbered.curves
    order, step = numbered.order
    series, x = numbered.series, numbered.x
    n_series = int(own_curve.sum())
    count = np.bincount(series, minlength=n_series)
    floor = points["floor"].values[points["benchmark_index"].values]
    sums, count_row = np.unique(np.bincount(series, given["seen"][order]), return_inverse=True)
    mean = np.bincount(series, given["score"][order]) / count
    tops = ceiling["ceiling_regime_index"].values if "ceiling_logit" in where.blocks else []
    of_run = {name: np.full(runs.size, -1) for name in ("early", "start")}
    for name, places in of_run.items():
        if f"{name}_z" in where.blocks:
            places[runs] = where.blocks[f"{name}_z"][0] + np.arange(runs.sum())
    groups, shared = _groups(points, where, given["family_index"])
    units = _unit_places(where)
    shared |= {
        "ceiling": ceiling["ceiling_index"].values if len(tops) else np.full(runs.size, -1),
        "regime": points["regime_index"].values,
        "cell": cell["cell_index"].values,
        "unit": np.array([units.get(u, -1) for u in points["series_unit"].values]),
        "floor": floor,
    }
    paired = structure.paired(points)
    thinking, other = structure.modes(points)
    return {
        "cells": _table(
            "cells",
            cell.sizes["cell"],
            regime=cell["cell_regime_index"].values,
            partner=cell["partner"].values,
            ceiling=ceiling["cell_ceiling"].values if len(tops) else -1,
        ),
        "ceilings": _table("ceilings", len(tops), regime=tops),
        "series": _table(
            "series",
            n_series,
            first=np.cumsum(count) - count,
            last=np.cumsum(count),
            drifts=runs[own_curve],
            early=of_run["early"][own_curve],
            start=of_run["start"][own_curve],
            start0=-np.inf,
            begin=x[order][np.cumsum(count) - count],
            chart=points["chart_index"].values[own_curve],
            count_row=count_row,
            position=(mean - floor[own_curve]) / (1 - floor[own_curve]),
            **{name: values[own_curve] for name, values in shared.items()},
        ),
        "groups": _table("groups", len(groups), place=groups[:, 0], sd=groups[:, 1]),
        "counts": _table("counts", sums.size, n=sums),
        "points": _table(
            "points",
            order.size,
            x=x[order],
            x_se=given["log10_compute_se"][order],
            step=step,
            **{name: given[name][order] for name in ("score", "score_se", "non_thinking", "seen")},
        ),
        "pairs": _table(
            "pairs",
            thinking.size,
            given=given["score"][thinking],
            given_se=given["score_se"][thinking],
            score=given["score"][other],
            score_se=given["score_se"][other],
            ooms=x[thinking] - x[other],
            seen=given["seen"][other],
            **{name: values[paired] for name, values in shared.items()},
        ),
    }


def _unit_places(where: Layout) -> dict[str, int]:
    units = where.coords["free_unit"]
    return {label: where.own["unit_offset"][0] + k for k, label in enumerate(units)}


def _beside(points: xr.Dataset, where: Layout, given: Tables) -> Tables:
    """Charts, runs on two axes, and the evidence that is no curve."""
    units = _unit_places(where)
    one, other, ratio = structure.axes(points)
    difference = np.diff(np.eye(points.sizes["gpt"]), axis=0)
    error = difference @ np.diag(points["log10_flop_se"].values ** 2) @ difference.T
    variance, axes = np.linalg.eigh(error)
    n_shifts = points.sizes["shift"] if "shift_z" in where.blocks else 0
    names = ("rl_ooms", "rl_ooms_se", "shift_ooms", "shift_ooms_se")
    return {
        "charts": _table("charts", points.sizes["chart"], sd=points["chart_scale_se"].values),
        "axes": _table(
            "axes",
            ratio.size,
            first=[units.get(u, -1) for u in one],
            second=[units.get(u, -1) for u in other],
            log_ratio=ratio,
        ),
        "shifts": _table(
            "shifts",
            n_shifts,
            seen=given["shift_seen"][:n_shifts],
            **{name: points[name].values[:n_shifts] for name in names},
        ),
        "techniques": _table(
            "techniques",
            points.sizes["tradeoff"],
            log_ratio=np.log(points["inference_per_training"].values),
            se=points["inference_per_training_se_log"].values,
        ),
        "steps": _table(
            "steps",
            variance.size,
            ooms=axes.T @ difference @ points["log10_flop"].values,
            axis=axes.sum(axis=0),
            variance=variance,
        ),
    }


def _groups(
    points: xr.Dataset, where: Layout, family: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rows of effects that series share, (place in u, place of their sd), and who has which.

    Args:
        family: place of each series among the families.
    """
    runs = structure.rl(points)
    labels = {
        "family": points["family"].values[family.astype(int)],
        "model": np.where(runs, "", structure.models(points)),
        "publication": np.where(runs, points["series_publication"].values, ""),
        "own model": structure.models(points),
    }
    kinds = {
        "group1": ("family_z", "family_sd", "family"),
        "group2": ("model_z", "model_sd", "model"),
        "group3": ("publication_z", "publication_sd", "publication"),
        "thinking1": ("thinking_family_z", "thinking_family_sd", "family"),
        "thinking2": ("thinking_model_z", "thinking_model_sd", "own model"),
    }
    rows: list[tuple[int, int]] = []
    found = {}
    for column, (block, sd, kind) in kinds.items():
        found[column] = np.full(points.sizes["series"], -1)
        if block in where.blocks:
            first, (dim,) = where.blocks[block]
            row = structure.place(where.coords[dim], labels[kind])
            found[column] = np.where(row < 0, -1, len(rows) + row)
            rows += [(first + k, where.own[sd][0]) for k in range(len(where.coords[dim]))]
    found["thinking"] = np.full(points.sizes["series"], -1)
    if "thinking_shift" in where.blocks:
        benchmarks = points["series_benchmark"].values
        found["thinking"] = structure.place(where.coords["shifted_benchmark"], benchmarks)
    return np.array(rows, dtype=int).reshape(-1, 2), found


POLAR = ("half_normal", "log_normal", "gamma")
"""Families of priors under which `benchmark_sd` and `cell_sd` may be drawn in polar coordinates."""


def _polar(own: np.ndarray, where: Layout) -> dict[str, float]:
    """Whether the kernel draws the two spreads of cell slopes as a radius and an angle.

    The sum of their squares is well known as soon as there are many cells, the angle only from
    benchmarks with both regimes: as numbers of their own the two would lie on a thin arc.
    """
    if "benchmark_sd" not in where.own:
        return {"polar": 0, "radius": 1.0}
    both = own[[where.own[name][0] for name in ("benchmark_sd", "cell_sd")]]
    fits = np.isin(both["family"], [FAMILIES.index(name) for name in POLAR]) & (both["shift"] == 0)
    return {"polar": int(fits.all()), "radius": float(np.hypot(*layout.typical(both)))}


def _given(points: xr.Dataset, priors: Priors, choice: ModelChoice) -> dict[str, np.ndarray]:
    """What `data` may replace, and its value in the evidence or the prior table."""
    return {
        "score": points["score"].values,
        "score_se": points["score_se"].values,
        "log10_compute_se": points["log10_compute_se"].values,
        "non_thinking": points["non_thinking"].values.astype(float),
        "seen": np.full(points.sizes["obs"], float(choice.series_evidence)),
        "family_index": points["family_index"].values,
        "shift_seen": np.ones(points.sizes["shift"]),
        **prior_table.data_values(priors),
    }


def _prior(name: str, priors: Priors, given: Mapping[str, np.ndarray]) -> dict[str, float]:
    prior = priors[name]
    hyper = [
        float(given[prior_table.data_name(name, key)]) for key in HYPERPARAMETERS[prior.family]
    ]
    return {
        "family": FAMILIES.index(prior.family),
        "a": hyper[0],
        "b": hyper[1] if len(hyper) > 1 else 0.0,
        "shift": prior.shift,
    }
