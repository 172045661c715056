"""Prediction of unseen series: a new model, perhaps on a new benchmark, from some of its points.

For every stored draw of the hierarchy a new series has a normal prior on its (log) slope and on its
intercept. What the run knows (its benchmarks, families, units) has its posterior; a benchmark,
family or cell that the run has not seen is *drawn* from its population, as are ceilings and the
shift of non-thinking modes. `condition` then weighs these particles by the given points.

Each curve form is conditioned by itself, and the forms are mixed by stacking weights. Those are not
probabilities that a form is true, to be updated by the next point: they are chosen so that the
mixture predicts best, and *this* task is another one than that of the run's own weights. There the
future of a series is told from its past, here a whole series from its lowest point and the others;
a form can bend well and still have slopes that do not carry over from one series to the next.
`form_weights` stacks on the task at hand, with the run's own series in the role of new ones.

Series of one file are predicted one by one: what they share (a new benchmark, say) is learnt from
the run, not from each other. `kappa_chart` is 1: a points file does not state errors of whole axes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.fit import weights as weights_of
from tenfold.mixture import NEGLIGIBLE
from tenfold.posterior import priors as prior_table
from tenfold.posterior.priors import Priors
from tenfold.posterior.structure import REFERENCE_UNITS
from tenfold.runs.store import Run
from tenfold.unseen.condition import Particles, condition, predicted
from tenfold.unseen.forecast import Forecast
from tenfold.unseen.series import Series, blind, lowest, of_points

PARTICLES = 4000
"""Particles of all forms together; each form gets its share, and no fewer than `LEAST`."""

LEAST = 100

STACKED_SERIES, STACKED_POINTS = 50, 4
"""Series per regime, and points per series, on which the forms' weights are stacked."""

ENOUGH = 200
"""Effective particles below which a prediction is called doubtful."""

SURPRISING = 1e-3
"""`surprise` below which it is, too."""


OWN = (
    "series", "curve", "rl_series", "ceiling_of", "shift", "chart", "cell_first", "cell_second",
)  # fmt: skip
"""Dims of what belongs to single series, or to the evidence that is not one."""


@dataclass(frozen=True)
class Hierarchy:
    """Draws of one form's posterior: variable -> (draw, ...), with the labels of their dims."""

    form: Form
    values: dict[str, np.ndarray]
    labels: dict[str, list[str]]
    priors: Priors

    @classmethod
    def of(cls, form: Form, posterior: xr.Dataset, priors: Priors) -> Hierarchy:
        """From a stored posterior or what is `shared` of it, dims `chain, draw` or `draw`."""
        dims = [dim for dim in ("chain", "draw") if dim in posterior.dims]
        posterior = shared(posterior)
        chosen = {
            str(name): value.stack(sample=dims).transpose("sample", ...).values
            for name, value in posterior.data_vars.items()
        }
        if posterior.attrs["signed"]:
            chosen["signed"] = np.ones(1)
        names = (
            "regime", "benchmark", "family", "free_unit", "shifted_benchmark", "cell", "llm",
            "rl_publication", "shifted_family", "shifted_model",
        )  # fmt: skip
        labels = {
            name: [str(label) for label in posterior[name].values] if name in posterior else []
            for name in names
        }
        return cls(form, chosen, labels, priors)


def shared(posterior: xr.Dataset) -> xr.Dataset:
    """What a new series shares with those that were fitted: all but what belongs to one of them.

    The attribute `signed` tells whether slopes have a sign, or only a size.
    """
    signed = posterior.attrs.get("signed", int("log_slope" not in posterior))
    return posterior.drop_dims(OWN, errors="ignore").assign_attrs(signed=signed)


def hierarchies(run: Run) -> list[tuple[float, Hierarchy]]:
    """(weight, draws) of every form of a run that has weight in predicting unseen series.

    An edition keeps the weights, whose stacking takes seconds.
    """
    from pydantic import TypeAdapter

    from tenfold.posterior.scenario import Prior

    stored = TypeAdapter(dict[str, Prior]).validate_python(run.info["priors"])
    draws = [
        Hierarchy.of(form, run.tree(form)["posterior"].to_dataset(), stored) for form in run.forms
    ]
    known = run.info.get("unseen_weights")
    return kept(draws, known) if known else weighed(draws, of_points(run.points), run.info["seed"])


def weighed(
    draws: Sequence[Hierarchy], evidence: Sequence[Series], seed: int
) -> list[tuple[float, Hierarchy]]:
    """(weight, draws) of the forms with weight in predicting unseen series, by `form_weights`."""
    return kept(draws, form_weights(draws, evidence, seed))


def kept(
    draws: Sequence[Hierarchy], weights: Mapping[Form, float]
) -> list[tuple[float, Hierarchy]]:
    """(weight, draws) of the forms whose weight is not negligible; the weights sum to one."""
    used = {form: weight for form, weight in weights.items() if weight >= NEGLIGIBLE}
    total = sum(used.values())
    return [(used[item.form] / total, item) for item in draws if item.form in used]


