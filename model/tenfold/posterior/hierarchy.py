"""The joint model: priors, response curve and likelihood of every kind of evidence.

    eta           = intercept_s + kappa_chart slope_s x - shift_s [non-thinking]
    expected      = floor_b + (ceiling - floor_b) share(eta)
    log slope_s   = log_slope_mean_r + unit_offset_u + benchmark_effect_b + cell_effect_br
                    + family_effect_f + model_effect_m [inference] + publication_effect_p [RL]
                    + series_effect_s
    shift_s       = thinking_shift_b + thinking_family_effect_f + thinking_model_effect_m
    (start, RL: the run's own start, between floor and ceiling, instead of floor_b)
    score_i       = expected_i + sd_i epsilon_i,  sd_i^2 = lambda^2 score_se_i^2 + sigma_r^2
                    + (d expected / dx  log10_compute_se_i)^2
                    + (d expected / d eta  thinking_rest_b [non-thinking])^2

The points of a series share one unknown noise scale, so `epsilon` of a series is multivariate
Student-t with `nu` degrees of freedom: a normal with an inverse-gamma variance factor, integrated
out (e.g. Gelman et al., Bayesian Data Analysis, section 17.2). Those of an RL run's neighbouring
points correlate (`drift`). model/README.md has every equation.

What the sampler does not need is integrated out too: `benchmark_effect` and `cell_effect` enter
only through their sum in each cell (`simulate.complete` draws them afterwards), and a pair of a
model's score with and without thinking (`structure.paired`) has no curve of its own: the second
score is told from the first, the slope and the rest of the shift of that series integrated out.
"""

# symbolic tensors have no useful static types
# pyright: reportArgumentType=false, reportOperatorIssue=false
from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.curves import SHAPES, Form
from tenfold.posterior import beside, structure
from tenfold.posterior.priors import Priors, random_variable
from tenfold.posterior.scenario import ModelChoice


