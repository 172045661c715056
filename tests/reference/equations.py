"""The model of model/README.md a second time, in NumPyro: every equation as it stands there.

Written from the equations and `data/priors.toml` alone. It shares no code with `tenfold.hierarchy`
or `tenfold.curves`, integrates nothing out that the page does not, and is not made to be fast.
"""

from __future__ import annotations

import tomllib
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
FORMS = ("logistic", "saturating", "linear", "power")
OFFSET_UNITS = ("usd", "gpu_hours", "rollout_tokens", "steps")


@dataclass(frozen=True)
class Evidence:
    """Points as plain arrays. `i` runs over points; labels say what each index means.

    A cell is a (benchmark, regime) pair that holds series; `cells` lists them in the order of
    first appearance. Benchmarks appear in `thinking` if they hold a non-thinking point.
    """

    series: np.ndarray  # of point i
    x: np.ndarray
    x_se: np.ndarray
    score: np.ndarray
    score_se: np.ndarray
    non_thinking: np.ndarray
    regime: np.ndarray  # of series s, as are the next four; -1 where there is none
    cell: np.ndarray
    family: np.ndarray
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
    return Evidence(
        series=series,
        x=compute - reference[series],
        x_se=points["log10_compute_se"].values,
        score=points["score"].values,
        score_se=se,
        non_thinking=modes.astype(float),
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
    if form == "linear":
        return 1 / 2 + eta / 4
    if form == "power":
        return 1 - jnp.exp(-eta / 2) / 2
    return expit(eta)


def model(e: Evidence, form: str, scores: Any = None) -> None:
    """The joint model. Every effect is a parameter of its own; nothing is reparameterised."""
    # slopes
    log_slope_mean = _prior("log_slope_mean", 2)
    unit_offset = _prior("unit_offset", len(e.units)) if e.units else jnp.zeros(0)
    benchmark_sd, cell_sd = _prior("benchmark_sd"), _prior("cell_sd")
    family_sd, series_sd = _prior("family_sd"), _prior("series_sd")
    n_series = len(e.regime)
    benchmark_effect = _normal("benchmark_effect", 0.0, benchmark_sd, len(e.benchmarks))
    cell_effect = _normal("cell_effect", 0.0, cell_sd, len(e.cells))
    family_effect = _normal("family_effect", 0.0, family_sd, len(e.families))
    series_effect = _normal("series_effect", 0.0, series_sd, n_series)
    benchmark = e.cell_benchmark[e.cell]
    slope = jnp.exp(
        log_slope_mean[e.regime]
        + _at(unit_offset, e.unit, 0.0)
        + benchmark_effect[benchmark]
        + cell_effect[e.cell]
        + family_effect[e.family]
        + series_effect
    )
    exchange_rate = jnp.exp(log_slope_mean[1] - log_slope_mean[0])

    # curves
    intercept_mean = _prior("intercept_mean", 2)
    intercept_cell_sd, intercept_sd = _prior("intercept_cell_sd"), _prior("intercept_sd")
    intercept_cell = _normal("intercept_cell", 0.0, intercept_cell_sd, len(e.cells))
    intercept = _sample(
        "intercept",
        dist.Normal(intercept_mean[e.regime] + intercept_cell[e.cell], intercept_sd).to_event(1),
    )
    kappa = jnp.ones(0)
    if e.charts:
        kappa = jnp.exp(_sample("log_kappa", dist.Normal(0.0, e.chart_scale_se).to_event(1)))
    shift_mean, shift_sd = _prior("thinking_shift_mean"), _prior("thinking_shift_sd")
    thinking_shift = _normal("thinking_shift", shift_mean, shift_sd, len(e.thinking))
    reach = jnp.ones(len(e.cells))
    if form == "saturating":
        ceiling_mean, ceiling_sd = _prior("ceiling_mean", 2), _prior("ceiling_sd")
        logit_m = _sample(
            "logit_m", dist.Normal(ceiling_mean[e.cell_regime], ceiling_sd).to_event(1)
        )
        reach = expit(logit_m)

    s = e.series
    by_chart, by_benchmark = e.chart[s], e.thinking_of_benchmark[benchmark[s]]
    eta = (
        intercept[s]
        + _at(kappa, by_chart, 1.0) * slope[s] * e.x
        - _at(thinking_shift, by_benchmark, 0.0) * e.non_thinking
    )
    span = (1 - e.floor[benchmark[s]]) * reach[e.cell[s]]
    expected = e.floor[benchmark[s]] + span * share(eta, form)

    # points; the derivative of the share by automatic differentiation
    lam, sigma, nu = _prior("lambda"), _prior("sigma", 2), _prior("nu")
    gradient = jax.vmap(jax.grad(lambda value: share(value, form)))(eta)
    per_oom = span * gradient * slope[s]
    sd = jnp.sqrt(lam**2 * e.score_se**2 + sigma[e.regime[s]] ** 2 + (per_oom * e.x_se) ** 2)
    n = jax.ops.segment_sum(jnp.ones_like(e.x), s, n_series)
    observed = e.score if scores is None else scores
    q = jax.ops.segment_sum(((observed - expected) / sd) ** 2, s, n_series)
    numpyro.factor(
        "scores",
        jnp.sum(
            gammaln((nu + n) / 2)
            - gammaln(nu / 2)
            - n / 2 * jnp.log(nu * jnp.pi)
            - (nu + n) / 2 * jnp.log1p(q / nu)
        )
        - jnp.sum(jnp.log(sd)),
    )
    numpyro.deterministic("slope", slope)
    numpyro.deterministic("expected", expected)
    numpyro.deterministic("point_sd", sd)

    # generation shifts
    rl, rl_se, shift, shift_se = e.shift
    if len(rl):
        z = _sample("shift_z", dist.Normal(0.0, 1.0).expand([len(rl)]).to_event(1))
        rate = exchange_rate * jnp.exp(jnp.sqrt(2.0) * cell_sd * z)
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
    with numpyro.handlers.seed(rng_seed=0):
        return numpyro.handlers.trace(model).get_trace(e, form)


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