def form_weights(
    draws: Sequence[Hierarchy], evidence: Sequence[Series], seed: int
) -> dict[Form, float]:
    """Stacking weights of curve forms for the prediction of unseen series.

    A sample of the fitted series, both regimes alike, is predicted from its lowest point as if it
    were new; weights are stacked once for series on benchmarks as they are and once as if on a new
    benchmark by a new family, and averaged. The influence of a series on the draws of the hierarchy
    is small and the same for all forms.
    """
    if len(draws) == 1:
        return {draws[0].form: 1.0}
    rng = np.random.default_rng([seed, 7])
    chosen: list[Series] = []
    for regime in ("rl", "inference"):
        own = [item for item in evidence if item.regime == regime and not lowest(item, 1).all()]
        picked = rng.permutation(len(own))[:STACKED_SERIES]
        chosen += [own[i] for i in sorted(picked)]
    weights = np.zeros(len(draws))
    chosen = [replace(item, model="", publication="") for item in chosen]
    for role in (chosen, [replace(item, benchmark="", family="") for item in chosen]):
        pointwise = {item.form: _ahead(item, role, seed) for item in draws}
        stacked = weights_of.stacking(pointwise)
        weights += [stacked[item.form] / 2 for item in draws]
    return {item.form: float(weight) for item, weight in zip(draws, weights, strict=True)}


def _ahead(draws: Hierarchy, role: Sequence[Series], seed: int) -> np.ndarray:
    """Log scores of some later points of each series given its lowest, under one form."""
    found = []
    for series in role:
        mask = lowest(series, 1)
        rest = np.flatnonzero(~mask)
        spread = np.linspace(0, rest.size - 1, min(STACKED_POINTS, rest.size)).round()
        targets = series.at(rest[spread.astype(int)])
        ahead = forecast([(1.0, draws)], series.at(mask), blind(targets), seed, 2 * LEAST)
        found.append(ahead.log_score(targets.score))
    return np.concatenate(found)


# --- the hierarchy's prior for a new series -----------------------------------------------------


def particles(draws: Hierarchy, series: Series, n: int, rng: np.random.Generator) -> Particles:
    """`n` new series from the draws of one form; each draw serves equally often, give or take one.

    Normal effects that add up are summed: their variances, where the level is new.
    """
    v = draws.values
    count = next(iter(v.values())).shape[0]
    pick = ((np.arange(n) + rng.random()) * count / n).astype(int)

    def of(name: str, *where: int) -> np.ndarray:
        return v[name][(pick, *where)] if name in v else np.zeros(n)

    def place(dim: str, label: str) -> int | None:
        return draws.labels[dim].index(label) if label in draws.labels[dim] else None

    regime = draws.labels["regime"].index(series.regime)
    benchmark = place("benchmark", series.benchmark)
    cell = place("cell", f"{series.benchmark} / {series.regime}")

    mean, variance = _slope(draws, series, of, place, rng)
    signed = "signed" in v
    if signed:
        rest = np.sqrt(variance - of("series_sd") ** 2)
        mean = np.exp(mean + rest * rng.standard_normal(n))
        variance = (mean * of("series_sd")) ** 2

    level, spread = of("intercept_mean", regime), of("intercept_sd") ** 2
    if cell is not None:
        level = level + of("intercept_cell_sd") * of("intercept_cell_z", cell)
    else:
        spread = spread + of("intercept_cell_sd") ** 2

    ceiling = np.ones(n)
    if "ceiling_mean" in v:
        if benchmark is not None and series.regime == "inference":
            ceiling = of("ceiling", benchmark, regime)
        else:  # a run's ceiling is its own
            z = rng.standard_normal(n)
            logit = of("ceiling_mean", regime) + of("ceiling_sd", regime) * z
            ceiling = series.floor + (1 - series.floor) / (1 + np.exp(-logit))
    early = np.full(n, -np.inf)
    if series.regime == "rl" and "early_mean" in v:
        begin = series.log10_compute.min() - series.reference
        early = begin + of("early_mean") + of("early_sd") * rng.standard_normal(n)
    floor = np.full(n, series.floor)
    if series.regime == "rl" and "start_mean" in v:
        logit = of("start_mean") + of("start_sd") * rng.standard_normal(n)
        floor = floor + (ceiling - floor) / (1 + np.exp(-logit))
    shift, shift_sd, rest = _thinking(v, of, place, series, rng)
    drifts = series.regime == "rl" and "drift_share" in v
    return Particles(
        form=draws.form,
        intercept_mean=level,
        intercept_sd=np.sqrt(spread),
        slope_mean=mean,
        slope_sd=np.sqrt(variance),
        signed=signed,
        floor=floor,
        ceiling=ceiling,
        early=early,
        shift=shift,
        shift_sd=shift_sd,
        rest=rest,
        share=of("lambda") if "lambda" in v else np.ones(n),
        sigma=of("sigma", regime),
        nu=of("nu") if "nu" in v else None,
        drift=of("drift_share") if drifts else None,
        length=of("drift_length") if drifts else None,
    )


