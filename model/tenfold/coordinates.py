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

from tenfold import priors as prior_table
from tenfold.curves import Form
from tenfold.hierarchy import REFERENCE_UNITS, cells
from tenfold.priors import Priors
from tenfold.spec import HYPERPARAMETERS, ModelChoice

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

    def slice(self, first: int, dims: tuple[str, ...]) -> slice:
        """Places in `u` of a parameter or block."""
        return slice(first, first + int(np.prod([len(self.coords[d]) for d in dims], dtype=int)))


def layout(points: xr.Dataset, choice: ModelChoice) -> Layout:
    """The places of every parameter of a model on a set of usable points."""
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
        "ceiling_mean": ("regime",),
        "ceiling_sd": (),
        "lambda": () if choice.estimate_lambda else None,
        "sigma": ("regime",),
        "nu": () if student else None,
        "log_inference_per_training_mean": () if points.sizes["tradeoff"] else None,
        "inference_per_training_sd": () if points.sizes["tradeoff"] else None,
        "gpt_level_mean": () if points.sizes["gpt"] > 1 else None,
        "gpt_level_sd": () if points.sizes["gpt"] > 1 else None,
    }
    blocks = {
        "cell_total_first": ("cell_first",) if pools else None,
        "cell_total_second_z": ("cell_second",) if pools else None,
        "family_z": ("family",) if choice.pool_family else None,
        "intercept_cell_z": ("cell",),
        "ceiling_logit": ("cell",),
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
        "n_thinking": where.coords["shifted_benchmark"].size if thinking else 0,
        "shape": SHAPES.index("logistic" if form == "saturating" else form),
        "saturating": int(form == "saturating"),
        "positive": int(choice.slope_sign == "positive"),
    }
    partner = cell["partner"].values
    row = np.where(partner < 0, np.cumsum(partner < 0), np.cumsum(partner >= 0)) - 1
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
    return {
        "layout": table("layout", 1, **at),
        "own": own,
        "cells": table(
            "cells",
            partner.size,
            regime=cell["cell_regime_index"].values,
            partner=partner,
            row=row,
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
        "points": table(
            "points",
            n_obs,
            score=given["score"],
            score_se=given["score_se"],
            x=points["log10_compute"].values - points["reference"].values[series],
            x_se=given["log10_compute_se"],
            non_thinking=given["non_thinking"],
            seen=given["seen"],
        ),
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
        else:
            center[i] = np.log(a / b if family in ("gamma", "beta") else 0.5 * a)
    series, cell = tables["series"], tables["cells"]

    def put(block: str, values: Any) -> None:
        center[where.slice(*where.blocks[block])] = values

    put("ceiling_logit", center[where.own["ceiling_mean"][0] + cell["regime"]])
    share = np.clip(series["position"], 0.02, 0.98)
    put("intercept", np.log(share / (1 - share)))
    slope = center[where.own["log_slope_mean"][0] + series["regime"]]
    put("log_slope", slope if tables["layout"]["positive"][0] else np.exp(slope))
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
        if family == "beta":
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
    out = out.drop_vars("log_kappa")
    series, at = tables["series"], tables["layout"][0]
    if at["saturating"]:
        from tenfold.kernel import SOFTNESS

        most = 1 / (1 + np.exp(-out["ceiling_logit"].values[..., series["cell"]]))
        soft = SOFTNESS * np.logaddexp(0, (1 - series["position"] / most) / SOFTNESS)
        out["intercept"] = out["intercept"] - np.log(soft * most)
        if at["positive"]:
            out["log_slope"] = out["log_slope"] - np.log(soft)
    else:
        out = out.drop_vars(["ceiling_mean", "ceiling_sd", "ceiling_logit"])
    if not at["positive"]:
        out = out.rename(log_slope="slope")
    if "shift_z" in out and out.sizes["shift"]:
        mean = out["log_slope_mean"]
        difference = mean.sel(regime="inference", drop=True) - mean.sel(regime="rl", drop=True)
        spread = np.sqrt(2) * out["cell_sd"] * out["shift_z"]
        out["shift_exchange_rate"] = np.exp(difference + spread)
    return out