def build_model(points: xr.Dataset, priors: Priors, form: Form, choice: ModelChoice) -> Any:
    """The PyMC model of one curve form on a set of usable points.

    Scores, their errors, compute errors, the thinking flag, the family of each series, the mask of
    observed points and every hyperparameter are pm.Data; `packing.tables` takes other values
    for them by the same names. Sampling uses `kernel`, the same density written out.

    Args:
        points: as `points.load`, restricted to series the model can use.
        priors: parameter name to prior.

    Returns:
        `pm.Model` whose named variables are those of the stored posterior.
    """
    import pymc as pm
    import pytensor.tensor as pt

    cell = structure.cells(points)
    series = points["series_index"].values
    regime = points["regime_index"].values
    cell_index = cell["cell_index"].values
    free_units = [u for u in points["unit"].values.tolist() if u not in structure.REFERENCE_UNITS]
    coords: dict[str, Any] = {
        name: points[name].values
        for name in ("series", "benchmark", "family", "regime", "chart", "shift")
    }
    coords |= {"cell": cell["cell"].values, "free_unit": free_units}
    coords |= {
        "llm": structure.slope_models(points),
        "rl_publication": structure.publications(points),
        "ceiling_of": structure.ceilings(points)["ceiling_of"].values,
        "rl_series": points["series"].values[structure.rl(points)],
        "shifted_benchmark": structure.shifted(points),
        "shifted_family": structure.shifted(points, "family"),
        "shifted_model": structure.shifted(points, "model"),
        "curve": points["series"].values[structure.curves(points)],
    }
    paired, own_curve = structure.paired(points), structure.curves(points)
    curve, obs = np.flatnonzero(own_curve), np.flatnonzero(own_curve[series])
    of_obs = (np.cumsum(own_curve) - 1)[series[obs]]
    with pm.Model(coords=coords, check_bounds=False) as model:
        # --- evidence
        score: Any = pm.Data("score", points["score"].values)
        score_se: Any = pm.Data("score_se", points["score_se"].values)
        x_se: Any = pm.Data("log10_compute_se", points["log10_compute_se"].values)
        non_thinking: Any = pm.Data("non_thinking", points["non_thinking"].values.astype(float))
        seen: Any = pm.Data("seen", np.full(series.size, float(choice.series_evidence)))
        family: Any = pm.Data("family_index", points["family_index"].values)
        x = (points["log10_compute"] - points["reference"][points["series_index"]]).values

        # --- priors: slopes
        log_slope_mean = random_variable("log_slope_mean", priors, dims="regime")
        typical = log_slope_mean[regime]
        if free_units:
            offset = random_variable("unit_offset", priors, dims="free_unit")
            typical = typical + _gather(offset, free_units, points["series_unit"].values)
            one, other, ratio = structure.axes(points)
            if ratio.size:
                gap = _gather(offset, free_units, other) - _gather(offset, free_units, one)
                spread = random_variable("unit_sd", priors)
                pm.Normal("unit_log_ratio", gap, spread, observed=ratio)
        cell_sd = random_variable("cell_sd", priors)
        if choice.pool_benchmark:
            total = _cell_totals(cell, random_variable("benchmark_sd", priors), cell_sd)
            typical = typical + total[cell_index]
        if choice.pool_family:
            family_sd = random_variable("family_sd", priors)
            family_z = pm.Normal("family_z", dims="family")
            typical = typical + (family_sd * family_z)[family]
        runs = structure.rl(points)
        model_sd: Any = 0.0
        if choice.pool_model and len(coords["llm"]):
            model_sd = random_variable("model_sd", priors)
            labels = np.where(runs, "", structure.models(points))
            typical = typical + _effect(model_sd, "model_z", "llm", labels)
        published = np.where(runs, points["series_publication"].values, "")
        if choice.pool_publication and len(coords["rl_publication"]):
            sd = random_variable("publication_sd", priors)
            typical = typical + _effect(sd, "publication_z", "rl_publication", published)
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
        ceiling_sd = random_variable("ceiling_sd", priors, dims="regime")
        saturating = pm.Data("saturating", float(form in curves.CEILINGS))
        # a form without ceilings leaves them at a prior without a funnel; nothing depends on them
        top = structure.ceilings(points)
        of = top["ceiling_regime_index"].values
        spread = 1.0 - saturating + saturating * ceiling_sd[of]
        logit = pm.Normal("ceiling_logit", ceiling_mean[of], spread, dims="ceiling_of")
        most = 1.0 - saturating + saturating * pt.sigmoid(logit)
        share_max = most[top["ceiling_index"].values]
        level = intercept_cell[cell_index[curve]]
        intercept = pm.Normal("intercept", level, intercept_sd, dims="curve")
        own = typical[curve]
        slope: Any
        if choice.slope_sign == "positive":
            slope = pt.exp(pm.Normal("log_slope", own, series_sd, dims="curve"))
        else:
            slope = pm.Normal("slope", pt.exp(own), series_sd * pt.exp(own), dims="curve")

        # --- curve
        counted, own = _counted(points, x, priors, form)
        eta = intercept[of_obs] + (_chart_scale(points) * counted)[obs] * slope[of_obs]
        shift, rest = pt.zeros(paired.size), pt.zeros(paired.size)
        if choice.thinking_shift and coords["shifted_benchmark"].size:
            shift, rest = _thinking(points, family, priors, choice)
            eta = eta - (shift[series] * non_thinking)[obs]
        span = (1.0 - floor) * share_max
        height = span[series[obs]]
        pick = pm.Data("form_weight", form_weight(form))
        begun = _begun(points, priors, form)[series[obs]]
        expected = floor[series[obs]] + height * begun
        height = height * (1.0 - begun)
        expected = expected + height * _mixed(curves.expected_share, eta, pick)
        gradient = height * _mixed(curves.share_gradient, eta, pick)

        # --- likelihood of the points
        lam = random_variable("lambda", priors) if choice.estimate_lambda else 1.0
        sigma = random_variable("sigma", priors, dims="regime")
        noise = lam**2 * score_se**2 + sigma[regime[series]] ** 2
        unsure = (slope[of_obs] * (own * x_se)[obs]) ** 2 + ((rest[series] * non_thinking) ** 2)[
            obs
        ]
        z = (score[obs] - expected) / pt.sqrt(noise[obs] + gradient**2 * unsure)
        log_sd = 0.5 * pt.log(noise[obs] + gradient**2 * unsure)
        nu = random_variable("nu", priors) if choice.noise == "student_t" else None
        squares, logs = _squares(points, priors, choice, z, log_sd, seen, obs)
        pm.Potential("log_density", _log_density(squares, logs, seen[obs], of_obs, nu))
        if paired.any():
            thinking, other = structure.modes(points)
            given = (score[thinking] - floor[paired]) / span[paired]
            edge = pt.minimum(0.5 * score_se[thinking] / (1.0 - floor[paired]), 0.25)
            above = _inverse(pt.clip(given, edge, 1.0 - edge), pick)
            climb = pt.exp(typical[paired]) * (x[thinking] - x[other])
            eta = above - climb - shift[paired]
            by_eta = span[paired] * _mixed(curves.share_gradient, eta, pick)
            ratio = by_eta / (span[paired] * _mixed(curves.share_gradient, above, pick))
            unsure = rest[paired] ** 2 + (climb * series_sd) ** 2
            variance = noise[other] + ratio**2 * noise[thinking] + by_eta**2 * unsure
            mean = floor[paired] + span[paired] * _mixed(curves.expected_share, eta, pick)
            z, one = (score[other] - mean) / pt.sqrt(variance), np.arange(other.size)
            value = _log_density(z**2, 0.5 * pt.log(variance), seen[other], one, nu)
            pm.Potential("pair_log_density", value)

        # --- the other evidence
        exchange_rate = pm.Deterministic(
            "exchange_rate", pt.exp(_difference(log_slope_mean, points))
        )
        if choice.shift_evidence and points.sizes["shift"]:
            spread = pt.sqrt(2 * (cell_sd**2 + model_sd**2 + series_sd**2))
            beside.generation_shifts(points, exchange_rate, spread)
        if points.sizes["tradeoff"]:
            beside.tradeoff(points, priors)
        if points.sizes["gpt"] > 1:
            beside.gpt_ladder(points, priors)
    return model


