"""Forward simulation without PyMC: parameters from their priors, and points from parameters.

The same generative model as `hierarchy`, written the other way round: parameters first, then
scores. Simulation-based calibration and the recovery tests hold the two against each other.
Datasets of parameters have the variables of the stored posterior, with any leading dims.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.curves import Form
from tenfold.posterior import priors as prior_table
from tenfold.posterior.hierarchy import REFERENCE_UNITS, cells
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import ModelChoice


def prior(
    points: xr.Dataset,
    priors: Priors,
    form: Form,
    choice: ModelChoice,
    draws: int,
    rng: np.random.Generator,
) -> xr.Dataset:
    """Parameters drawn from the prior, dims (`draw`, ...), complete as a stored posterior."""
    cell = cells(points)
    regime = cell["cell_regime_index"].values

    def one(name: str, *dims: str) -> None:
        size = (draws, *(sizes[dim] for dim in dims))
        found[name] = (("draw", *dims), prior_table.draw(name, priors, size, rng))

    def normal(name: str, dim: str) -> None:
        found[name] = (("draw", dim), rng.standard_normal((draws, sizes[dim])))

    free_units = [u for u in points["unit"].values.tolist() if u not in REFERENCE_UNITS]
    shifted = np.unique(
        points["series_benchmark"].values[
            points["series_index"].values[points["non_thinking"].values]
        ]
    )
    coords = {
        name: points[name].values
        for name in ("series", "benchmark", "family", "regime", "chart", "shift")
    }
    coords |= {
        "cell": cell["cell"].values,
        "free_unit": np.array(free_units, dtype=str),
        "shifted_benchmark": shifted,
    }
    sizes = {name: len(values) for name, values in coords.items()}
    found: dict[str, tuple] = {}
    for name in ("log_slope_mean", "intercept_mean", "ceiling_mean", "sigma"):
        one(name, "regime")
    for name in ("cell_sd", "series_sd", "intercept_cell_sd", "intercept_sd", "ceiling_sd"):
        one(name)
    if free_units:
        one("unit_offset", "free_unit")
    if choice.pool_benchmark:
        one("benchmark_sd")
        spread = np.hypot(found["benchmark_sd"][1], found["cell_sd"][1])
        share = (found["benchmark_sd"][1] / spread) ** 2
        partner = cell["partner"].values
        single, paired = np.flatnonzero(partner < 0), np.flatnonzero(partner >= 0)
        total = spread[:, None] * rng.standard_normal((draws, partner.size))
        z = rng.standard_normal((draws, paired.size))
        total[:, paired] = (
            share[:, None] * total[:, partner[paired]]
            + (spread * np.sqrt(1 - share**2))[:, None] * z
        )
        found["cell_total"] = (("draw", "cell"), total)
        found["cell_total_first"] = (("draw", "cell_first"), total[:, single])
        found["cell_total_second_z"] = (("draw", "cell_second"), z)
    if choice.pool_family:
        one("family_sd")
        normal("family_z", "family")
    normal("intercept_cell_z", "cell")
    if choice.estimate_lambda:
        one("lambda")
    if choice.noise == "student_t":
        one("nu")
    if sizes["chart"]:
        scale = points["chart_scale_se"].values
        found["kappa_chart"] = (
            ("draw", "chart"),
            np.exp(scale * rng.standard_normal((draws, scale.size))),
        )
    if choice.thinking_shift and shifted.size:
        one("thinking_shift_mean")
        one("thinking_shift_sd")
        z = rng.standard_normal((draws, shifted.size))
        value = (
            found["thinking_shift_mean"][1][:, None] + found["thinking_shift_sd"][1][:, None] * z
        )
        found["thinking_shift"] = (("draw", "shifted_benchmark"), value)
    if choice.shift_evidence and sizes["shift"]:
        normal("shift_z", "shift")
    for name in ("log_inference_per_training_mean", "inference_per_training_sd"):
        if points.sizes["tradeoff"]:
            one(name)
    for name in ("gpt_level_mean", "gpt_level_sd"):
        if points.sizes["gpt"] > 1:
            one(name)
    spread = found["ceiling_sd"][1][:, None] if form == "saturating" else 1.0
    logit = found["ceiling_mean"][1][:, regime] + spread * rng.standard_normal((draws, regime.size))
    found["ceiling_logit"] = (("draw", "cell"), logit)
    parameters = xr.Dataset(found, coords=coords)
    z = xr.DataArray(
        rng.standard_normal((2, draws, sizes["series"])), dims=("which", "draw", "series")
    )
    level = typical_intercept(parameters, points)
    parameters["intercept"] = level + parameters["intercept_sd"] * z[0]
    typical = typical_log_slope(parameters, points)
    if choice.slope_sign == "positive":
        parameters["log_slope"] = typical + parameters["series_sd"] * z[1]
    else:
        parameters["slope"] = np.exp(typical) * (1 + parameters["series_sd"] * z[1])
    if form != "saturating":
        parameters = parameters.drop_vars(["ceiling_mean", "ceiling_sd", "ceiling_logit"])
    return complete(parameters, points, form, rng)


def typical_intercept(parameters: xr.Dataset, points: xr.Dataset) -> xr.DataArray:
    """Expected intercept of each series given its cell, dims (..., `series`)."""
    cell = cells(points)
    level = parameters["intercept_mean"].isel(regime=cell["cell_regime_index"].drop_vars("cell"))
    level = (
        level.drop_vars("regime") + parameters["intercept_cell_sd"] * parameters["intercept_cell_z"]
    )
    return _at(level, "cell", cell["cell_index"].values, points)


def typical_log_slope(parameters: xr.Dataset, points: xr.Dataset) -> xr.DataArray:
    """log slope of each series before its own effect, dims (..., `series`)."""
    cell = cells(points)["cell_index"].values
    typical = _at(parameters["log_slope_mean"], "regime", points["regime_index"].values, points)
    if "unit_offset" in parameters:
        offset = parameters["unit_offset"].reindex(
            free_unit=np.unique(points["series_unit"].values)
        )
        typical = typical + _at_label(
            offset.fillna(0.0), "free_unit", points["series_unit"].values, points
        )
    if "cell_total" in parameters:
        typical = typical + _at(parameters["cell_total"], "cell", cell, points)
    if "family_z" in parameters:
        effect = parameters["family_sd"] * parameters["family_z"]
        typical = typical + _at(effect, "family", points["family_index"].values, points)
    return typical


def _at(values: xr.DataArray, dim: str, index: np.ndarray, points: xr.Dataset) -> xr.DataArray:
    picked = values.isel({dim: xr.DataArray(index, dims="series")}).drop_vars(dim, errors="ignore")
    return picked.assign_coords(series=points["series"].values)


def _at_label(
    values: xr.DataArray, dim: str, labels: np.ndarray, points: xr.Dataset
) -> xr.DataArray:
    picked = values.sel({dim: xr.DataArray(labels, dims="series")}).drop_vars(dim)
    return picked.assign_coords(series=points["series"].values)


def complete(
    parameters: xr.Dataset, points: xr.Dataset, form: Form, rng: np.random.Generator
) -> xr.Dataset:
    """Add what the sampler computed in passing or integrated out, draw by draw.

    Adds `slope`, `exchange_rate`, `family_effect`, `cell_total`, `benchmark_effect`(benchmark),
    `cell_effect`(benchmark, regime), `ceiling`(benchmark, regime). Effects and ceilings of cells
    without series are drawn from their population; `benchmark_effect` given the totals of its cells
    is normal (conjugate), and `cell_effect` is what remains.
    """
    cell = cells(points)
    out = parameters.copy()
    if "slope" not in out:
        out["slope"] = np.exp(out["log_slope"])
    out["exchange_rate"] = exchange_rate(out)
    if "family_z" in out:
        out["family_effect"] = out["family_sd"] * out["family_z"]
    if "cell_total_first" in out and "cell_total" not in out:
        out["cell_total"] = _cell_total(out, cell)
    sample = out["cell_sd"]

    def normal(*dims: str) -> xr.DataArray:
        shape = (*sample.shape, *(points.sizes[dim] for dim in dims))
        coords = {dim: points[dim].values for dim in dims}
        return xr.DataArray(rng.standard_normal(shape), dims=(*sample.dims, *dims), coords=coords)

    index = {
        "benchmark": xr.DataArray(cell["cell_benchmark_index"].values, dims="cell"),
        "regime": xr.DataArray(cell["cell_regime_index"].values, dims="cell"),
    }
    effect = out["cell_sd"] * normal("benchmark", "regime")
    if "cell_total" in out:
        total = xr.full_like(effect, np.nan)
        total[index] = out["cell_total"].drop_vars("cell").transpose(*total[index].dims)
        count = total.notnull().sum("regime")
        between, within = out["benchmark_sd"] ** 2, out["cell_sd"] ** 2
        denominator = within + count * between
        center = between * total.sum("regime") / denominator
        spread = np.sqrt(between * within / denominator)
        benchmark_effect = center + spread * normal("benchmark")
        out["benchmark_effect"] = benchmark_effect.transpose(*sample.dims, "benchmark")
        effect = xr.where(total.notnull(), total - benchmark_effect, effect)
    out["cell_effect"] = effect.transpose(*sample.dims, "benchmark", "regime")
    ceiling = xr.ones_like(effect)
    if form == "saturating":
        floor = points["floor"]
        logit = out["ceiling_mean"] + out["ceiling_sd"] * normal("benchmark", "regime")
        logit = logit.transpose(*sample.dims, "benchmark", "regime").copy()
        logit[index] = out["ceiling_logit"].drop_vars("cell").transpose(*logit[index].dims)
        ceiling = floor + (1 - floor) / (1 + np.exp(-logit))
    out["ceiling"] = ceiling.transpose(*sample.dims, "benchmark", "regime")
    return out


def exchange_rate(parameters: xr.Dataset) -> xr.DataArray:
    """RL OOMs per inference OOM in the population: the ratio of the typical slopes."""
    mean = parameters["log_slope_mean"]
    inference, rl = (mean.sel(regime=name, drop=True) for name in ("inference", "rl"))
    return inference.copy(data=np.exp((inference - rl).values))


def _cell_total(parameters: xr.Dataset, cell: xr.Dataset) -> xr.DataArray:
    """The totals that `hierarchy` assembles from `cell_total_first` and `cell_total_second_z`."""
    partner = cell["partner"].values
    single, paired = np.flatnonzero(partner < 0), np.flatnonzero(partner >= 0)
    spread = np.sqrt(parameters["benchmark_sd"] ** 2 + parameters["cell_sd"] ** 2)
    share = (parameters["benchmark_sd"] / spread) ** 2
    first = parameters["cell_total_first"].rename({parameters["cell_total_first"].dims[-1]: "cell"})
    first = first.assign_coords(cell=cell["cell"].values[single])
    if not paired.size:
        return first
    z = parameters["cell_total_second_z"].rename(
        {parameters["cell_total_second_z"].dims[-1]: "cell"}
    )
    z = z.assign_coords(cell=cell["cell"].values[paired])
    base = first.sel(cell=cell["cell"].values[partner[paired]]).assign_coords(cell=z["cell"])
    second = share * base + spread * np.sqrt(1 - share**2) * z
    return xr.concat([first, second.transpose(*first.dims)], "cell").sel(cell=cell["cell"].values)


def expected(parameters: xr.Dataset, points: xr.Dataset, form: Form) -> xr.Dataset:
    """`eta`, `expected_score`, `score_sd` (before the series' noise scale), dims (..., `obs`)."""
    series = xr.DataArray(points["series_index"].values, dims="obs")
    benchmark = points["benchmark_index"].values[series.values]
    regime = points["regime_index"].values[series.values]
    where = {
        "benchmark": xr.DataArray(benchmark, dims="obs"),
        "regime": xr.DataArray(regime, dims="obs"),
    }

    def bare(values: xr.DataArray) -> xr.DataArray:
        return values.drop_vars(("series", "benchmark", "regime", "cell"), errors="ignore")

    x = points["log10_compute"].drop_vars("obs") - bare(points["reference"].isel(series=series))
    slope = bare(parameters["slope"].isel(series=series))
    if "kappa_chart" in parameters:
        chart = points["chart_index"].values[series.values]
        kappa = parameters["kappa_chart"].isel(chart=xr.DataArray(np.maximum(chart, 0), dims="obs"))
        slope_x = (
            slope
            * x
            * xr.where(xr.DataArray(chart >= 0, dims="obs"), kappa.drop_vars("chart"), 1.0)
        )
    else:
        slope_x = slope * x
    eta = bare(parameters["intercept"].isel(series=series)) + slope_x
    if "thinking_shift" in parameters:
        names = points["benchmark"].values[benchmark]
        shift = parameters["thinking_shift"].reindex(shifted_benchmark=np.unique(names))
        shift = (
            shift.fillna(0.0)
            .sel(shifted_benchmark=xr.DataArray(names, dims="obs"))
            .drop_vars("shifted_benchmark")
        )
        eta = eta - shift * points["non_thinking"].drop_vars("obs")
    floor = bare(points["floor"].isel(benchmark=where["benchmark"]))
    ceiling = bare(parameters["ceiling"].isel(where))
    score = curves.expected_score(eta, floor, ceiling, form)
    gradient = curves.score_gradient(eta, floor, ceiling, form) * slope
    share = parameters["lambda"] if "lambda" in parameters else 1.0
    sigma = bare(parameters["sigma"].isel(regime=where["regime"]))
    variance = (
        (share * points["score_se"].drop_vars("obs")) ** 2
        + sigma**2
        + (gradient * points["log10_compute_se"].drop_vars("obs")) ** 2
    )
    dims = (*parameters["cell_sd"].dims, "obs")
    found = {"eta": eta, "expected_score": score, "score_sd": np.sqrt(variance)}
    return xr.Dataset({name: value.transpose(*dims) for name, value in found.items()})


def noise_scale(parameters: xr.Dataset, n_series: int, rng: np.random.Generator) -> xr.DataArray:
    """Noise scale of each series relative to `score_sd`, dims (..., `series`)."""
    sample = parameters["cell_sd"]
    shape = (*sample.shape, n_series)
    if "nu" not in parameters:
        return xr.DataArray(np.ones(shape), dims=(*sample.dims, "series"))
    nu = np.broadcast_to(parameters["nu"].values[..., None], shape)
    return xr.DataArray(np.sqrt(nu / rng.chisquare(nu)), dims=(*sample.dims, "series"))


def scores(
    parameters: xr.Dataset, points: xr.Dataset, form: Form, rng: np.random.Generator
) -> xr.DataArray:
    """Scores with noise, dims (..., `obs`): one draw from the predictive distribution each."""
    curve = expected(parameters, points, form)
    scale = noise_scale(parameters, points.sizes["series"], rng)
    scale = scale.isel(series=xr.DataArray(points["series_index"].values, dims="obs"))
    z = rng.standard_normal(curve["score_sd"].shape)
    return curve["expected_score"] + curve["score_sd"] * scale * z
