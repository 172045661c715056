"""Forward simulation without PyMC: parameters from their priors, and points from parameters.

The same generative model as `hierarchy`, written the other way round: parameters first, then
scores. Simulation-based calibration and the recovery tests hold the two against each other.
Datasets of parameters have the variables of the stored posterior, with any leading dims.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.curves import Form
from tenfold.posterior import forward, structure
from tenfold.posterior import priors as prior_table
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import ModelChoice


@dataclass
class _Drawn:
    """Parameters drawn so far, (`draw`, ...), and what it takes to draw more."""

    points: xr.Dataset
    priors: Priors
    draws: int
    rng: np.random.Generator
    coords: dict[str, np.ndarray]
    found: dict[str, tuple[tuple[str, ...], np.ndarray]]

    def size(self, dim: str) -> int:
        return len(self.coords[dim])

    def known(self, *names: str, of: str | None = None) -> None:
        """Parameters with a prior of their own, one of each or one per label of a dim."""
        dims = () if of is None else (of,)
        size = (self.draws, *(self.size(dim) for dim in dims))
        for name in names:
            value = prior_table.draw(name, self.priors, size, self.rng)
            self.found[name] = (("draw", *dims), value)

    def normal(self, size: int) -> np.ndarray:
        return self.rng.standard_normal((self.draws, size))

    def effects(self, name: str, of: str) -> None:
        """Standard normals `name`_z, one per label, and the prior of their `name`_sd."""
        self.known(f"{name}_sd")
        self.found[f"{name}_z"] = (("draw", of), self.normal(self.size(of)))

    def around(self, name: str, z: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """`name`_mean + `name`_sd z, (draw, ...); `which` of several means and sds each has."""
        mean, sd = (self.found[f"{name}_{key}"][1] for key in ("mean", "sd"))
        if which is None:
            return mean[:, None] + sd[:, None] * z
        return mean[:, which] + sd[:, which] * z


def prior(
    points: xr.Dataset,
    priors: Priors,
    form: Form,
    choice: ModelChoice,
    draws: int,
    rng: np.random.Generator,
) -> xr.Dataset:
    """Parameters drawn from the prior, dims (`draw`, ...), complete as a stored posterior."""
    drawn = _Drawn(points, priors, draws, rng, _coords(points), {})
    _slopes(drawn, choice)
    _levels(drawn, form)
    _noise(drawn, choice)
    if choice.thinking_shift and drawn.size("shifted_benchmark"):
        _thinking(drawn, choice)
    _beside(drawn, choice)
    parameters = xr.Dataset(drawn.found, coords=drawn.coords)
    z = xr.DataArray(
        rng.standard_normal((2, draws, drawn.size("series"))), dims=("which", "draw", "series")
    )
    level = forward.typical_intercept(parameters, points)
    parameters["intercept"] = level + parameters["intercept_sd"] * z[0]
    typical = forward.typical_log_slope(parameters, points)
    if choice.slope_sign == "positive":
        parameters["log_slope"] = typical + parameters["series_sd"] * z[1]
    else:
        parameters["slope"] = np.exp(typical) * (1 + parameters["series_sd"] * z[1])
    return complete(parameters, points, form, rng)


def _coords(points: xr.Dataset) -> dict[str, np.ndarray]:
    """Labels of every dim that parameters have."""
    units = [u for u in points["unit"].values.tolist() if u not in structure.REFERENCE_UNITS]
    names = ("series", "benchmark", "family", "regime", "chart", "shift")
    return {name: points[name].values for name in names} | {
        "cell": structure.cells(points)["cell"].values,
        "free_unit": np.array(units, dtype=str),
        "ceiling_of": structure.ceilings(points)["ceiling_of"].values,
        "rl_series": points["series"].values[structure.rl(points)],
        "llm": structure.slope_models(points),
        "rl_publication": structure.publications(points),
        "shifted_benchmark": structure.shifted(points),
        "shifted_family": structure.shifted(points, "family"),
        "shifted_model": structure.shifted(points, "model"),
    }


def _slopes(drawn: _Drawn, choice: ModelChoice) -> None:
    """What slopes are made of: regimes, units, benchmarks and cells, families, models, RL."""
    drawn.known("log_slope_mean", of="regime")
    drawn.known("cell_sd", "series_sd")
    if drawn.size("free_unit"):
        drawn.known("unit_offset", of="free_unit")
    if structure.twins(drawn.points).any():
        drawn.known("unit_sd")
    if choice.pool_benchmark:
        drawn.known("benchmark_sd")
        benchmark_sd, cell_sd = (drawn.found[f"{k}_sd"][1] for k in ("benchmark", "cell"))
        spread = np.hypot(benchmark_sd, cell_sd)
        share = (benchmark_sd / spread) ** 2
        partner = structure.cells(drawn.points)["partner"].values
        single, paired = np.flatnonzero(partner < 0), np.flatnonzero(partner >= 0)
        total, z = spread[:, None] * drawn.normal(partner.size), drawn.normal(paired.size)
        total[:, paired] = (
            share[:, None] * total[:, partner[paired]]
            + (spread * np.sqrt(1 - share**2))[:, None] * z
        )
        drawn.found["cell_total"] = (("draw", "cell"), total)
        drawn.found["cell_total_first"] = (("draw", "cell_first"), total[:, single])
        drawn.found["cell_total_second_z"] = (("draw", "cell_second"), z)
    if choice.pool_family:
        drawn.effects("family", "family")
    if choice.pool_model and drawn.size("llm"):
        drawn.effects("model", "llm")
    if choice.pool_publication and drawn.size("rl_publication"):
        drawn.effects("publication", "rl_publication")
    if drawn.size("chart"):
        scale = drawn.points["chart_scale_se"].values
        drawn.found["kappa_chart"] = (("draw", "chart"), np.exp(scale * drawn.normal(scale.size)))


def _levels(drawn: _Drawn, form: Form) -> None:
    """Where curves lie, what they approach, and what RL runs start with."""
    drawn.known("intercept_mean", of="regime")
    drawn.known("intercept_sd")
    drawn.effects("intercept_cell", "cell")
    if form in curves.CEILINGS:
        drawn.known("ceiling_mean", "ceiling_sd", of="regime")
        of = structure.ceilings(drawn.points)["ceiling_regime_index"].values
        logit = drawn.around("ceiling", drawn.normal(of.size), of)
        drawn.found["ceiling_logit"] = (("draw", "ceiling_of"), logit)
    if form in curves.EARLIER and drawn.size("rl_series"):
        drawn.known("early_mean")
        drawn.effects("early", "rl_series")
        early = drawn.around("early", drawn.found["early_z"][1])
        drawn.found["early"] = (("draw", "rl_series"), early)
    if form in curves.STARTS and drawn.size("rl_series"):
        drawn.known("start_mean")
        drawn.effects("start", "rl_series")
        start = drawn.around("start", drawn.found["start_z"][1])
        drawn.found["start"] = (("draw", "rl_series"), start)


def _noise(drawn: _Drawn, choice: ModelChoice) -> None:
    """How scores scatter about their curves."""
    drawn.known("sigma", of="regime")
    if choice.drift and drawn.size("rl_publication"):
        drawn.known("drift_share", "drift_length")
    if choice.estimate_lambda:
        drawn.known("lambda")
    if choice.noise == "student_t":
        drawn.known("nu")


def _thinking(drawn: _Drawn, choice: ModelChoice) -> None:
    """What non-thinking modes lack: by benchmark, family and model, and the spread of the rest."""
    drawn.known("thinking_shift_mean", "thinking_shift_sd")
    shift = drawn.around("thinking_shift", drawn.normal(drawn.size("shifted_benchmark")))
    drawn.found["thinking_shift"] = (("draw", "shifted_benchmark"), shift)
    if choice.pool_family:
        drawn.effects("thinking_family", "shifted_family")
    if choice.pool_model:
        drawn.effects("thinking_model", "shifted_model")
    drawn.known("thinking_rest_mean")
    drawn.effects("thinking_rest", "shifted_benchmark")
    rest = np.exp(drawn.around("thinking_rest", drawn.found["thinking_rest_z"][1]))
    drawn.found["thinking_rest"] = (("draw", "shifted_benchmark"), rest)


def _beside(drawn: _Drawn, choice: ModelChoice) -> None:
    """Evidence that is no curve: generation shifts, training for inference, the GPT ladder."""
    if choice.shift_evidence and drawn.size("shift"):
        drawn.found["shift_z"] = (("draw", "shift"), drawn.normal(drawn.size("shift")))
    if drawn.points.sizes["tradeoff"]:
        drawn.known("log_inference_per_training_mean", "inference_per_training_sd")
    if drawn.points.sizes["gpt"] > 1:
        drawn.known("gpt_level_mean", "gpt_level_sd")


def complete(
    parameters: xr.Dataset, points: xr.Dataset, form: Form, rng: np.random.Generator
) -> xr.Dataset:
    """Add what the sampler computed in passing or integrated out, draw by draw.

    Adds `slope`, `exchange_rate`, `family_effect`, `cell_total`, `benchmark_effect`(benchmark),
    `cell_effect`(benchmark, regime), `ceiling`(benchmark, regime). Effects and ceilings of cells
    without series are drawn from their population; `benchmark_effect` given the totals of its cells
    is normal (conjugate), and `cell_effect` is what remains.
    """
    cell = structure.cells(points)
    out = parameters.copy()
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
    ceiling = xr.ones_like(effect).transpose(*sample.dims, "benchmark", "regime").copy()
    own = np.ones((*sample.shape, points.sizes["series"]))
    if form in curves.CEILINGS:
        floor = points["floor"]
        logit = out["ceiling_mean"] + out["ceiling_sd"] * normal("benchmark", "regime")
        logit = logit.transpose(*sample.dims, "benchmark", "regime").copy()
        of, found = structure.ceilings(points), out["ceiling_logit"].values
        shared = of["cell_ceiling"].values >= 0
        # of a new run, where runs have ceilings of their own
        logit.values[..., index["benchmark"].values[shared], index["regime"].values[shared]] = (
            found[..., of["cell_ceiling"].values[shared]]
        )
        ceiling = (floor + (1 - floor) / (1 + np.exp(-logit))).transpose(*ceiling.dims)
        below = floor.values[points["benchmark_index"].values]
        own = below + (1 - below) / (1 + np.exp(-found[..., of["ceiling_index"].values]))
    out["ceiling"] = ceiling
    out["series_ceiling"] = xr.DataArray(own, dims=(*sample.dims, "series"))
    if "curve" in out.dims:
        out = _with_pairs(out, points, form, rng)
    if "slope" not in out:
        out["slope"] = np.exp(out["log_slope"])
    out["steepness"] = _steepness(out, points, form)
    out["exchange_rate"] = exchange_rate(out) * np.exp(out["steepness"])
    return out


def _steepness(parameters: xr.Dataset, points: xr.Dataset, form: Form) -> xr.DataArray:
    """How much steeper curves are in the middle of what was seen than their slopes say, log ratio.

    The local slope of a curve, in logits of the score per OOM, is what forms agree on; their own
    slopes are not comparable. The result is inference less RL.
    """
    factor = local_slopes(parameters, points, form) @ steepness_weights(points)
    return parameters["cell_sd"].copy(data=factor)


def local_slopes(parameters: xr.Dataset, points: xr.Dataset, form: Form) -> np.ndarray:
    """log of the local slope of each series halfway along its compute, over its own slope.

    Shape (..., series).
    """
    x = points["log10_compute"].values - points["reference"].values[points["series_index"].values]
    starts = np.flatnonzero(np.diff(points["series_index"].values, prepend=-1))
    low, high = (of.reduceat(x, starts) for of in (np.minimum, np.maximum))
    middle, own = curves.with_earlier((low + high) / 2, forward.earlier(parameters, points))
    eta = parameters["intercept"].values + parameters["slope"].values * middle
    eta = np.clip(eta, -forward.FAR, forward.FAR)
    floor = points["floor"].values[points["benchmark_index"].values]
    start = (forward.starts(parameters, points) - floor) / (1 - floor)
    height = (parameters["series_ceiling"].values - floor) / (1 - floor) - start
    share = np.clip(start + height * curves.expected_share(eta, form), 0.005, 0.995)
    factor = own * height * curves.share_gradient(eta, form) / (share * (1 - share))
    return np.log(np.maximum(factor, 1e-3))


def steepness_weights(points: xr.Dataset) -> np.ndarray:
    """Weight of each series in `steepness`, shape (series,): inference counts, RL is subtracted.

    Per regime it is the mean over publications of the mean over their series.
    """
    label = points["series_publication"].values
    weight = np.zeros((2, label.size))
    for k, regime in enumerate(("rl", "inference")):
        inside = (points["series_regime"].values == regime) & structure.curves(points)
        count = {name: np.sum(inside & (label == name)) for name in np.unique(label[inside])}
        weight[k] = [inside[s] / count.get(name, 1) for s, name in enumerate(label)]
        weight[k] /= max(weight[k].sum(), 1)
    return weight[1] - weight[0]


def _with_pairs(
    parameters: xr.Dataset, points: xr.Dataset, form: Form, rng: np.random.Generator
) -> xr.Dataset:
    """Intercepts and slopes of all series: those of pairs drawn given both of their points.

    A second axis of a run has the curve of the first.
    """
    twins = structure.twins(points)
    pair = forward.told(parameters, points, form)
    sample = parameters["cell_sd"]
    shape, paired = pair["eta"].shape, structure.paired(points)
    spread = {
        "given": pair["given_sd"].values,
        "slope": np.broadcast_to(parameters["series_sd"].values[..., None], shape),
        "rest": pair["rest"].values,
        "noise": pair["noise_sd"].values,
    }
    by = {
        "given": pair["by_eta"].values,
        "slope": -pair["by_eta"].values * pair["climb"].values,
        "rest": -pair["by_eta"].values,
        "noise": np.ones(shape),
    }
    # prior draws of what makes the gap, moved so that they make the gap that was seen
    drawn = {name: sd * rng.standard_normal(shape) for name, sd in spread.items()}
    gap = points["score"].values[structure.modes(points)[1]] - pair["expected_score"].values
    left = (gap - sum(by[name] * drawn[name] for name in drawn)) / pair["score_sd"].values ** 2
    for name in ("given", "slope"):
        drawn[name] = drawn[name] + spread[name] ** 2 * by[name] * left
    log_slope = pair["log_slope"].values + drawn["slope"]
    x = points["log10_compute"].values - points["reference"].values[points["series_index"].values]
    level = pair["eta_given"].values + drawn["given"]
    level = level - np.exp(log_slope) * x[structure.modes(points)[0]]
    slope = "log_slope" if "log_slope" in parameters else "slope"
    found = {"intercept": level, slope: log_slope if slope == "log_slope" else np.exp(log_slope)}
    out = parameters.drop_vars(list(found))
    for name, values in found.items():
        whole = np.empty((*sample.shape, points.sizes["series"]))
        whole[..., structure.curves(points)] = parameters[name].transpose(..., "curve").values
        whole[..., paired] = values
        whole[..., twins] = whole[..., points["twin_index"].values[twins]]
        if name != "intercept":  # the same curve over another axis
            ratio = structure.axes(points)[2]
            whole[..., twins] = (
                whole[..., twins] + ratio
                if name == "log_slope"
                else whole[..., twins] * np.exp(ratio)
            )
        out[name] = ((*sample.dims, "series"), whole)
    return out.drop_dims("curve")


def exchange_rate(parameters: xr.Dataset) -> xr.DataArray:
    """RL OOMs per inference OOM in the population, as the slopes of the form say."""
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
