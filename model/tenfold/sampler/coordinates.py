"""From evidence to the kernel, and from the sampler's vector to the model's named parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import curves as curve_table
from tenfold.curves import SHAPES, Form
from tenfold.posterior import priors as prior_table
from tenfold.posterior import structure
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import FAMILIES, HYPERPARAMETERS, ModelChoice
from tenfold.sampler import geometry, layout, pilot
from tenfold.sampler.layout import Layout


def inputs(
    points: xr.Dataset,
    priors: Priors,
    choice: ModelChoice,
    where: Layout,
    form: Form,
    data: Mapping[str, Any] | None = None,
) -> dict[str, np.ndarray]:
    """The kernel's tables (see `kernel.TABLES`) for one form and one set of data.

    Args:
        data: values that replace those of the evidence and the prior table, by the names that
            `hierarchy.build_model` gives its pm.Data.

    Raises:
        KeyError: a name that is not among them.
        ValueError: a value of another shape.
    """
    from tenfold.sampler import kernel

    given = _given(points, priors, choice)
    for name, value in (data or {}).items():
        if name not in given:
            raise KeyError(f"unknown data {name!r}; known: {', '.join(given)}")
        value = np.asarray(value, dtype=float)
        if value.shape != given[name].shape:
            raise ValueError(f"data {name!r} has shape {value.shape}, not {given[name].shape}")
        given[name] = value

    def table(kind: str, size: int, **columns: Any) -> np.ndarray:
        made = np.zeros(size, dtype=kernel.TABLES[kind])
        for column, values in columns.items():
            made[column] = values
        return made

    cell = structure.cells(points)
    paired, own_curve = structure.paired(points), structure.curves(points)
    order, step = structure.steps(points)
    curves = own_curve[points["series_index"].values[order]]
    order, step = order[curves], step[curves]
    # curves are numbered among themselves
    series = (np.cumsum(own_curve) - 1)[points["series_index"].values[order]]
    n_series, n_obs = int(own_curve.sum()), series.size
    count = np.bincount(series, minlength=n_series)
    floors = points["floor"].values[points["benchmark_index"].values]
    floor = floors[own_curve]
    seen_sums, count_row = np.unique(np.bincount(series, given["seen"][order]), return_inverse=True)
    mean = np.bincount(series, given["score"][order]) / count
    places = {name.rstrip("_"): -1 for name in kernel.OWN} | {
        f"u_{name}": -1 for name in kernel.BLOCKS
    }
    places |= {name: first for name, (first, _) in where.own.items()}
    places |= {f"u_{name}": first for name, (first, _) in where.blocks.items()}
    at = {("lambda_" if name == "lambda" else name): place for name, place in places.items()}
    thinking = "thinking_shift" in where.blocks
    at |= {
        "shape": SHAPES.index(form if form in SHAPES else "logistic"),
        "saturating": int(form in curve_table.CEILINGS),
        "positive": int(choice.slope_sign == "positive"),
        "n_nodes": pilot.GRID.size if form in curve_table.CEILINGS else 1,
        "grid_start": pilot.GRID[0],
        "grid_step": pilot.GRID[1] - pilot.GRID[0],
    }
    partner = cell["partner"].values
    unit_place = {
        label: where.own["unit_offset"][0] + k for k, label in enumerate(where.coords["free_unit"])
    }
    difference = np.diff(np.eye(points.sizes["gpt"]), axis=0)
    error = difference @ np.diag(points["log10_flop_se"].values ** 2) @ difference.T
    variance, axes = np.linalg.eigh(error)
    n_shifts = points.sizes["shift"] if "shift_z" in where.blocks else 0
    own = np.concatenate(
        [
            table("own", where.slice(first, dims).stop - first, **_prior(name, priors, given))
            for name, (first, dims) in where.own.items()
        ]
    )
    at |= _polar(own, where)
    x = points["log10_compute"].values - points["reference"].values[points["series_index"].values]
    groups, of_series = _groups(points, where, given["family_index"])
    ceiling = structure.ceilings(points)
    tops = ceiling["ceiling_regime_index"].values if "ceiling_logit" in where.blocks else []
    early = np.full(paired.size, -1)
    if "early_z" in where.blocks:
        early[structure.rl(points)] = where.blocks["early_z"][0] + np.arange(
            len(where.coords["rl_series"])
        )
    of_series |= {
        "ceiling": ceiling["ceiling_index"].values if len(tops) else np.full(paired.size, -1),
        "regime": points["regime_index"].values,
        "cell": cell["cell_index"].values,
        "unit": np.array([unit_place.get(u, -1) for u in points["series_unit"].values]),
        "floor": floors,
    }
    thinking, other = structure.modes(points)
    one_unit, other_unit, ratio = structure.axes(points)
    points_table = table(
        "points",
        n_obs,
        x=x[order],
        x_se=given["log10_compute_se"][order],
        step=step,
        **{name: given[name][order] for name in ("score", "score_se", "non_thinking", "seen")},
    )
    tables = {
        "layout": table("layout", 1, **at),
        "own": own,
        "cells": table(
            "cells",
            partner.size,
            regime=cell["cell_regime_index"].values,
            partner=partner,
            ceiling=ceiling["cell_ceiling"].values if len(tops) else -1,
        ),
        "ceilings": table("ceilings", len(tops), regime=tops),
        "series": table(
            "series",
            n_series,
            first=np.cumsum(count) - count,
            last=np.cumsum(count),
            drifts=structure.rl(points)[own_curve],
            early=early[own_curve],
            begin=x[order][np.cumsum(count) - count],
            chart=points["chart_index"].values[own_curve],
            count_row=count_row,
            position=(mean - floor) / (1 - floor),
            **{name: values[own_curve] for name, values in of_series.items()},
        ),
        "groups": table("groups", len(groups), place=groups[:, 0], sd=groups[:, 1]),
        "pairs": table(
            "pairs",
            thinking.size,
            given=given["score"][thinking],
            given_se=given["score_se"][thinking],
            score=given["score"][other],
            score_se=given["score_se"][other],
            ooms=x[thinking] - x[other],
            seen=given["seen"][other],
            **{name: values[paired] for name, values in of_series.items()},
        ),
        "counts": table("counts", seen_sums.size, n=seen_sums),
        "points": points_table,
        "charts": table("charts", points.sizes["chart"], sd=points["chart_scale_se"].values),
        "axes": table(
            "axes",
            ratio.size,
            first=[unit_place.get(u, -1) for u in one_unit],
            second=[unit_place.get(u, -1) for u in other_unit],
            log_ratio=ratio,
        ),
        "shifts": table(
            "shifts",
            n_shifts,
            rl_ooms=points["rl_ooms"].values[:n_shifts],
            rl_ooms_se=points["rl_ooms_se"].values[:n_shifts],
            shift_ooms=points["shift_ooms"].values[:n_shifts],
            shift_ooms_se=points["shift_ooms_se"].values[:n_shifts],
            seen=given["shift_seen"][:n_shifts],
        ),
        "techniques": table(
            "techniques",
            points.sizes["tradeoff"],
            log_ratio=np.log(points["inference_per_training"].values),
            se=points["inference_per_training_se_log"].values,
        ),
        "steps": table(
            "steps",
            variance.size,
            ooms=axes.T @ difference @ points["log10_flop"].values,
            axis=axes.sum(axis=0),
            variance=variance,
        ),
    }
    return tables | geometry.adapt(tables, where, choice)


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


def start(
    tables: Mapping[str, np.ndarray],
    where: Layout,
    typical: Mapping[str, xr.DataArray],
    seed: int | None,
) -> np.ndarray:
    """A place in `u` from which a chain may start, with jitter.

    Args:
        typical: values of parameters with a prior of their own, from an earlier fit; of those that
            are not there, what is typical of the prior.
    """
    rng = np.random.default_rng(seed)
    center = np.zeros(where.size)
    for i, prior in enumerate(tables["own"]):
        family, a, b = FAMILIES[prior["family"]], prior["a"], prior["b"]
        if family in ("normal", "log_normal"):
            center[i] = a
        elif family != "half_normal":
            center[i] = np.log(a / b)
    at = tables["layout"][0]
    if at["polar"]:
        center[[at["benchmark_sd"], at["cell_sd"]]] = 1.0, 0.0
    for name, (first, dims) in where.own.items():
        if name in typical:
            places = where.slice(first, dims)
            known = typical[name].reindex({dim: where.coords[dim] for dim in dims}).values
            found = _place_of(known, tables["own"][first])
            center[places] = np.where(np.isfinite(found), found, center[places])
    if at["polar"] and {"benchmark_sd", "cell_sd"} <= set(typical):
        between, within = float(typical["benchmark_sd"]), float(typical["cell_sd"])
        angle = special.ndtri(2 / np.pi * np.arctan2(between, within))
        radius = _inverse_half(np.hypot(between, within) / at["radius"])
        center[[at["benchmark_sd"], at["cell_sd"]]] = radius, angle
    jitter = rng.uniform(-0.5, 0.5, where.size)
    return center + jitter


def _place_of(value: np.ndarray, prior: np.void) -> np.ndarray:
    """Where a value of a parameter lies in `u`: the inverse of what `top_level` does."""
    family, value = FAMILIES[prior["family"]], value - prior["shift"]
    with np.errstate(divide="ignore", invalid="ignore"):
        if family == "normal":
            return value
        if family == "half_normal":
            return _inverse_half(value / prior["a"])
        return special.logit(value) if family == "beta" else np.log(value)


def _inverse_half(value: Any) -> np.ndarray:
    """The inverse of `_half`, by its table."""
    grid = np.linspace(-8.0, 40.0, 4801)
    return np.interp(value, _half(grid), grid)


def top_level(u: np.ndarray, tables: Mapping[str, np.ndarray], where: Layout) -> xr.Dataset:
    """Draws of `u` as parameters with a prior of their own.

    Args:
        u: shape (chain, draw, at least `Layout.n_own`).
        tables: the inputs under which they were drawn.

    Returns:
        Dataset with dims (`chain`, `draw`, ...).
    """
    lead, at = ("chain", "draw"), tables["layout"][0]
    found: dict[str, Any] = {}
    for name, (first, dims) in where.own.items():
        places = where.slice(first, dims)
        value, prior = u[..., places], tables["own"][first]
        family = FAMILIES[prior["family"]]
        if at["polar"] and name in ("benchmark_sd", "cell_sd"):
            angle = np.pi / 2 * special.ndtr(u[..., at["cell_sd"], None])
            radius = at["radius"] * _half(u[..., at["benchmark_sd"], None])
            value = radius * (np.sin(angle) if name == "benchmark_sd" else np.cos(angle))
        elif family == "half_normal":
            value = prior["a"] * _half(value)
        elif family == "beta":
            value = 1 / (1 + np.exp(-value))
        elif family != "normal":
            value = np.exp(value)
        value = value + prior["shift"]
        found[name] = ((*lead, *dims), value if dims else value[..., 0])
    counts = {"chain": np.arange(u.shape[0]), "draw": np.arange(u.shape[1])}
    used = {dim: where.coords[dim] for _, dims in where.own.values() for dim in dims}
    return xr.Dataset(found, coords=used | counts)


def named(u: np.ndarray, tables: Mapping[str, np.ndarray], where: Layout) -> xr.Dataset:
    """Draws of `u` as named parameters.

    Args:
        u: shape (chain, draw, size).
        tables: the inputs under which they were drawn.

    Returns:
        Dataset with dims (`chain`, `draw`, ...): what `simulate.complete` starts from.
    """
    lead = ("chain", "draw")
    out = top_level(u, tables, where).assign_coords(where.coords)
    for name, (first, dims) in where.blocks.items():
        out[name] = ((*lead, *dims), u[..., where.slice(first, dims)])
    if out.sizes["chart"]:
        out["kappa_chart"] = np.exp(out["log_kappa"])
    if "early_z" in out:
        series = tables["series"][tables["series"]["early"] >= 0]
        mean, sd = (out[f"early_{key}"].values[..., None] for key in ("mean", "sd"))
        early = _standardised(
            out["early_z"], mean, sd**2, series["early_information"], series["early_pointed"]
        )
        out["early"] = out["early_z"].copy(data=early)
        out["early_z"] = out["early_z"].copy(data=(early - mean) / sd)
    _follow(out, tables)
    if "thinking_rest_z" in out:
        out["thinking_rest"] = np.exp(
            out["thinking_rest_mean"] + out["thinking_rest_sd"] * out["thinking_rest_z"]
        )
    out = out.drop_vars(["log_kappa", "cell_slope", "cell_level"], errors="ignore")
    if not tables["layout"][0]["positive"]:
        out = out.rename(log_slope="slope")
    if "shift_z" in out and out.sizes["shift"]:
        mean = out["log_slope_mean"]
        difference = mean.sel(regime="inference", drop=True) - mean.sel(regime="rl", drop=True)
        model_sd = out["model_sd"] if "model_sd" in out else 0.0
        variance = out["cell_sd"] ** 2 + model_sd**2 + out["series_sd"] ** 2
        spread = np.sqrt(2 * variance) * out["shift_z"]
        out["shift_exchange_rate"] = np.exp(difference + spread)
    return out


def _half(u: np.ndarray) -> np.ndarray:
    """Positive numbers with light tails on both sides: the integral of the normal CDF."""
    return np.exp(-0.5 * u**2) / np.sqrt(2 * np.pi) + u * special.ndtr(u)


def _follow(out: xr.Dataset, tables: Mapping[str, np.ndarray]) -> None:
    """Undo the coordinates of cells, thinking shifts and series, in place: see `geometry`."""
    cell, series, shares = tables["cells"], tables["series"], tables["shares"]
    at, of_cell, regime = tables["layout"][0], series["cell"], cell["regime"]
    maps = tables["maps"].reshape(series.size + cell.size, -1)
    logits = np.zeros((*out["cell_sd"].shape, 1))
    if at["saturating"]:
        top = tables["ceilings"]
        away = _curved(out["ceiling_logit"].values, top) - top["mean0"]
        mean, sd = (out[f"ceiling_{key}"].values[..., top["regime"]] for key in ("mean", "sd"))
        own = top["mean0"] + top["follows"] * (mean - top["mean0"])
        own = own + (1 + top["follows"] * (sd / top["sd0"] - 1)) * away
        out["ceiling_logit"] = out["ceiling_logit"].copy(data=own)
        logits = np.concatenate([own, logits], axis=-1)
    of_maps = _interpolated(maps[: series.size], logits[..., series["ceiling"]])
    of_cells = _interpolated(maps[series.size :], logits[..., cell["ceiling"]])
    intercept_mean = out["intercept_mean"].values[..., regime]
    level_sd = out["intercept_cell_sd"].values[..., None]
    clarity = _clarity(out["intercept_sd"], cell["level_spread0"], cell["level_error"])
    level = _standardised(
        out["cell_level"],
        intercept_mean,
        level_sd**2,
        clarity * cell["level_information"],
        clarity * of_cells["m1"],
    )
    out["intercept_cell_z"] = out["cell_level"].copy(data=(level - intercept_mean) / level_sd)
    slope = out["log_slope_mean"].values[..., series["regime"]]
    group = _group_effects(out)
    offset = out["unit_offset"].values if "unit_offset" in out else None
    for column in ("group1", "group2", "group3"):
        slope = slope + group[..., series[column]]
    if offset is not None:
        row = np.maximum(series["unit"] - at["unit_offset"], 0)
        slope = slope + offset[..., row] * (series["unit"] >= 0)
    if "cell_slope" in out:
        middle = out["log_slope_mean"].values[..., regime].copy()
        for c in range(cell.size):
            for share in shares[cell["first_share"][c] : cell["last_share"][c]]:
                source, first = (group, 0) if share["is_group"] else (offset, at["unit_offset"])
                assert source is not None
                middle[..., c] += share["weight"] * source[..., share["place"] - first]
        between, within = (out[name].values[..., None] ** 2 for name in ("benchmark_sd", "cell_sd"))
        correlation = between / (between + within)
        totals, z = np.zeros(middle.shape), out["cell_slope"].values
        clarity = _clarity(out["series_sd"], cell["slope_spread0"], cell["slope_error"])
        first, second = (np.flatnonzero(cell["partner"] < 0), np.flatnonzero(cell["partner"] >= 0))
        for members, v in ((first, between + within), (second, within * (1 + correlation))):
            prior = correlation * totals[..., cell["partner"][members]] * (members is second)
            information = cell["slope_information"][members]
            pointed = of_cells["m2"][..., members] - information * middle[..., members]
            clear = clarity[..., members]
            totals[..., members] = _standardised(
                z[..., members], prior, v, clear * information, clear * pointed
            )
        lead = out["cell_slope"].dims[:-1]
        out["cell_total_first"] = ((*lead, "cell_first"), totals[..., first])
        given = totals[..., second] - correlation * totals[..., cell["partner"][second]]
        out["cell_total_second_z"] = (
            (*lead, "cell_second"),
            given / np.sqrt(within * (1 + correlation)),
        )
        slope = slope + totals[..., of_cell]

    weight1 = 1 / out["intercept_sd"].values[..., None] ** 2
    weight2, middle2 = 1 / out["series_sd"].values[..., None] ** 2, slope
    if not at["positive"]:
        weight2, middle2 = series["slope_weight"], series["slope0"]
    g1, g12, g2 = of_maps["g1"], of_maps["g12"], of_maps["g2"]
    scale = out["lambda"].values[..., None] if "lambda" in out else 1.0
    noise = scale**2 * series["score_variance"] + series["other_variance"]
    quiet = series["variance0"] / (noise + out["sigma"].values[..., series["regime"]] ** 2)
    h11, h12, h22 = quiet * g1**2, quiet * g1 * g12, quiet * (g12**2 + g2**2)
    l11 = np.sqrt(h11 + weight1)
    l21 = h12 / l11
    l22 = np.sqrt(h22 + weight2 - l21**2)
    m1, m2 = of_maps["m1"], of_maps["m2"]
    r1 = series["level_weight"] * (m1 - series["level0"]) + weight1 * level[..., of_cell]
    r2 = series["slope_weight"] * (m2 - series["slope0"]) + weight2 * middle2
    if "early" in out and at["positive"]:
        ground = np.zeros((*out["cell_sd"].shape, series.size))
        runs = series["early"] >= 0
        ground[..., runs] = 10.0 ** (series["begin"][runs] + out["early"].values)
        m2 = m2 + np.log((1 + ground) / (1 + series["ground0"]))
    r1, r2 = r1 + h11 * m1 + h12 * m2, r2 + h12 * m1 + h22 * m2
    if "thinking_shift" in out:
        mean, sd = (out[f"thinking_shift_{key}"].values[..., None] for key in ("mean", "sd"))
        known = tables["thinking"]
        shifts = _standardised(
            out["thinking_shift"], mean, sd**2, known["information"], known["pointed"]
        )
        out["thinking_shift"] = out["thinking_shift"].copy(data=shifts)
        moved = shifts[..., np.maximum(series["thinking"], 0)] - series["shift0"]
        moved = moved + group[..., series["thinking1"]] + group[..., series["thinking2"]]
        moved = quiet * moved * (series["thinking"] >= 0)
        r1, r2 = r1 + series["by_shift1"] * moved, r2 + series["by_shift2"] * moved
    y1 = r1 / l11
    own = ((r2 - l21 * y1) / l22 + _curved(out["log_slope"].values, series)) / l22
    bent = m2 + np.expm1(own - m2) if at["positive"] else own
    intercept = (y1 + out["intercept"].values - l21 * bent) / l11
    out["intercept"] = out["intercept"].copy(data=intercept)
    out["log_slope"] = out["log_slope"].copy(data=own)


def _group_effects(out: xr.Dataset) -> np.ndarray:
    """Effects in the rows of the kernel's table `groups`, and a last one that is zero."""
    kinds = ("family", "model", "publication", "thinking_family", "thinking_model")
    found = [(out[f"{kind}_sd"] * out[f"{kind}_z"]).values for kind in kinds if f"{kind}_z" in out]
    return np.concatenate([*found, np.zeros((*out["cell_sd"].shape, 1))], axis=-1)


