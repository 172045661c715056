"""Between the sampler's vector and the model's named parameters, and from evidence to the kernel.

The sampler moves through one unconstrained vector `u`: parameters with a prior of their own first
(log of positive ones, logit of shares), then the blocks of `kernel.BLOCKS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import pilot
from tenfold import priors as prior_table
from tenfold.curves import Form
from tenfold.hierarchy import REFERENCE_UNITS, cells
from tenfold.priors import Priors
from tenfold.spec import HYPERPARAMETERS, ModelChoice

FAMILIES = ("normal", "half_normal", "log_normal", "gamma", "beta")
SHAPES = ("logistic", "linear", "power")
ROUNDS = 10
"""Quick fits of all series, each with better typical values above them."""


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
    from tenfold import kernel

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

    cell = cells(points)
    series = points["series_index"].values
    n_series, n_obs = points.sizes["series"], series.size
    count = np.bincount(series, minlength=n_series)
    floor = points["floor"].values[points["benchmark_index"].values]
    seen_sums, count_row = np.unique(np.bincount(series, given["seen"]), return_inverse=True)
    mean = np.bincount(series, given["score"]) / count
    places = {name.rstrip("_"): -1 for name in kernel.OWN} | {
        f"u_{name}": -1 for name in kernel.BLOCKS
    }
    places |= {name: first for name, (first, _) in where.own.items()}
    places |= {f"u_{name}": first for name, (first, _) in where.blocks.items()}
    at = {("lambda_" if name == "lambda" else name): place for name, place in places.items()}
    thinking = "thinking_shift" in where.blocks
    at |= {
        "n_families": points.sizes["family"],
        "shape": SHAPES.index("logistic" if form == "saturating" else form),
        "saturating": int(form == "saturating"),
        "positive": int(choice.slope_sign == "positive"),
        "n_nodes": pilot.GRID.size if form == "saturating" else 1,
        "grid_start": pilot.GRID[0],
        "grid_step": pilot.GRID[1] - pilot.GRID[0],
    }
    partner = cell["partner"].values
    unit_place = {
        label: where.own["unit_offset"][0] + k for k, label in enumerate(where.coords["free_unit"])
    }
    thinking_row = {label: k for k, label in enumerate(where.coords["shifted_benchmark"])}
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
    points_table = table(
        "points",
        n_obs,
        score=given["score"],
        score_se=given["score_se"],
        x=points["log10_compute"].values - points["reference"].values[series],
        x_se=given["log10_compute_se"],
        non_thinking=given["non_thinking"],
        seen=given["seen"],
    )
    tables = {
        "layout": table("layout", 1, **at),
        "own": own,
        "cells": table(
            "cells",
            partner.size,
            regime=cell["cell_regime_index"].values,
            partner=partner,
        ),
        "series": table(
            "series",
            n_series,
            first=np.cumsum(count) - count,
            last=np.cumsum(count),
            regime=points["regime_index"].values,
            cell=cell["cell_index"].values,
            family=given["family_index"],
            unit=[unit_place.get(u, -1) for u in points["series_unit"].values],
            thinking=[
                thinking_row.get(b, -1) if thinking else -1
                for b in points["series_benchmark"].values
            ],
            chart=points["chart_index"].values,
            count_row=count_row,
            floor=floor,
            position=(mean - floor) / (1 - floor),
        ),
        "counts": table("counts", seen_sums.size, n=seen_sums),
        "points": points_table,
        "charts": table("charts", points.sizes["chart"], sd=points["chart_scale_se"].values),
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
    return tables | _adapt(tables, where, choice)


def _adapt(
    tables: Mapping[str, np.ndarray], where: Layout, choice: ModelChoice
) -> dict[str, np.ndarray]:
    """Coordinates in which the posterior is near a standard normal: cells, shares, series, maps.

    Series: standard deviations from the mode of `pilot`, given the ceiling and what stands above.
    Cells: intercepts keep what their series know when the mean above them moves; the slope total
    is standardised by its normal approximation given the spreads above it, so that neither a small
    spread nor a well-informed cell makes a funnel. Typical values above the series and their
    spreads are found by a few steps of EM. All constants depend on data and priors alone.
    """
    from tenfold import kernel

    cell, series = tables["cells"].copy(), tables["series"].copy()
    at = tables["layout"][0]
    center = typical(tables["own"])

    def prior(name: str) -> np.ndarray:
        first, dims = where.own[name]
        return center[where.slice(first, dims)]

    def one(name: str, otherwise: float) -> float:
        return float(prior(name)[0]) if name in where.own else otherwise

    of_cell, n_cells = series["cell"], cell.size
    intercept_sd, series_sd = one("intercept_sd", 1.0), one("series_sd", 0.3)
    level_cell = prior("intercept_mean")[cell["regime"]]
    slope_cell = prior("log_slope_mean")[cell["regime"]]
    shape, ceilings = SHAPES[at["shape"]], bool(at["saturating"])
    ceiling_prior = np.zeros(1)
    if ceilings:
        spread = np.hypot(one("ceiling_sd", 1.0), 1.0)
        ceiling_prior = -0.5 * ((pilot.GRID - one("ceiling_mean", 2.0)) / spread) ** 2
    noise_scale, sigma, nu = one("lambda", 1.0), float(prior("sigma").mean()), one("nu", np.inf)
    nus = np.array([np.inf])
    if "nu" in where.own:
        least = tables["own"][where.own["nu"][0]]["shift"]
        nus = least + (nu - least) * 2.0 ** np.arange(-5, 2)
    scales = np.linspace(0.1, 1.0, 10) if "lambda" in where.own else np.ones(1)
    sd1 = one("intercept_cell_sd", 1.0)
    sd2 = float(np.hypot(one("benchmark_sd", 0.0), one("cell_sd", 0.3)))
    start1, start2 = level_cell, slope_cell
    of_shift = np.maximum(series["thinking"], 0)
    n_thinking = where.coords["shifted_benchmark"].size if "thinking_shift" in where.blocks else 0
    shift = np.full(max(n_thinking, 1), one("thinking_shift_mean", 0.0))
    for last in (*[False] * (ROUNDS - 1), True):
        found = pilot.fits(
            tables["points"],
            series,
            shape,
            ceilings,
            choice.slope_sign == "positive",
            pilot.Typical(
                level=level_cell[of_cell],
                log_slope=slope_cell[of_cell],
                intercept_sd=intercept_sd,
                series_sd=series_sd,
                noise_scale=noise_scale,
                sigma=sigma,
                nu=nu,
                thinking_shift=shift[of_shift],
            ),
        )
        # at the likeliest ceiling of each cell
        likely = _sum_by(of_cell, found.log_marginal[None], n_cells)[0] + ceiling_prior
        column = np.argmax(likely, axis=1)
        at_best = (np.arange(series.size), column[of_cell])
        own, unit = found.own[at_best], np.ones(series.size)
        if choice.slope_sign != "positive":
            own, unit = np.log(own), 1 / own
        # information on the cell from each series: its own spread added to the error of its fit
        v1 = found.c11[at_best] ** 2
        v2 = (found.c21[at_best] ** 2 + found.c22[at_best] ** 2) * unit**2
        w1 = 1 / intercept_sd**2 - v1 / intercept_sd**4
        w2 = np.maximum(1 / series_sd**2 - v2 / series_sd**4, 1e-3)
        total1, total2 = np.bincount(of_cell, w1), np.bincount(of_cell, w2)
        if last:
            break
        noise_scale, sigma, nu = pilot.noise(tables["points"], series, found.gap, scales, nus)
        offset1 = found.intercept[at_best] - level_cell[of_cell]
        offset2 = own - slope_cell[of_cell]
        pull1 = np.bincount(of_cell, offset1 / intercept_sd**2) + (start1 - level_cell) / sd1**2
        pull2 = np.bincount(of_cell, offset2 / series_sd**2) + (start2 - slope_cell) / sd2**2
        level_cell = level_cell + pull1 / (total1 + sd1**-2)
        slope_cell = slope_cell + pull2 / (total2 + sd2**-2)
        prior3 = one("thinking_shift_sd", 1.0) ** -2
        pull3 = np.bincount(of_shift, found.shift_pull[at_best])
        pull3 += prior3 * (one("thinking_shift_mean", 0.0) - shift)
        shift = shift + pull3 / (np.bincount(of_shift, found.shift_information[at_best]) + prior3)
        # expected spreads at each level, with the prior's guess as two observations (a step of EM)
        intercept_sd = _spread(offset1, v1, one("intercept_sd", 1.0))
        series_sd = _spread(offset2, v2, one("series_sd", 0.3))
    cell["level_information"], cell["slope_information"] = total1, total2
    follows = choice.slope_sign == "positive"
    series["level0"], series["level_weight"] = level_cell[of_cell], intercept_sd**-2
    series["slope0"], series["slope_weight"] = slope_cell[of_cell], series_sd**-2
    if not follows:  # in units of the slope itself
        series["slope0"] = np.exp(series["slope0"])
        series["slope_weight"] /= series["slope0"] ** 2
    series["by_shift1"], series["by_shift2"] = found.by_shift[:, *at_best]
    thinking = np.zeros(n_thinking, dtype=kernel.TABLES["thinking"])
    if n_thinking:
        thinking["information"] = np.bincount(of_shift, found.shift_information[at_best])
        toward = np.bincount(of_shift, found.shift_pull[at_best])
        thinking["pointed"] = thinking["information"] * shift + toward
    series["shift0"] = shift[of_shift]

    if ceilings:
        # density of each ceiling with all that lies below it integrated out, but for the prior
        both = int(follows)
        information = _sum_by(
            of_cell,
            np.stack(
                [
                    intercept_sd**-2 - intercept_sd**-4 * found.c11**2,
                    -both * (intercept_sd * series_sd) ** -2 * found.c11 * found.c21,
                    both * (series_sd**-2 - series_sd**-4 * (found.c21**2 + found.c22**2)),
                ]
            ),
            n_cells,
        )
        g1, g2 = _sum_by(of_cell, found.pull, n_cells)
        g1 = g1 - ((level_cell - prior("intercept_mean")[cell["regime"]]) / sd1**2)[:, None]
        g2 = (
            both * g2
            - both * ((slope_cell - prior("log_slope_mean")[cell["regime"]]) / sd2**2)[:, None]
        )
        h11, h12, h22 = information[0] + sd1**-2, information[1], information[2] + sd2**-2
        determinant = h11 * h22 - h12**2
        density = _sum_by(of_cell, found.log_marginal[None], n_cells)[0] - 0.5 * np.log(determinant)
        density += 0.5 * (h22 * g1**2 - 2 * h12 * g1 * g2 + h11 * g2**2) / determinant
        mean, sd = prior("ceiling_mean").copy(), one("ceiling_sd", 1.0)
        for _ in range(4):
            posterior = density - 0.5 * ((pilot.GRID - mean[cell["regime"], None]) / sd) ** 2
            weight = np.exp(posterior - posterior.max(axis=1, keepdims=True))
            weight /= weight.sum(axis=1, keepdims=True)
            expected = weight @ pilot.GRID
            for r in range(2):
                own = expected[cell["regime"] == r]
                first = where.own["ceiling_mean"][0] + r
                pull = tables["own"][first]["b"] ** -2.0
                mean[r] = (own.sum() / sd**2 + pull * center[first]) / (own.size / sd**2 + pull)
            spread = (weight * (pilot.GRID - mean[cell["regime"], None]) ** 2).sum()
            sd = np.sqrt((spread + 2 * one("ceiling_sd", 1.0) ** 2) / (n_cells + 2))
        curves = pilot.ceiling_curves(posterior)
        for k, name in enumerate(("p0", "p1", "p2", "p3", "p4")):
            cell[name] = curves[:, k]

    rows = []
    for c in range(n_cells):
        cell["first_share"][c] = len(rows)
        members = np.flatnonzero(of_cell == c)
        weight = w2[members] / w2[members].sum()
        for label, is_family in (("family", 1), ("unit", 0)):
            for place in np.unique(series[label][members]):
                if place >= 0 and (not is_family or "family_sd" in where.own):
                    share = weight[series[label][members] == place].sum()
                    rows.append((is_family, place, share))
        cell["last_share"][c] = len(rows)
    maps = np.zeros((series.size + n_cells, found.own.shape[1]), dtype=kernel.TABLES["maps"])
    moved1 = moved2 = np.zeros((n_cells, maps.shape[1]))
    columns = {
        "m1": found.intercept, "m2": found.own,
        "a": np.log(found.g11), "b": found.g21, "c": np.log(found.g22),
    }  # fmt: skip
    for name, values in columns.items():
        maps[name][: series.size] = values
    if ceilings:
        move1 = (h22 * g1 - h12 * g2) / determinant
        move2 = (h11 * g2 - h12 * g1) / determinant
        best = (np.arange(n_cells), column)
        moved1 = move1 - move1[best][:, None]
        moved2 = (move2 - move2[best][:, None]) * follows
    # precision times what the series of a cell point to, the prior taken out
    for name, information, sd, begin, end, moved in (
        ("m1", total1, sd1, start1, level_cell, moved1),
        ("m2", total2, sd2, start2, slope_cell, moved2),
    ):
        precision = information + sd**-2
        pointed = information * begin + (end - begin) * precision
        maps[name][series.size :] = pointed[:, None] + precision[:, None] * moved
    for name in columns:
        maps[f"{name}_by"] = pilot.slopes(maps[name])
    return {
        "cells": cell,
        "series": series,
        "shares": np.array(rows, dtype=kernel.TABLES["shares"]),
        "maps": maps.ravel(),
        "thinking": thinking,
    }


def _spread(offset: np.ndarray, variance: np.ndarray, guess: float) -> float:
    """Standard deviation of effects from their modes and variances, a guess counting as two."""
    return float(np.sqrt(np.mean([*(offset**2 + variance), guess**2, guess**2])))


def _sum_by(index: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Sums over the second axis by index: (k, n, m) -> (k, size, m)."""
    return (np.arange(size)[:, None] == index) @ values


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


