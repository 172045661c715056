"""From parameters to scores: curves, their errors, and one draw with noise.

Parameters are named as in the stored posterior, with any leading dims.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.curves import Form
from tenfold.posterior import drift, structure

FAR = 150.0
"""Link units where curves are at their end or far beyond any score: e^75 fits single precision."""


def typical_intercept(parameters: xr.Dataset, points: xr.Dataset) -> xr.DataArray:
    """Expected intercept of each series given its cell, dims (..., `series`)."""
    cell = structure.cells(points)
    level = parameters["intercept_mean"].isel(regime=cell["cell_regime_index"].drop_vars("cell"))
    level = (
        level.drop_vars("regime") + parameters["intercept_cell_sd"] * parameters["intercept_cell_z"]
    )
    return _at(level, "cell", cell["cell_index"].values, points)


def typical_log_slope(parameters: xr.Dataset, points: xr.Dataset) -> xr.DataArray:
    """log slope of each series before its own effect, dims (..., `series`)."""
    cell = structure.cells(points)["cell_index"].values
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
    runs = structure.rl(points)
    published = np.where(runs, points["series_publication"].values, "")
    for kind, dim, labels in (
        ("model", "llm", np.where(runs, "", structure.models(points))),
        ("publication", "rl_publication", published),
    ):
        if f"{kind}_z" in parameters:
            effect = parameters[f"{kind}_sd"] * parameters[f"{kind}_z"]
            typical = typical + _known(effect, dim, labels, points)
    return typical


def thinking(parameters: xr.Dataset, points: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Logits that a non-thinking mode of each series lacks, and what is not known of them.

    Returns:
        The expected shift and the standard deviation of the rest, both dims (..., `series`).
    """
    none = xr.zeros_like(parameters["cell_sd"]) * xr.DataArray(
        np.zeros(points.sizes["series"]), coords={"series": points["series"].values}
    )
    if "thinking_shift" not in parameters:
        return none, none
    where = ("shifted_benchmark", points["series_benchmark"].values, points)
    known = structure.place(parameters["shifted_benchmark"].values, where[1]) >= 0
    shift = _known(parameters["thinking_shift"], *where)
    labels = {"family": points["series_family"].values, "model": structure.models(points)}
    for kind in ("family", "model"):
        if f"thinking_{kind}_z" in parameters:
            effect = parameters[f"thinking_{kind}_sd"] * parameters[f"thinking_{kind}_z"]
            shift = shift + _known(effect, f"shifted_{kind}", labels[kind], points)
    return none + shift * known, none + _known(parameters["thinking_rest"], *where)


def _known(values: xr.DataArray, dim: str, labels: np.ndarray, points: xr.Dataset) -> xr.DataArray:
    """Values by label of each series; zero where a label is not among them."""
    place = structure.place(values[dim].values, labels)
    return _at(values, dim, np.maximum(place, 0), points) * (place >= 0)


def _at(values: xr.DataArray, dim: str, index: np.ndarray, points: xr.Dataset) -> xr.DataArray:
    picked = values.isel({dim: xr.DataArray(index, dims="series")}).drop_vars(dim, errors="ignore")
    return picked.assign_coords(series=points["series"].values)


def _at_label(
    values: xr.DataArray, dim: str, labels: np.ndarray, points: xr.Dataset
) -> xr.DataArray:
    picked = values.sel({dim: xr.DataArray(labels, dims="series")}).drop_vars(dim)
    return picked.assign_coords(series=points["series"].values)


def earlier(parameters: xr.Dataset, points: xr.Dataset) -> np.ndarray:
    """log10 of the compute that counts before each series' own, from its reference; -inf for none.

    Shape (..., series).
    """
    found = np.full((*parameters["cell_sd"].shape, points.sizes["series"]), -np.inf)
    if "early" in parameters:
        starts = np.flatnonzero(np.diff(points["series_index"].values, prepend=-1))
        begin = np.minimum.reduceat(points["log10_compute"].values, starts)
        begin = (begin - points["reference"].values)[structure.rl(points)]
        found[..., structure.rl(points)] = parameters["early"].values + begin
    return found


def starts(parameters: xr.Dataset, points: xr.Dataset) -> np.ndarray:
    """Score from which each series starts: its own, or the floor of its benchmark.

    Shape (..., series).
    """
    floor = points["floor"].values[points["benchmark_index"].values]
    found = np.broadcast_to(floor, (*parameters["cell_sd"].shape, floor.size)).copy()
    if "start" in parameters:
        runs = structure.rl(points)
        height = parameters["series_ceiling"].values[..., runs] - floor[runs]
        found[..., runs] += height / (1 + np.exp(-parameters["start"].values))
    return found


