"""The model of model/README.md a second time, in NumPyro: every equation as it stands there.

Written from the equations and `data/priors.toml` alone. It shares no code with `tenfold.hierarchy`
or `tenfold.curves`, integrates nothing out that the page does not, and is not made to be fast.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import xarray as xr
from jax.scipy.special import expit, gammaln
from numpyro.infer.reparam import LocScaleReparam
from numpyro.infer.util import log_density

PRIORS = Path(__file__).parents[2] / "data" / "priors.toml"
FORMS = ("logistic", "saturating", "earlier", "power", "start")
OFFSET_UNITS = ("usd", "gpu_hours", "rollout_tokens", "steps")


@dataclass(frozen=True)
class Evidence:
    """Points as plain arrays. `i` runs over points; labels say what each index means.

    A pair is a series of two points, one of them in a non-thinking mode; `pairs` holds its series,
    its thinking score and error, its other score and error, and the OOMs between the two. A series
    may be another one over a second axis (`axes`). All others are curves, numbered among
    themselves. A cell is a (benchmark, regime) pair that holds series; `cells` lists them in the
    order of first appearance. Benchmarks appear in `thinking` if they hold a non-thinking point.
    """

    curve: np.ndarray  # series of each curve
    pairs: tuple[np.ndarray, ...]
    axes: tuple[np.ndarray, ...]  # units of a run's two axes, log of slope(second / first)
    begin: np.ndarray  # first compute of each series, from its reference
    is_run: np.ndarray
    series: np.ndarray  # curve of point i
    runs: np.ndarray  # RL points, by run and compute
    x: np.ndarray
    x_se: np.ndarray
    score: np.ndarray
    score_se: np.ndarray
    non_thinking: np.ndarray
    regime: np.ndarray  # of series s, as are the next four; -1 where there is none
    cell: np.ndarray
    family: np.ndarray
    model: np.ndarray
    publication: np.ndarray
    unit: np.ndarray
    chart: np.ndarray
    thinking_of_benchmark: np.ndarray  # of benchmark b; -1 where there is none
    floor: np.ndarray
    cell_benchmark: np.ndarray
    cell_regime: np.ndarray
    chart_scale_se: np.ndarray
    cells: list[tuple[str, str]]
    benchmarks: list[str]
    families: list[str]
    units: list[str]
    charts: list[str]
    thinking: list[str]
    thinking_families: list[str]
    thinking_models: list[str]
    models: list[str]
    publications: list[str]
    shift: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    ratio: tuple[np.ndarray, np.ndarray]
    ladder: tuple[np.ndarray, np.ndarray]


def evidence(points: xr.Dataset) -> Evidence:
    """The evidence from the labels of a points dataset (none of its index variables is used)."""
    names = [str(s) for s in points["series"].values]
    series = points["series_index"].values
    bench = [str(b) for b in points["series_benchmark"].values]
    reg = [str(r) for r in points["series_regime"].values]
    fam = [str(f) for f in points["series_family"].values]
    unit = [str(u) for u in points["series_unit"].values]
    chart = [str(c) for c in points["series_source"].values]
    regimes = ["rl", "inference"]
    benchmarks = [str(b) for b in points["benchmark"].values]
    cells = list(dict.fromkeys(zip(bench, reg, strict=True)))
    families = list(dict.fromkeys(fam))
    units = [u for u in OFFSET_UNITS if u in unit]
    charts = [str(c) for c in points["chart"].values]
    modes = points["non_thinking"].values
    thinking = sorted({bench[s] for s, off in zip(series, modes, strict=True) if off})
    compute, se = points["log10_compute"].values, points["score_se"].values
    reference = np.array(
        [np.average(compute[series == s], weights=se[series == s] ** -2) for s in range(len(names))]
    )
    names_of = [str(m) for m in points["llm"].values[points["llm_index"].values]]
    model = ["" if r == "rl" else m for m, r in zip(names_of, reg, strict=True)]
    papers = points["series_publication"].values
    paper = [str(p) if r == "rl" else "" for p, r in zip(papers, reg, strict=True)]
    models, publications = (sorted(set(column) - {""}) for column in (model, paper))
    off = [
        {column[s] for s, is_off in zip(series, modes, strict=True) if is_off}
        for column in (fam, model)
    ]
    first_axis = points["twin_index"].values
    one_mode = [
        modes[series == s].sum() == 1 and (series == s).sum() == 2 for s in range(len(names))
    ]
    one_mode = [pair and axis < 0 for pair, axis in zip(one_mode, first_axis, strict=True)]
    alone = [first_axis[s] < 0 and not one_mode[s] for s in range(len(names))]
    curve = np.flatnonzero(alone)
    length = np.array([compute[series == s].std() for s in range(len(names))])
    second = np.flatnonzero(first_axis >= 0)
    unit_of = np.array([units.index(u) if u in units else -1 for u in unit])
    begin = np.array([(compute[series == s] - reference[s]).min() for s in range(len(names))])
    score, x, on = points["score"].values, compute - reference[series], np.isin(series, curve)
    told = [
        (s, *(np.flatnonzero((series == s) & (modes == mode))[0] for mode in (False, True)))
        for s in range(len(names))
        if one_mode[s]
    ]
    which, yes, no = np.array(told, dtype=int).reshape(-1, 3).T
    of_curve = np.searchsorted(curve, series[on])
    by_compute = sorted(range(of_curve.size), key=lambda i: (of_curve[i], x[on][i]))
    return Evidence(
        curve=curve,
        axes=(
            unit_of[first_axis[second]],
            unit_of[second],
            np.log(length[first_axis[second]] / length[second]),
        ),
        begin=begin,
        is_run=np.array([r == "rl" for r in reg]),
        pairs=(which, score[yes], se[yes], score[no], se[no], x[yes] - x[no]),
        series=of_curve,
        runs=np.array([i for i in by_compute if reg[curve[of_curve[i]]] == "rl"], dtype=int),
        x=x[on],
        x_se=points["log10_compute_se"].values[on],
        score=score[on],
        score_se=se[on],
        non_thinking=modes[on].astype(float),
        model=np.array([models.index(m) if m else -1 for m in model]),
        publication=np.array([publications.index(p) if p else -1 for p in paper]),
        models=models,
        publications=publications,
        thinking_families=sorted(off[0]),
        thinking_models=sorted(off[1]),
        regime=np.array([regimes.index(r) for r in reg]),
        cell=np.array([cells.index(c) for c in zip(bench, reg, strict=True)]),
        family=np.array([families.index(f) for f in fam]),
        unit=np.array([units.index(u) if u in units else -1 for u in unit]),
        chart=np.array([charts.index(c) if c in charts else -1 for c in chart]),
        thinking_of_benchmark=np.array(
            [thinking.index(b) if b in thinking else -1 for b in benchmarks]
        ),
        floor=points["floor"].values,
        cell_benchmark=np.array([benchmarks.index(b) for b, _ in cells]),
        cell_regime=np.array([regimes.index(r) for _, r in cells]),
        chart_scale_se=points["chart_scale_se"].values,
        cells=cells,
        benchmarks=benchmarks,
        families=families,
        units=units,
        charts=charts,
        thinking=thinking,
        shift=(
            points["rl_ooms"].values,
            points["rl_ooms_se"].values,
            points["shift_ooms"].values,
            points["shift_ooms_se"].values,
        ),
        ratio=(
            points["inference_per_training"].values,
            points["inference_per_training_se_log"].values,
        ),
        ladder=(points["log10_flop"].values, points["log10_flop_se"].values),
    )


def _prior(name: str, size: int | None = None) -> jax.Array:
    """Sample a parameter from its table of priors.toml; `size` independent values if given."""
    table = tomllib.loads(PRIORS.read_text())["prior"][name]
    get = table.get
    made: dict[str, Any] = {
        "normal": lambda: dist.Normal(get("mu"), get("sigma")),
        "half_normal": lambda: dist.HalfNormal(get("sigma")),
        "log_normal": lambda: dist.LogNormal(get("mu"), get("sigma")),
        "gamma": lambda: dist.Gamma(get("alpha"), get("beta")),
        "beta": lambda: dist.Beta(get("alpha"), get("beta")),
    }
    base = made[table["family"]]()
    if "shift" in table:
        base = dist.TransformedDistribution(
            base, dist.transforms.AffineTransform(table["shift"], 1.0, domain=base.support)
        )
    return _sample(name, base if size is None else base.expand([size]).to_event(1))


def _sample(name: str, distribution: Any) -> Any:
    return numpyro.sample(name, distribution)


def _normal(name: str, mean: Any, sd: Any, size: int) -> jax.Array:
    if size == 0:
        return jnp.zeros(0)
    return _sample(name, dist.Normal(mean, sd).expand([size]).to_event(1))


def _at(values: jax.Array, index: np.ndarray, default: float) -> jax.Array:
    """values[index], and `default` where the index is -1."""
    if values.shape[0] == 0:
        return jnp.full(index.shape, default)
    return jnp.where(index >= 0, values[jnp.maximum(index, 0)], default)


def share(eta: jax.Array, form: str) -> jax.Array:
    """Share of the way from floor to ceiling."""
    if form == "power":
        return 1 - jnp.exp(-eta / 2) / 2
    return expit(eta)


def model(e: Evidence, form: str, scores: Any = None) -> None:
    """The joint model. Every effect is a parameter of its own; nothing is reparameterised."""
    # slopes
    log_slope_mean = _prior("log_slope_mean", 2)
    unit_offset = _prior("unit_offset", len(e.units)) if e.units else jnp.zeros(0)
    one, other, log_ratio = e.axes
    if len(log_ratio):
        gap = _at(unit_offset, other, 0.0) - _at(unit_offset, one, 0.0)
        axes = dist.Normal(gap, _prior("unit_sd")).to_event(1)
        numpyro.sample("unit_log_ratio", axes, obs=log_ratio)
    benchmark_sd, cell_sd = _prior("benchmark_sd"), _prior("cell_sd")
    family_sd, series_sd = _prior("family_sd"), _prior("series_sd")
    n_curves = len(e.curve)
    benchmark_effect = _normal("benchmark_effect", 0.0, benchmark_sd, len(e.benchmarks))
    cell_effect = _normal("cell_effect", 0.0, cell_sd, len(e.cells))
    family_effect = _normal("family_effect", 0.0, family_sd, len(e.families))
    model_sd = _prior("model_sd")
    model_effect = model_sd * _normal("model_z", 0.0, 1.0, len(e.models))
    publication_effect = jnp.zeros(0)
    if e.publications:
        z = _normal("publication_z", 0.0, 1.0, len(e.publications))
        publication_effect = _prior("publication_sd") * z
    series_effect = _normal("series_effect", 0.0, series_sd, n_curves)
    benchmark = e.cell_benchmark[e.cell]
    typical = (
        log_slope_mean[e.regime]
        + _at(unit_offset, e.unit, 0.0)
        + benchmark_effect[benchmark]
        + cell_effect[e.cell]
        + family_effect[e.family]
        + _at(model_effect, e.model, 0.0)
        + _at(publication_effect, e.publication, 0.0)
    )
    slope = jnp.exp(typical[e.curve] + series_effect)
    exchange_rate = jnp.exp(log_slope_mean[1] - log_slope_mean[0])

    # curves
    intercept_mean = _prior("intercept_mean", 2)
    intercept_cell_sd, intercept_sd = _prior("intercept_cell_sd"), _prior("intercept_sd")
    intercept_cell = _normal("intercept_cell", 0.0, intercept_cell_sd, len(e.cells))
    intercept = _sample(
        "intercept",
        dist.Normal(
            (intercept_mean[e.regime] + intercept_cell[e.cell])[e.curve], intercept_sd
        ).to_event(1),
    )
    kappa = jnp.ones(0)
    if e.charts:
        kappa = jnp.exp(_sample("log_kappa", dist.Normal(0.0, e.chart_scale_se).to_event(1)))
    shift_mean, shift_sd = _prior("thinking_shift_mean"), _prior("thinking_shift_sd")
    thinking_shift = _normal("thinking_shift", shift_mean, shift_sd, len(e.thinking))
    by_benchmark = e.thinking_of_benchmark[benchmark]
    by_family, by_model = (
        np.array([of.index(label) if label in of else -1 for label in labels])
        for of, labels in ((e.thinking_families, e.families), (e.thinking_models, e.models))
    )
    shift = _at(thinking_shift, by_benchmark, 0.0)
    for kind, index, size in (
        ("family", by_family[e.family], len(e.thinking_families)),
        ("model", by_model[e.model], len(e.thinking_models)),
    ):
        z = _normal(f"thinking_{kind}_z", 0.0, 1.0, size)
        shift = shift + _at(_prior(f"thinking_{kind}_sd") * z, index, 0.0) * (by_benchmark >= 0)
    rest_z = _normal("thinking_rest_z", 0.0, 1.0, len(e.thinking))
    rest = jnp.exp(_prior("thinking_rest_mean") + _prior("thinking_rest_sd") * rest_z)
    rest = _at(rest, by_benchmark, 0.0)
    reach = jnp.ones(len(e.regime))  # of every series
    if form in ("saturating", "earlier", "start"):
        ceiling_mean, ceiling_sd = _prior("ceiling_mean", 2), _prior("ceiling_sd", 2)
        shared = np.flatnonzero(e.cell_regime == 1)
        of_cell = _normal("logit_m", ceiling_mean[1], ceiling_sd[1], len(shared))
        of_run = _normal("logit_run", ceiling_mean[0], ceiling_sd[0], int(e.is_run.sum()))
        row = np.array([list(shared).index(c) if c in shared else -1 for c in e.cell])
        run = np.where(e.is_run, np.cumsum(e.is_run) - 1, -1)
        reach = expit(_at(of_cell, row, 0.0) + _at(of_run, run, 0.0))
    before = jnp.zeros(len(e.regime))  # compute that counts before the run's own
    if form == "earlier" and e.is_run.any():
        z = _normal("early_z", 0.0, 1.0, int(e.is_run.sum()))
        early = _prior("early_mean") + _prior("early_sd") * z
        run = np.where(e.is_run, np.cumsum(e.is_run) - 1, -1)
        before = jnp.where(e.is_run, 10.0 ** (_at(early, run, 0.0) + e.begin), 0.0)
    start = e.floor[benchmark]  # score from which each series starts
    if form == "start" and e.is_run.any():
        z = _normal("start_z", 0.0, 1.0, int(e.is_run.sum()))
        risen = expit(_prior("start_mean") + _prior("start_sd") * z)
        run = np.where(e.is_run, np.cumsum(e.is_run) - 1, -1)
        start = start + (1 - start) * reach * _at(risen, run, 0.0)

    s, of = e.series, e.curve[e.series]  # curve and series of each point
    span = (1 - e.floor[benchmark]) * reach
    spent = 10.0**e.x + before[of]
    own = 10.0**e.x / spent
    climbed = _at(kappa, e.chart[of], 1.0) * slope[s] * jnp.log10(spent / (1 + before[of]))
    eta = intercept[s] + climbed - shift[of] * e.non_thinking
    top = e.floor[benchmark] + span
    expected = start[of] + (top - start)[of] * share(eta, form)

    # points; the derivative of the share by automatic differentiation
    lam, sigma, nu = _prior("lambda"), _prior("sigma", 2), _prior("nu")
    steepness = jax.vmap(jax.grad(lambda value: share(value, form)))
    per_logit = (top - start)[of] * steepness(eta)
    sd = jnp.sqrt(
        lam**2 * e.score_se**2
        + sigma[e.regime[of]] ** 2
        + (per_logit * slope[s] * own * e.x_se) ** 2
        + (per_logit * rest[of] * e.non_thinking) ** 2
    )
    observed = e.score if scores is None else scores
    z, log_sd = (observed - expected) / sd, jnp.log(sd)
    if len(e.runs):  # a run's errors correlate; whitened by the Cholesky factor of all runs
        share_of, length = _prior("drift_share"), _prior("drift_length")
        run, x, rank = s[e.runs], e.x[e.runs], np.arange(len(e.runs))
        correlation = share_of ** abs(rank[:, None] - rank)
        correlation = correlation * jnp.exp(-abs(x[:, None] - x) / length)
        factor = jnp.linalg.cholesky(jnp.where(run[:, None] == run, correlation, 0.0))
        white = jax.scipy.linalg.solve_triangular(factor, z[e.runs], lower=True)
        z = z.at[e.runs].set(white)
        log_sd = log_sd.at[e.runs].add(jnp.log(jnp.diag(factor)))
    n = jax.ops.segment_sum(jnp.ones_like(e.x), s, n_curves)
    q = jax.ops.segment_sum(z**2, s, n_curves)

    def student(q: jax.Array, n: jax.Array) -> jax.Array:
        constant = gammaln((nu + n) / 2) - gammaln(nu / 2) - n / 2 * jnp.log(nu * jnp.pi)
        return jnp.sum(constant - (nu + n) / 2 * jnp.log1p(q / nu))

    numpyro.factor("scores", student(q, n) - jnp.sum(log_sd))
    numpyro.deterministic("slope", slope)
    numpyro.deterministic("expected", expected)
    numpyro.deterministic("point_sd", sd)

    # pairs: the non-thinking score given the thinking one
    p, given, given_se, other, other_se, ooms = e.pairs
    if len(p):
        floor, height, both = e.floor[benchmark[p]], span[p], e.regime[p]
        edge = jnp.minimum(given_se / 2 / (1 - floor), 0.25)
        above = jnp.clip((given - floor) / height, edge, 1 - edge)
        eta_given = {
            "power": lambda: -2 * jnp.log(2 * (1 - above)),
        }.get(form, lambda: jnp.log(above / (1 - above)))()  # fmt: skip
        climb = jnp.exp(typical[p]) * ooms
        eta = eta_given - climb - shift[p]
        ratio = steepness(eta) / steepness(eta_given)
        noise = [lam**2 * error**2 + sigma[both] ** 2 for error in (given_se, other_se)]
        unsure = rest[p] ** 2 + (climb * series_sd) ** 2
        variance = noise[1] + ratio**2 * noise[0] + (height * steepness(eta)) ** 2 * unsure
        mean = floor + height * share(eta, form)
        value = student((other - mean) ** 2 / variance, jnp.ones(len(p)))
        numpyro.factor("pairs", value - jnp.sum(jnp.log(variance)) / 2)
        numpyro.deterministic("pair_expected", mean)
        numpyro.deterministic("pair_sd", jnp.sqrt(variance))

    # generation shifts
    rl, rl_se, shift, shift_se = e.shift
    if len(rl):
        z = _sample("shift_z", dist.Normal(0.0, 1.0).expand([len(rl)]).to_event(1))
        spread = jnp.sqrt(2 * (cell_sd**2 + model_sd**2 + series_sd**2))
        rate = exchange_rate * jnp.exp(spread * z)
        spread = jnp.sqrt(shift_se**2 + (rl_se / rate) ** 2)
        numpyro.sample("shift_ooms", dist.Normal(rl / rate, spread).to_event(1), obs=shift)

    # training for inference
    mean, ratio_sd = _prior("log_inference_per_training_mean"), _prior("inference_per_training_sd")
    ratio, ratio_se = e.ratio
    if len(ratio):
        total = jnp.sqrt(ratio_sd**2 + ratio_se**2)
        numpyro.sample("log_ratio", dist.Normal(mean, total).to_event(1), obs=np.log(ratio))

    # the GPT ladder
    level_mean, level_sd = _prior("gpt_level_mean"), _prior("gpt_level_sd")
    flop, flop_se = e.ladder
    if len(flop) > 1:
        difference = np.diff(np.eye(len(flop)), axis=0)
        noise = difference @ np.diag(flop_se**2) @ difference.T
        covariance = noise + level_sd**2 * jnp.eye(len(flop) - 1)
        steps = dist.MultivariateNormal(jnp.full(len(flop) - 1, level_mean), covariance)
        numpyro.sample("gpt_steps", steps, obs=np.diff(flop))


def joint(e: Evidence, form: str, values: dict[str, Any]) -> jax.Array:
    """Log joint density of the named parameters (natural scale) and the evidence."""
    missing = [
        name
        for name, site in _sites(e, form).items()
        if site["type"] == "sample" and not site["is_observed"] and name not in values
    ]
    if missing:
        raise KeyError(f"no value for {missing}")
    return log_density(model, (e, form), {}, values)[0]


def _sites(e: Evidence, form: str) -> dict[str, Any]:
    """Every site of the model, traced without computing values."""
    found: dict[str, Any] = {}

    def traced() -> None:
        with numpyro.handlers.seed(rng_seed=0):
            found.update(numpyro.handlers.trace(model).get_trace(e, form))

    jax.eval_shape(traced)
    return found


def prior(e: Evidence, form: str, names: Sequence[str], draws: int) -> dict[str, np.ndarray]:
    """Draws (draw, ...) of parameters, and of what follows from them, from the prior."""
    sites = numpyro.infer.Predictive(model, num_samples=draws, return_sites=names, parallel=True)
    found = sites(jax.random.PRNGKey(0), e, form)
    return {name: np.asarray(value, dtype=float) for name, value in found.items()}


def parameters(e: Evidence, form: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of everything that `joint` needs."""
    return {
        name: site["value"].shape
        for name, site in _sites(e, form).items()
        if site["type"] == "sample" and not site["is_observed"]
    }


def posterior(
    e: Evidence, form: str, *, chains: int, tune: int, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Draws (chain, draw, ...) by NumPyro's NUTS. The effects are sampled as standard normals,
    which changes the geometry and not the distribution."""
    scaled = ("benchmark_effect", "cell_effect", "family_effect", "series_effect")
    config = {
        name: LocScaleReparam(0.0)
        for name in (*scaled, "intercept_cell", "thinking_shift", "logit_m")
    }
    kernel = numpyro.infer.NUTS(
        numpyro.handlers.reparam(model, config=config),
        target_accept_prob=0.9,
        init_strategy=numpyro.infer.init_to_median(num_samples=5),
    )
    mcmc = numpyro.infer.MCMC(
        kernel,
        num_warmup=tune,
        num_samples=draws,
        num_chains=chains,
        chain_method="vectorized",
        progress_bar=False,
    )
    mcmc.run(jax.random.PRNGKey(seed), e, form)
    return {k: np.asarray(v) for k, v in mcmc.get_samples(group_by_chain=True).items()}