def start(tables: Mapping[str, np.ndarray], where: Layout, seed: int | None) -> np.ndarray:
    """A place in `u` from which a chain may start: typical values of the priors, with jitter."""
    rng = np.random.default_rng(seed)
    center = np.zeros(where.size)
    for i, prior in enumerate(tables["own"]):
        family, a, b = FAMILIES[prior["family"]], prior["a"], prior["b"]
        if family in ("normal", "log_normal"):
            center[i] = a
        elif family != "half_normal":
            center[i] = np.log(a / b)
    return center + rng.uniform(-0.5, 0.5, where.size)


def named(u: np.ndarray, tables: Mapping[str, np.ndarray], where: Layout) -> xr.Dataset:
    """Draws of `u` as named parameters.

    Args:
        u: shape (chain, draw, size).
        tables: the inputs under which they were drawn.

    Returns:
        Dataset with dims (`chain`, `draw`, ...): what `simulate.complete` starts from.
    """
    lead = ("chain", "draw")
    found: dict[str, Any] = {}
    for name, (first, dims) in where.own.items():
        places = where.slice(first, dims)
        value, prior = u[..., places], tables["own"][first]
        family = FAMILIES[prior["family"]]
        if family == "half_normal":
            normal = np.exp(-0.5 * value**2) / np.sqrt(2 * np.pi)
            value = prior["a"] * (normal + value * special.ndtr(value))
        elif family == "beta":
            value = 1 / (1 + np.exp(-value))
        elif family != "normal":
            value = np.exp(value)
        value = value + prior["shift"]
        found[name] = ((*lead, *dims), value if dims else value[..., 0])
    for name, (first, dims) in where.blocks.items():
        found[name] = ((*lead, *dims), u[..., where.slice(first, dims)])
    counts = {"chain": np.arange(u.shape[0]), "draw": np.arange(u.shape[1])}
    out = xr.Dataset(found, coords=where.coords | counts)
    if out.sizes["chart"]:
        out["kappa_chart"] = np.exp(out["log_kappa"])
    at = tables["layout"][0]
    _follow(out, tables)
    out = out.drop_vars(["log_kappa", "cell_slope", "cell_level"], errors="ignore")
    if not at["positive"]:
        out = out.rename(log_slope="slope")
    if "shift_z" in out and out.sizes["shift"]:
        mean = out["log_slope_mean"]
        difference = mean.sel(regime="inference", drop=True) - mean.sel(regime="rl", drop=True)
        spread = np.sqrt(2) * out["cell_sd"] * out["shift_z"]
        out["shift_exchange_rate"] = np.exp(difference + spread)
    return out