def _slope(
    draws: Hierarchy,
    series: Series,
    of: Callable[..., np.ndarray],
    place: Callable[[str, str], int | None],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the log slope of a new series, (particle,)."""
    v, regime = draws.values, draws.labels["regime"].index(series.regime)
    benchmark, family = place("benchmark", series.benchmark), place("family", series.family)
    unit = place("free_unit", series.unit)
    mean, variance = of("log_slope_mean", regime), of("series_sd") ** 2
    if unit is not None:
        mean = mean + of("unit_offset", unit)
    elif series.unit not in REFERENCE_UNITS:
        prior = prior_table.draw("unit_offset", draws.priors, mean.shape, rng)
        mean = mean + prior
    if family is not None:
        mean = mean + of("family_effect", family)
    else:
        variance = variance + of("family_sd") ** 2
    kind, dim, label = (
        ("publication", "rl_publication", series.publication)
        if series.regime == "rl"
        else ("model", "llm", series.model)
    )
    known = place(dim, label)
    if known is not None and f"{kind}_z" in v:
        mean = mean + of(f"{kind}_sd") * of(f"{kind}_z", known)
    else:
        variance = variance + of(f"{kind}_sd") ** 2
    if "cell_total" in v and benchmark is None:
        variance = variance + of("benchmark_sd") ** 2 + of("cell_sd") ** 2
    elif "cell_total" in v and benchmark is not None:
        # cells without evidence have been drawn from their population in the stored draws
        mean = mean + of("benchmark_effect", benchmark) + of("cell_effect", benchmark, regime)
    return mean, variance


def _thinking(
    v: dict[str, np.ndarray],
    of: Callable[..., np.ndarray],
    place: Callable[[str, str], int | None],
    series: Series,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected shift of a non-thinking mode, its standard deviation, and that of what is left."""
    n = of("log_slope_mean", 0).size
    if "thinking_shift_mean" not in v:
        return np.zeros(n), np.zeros(n), np.zeros(n)
    benchmark = place("shifted_benchmark", series.benchmark)
    if benchmark is not None:
        shift, rest = of("thinking_shift", benchmark), of("thinking_rest", benchmark)
        variance = np.zeros(n)
    else:
        shift, variance = of("thinking_shift_mean"), of("thinking_shift_sd") ** 2
        rest = of("thinking_rest_mean") + of("thinking_rest_sd") * rng.standard_normal(n)
        rest = np.exp(rest)
    for kind, label in (("family", series.family), ("model", series.model)):
        known = place(f"shifted_{kind}", label)
        if known is not None and f"thinking_{kind}_z" in v:
            shift = shift + of(f"thinking_{kind}_sd") * of(f"thinking_{kind}_z", known)
        else:
            variance = variance + of(f"thinking_{kind}_sd") ** 2
    return shift, np.sqrt(variance), rest


# --- predictions --------------------------------------------------------------------------------


def forecast(
    forms: Sequence[tuple[float, Hierarchy]],
    given: Series,
    targets: Series,
    seed: int,
    n: int = PARTICLES,
) -> Forecast:
    """Predictive distribution of scores at the compute (and mode) of `targets`, given `given`.

    Args:
        targets: `score` is not looked at; where `score_se` is NaN it is that of `questions`.

    Returns:
        Particles of all forms; noise and the expected score are those of the model.
    """
    weights, means, sds = [], [], []
    for share, draws in forms:
        rng = generator(seed, given.label, draws.form)
        size = max(LEAST, round(share * n))
        found = condition(particles(draws, given, size, rng), given, rng)
        mean, sd = predicted(found, given, targets)
        weights.append(share * found.weight)
        means.append(mean)
        sds.append(sd)
    return Forecast(np.concatenate(weights), np.concatenate(means), np.concatenate(sds))


def surprise(forms: Sequence[tuple[float, Hierarchy]], given: Series, seed: int) -> float:
    """How unlikely the given points are, one after another: a p value, 1 for one compute value.

    Every point is predicted from those of less compute; the least of the two-sided tail
    probabilities, times their number (Bonferroni).
    """
    least, count = 1.0, 0
    levels = np.unique(given.log10_compute)
    for k in range(1, levels.size):
        ahead = given.at(given.log10_compute == levels[k])
        tails = forecast(forms, given.at(lowest(given, k)), blind(ahead), seed).tails(ahead.score)
        least, count = min(least, 2 * float(np.min(tails))), count + ahead.score.size
    return min(1.0, least * max(count, 1))


def generator(seed: int, *labels: str) -> np.random.Generator:
    """Random numbers that belong to a series, whatever else is in its file."""
    return np.random.default_rng([seed, *(zlib.crc32(label.encode()) for label in labels)])