def form_weight(form: Form) -> np.ndarray:
    """One-hot choice among `SHAPES`, so that one compiled model serves every form."""
    return np.array([float(shape == (form if form in SHAPES else "logistic")) for shape in SHAPES])


def form_data(form: Form) -> dict[str, np.ndarray]:
    """The pm.Data values that turn a compiled model into `form`."""
    return {
        "form_weight": form_weight(form),
        "saturating": np.asarray(float(form in curves.CEILINGS)),
        "earlier": np.asarray(float(form in curves.EARLIER)),
        "starts": np.asarray(float(form in curves.STARTS)),
    }


def _counted(points: xr.Dataset, x: np.ndarray, priors: Priors, form: Form) -> tuple[Any, Any]:
    """OOMs since the reference of the compute that counts, their derivative by the run's own."""
    import pymc as pm
    import pytensor.tensor as pt

    runs = structure.rl(points)
    if not runs.any():
        return x, np.ones(x.size)
    earlier = pm.Data("earlier", float(form in curves.EARLIER))
    mean, sd = random_variable("early_mean", priors), random_variable("early_sd", priors)
    early = mean + sd * pm.Normal("early_z", dims="rl_series")
    series = points["series_index"].values
    begin = np.minimum.reduceat(x, np.flatnonzero(np.diff(series, prepend=-1)))[runs]
    place = np.where(runs, np.cumsum(runs) - 1, 0)[series]
    before = earlier * runs[series] * 10.0 ** (early + begin)[place]
    return pt.log10((10.0**x + before) / (1.0 + before)), 10.0**x / (10.0**x + before)


def _begun(points: xr.Dataset, priors: Priors, form: Form) -> Any:
    """Share of the way from floor to ceiling that each series has come before it starts."""
    import pymc as pm
    import pytensor.tensor as pt

    runs = structure.rl(points)
    if not runs.any():
        return np.zeros(runs.size)
    starts = pm.Data("starts", float(form in curves.STARTS))
    mean, sd = random_variable("start_mean", priors), random_variable("start_sd", priors)
    share: Any = pt.sigmoid(mean + sd * pm.Normal("start_z", dims="rl_series"))
    return starts * runs * share[np.where(runs, np.cumsum(runs) - 1, 0)]


def _mixed(curve: Any, eta: Any, pick: Any) -> Any:
    import pytensor.tensor as pt

    return sum(pick[i] * curve(eta, shape, pt) for i, shape in enumerate(SHAPES))


def _inverse(share: Any, pick: Any) -> Any:
    import pytensor.tensor as pt

    found = (pt.log(share / (1 - share)), -2.0 * pt.log(2.0 * (1.0 - share)))
    return sum(pick[i] * value for i, value in enumerate(found))


