"""The joint model: priors, response curve and likelihood of every kind of evidence.

    eta           = intercept_s + kappa_chart slope_s x - thinking_shift_b [non-thinking]
    expected      = floor_b + (ceiling - floor_b) share(eta)
    log slope_s   = log_slope_mean_r + unit_offset_u + benchmark_effect_b + cell_effect_br
                    + family_effect_f + series_effect_s
    score_i       = expected_i + sd_i epsilon_i,  sd_i^2 = lambda^2 score_se_i^2 + sigma_r^2
                    + (d expected / dx  log10_compute_se_i)^2

The points of a series share one unknown noise scale, so `epsilon` of a series is multivariate
Student-t with `nu` degrees of freedom: a normal with an inverse-gamma variance factor, integrated
out (e.g. Gelman et al., Bayesian Data Analysis, section 17.2). model/README.md has every equation.

What the sampler does not need is integrated out too: `benchmark_effect` and `cell_effect` enter
only through their sum in each cell (`simulate.complete` draws them afterwards).
"""

# symbolic tensors have no useful static types
# pyright: reportArgumentType=false, reportOperatorIssue=false
from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.curves import Form
from tenfold.posterior.priors import Priors, random_variable
from tenfold.posterior.scenario import ModelChoice

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


def build_model(points: xr.Dataset, priors: Priors, form: Form, choice: ModelChoice) -> Any:
    """The PyMC model of one curve form on a set of usable points.

    Scores, their errors, compute errors, the thinking flag, the family of each series, the mask of
    observed points and every hyperparameter are pm.Data; `coordinates.inputs` takes other values
    for them by the same names. Sampling uses `kernel`, the same density written out.

    Args:
        points: as `points.load`, restricted to series the model can use.
        priors: parameter name to prior.

    Returns:
        `pm.Model` whose named variables are those of the stored posterior.
    """
    import pymc as pm
    import pytensor.tensor as pt

    cell = cells(points)
    series = points["series_index"].values
    regime = points["regime_index"].values
    cell_index = cell["cell_index"].values
    free_units = [u for u in points["unit"].values.tolist() if u not in REFERENCE_UNITS]
    shifted = sorted(
        {int(points["benchmark_index"].values[series[i]]) for i in _non_thinking(points)}
    )
    coords: dict[str, Any] = {
        name: points[name].values
        for name in ("series", "benchmark", "family", "regime", "chart", "shift")
    }
    coords |= {"cell": cell["cell"].values, "free_unit": free_units}
    coords["shifted_benchmark"] = points["benchmark"].values[shifted]
    with pm.Model(coords=coords, check_bounds=False) as model:
        # --- evidence
        score = pm.Data("score", points["score"].values)
        score_se = pm.Data("score_se", points["score_se"].values)
        x_se = pm.Data("log10_compute_se", points["log10_compute_se"].values)
        non_thinking = pm.Data("non_thinking", points["non_thinking"].values.astype(float))
        seen = pm.Data("seen", np.full(series.size, float(choice.series_evidence)))
        family = pm.Data("family_index", points["family_index"].values)
        x = (points["log10_compute"] - points["reference"][points["series_index"]]).values

        # --- priors: slopes
        log_slope_mean = random_variable("log_slope_mean", priors, dims="regime")
        typical = log_slope_mean[regime]
        if free_units:
            offset = random_variable("unit_offset", priors, dims="free_unit")
            typical = typical + _gather(offset, free_units, points["series_unit"].values)
        cell_sd = random_variable("cell_sd", priors)
        if choice.pool_benchmark:
            total = _cell_totals(cell, random_variable("benchmark_sd", priors), cell_sd)
            typical = typical + total[cell_index]
        if choice.pool_family:
            family_sd = random_variable("family_sd", priors)
            family_z = pm.Normal("family_z", dims="family")
            typical = typical + (family_sd * family_z)[family]
        series_sd = random_variable("series_sd", priors)

        # --- priors: intercepts and ceilings
        intercept_mean = random_variable("intercept_mean", priors, dims="regime")
        intercept_cell_sd = random_variable("intercept_cell_sd", priors)
        intercept_sd = random_variable("intercept_sd", priors)
        cell_regime = cell["cell_regime_index"].values
        intercept_cell_z = pm.Normal("intercept_cell_z", dims="cell")
        intercept_cell = intercept_mean[cell_regime] + intercept_cell_sd * intercept_cell_z
        floor = points["floor"].values[points["benchmark_index"].values]
        ceiling_mean = random_variable("ceiling_mean", priors, dims="regime")
        ceiling_sd = random_variable("ceiling_sd", priors)
        saturating = pm.Data("saturating", float(form == "saturating"))
        # a form without ceilings leaves them at a prior without a funnel; nothing depends on them
        spread = 1.0 - saturating + saturating * ceiling_sd
        logit = pm.Normal("ceiling_logit", ceiling_mean[cell_regime], spread, dims="cell")
        share_max = (1.0 - saturating + saturating * pt.sigmoid(logit))[cell_index]
        intercept = pm.Normal("intercept", intercept_cell[cell_index], intercept_sd, dims="series")
        slope: Any
        if choice.slope_sign == "positive":
            slope = pt.exp(pm.Normal("log_slope", typical, series_sd, dims="series"))
        else:
            slope = pm.Normal("slope", pt.exp(typical), series_sd * pt.exp(typical), dims="series")

        # --- curve
        eta = intercept[series] + _chart_scale(points) * slope[series] * x
        if choice.thinking_shift and shifted:
            shift_mean = random_variable("thinking_shift_mean", priors)
            shift_sd = random_variable("thinking_shift_sd", priors)
            shift: Any = pm.Normal("thinking_shift", shift_mean, shift_sd, dims="shifted_benchmark")
            benchmark = points["benchmark_index"].values[series]
            own = np.searchsorted(shifted, benchmark)
            known = np.isin(benchmark, shifted)
            eta = eta - shift[np.where(known, own, 0)] * non_thinking * known
        height = (1.0 - floor)[series] * share_max[series]
        pick = pm.Data("form_weight", form_weight(form))
        expected = floor[series] + height * _mixed(curves.expected_share, eta, pick)
        gradient = height * _mixed(curves.share_gradient, eta, pick) * slope[series]

        # --- likelihood of the points
        lam = random_variable("lambda", priors) if choice.estimate_lambda else 1.0
        sigma = random_variable("sigma", priors, dims="regime")
        variance = lam**2 * score_se**2 + sigma[regime[series]] ** 2 + (gradient * x_se) ** 2
        nu = random_variable("nu", priors) if choice.noise == "student_t" else None
        pm.Potential(
            "log_density",
            _series_log_density(score, expected, variance, seen, series, floor.size, nu),
        )

        # --- the other evidence
        exchange_rate = pm.Deterministic(
            "exchange_rate", pt.exp(_difference(log_slope_mean, points))
        )
        if choice.shift_evidence and points.sizes["shift"]:
            _generation_shifts(points, exchange_rate, cell_sd)
        if points.sizes["tradeoff"]:
            _tradeoff(points, priors)
        if points.sizes["gpt"] > 1:
            _gpt_ladder(points, priors)
    return model