def _follow(out: xr.Dataset, tables: Mapping[str, np.ndarray]) -> None:
    """Undo the coordinates of cells, thinking shifts and series, in place: see `_adapt`."""
    cell, series, shares = tables["cells"], tables["series"], tables["shares"]
    at, of_cell, regime = tables["layout"][0], series["cell"], cell["regime"]
    maps = tables["maps"].reshape(series.size + cell.size, -1)
    if at["saturating"]:
        z = out["ceiling_logit"].values
        soft = np.logaddexp(0, cell["p4"] * (z - cell["p3"])) / cell["p4"]
        logits = cell["p0"] + cell["p1"] * z + cell["p2"] * soft
        out["ceiling_logit"] = out["ceiling_logit"].copy(data=logits)
    else:
        logits = np.zeros(out["cell_level"].shape)
    of_maps = _interpolated(maps[: series.size], logits[..., of_cell])
    of_cells = _interpolated(maps[series.size :], logits)
    intercept_mean = out["intercept_mean"].values[..., regime]
    level_sd = out["intercept_cell_sd"].values[..., None]
    level = _standardised(
        out["cell_level"], intercept_mean, level_sd**2, cell["level_information"], of_cells["m1"]
    )
    out["intercept_cell_z"] = out["cell_level"].copy(data=(level - intercept_mean) / level_sd)
    slope = out["log_slope_mean"].values[..., series["regime"]]
    family = (out["family_sd"] * out["family_z"]).values if "family_z" in out else None
    offset = out["unit_offset"].values if "unit_offset" in out else None
    if family is not None:
        slope = slope + family[..., series["family"]]
    if offset is not None:
        row = np.maximum(series["unit"] - at["unit_offset"], 0)
        slope = slope + offset[..., row] * (series["unit"] >= 0)
    if "cell_slope" in out:
        middle = out["log_slope_mean"].values[..., regime].copy()
        for c in range(cell.size):
            for share in shares[cell["first_share"][c] : cell["last_share"][c]]:
                source, first = (family, 0) if share["is_family"] else (offset, at["unit_offset"])
                assert source is not None
                middle[..., c] += share["weight"] * source[..., share["place"] - first]
        between, within = (out[name].values[..., None] ** 2 for name in ("benchmark_sd", "cell_sd"))
        correlation = between / (between + within)
        totals, z = np.zeros(middle.shape), out["cell_slope"].values
        first, second = (np.flatnonzero(cell["partner"] < 0), np.flatnonzero(cell["partner"] >= 0))
        for members, v in ((first, between + within), (second, within * (1 + correlation))):
            prior = correlation * totals[..., cell["partner"][members]] * (members is second)
            information = cell["slope_information"][members]
            pointed = of_cells["m2"][..., members] - information * middle[..., members]
            totals[..., members] = _standardised(z[..., members], prior, v, information, pointed)
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
    g1, b, g2 = np.exp(of_maps["a"]), of_maps["b"], np.exp(of_maps["c"])
    h11, h12, h22 = g1**2, g1 * b, b**2 + g2**2
    l11 = np.sqrt(h11 + weight1)
    l21 = h12 / l11
    l22 = np.sqrt(h22 + weight2 - l21**2)
    m1, m2 = of_maps["m1"], of_maps["m2"]
    r1 = h11 * m1 + h12 * m2 + series["level_weight"] * (m1 - series["level0"])
    r2 = h12 * m1 + h22 * m2 + series["slope_weight"] * (m2 - series["slope0"])
    r1, r2 = r1 + weight1 * level[..., of_cell], r2 + weight2 * middle2
    if "thinking_shift" in out:
        mean, sd = (out[f"thinking_shift_{key}"].values[..., None] for key in ("mean", "sd"))
        known = tables["thinking"]
        shifts = _standardised(
            out["thinking_shift"], mean, sd**2, known["information"], known["pointed"]
        )
        out["thinking_shift"] = out["thinking_shift"].copy(data=shifts)
        moved = shifts[..., np.maximum(series["thinking"], 0)] - series["shift0"]
        moved = moved * (series["thinking"] >= 0)
        r1, r2 = r1 + series["by_shift1"] * moved, r2 + series["by_shift2"] * moved
    y1 = r1 / l11
    own = ((r2 - l21 * y1) / l22 + out["log_slope"].values) / l22
    intercept = (y1 + out["intercept"].values - l21 * own) / l11
    out["intercept"] = out["intercept"].copy(data=intercept)
    out["log_slope"] = out["log_slope"].copy(data=own)


def _standardised(
    u: Any, prior: np.ndarray, v: np.ndarray, information: np.ndarray, pointed: np.ndarray
) -> np.ndarray:
    """The kernel's function of that name, for draws (..., n)."""
    spread = np.sqrt(v / (1 + information * v))
    return prior + spread * (spread * (pointed - information * prior) + np.asarray(u))


def _interpolated(maps: np.ndarray, logit: np.ndarray) -> dict[str, np.ndarray]:
    """The kernel's cubic interpolation: maps (n, ceilings) at ceilings (..., n)."""
    names = ("m1", "m2", "a", "b", "c")
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