def _effect(sd: Any, name: str, dim: str, labels: np.ndarray) -> Any:
    """Effects `sd` times a standard normal of every series by its label; zero where it has none."""
    import pymc as pm

    z = pm.Normal(name, dims=dim)
    model: Any = pm.modelcontext(None)
    place = structure.place(np.asarray(model.coords[dim]), labels)
    return (sd * z)[np.maximum(place, 0)] * (place >= 0)


def _thinking(points: xr.Dataset, family: Any, priors: Priors, choice: ModelChoice) -> Any:
    """Shift of a non-thinking mode of every series, and the spread of what is left of it."""
    import pymc as pm
    import pytensor.tensor as pt

    shift_mean = random_variable("thinking_shift_mean", priors)
    shift_sd = random_variable("thinking_shift_sd", priors)
    shift = pm.Normal("thinking_shift", shift_mean, shift_sd, dims="shifted_benchmark")
    place = structure.place(structure.shifted(points), points["series_benchmark"].values)
    known = place >= 0
    found = shift[np.maximum(place, 0)] * known
    if choice.pool_family:
        sd = random_variable("thinking_family_sd", priors)
        z = pm.Normal("thinking_family_z", dims="shifted_family")
        row = structure.place(structure.shifted(points, "family"), points["family"].values)
        effect = (sd * z)[np.maximum(row, 0)] * (row >= 0)
        found = found + effect[family] * known
    if choice.pool_model:
        sd, labels = random_variable("thinking_model_sd", priors), structure.models(points)
        found = found + _effect(sd, "thinking_model_z", "shifted_model", labels) * known
    mean = random_variable("thinking_rest_mean", priors)
    sd = random_variable("thinking_rest_sd", priors)
    rest: Any = pt.exp(mean + sd * pm.Normal("thinking_rest_z", dims="shifted_benchmark"))
    return found, rest[np.maximum(place, 0)] * known


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


def _squares(
    points: xr.Dataset, priors: Priors, choice: ModelChoice, z: Any, log_sd: Any, seen: Any,
    obs: np.ndarray,
) -> tuple[Any, Any]:  # fmt: skip
    """Squared errors that are independent of one another, and the logarithms of their sds.

    The errors of a run are whitened by the Cholesky factor of their correlations,
    drift_share^|i - j| exp(-|x_i - x_j| / drift_length), over the points that are seen.
    """
    import pytensor.tensor as pt

    squares = z**2
    if not (choice.drift and structure.publications(points).size):
        return squares, log_sd
    share = random_variable("drift_share", priors)
    length = random_variable("drift_length", priors)
    place = np.full(points.sizes["obs"], -1)
    place[obs] = np.arange(obs.size)
    order, _ = structure.steps(points)
    order = order[structure.rl(points)[points["series_index"].values[order]]]
    series, x = points["series_index"].values[order], points["log10_compute"].values[order]
    rank = np.arange(order.size)  # runs do not mix: a difference of ranks counts links
    together = series[:, None] == series
    apart = np.abs(rank[:, None] - rank), np.where(together, np.abs(x[:, None] - x), 0.0)
    own, shown = place[order], seen[order]
    both = together * shown[:, None] * shown
    whole = both * share ** apart[0] * pt.exp(-apart[1] / length) + pt.diag(1.0 - shown)
    linalg: Any = pt.linalg  # pyright: ignore[reportPrivateImportUsage]
    factor = linalg.cholesky(whole)
    white = linalg.solve_triangular(factor, z[own] * shown, lower=True)
    squares = pt.set_subtensor(squares[own], white**2)
    return squares, pt.inc_subtensor(log_sd[own], pt.log(pt.diag(factor)))


def _log_density(squares: Any, log_sd: Any, seen: Any, series: np.ndarray, nu: Any) -> Any:
    """Log density of the seen scores: per series multivariate t, or normal if `nu` is None."""
    import pytensor.tensor as pt

    squares, logs = seen * squares, pt.sum(seen * log_sd)
    if nu is None:
        return -0.5 * pt.sum(squares) - logs - 0.5 * pt.sum(seen) * np.log(2 * np.pi)
    zero = pt.zeros(series.max() + 1)
    total = pt.inc_subtensor(zero[series], squares)
    count = pt.inc_subtensor(zero[series], seen)
    half = 0.5 * (nu + count)
    constant = pt.gammaln(half) - pt.gammaln(0.5 * nu) - 0.5 * count * pt.log(nu * np.pi)
    return pt.sum(constant - half * pt.log1p(total / nu)) - logs