SHAPES: tuple[Form, ...] = ("logistic", "linear", "power")
"""Curves that differ as functions; `saturating` is `logistic` below its own ceiling."""


def form_weight(form: Form) -> np.ndarray:
    """One-hot choice among `SHAPES`, so that one compiled model serves every form."""
    return np.array(
        [float(shape == ("logistic" if form == "saturating" else form)) for shape in SHAPES]
    )


def form_data(form: Form) -> dict[str, np.ndarray]:
    """The pm.Data values that turn a compiled model into `form`."""
    return {"form_weight": form_weight(form), "saturating": np.asarray(float(form == "saturating"))}


def _mixed(curve: Any, eta: Any, pick: Any) -> Any:
    import pytensor.tensor as pt

    return sum(pick[i] * curve(eta, shape, pt) for i, shape in enumerate(SHAPES))


def _non_thinking(points: xr.Dataset) -> np.ndarray:
    return np.flatnonzero(points["non_thinking"].values)


def _gather(values: Any, labels: list[str], wanted: np.ndarray) -> Any:
    """`values` (one per label) at `wanted`, zero where the label is not among them."""
    place = {label: i for i, label in enumerate(labels)}
    index = np.array([place.get(label, 0) for label in wanted])
    return values[index] * np.array([float(label in place) for label in wanted])


def _difference(log_slope_mean: Any, points: xr.Dataset) -> Any:
    regime = points["regime"].values.tolist()
    return log_slope_mean[regime.index("inference")] - log_slope_mean[regime.index("rl")]