def told(parameters: xr.Dataset, points: xr.Dataset, form: Form) -> xr.Dataset:
    """Non-thinking scores of pairs given the thinking ones, dims (..., `pair`).

    The model's thinking score stands for its curve, with its error; the typical slope and shift of
    the series lead from there to the other mode, what is not known of both counts as error.

    Returns:
        `eta`, `expected_score`, `score_sd` of the non-thinking point, and what these come from.
    """
    paired = np.flatnonzero(structure.paired(points))
    thinking_at, other = structure.modes(points)
    column = {name: points[name].values for name in ("score", "score_se", "log10_compute")}
    benchmark = points["benchmark_index"].values[paired]
    floor = points["floor"].values[benchmark]
    height = parameters["series_ceiling"].values[..., paired] - floor
    edge = np.minimum(0.5 * column["score_se"][thinking_at] / (1 - floor), 0.25)
    above = np.clip((column["score"][thinking_at] - floor) / height, edge, 1 - edge)
    eta_given = curves.eta_at_share(above, form)
    by_given = curves.share_gradient(eta_given, form)
    dims = (*parameters["cell_sd"].dims, "series")
    log_slope, shift, rest = (
        values.transpose(*dims).values[..., paired]
        for values in (typical_log_slope(parameters, points), *thinking(parameters, points))
    )
    ooms = column["log10_compute"][thinking_at] - column["log10_compute"][other]
    climb = np.exp(log_slope) * ooms
    # so far below the start that no score is left: exponentials of either form may overflow
    eta = np.maximum(eta_given - climb - shift, -FAR)
    by_eta = curves.share_gradient(eta, form)
    scale = parameters["lambda"].values[..., None] ** 2 if "lambda" in parameters else 1.0
    sigma = parameters["sigma"].sel(regime="inference").values[..., None] ** 2
    of_given = scale * column["score_se"][thinking_at] ** 2 + sigma
    noise = scale * column["score_se"][other] ** 2 + sigma
    unsure = rest**2 + (climb * parameters["series_sd"].values[..., None]) ** 2
    variance = noise + (by_eta / by_given) ** 2 * of_given + (height * by_eta) ** 2 * unsure
    found = {
        "eta": eta,
        "expected_score": floor + height * curves.expected_share(eta, form),
        "score_sd": np.sqrt(variance),
        "log_slope": log_slope,
        "climb": climb,
        "rest": rest,
        "eta_given": eta_given + np.zeros(eta.shape),
        "given_sd": np.sqrt(of_given) / (height * by_given),
        "noise_sd": np.sqrt(noise),
        "by_eta": height * by_eta,
    }
    return xr.Dataset({name: ((*dims[:-1], "pair"), value) for name, value in found.items()})


def expected(parameters: xr.Dataset, points: xr.Dataset, form: Form) -> xr.Dataset:
    """`eta`, `expected_score`, `score_sd` (before the series' noise scale), dims (..., `obs`).

    Non-thinking points of pairs are expected from the thinking ones: see `told`.
    """
    series = xr.DataArray(points["series_index"].values, dims="obs")
    regime = points["regime_index"].values[series.values]
    of_regime = xr.DataArray(regime, dims="obs")

    def bare(values: xr.DataArray) -> xr.DataArray:
        return values.drop_vars(("series", "benchmark", "regime", "cell"), errors="ignore")

    x = points["log10_compute"].drop_vars("obs") - bare(points["reference"].isel(series=series))
    own: xr.DataArray | float = 1.0
    dims = (*parameters["cell_sd"].dims, "obs")
    if "early" in parameters:
        before = xr.DataArray(earlier(parameters, points)[..., series.values], dims=dims)
        x, own = curves.with_earlier(x, before)
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
    shift, rest = (bare(v.isel(series=series)) for v in thinking(parameters, points))
    non_thinking = points["non_thinking"].drop_vars("obs")
    eta = (eta - shift * non_thinking).clip(-FAR, FAR)
    floor = xr.DataArray(starts(parameters, points)[..., series.values], dims=dims)
    ceiling = bare(parameters["series_ceiling"].isel(series=series))
    score = curves.expected_score(eta, floor, ceiling, form)
    gradient = curves.score_gradient(eta, floor, ceiling, form)
    share = parameters["lambda"] if "lambda" in parameters else 1.0
    sigma = bare(parameters["sigma"].isel(regime=of_regime))
    variance = (
        (share * points["score_se"].drop_vars("obs")) ** 2
        + sigma**2
        + (gradient * slope * own * points["log10_compute_se"].drop_vars("obs")) ** 2
        + (gradient * rest * non_thinking) ** 2
    )
    found = {"eta": eta, "expected_score": score, "score_sd": np.sqrt(variance)}
    found = {name: value.transpose(*dims).copy() for name, value in found.items()}
    pair = told(parameters, points, form)
    other = structure.modes(points)[1]
    for name, value in found.items():
        value.values[..., other] = pair[name].values
    return xr.Dataset(found)


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
    """Scores with noise, dims (..., `obs`): one draw from the predictive distribution each.

    Points that only others are told from (`structure.given`) keep the scores that they have.
    """
    curve = expected(parameters, points, form)
    scale = noise_scale(parameters, points.sizes["series"], rng)
    scale = scale.isel(series=xr.DataArray(points["series_index"].values, dims="obs"))
    z = rng.standard_normal(curve["score_sd"].shape)
    z = drift.correlated(z, drift.links(parameters, points))
    found = curve["expected_score"] + curve["score_sd"] * scale * z
    kept = xr.DataArray(structure.given(points), dims="obs")
    return xr.where(kept, points["score"].drop_vars("obs"), found).transpose(*found.dims)
