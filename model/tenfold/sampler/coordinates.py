"""From the sampler's vector to the model's named parameters, and back to where a chain starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold.posterior.scenario import FAMILIES
from tenfold.sampler import pilot
from tenfold.sampler.layout import Layout


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
    for name in ("early", "start"):
        if f"{name}_z" in out:
            series = tables["series"][tables["series"][name] >= 0]
            mean, sd = (out[f"{name}_{key}"].values[..., None] for key in ("mean", "sd"))
            known = (series[f"{name}_{key}"] for key in ("information", "pointed"))
            own = _standardised(out[f"{name}_z"], mean, sd**2, *known)
            out[name] = out[f"{name}_z"].copy(data=own)
            out[f"{name}_z"] = out[f"{name}_z"].copy(data=(own - mean) / sd)
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
    cell, series = tables["cells"], tables["series"]
    maps = tables["maps"].reshape(series.size + cell.size, -1)
    logits = _ceilings(out, tables)
    of_cells = _interpolated(maps[series.size :], logits[..., cell["ceiling"]])
    _series(
        out,
        tables,
        _interpolated(maps[: series.size], logits[..., series["ceiling"]]),
        _levels(out, tables, of_cells["m1"])[..., series["cell"]],
        _slopes(out, tables, of_cells["m2"]),
    )


def _ceilings(out: xr.Dataset, tables: Mapping[str, np.ndarray]) -> np.ndarray:
    """Ceilings as logits, (..., ceilings + 1); the last row stands for no ceiling below 1."""
    none = np.zeros((*out["cell_sd"].shape, 1))
    if not tables["layout"][0]["saturating"]:
        return none
    top = tables["ceilings"]
    away = _curved(out["ceiling_logit"].values, top) - top["mean0"]
    mean, sd = (out[f"ceiling_{key}"].values[..., top["regime"]] for key in ("mean", "sd"))
    own = top["mean0"] + top["follows"] * (mean - top["mean0"])
    own = own + (1 + top["follows"] * (sd / top["sd0"] - 1)) * away
    out["ceiling_logit"] = out["ceiling_logit"].copy(data=own)
    return np.concatenate([own, none], axis=-1)


def _levels(out: xr.Dataset, tables: Mapping[str, np.ndarray], m1: np.ndarray) -> np.ndarray:
    """Typical intercepts of cells, (..., cells); `m1`: what their series say of them."""
    cell = tables["cells"]
    mean = out["intercept_mean"].values[..., cell["regime"]]
    sd = out["intercept_cell_sd"].values[..., None]
    clarity = _clarity(out["intercept_sd"], cell["level_spread0"], cell["level_error"])
    information = clarity * cell["level_information"]
    level = _standardised(out["cell_level"], mean, sd**2, information, clarity * m1)
    out["intercept_cell_z"] = out["cell_level"].copy(data=(level - mean) / sd)
    return level


def _slopes(out: xr.Dataset, tables: Mapping[str, np.ndarray], m2: np.ndarray) -> np.ndarray:
    """Typical log slopes of series, (..., series); `m2`: what series of cells say of theirs."""
    series, at, group = tables["series"], tables["layout"][0], _group_effects(out)
    slope = out["log_slope_mean"].values[..., series["regime"]]
    for column in ("group1", "group2", "group3"):
        slope = slope + group[..., series[column]]
    if "unit_offset" in out:
        row = np.maximum(series["unit"] - at["unit_offset"], 0)
        slope = slope + out["unit_offset"].values[..., row] * (series["unit"] >= 0)
    if "cell_slope" in out:
        slope = slope + _cell_slopes(out, tables, m2, group)[..., series["cell"]]
    return slope


def _cell_slopes(
    out: xr.Dataset, tables: Mapping[str, np.ndarray], m2: np.ndarray, group: np.ndarray
) -> np.ndarray:
    """What benchmarks and cells add to log slopes, (..., cells)."""
    cell, shares, at = tables["cells"], tables["shares"], tables["layout"][0]
    middle = out["log_slope_mean"].values[..., cell["regime"]].copy()
    for c in range(cell.size):
        for share in shares[cell["first_share"][c] : cell["last_share"][c]]:
            if share["is_group"]:
                middle[..., c] += share["weight"] * group[..., share["place"]]
            else:
                row = share["place"] - at["unit_offset"]
                middle[..., c] += share["weight"] * out["unit_offset"].values[..., row]
    between, within = (out[name].values[..., None] ** 2 for name in ("benchmark_sd", "cell_sd"))
    correlation = between / (between + within)
    totals, z = np.zeros(middle.shape), out["cell_slope"].values
    clarity = _clarity(out["series_sd"], cell["slope_spread0"], cell["slope_error"])
    first, second = (np.flatnonzero(cell["partner"] < 0), np.flatnonzero(cell["partner"] >= 0))
    for members, v in ((first, between + within), (second, within * (1 + correlation))):
        prior = correlation * totals[..., cell["partner"][members]] * (members is second)
        information = cell["slope_information"][members]
        pointed = m2[..., members] - information * middle[..., members]
        clear = clarity[..., members]
        totals[..., members] = _standardised(
            z[..., members], prior, v, clear * information, clear * pointed
        )
    lead = out["cell_slope"].dims[:-1]
    out["cell_total_first"] = ((*lead, "cell_first"), totals[..., first])
    given = totals[..., second] - correlation * totals[..., cell["partner"][second]]
    second_z = given / np.sqrt(within * (1 + correlation))
    out["cell_total_second_z"] = ((*lead, "cell_second"), second_z)
    return totals


def _series(
    out: xr.Dataset,
    tables: Mapping[str, np.ndarray],
    maps: dict[str, np.ndarray],
    level: np.ndarray,
    slope: np.ndarray,
) -> None:
    """Intercepts and slopes of series, in place, given the typical `level` and `slope` of each."""
    at, series = tables["layout"][0], tables["series"]
    weight1 = 1 / out["intercept_sd"].values[..., None] ** 2
    weight2, middle2 = 1 / out["series_sd"].values[..., None] ** 2, slope
    if not at["positive"]:
        weight2, middle2 = series["slope_weight"], series["slope0"]
    g1, g12, g2 = maps["g1"], maps["g12"], maps["g2"]
    scale = out["lambda"].values[..., None] if "lambda" in out else 1.0
    noise = scale**2 * series["score_variance"] + series["other_variance"]
    quiet = series["variance0"] / (noise + out["sigma"].values[..., series["regime"]] ** 2)
    h11, h12, h22 = quiet * g1**2, quiet * g1 * g12, quiet * (g12**2 + g2**2)
    l11 = np.sqrt(h11 + weight1)
    l21 = h12 / l11
    l22 = np.sqrt(h22 + weight2 - l21**2)
    m1, m2 = maps["m1"], maps["m2"]
    r1 = series["level_weight"] * (m1 - series["level0"]) + weight1 * level
    r2 = series["slope_weight"] * (m2 - series["slope0"]) + weight2 * middle2
    if "early" in out and at["positive"]:
        ground = np.zeros((*out["cell_sd"].shape, series.size))
        runs = series["early"] >= 0
        ground[..., runs] = 10.0 ** (series["begin"][runs] + out["early"].values)
        m2 = m2 + np.log((1 + ground) / (1 + series["ground0"]))
    r1, r2 = r1 + h11 * m1 + h12 * m2, r2 + h12 * m1 + h22 * m2
    if "start" in out:
        risen = np.zeros((*out["cell_sd"].shape, series.size))
        runs = series["start"] >= 0
        risen[..., runs] = special.expit(out["start"].values)
        risen[..., runs] -= special.expit(series["start0"][runs])
        r1, r2 = r1 + quiet * series["by_start1"] * risen, r2 + quiet * series["by_start2"] * risen
    if "thinking_shift" in out:
        moved = quiet * _moved(out, tables)
        r1, r2 = r1 + series["by_shift1"] * moved, r2 + series["by_shift2"] * moved
    y1 = r1 / l11
    own = ((r2 - l21 * y1) / l22 + _curved(out["log_slope"].values, series)) / l22
    bent = m2 + np.expm1(own - m2) if at["positive"] else own
    intercept = (y1 + out["intercept"].values - l21 * bent) / l11
    out["intercept"] = out["intercept"].copy(data=intercept)
    out["log_slope"] = out["log_slope"].copy(data=own)


def _moved(out: xr.Dataset, tables: Mapping[str, np.ndarray]) -> np.ndarray:
    """Thinking shifts, put in place, and how far that of each series is from what was guessed."""
    series, known, group = tables["series"], tables["thinking"], _group_effects(out)
    mean, sd = (out[f"thinking_shift_{key}"].values[..., None] for key in ("mean", "sd"))
    shifts = _standardised(
        out["thinking_shift"], mean, sd**2, known["information"], known["pointed"]
    )
    out["thinking_shift"] = out["thinking_shift"].copy(data=shifts)
    moved = shifts[..., np.maximum(series["thinking"], 0)] - series["shift0"]
    moved = moved + group[..., series["thinking1"]] + group[..., series["thinking2"]]
    return moved * (series["thinking"] >= 0)


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