def _cell_totals(cell: xr.Dataset, benchmark_sd: Any, cell_sd: Any) -> Any:
    """benchmark_effect + cell_effect of each cell, their split integrated out.

    Cells of one benchmark share `benchmark_effect`: variance b^2 + c^2, covariance b^2. The RL cell
    of a benchmark with both regimes is drawn given its partner and non-centred, because
    `cell_sd` may be near zero; all others are well informed and centred.
    """
    import pymc as pm
    import pytensor.tensor as pt

    partner = cell["partner"].values
    single, paired = np.flatnonzero(partner < 0), np.flatnonzero(partner >= 0)
    total_sd = pt.sqrt(benchmark_sd**2 + cell_sd**2)
    correlation = benchmark_sd**2 / total_sd**2
    place = np.empty(partner.size, dtype=int)
    place[single] = np.arange(single.size)
    place[paired] = single.size + np.arange(paired.size)
    first = pm.Normal("cell_total_first", 0.0, total_sd, shape=single.size)
    z = pm.Normal("cell_total_second_z", shape=paired.size)
    given = correlation * first[place[partner[paired]]]
    second = given + total_sd * pt.sqrt(1 - correlation**2) * z
    joined: Any = pt.concatenate([first, second])
    return joined[place]


def _chart_scale(points: xr.Dataset) -> Any:
    """kappa_chart of every point; 1 on a numbered axis."""
    import pymc as pm
    import pytensor.tensor as pt

    chart = points["chart_index"].values[points["series_index"].values]
    if not points.sizes["chart"]:
        return 1.0
    kappa = pm.LogNormal("kappa_chart", 0.0, points["chart_scale_se"].values, dims="chart")
    known: Any = pt.concatenate([kappa, pt.ones(1)])
    return known[chart]  # index -1 is the appended 1


def _series_log_density(
    score: Any, expected: Any, variance: Any, seen: Any, series: np.ndarray, n_series: int, nu: Any
) -> Any:
    """Log density of the seen scores: per series multivariate t, or normal if `nu` is None."""
    import pytensor.tensor as pt

    squares = seen * (score - expected) ** 2 / variance
    log_sd = 0.5 * pt.sum(seen * pt.log(variance))
    if nu is None:
        return -0.5 * pt.sum(squares) - log_sd - 0.5 * pt.sum(seen) * np.log(2 * np.pi)
    zero = pt.zeros(n_series)
    total = pt.inc_subtensor(zero[series], squares)
    count = pt.inc_subtensor(zero[series], seen)
    half = 0.5 * (nu + count)
    constant = pt.gammaln(half) - pt.gammaln(0.5 * nu) - 0.5 * count * pt.log(nu * np.pi)
    return pt.sum(constant - half * pt.log1p(total / nu)) - log_sd


def _generation_shifts(points: xr.Dataset, exchange_rate: Any, cell_sd: Any) -> None:
    """Tokens saved at equal score after a step of RL: shift_ooms = rl_ooms / exchange_rate.

    Each row is a benchmark of its own, so its exchange rate departs from the population's by the
    two cell effects; the error of `rl_ooms` is carried over analytically.
    """
    import pymc as pm
    import pytensor.tensor as pt

    z = pm.Normal("shift_z", dims="shift")
    rate = pm.Deterministic(
        "shift_exchange_rate", exchange_rate * pt.exp(np.sqrt(2) * cell_sd * z), dims="shift"
    )
    weight = pm.Data("shift_seen", np.ones(points.sizes["shift"]))
    error = pt.sqrt(points["shift_ooms_se"].values ** 2 + (points["rl_ooms_se"].values / rate) ** 2)
    log_density = pm.logp(
        pm.Normal.dist(points["rl_ooms"].values / rate, error), points["shift_ooms"].values
    )
    pm.Potential("shift_log_density", pt.sum(weight * log_density))


def _tradeoff(points: xr.Dataset, priors: Priors) -> None:
    """Random-effects meta-analysis of techniques that trade training for inference compute."""
    import pymc as pm
    import pytensor.tensor as pt

    mean = random_variable("log_inference_per_training_mean", priors)
    sd = random_variable("inference_per_training_sd", priors)
    error = pt.sqrt(sd**2 + points["inference_per_training_se_log"].values ** 2)
    pm.Normal(
        "tradeoff_log_ratio", mean, error, observed=np.log(points["inference_per_training"].values)
    )


def _gpt_ladder(points: xr.Dataset, priors: Priors) -> None:
    """Steps between GPT generations, log10 FLOP: level spread plus the errors of both ends.

    Neighbouring steps share an end, so their errors correlate. The level spread adds a multiple of
    the identity, which leaves the axes of that covariance alone: along them steps are independent.
    """
    import pymc as pm
    import pytensor.tensor as pt

    mean = random_variable("gpt_level_mean", priors)
    sd = random_variable("gpt_level_sd", priors)
    difference = np.diff(np.eye(points.sizes["gpt"]), axis=0)
    error = difference @ np.diag(points["log10_flop_se"].values ** 2) @ difference.T
    variance, axes = np.linalg.eigh(error)
    steps = axes.T @ difference @ points["log10_flop"].values
    pm.Normal("gpt_step", mean * axes.sum(axis=0), pt.sqrt(sd**2 + variance), observed=steps)