def _curved(u: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The kernel's function of that name, for draws (..., n)."""
    soft = np.logaddexp(0, table["p4"] * (u - table["p3"])) / table["p4"]
    return table["p0"] + table["p1"] * u + table["p2"] * soft


def _clarity(spread: xr.DataArray, spread0: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The kernel's function of that name, for draws: (...) to (..., cells)."""
    return (spread0**2 + error) / (spread.values[..., None] ** 2 + error)


def _standardised(
    u: Any, prior: np.ndarray, v: np.ndarray, information: np.ndarray, pointed: np.ndarray
) -> np.ndarray:
    """The kernel's function of that name, for draws (..., n)."""
    spread = np.sqrt(v / (1 + information * v))
    return prior + spread * (spread * (pointed - information * prior) + np.asarray(u))


def _interpolated(maps: np.ndarray, logit: np.ndarray) -> dict[str, np.ndarray]:
    """The kernel's cubic interpolation: maps (n, ceilings) at ceilings (..., n)."""
    names = ("m1", "m2", "g1", "g12", "g2")
    if maps.shape[1] == 1:
        return {name: maps[:, 0][name] for name in names}
    step = pilot.GRID[1] - pilot.GRID[0]
    place = np.clip((logit - pilot.GRID[0]) / step, 0, pilot.GRID.size - 1)
    node = np.minimum(place.astype(int), pilot.GRID.size - 2)
    t, row = place - node, np.arange(len(maps))
    left, right = maps[row, node], maps[row, node + 1]
    return {
        name: (1 + 2 * t) * (1 - t) ** 2 * left[name]
        + t**2 * (3 - 2 * t) * right[name]
        + step * t * (1 - t) ** 2 * left[f"{name}_by"]
        + step * t**2 * (t - 1) * right[f"{name}_by"]
        for name in names
    }
