"""Prediction of unseen series: a new model, perhaps on a new benchmark, from some of its points.

For every stored draw of the hierarchy a new series has a normal prior on its (log) slope and on its
intercept. What the run knows (its benchmarks, families, units) has its posterior; a benchmark,
family or cell that the run has not seen is *drawn* from its population, as are ceilings and the
shift of non-thinking modes. The given points then condition this prior:

- the intercept is integrated out exactly, on a grid per particle, under the model's own likelihood
  (multivariate Student-t: one unknown noise scale per series), and drawn from its conditional;
- slope, ceiling and shift are drawn and weighted by that integral (importance sampling). Where few
  particles keep weight, a second round draws slopes near those that fitted, as a mixture with the
  prior, and weights by the ratio of densities;
- the noise scale is drawn from its conditional (inverse gamma).

Each curve form is conditioned by itself and the forms are mixed by the run's stacking weights. Those
are not probabilities that a form is true, to be updated by the next point: they are chosen so that
the mixture predicts best on evidence of hundreds of series.

Series of one file are predicted one by one: what they share (a new benchmark, say) is learnt from
the run, not from each other. `kappa_chart` is 1: a points file does not state errors of whole axes.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold import priors as prior_table
from tenfold.audit import check_across, doubts
from tenfold.curves import Form
from tenfold.evidence import Folder, read_benchmarks, read_folder, read_points
from tenfold.fit import Run
from tenfold.forecast import Forecast
from tenfold.hierarchy import REFERENCE_UNITS
from tenfold.points import PointsWarning
from tenfold.priors import Priors
from tenfold.spec import SpecError, data_path

PARTICLES = 4000
"""Particles of all forms together; each form gets its share, and no fewer than `LEAST`."""

LEAST = 100
NEGLIGIBLE = 1e-3
"""Forms that weigh less are left out."""

ENOUGH = 200
"""Effective particles below which a prediction is called doubtful."""


@dataclass(frozen=True)
class Series:
    """Points of one unseen series, sorted by compute; arrays of shape (point,)."""

    label: str
    benchmark: str
    family: str
    regime: str
    unit: str
    floor: float
    questions: int
    reference: float
    log10_compute: np.ndarray
    log10_compute_se: np.ndarray
    score: np.ndarray
    score_se: np.ndarray
    non_thinking: np.ndarray

    def at(self, keep: np.ndarray) -> Series:
        """The same series with some of its points only; the reference stays."""
        names = ("log10_compute", "log10_compute_se", "score", "score_se", "non_thinking")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})


@dataclass(frozen=True)
class Hierarchy:
    """Draws of one form's posterior: variable -> (draw, ...), with the labels of their dims."""

    form: Form
    values: dict[str, np.ndarray]
    labels: dict[str, list[str]]
    priors: Priors

    @classmethod
    def of(cls, form: Form, posterior: xr.Dataset, priors: Priors) -> Hierarchy:
        """From a stored posterior, dims `chain, draw` or `draw`."""
        dims = [dim for dim in ("chain", "draw") if dim in posterior.dims]
        skip = {"series", "shift", "chart", "cell_first", "cell_second"}
        chosen = {
            str(name): value.stack(sample=dims).transpose("sample", ...).values
            for name, value in posterior.data_vars.items()
            if not skip & set(map(str, value.dims))
        }
        if "log_slope" not in posterior:
            chosen["signed"] = np.ones(1)
        names = ("regime", "benchmark", "family", "free_unit", "shifted_benchmark", "cell")
        labels = {
            name: [str(label) for label in posterior[name].values] if name in posterior else []
            for name in names
        }
        return cls(form, chosen, labels, priors)


@dataclass(frozen=True)
class Particles:
    """New series as the hierarchy has them, one per particle; arrays of shape (particle,)."""

    form: Form
    intercept_mean: np.ndarray
    intercept_sd: np.ndarray
    slope_mean: np.ndarray
    slope_sd: np.ndarray
    signed: bool
    ceiling: np.ndarray
    shift: np.ndarray
    share: np.ndarray
    sigma: np.ndarray
    nu: np.ndarray | None


def hierarchies(run: Run) -> list[tuple[float, Hierarchy]]:
    """(weight, draws) of every form of a run that has weight; the weights sum to one."""
    from pydantic import TypeAdapter

    from tenfold.spec import Prior

    stored = TypeAdapter(dict[str, Prior]).validate_python(run.info["priors"])
    kept = {f: w for f, w in run.info["weights"].items() if w >= NEGLIGIBLE}
    total = sum(kept.values())
    return [
        (weight / total, Hierarchy.of(form, run.tree(form)["posterior"].to_dataset(), stored))
        for form, weight in kept.items()
    ]


# --- a user's file ------------------------------------------------------------------------------


def read_series(path: Path, run: Run) -> list[Series]:
    """The series of one points file, in the order of their labels.

    The intercept is taken where the series' points lie: the reference is the mean of log10 compute
    of all rows (unweighted: errors may depend on scores that are to be predicted). Chance levels
    are those of the shipped `benchmarks.toml`, or of one beside the file.

    Raises:
        SpecError: a bad row, or rows that contradict each other.
    """
    shipped = read_folder(data_path())
    home = Folder(path.parent, points=read_points(path))
    home.benchmarks = read_benchmarks(path.parent / "benchmarks.toml")
    check_across([home])
    for message in doubts(home, [shipped]):
        warnings.warn(message, PointsWarning, stacklevel=2)
    known = shipped.benchmarks | home.benchmarks
    seen = set(run.points["series"].values.tolist())
    found = []
    for label in sorted({row["series"] for row in home.points}):
        rows = sorted(
            (row for row in home.points if row["series"] == label), key=lambda r: r["log10_compute"]
        )
        first = rows[0]
        if label in seen:
            warnings.warn(
                f"{first['file']}: row {first['row']}, series: {label!r} is evidence of the run: "
                "its points have been seen, and predicting them shows nothing",
                PointsWarning,
                stacklevel=2,
            )
        bench = known.get(first["benchmark"])
        column = {
            name: np.array([row[name] for row in rows])
            for name in (
                "log10_compute",
                "log10_compute_se",
                "score",
                "score_se",
                "non_thinking",
                "n_questions",
            )
        }
        stated = int(column.pop("n_questions").max())
        found.append(
            Series(
                label=label,
                benchmark=first["benchmark"],
                family=first["family"],
                regime=first["regime"],
                unit=first["unit"],
                floor=bench.floor if bench else 0.0,
                questions=stated or (bench.questions if bench else 0),
                reference=float(column["log10_compute"].mean()),
                **column,
            )
        )
    return found


def lowest(series: Series, count: int) -> np.ndarray:
    """Mask of the points at the `count` lowest distinct compute values."""
    levels = np.unique(series.log10_compute)
    return series.log10_compute <= levels[min(count, levels.size) - 1]


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
    family = place("family", series.family)
    unit = place("free_unit", series.unit)

    mean, variance = of("log_slope_mean", regime), of("series_sd") ** 2
    if unit is not None:
        mean = mean + of("unit_offset", unit)
    elif series.unit not in REFERENCE_UNITS:
        prior = prior_table.draw("unit_offset", draws.priors, n, rng)
        mean = mean + prior
    if family is not None:
        mean = mean + of("family_effect", family)
    else:
        variance = variance + of("family_sd") ** 2
    if "cell_total" in v and benchmark is None:
        variance = variance + of("benchmark_sd") ** 2 + of("cell_sd") ** 2
    elif "cell_total" in v and benchmark is not None:
        # cells without evidence have been drawn from their population in the stored draws
        mean = mean + of("benchmark_effect", benchmark) + of("cell_effect", benchmark, regime)
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
        if benchmark is not None:
            ceiling = of("ceiling", benchmark, regime)
        else:
            logit = of("ceiling_mean", regime) + of("ceiling_sd") * rng.standard_normal(n)
            ceiling = series.floor + (1 - series.floor) / (1 + np.exp(-logit))
    shift = np.zeros(n)
    if "thinking_shift_mean" in v:
        shifted = place("shifted_benchmark", series.benchmark)
        if shifted is not None:
            shift = of("thinking_shift", shifted)
        else:
            shift = of("thinking_shift_mean") + of("thinking_shift_sd") * rng.standard_normal(n)
    return Particles(
        form=draws.form,
        intercept_mean=level,
        intercept_sd=np.sqrt(spread),
        slope_mean=mean,
        slope_sd=np.sqrt(variance),
        signed=signed,
        ceiling=ceiling,
        shift=shift,
        share=of("lambda") if "lambda" in v else np.ones(n),
        sigma=of("sigma", regime),
        nu=of("nu") if "nu" in v else None,
    )


# --- conditioning -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conditioned:
    """Particles given some points: curve and noise scale of each, and log weights (particle,)."""

    part: Particles
    log_weight: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    tau: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Weights that sum to one."""
        raw = np.exp(self.log_weight - self.log_weight.max())
        return raw / raw.sum()


def condition(part: Particles, series: Series, rng: np.random.Generator) -> Conditioned:
    """Importance sampling of one form's new series given the points of `series`."""
    n = part.ceiling.size
    z = rng.standard_normal(n)
    raw = part.slope_mean + part.slope_sd * z
    found = _given_slope(part, series, raw, np.zeros(n), rng)
    if 1 / np.sum(found.weight**2) >= n / 10:
        return found
    weight = found.weight
    center = float(weight @ raw)
    width = max(1.5 * float(np.sqrt(weight @ (raw - center) ** 2)), 0.02)
    near = rng.random(n) < 0.7
    again = np.where(near, center + width * rng.standard_t(5, n), part.slope_mean + part.slope_sd * z)
    from scipy import stats

    prior = stats.norm.logpdf(again, part.slope_mean, part.slope_sd)
    proposal = np.logaddexp(
        np.log(0.7) + stats.t.logpdf(again, 5, center, width), np.log(0.3) + prior
    )
    return _given_slope(part, series, again, prior - proposal, rng)


def _given_slope(
    part: Particles, series: Series, raw: np.ndarray, log_weight: np.ndarray, rng: np.random.Generator
) -> Conditioned:
    """The intercept integrated out and drawn, then the noise scale; `raw` is the slope or its log."""
    slope = raw if part.signed else np.exp(raw)
    column = Particles(
        **{
            name: value[:, None] if isinstance(value, np.ndarray) else value
            for name, value in vars(part).items()
        }
    )

    def log_posterior(intercept: np.ndarray) -> np.ndarray:
        squares, log_sd = _residuals(column, series, intercept, slope[:, None])
        z = (intercept - column.intercept_mean) / column.intercept_sd
        prior = -0.5 * z**2 - np.log(column.intercept_sd)
        if column.nu is None:
            return prior - 0.5 * squares - log_sd
        half = (column.nu + series.score.size) / 2
        return prior - half * np.log1p(squares / column.nu) - log_sd

    low = part.intercept_mean - 6.5 * part.intercept_sd
    high = part.intercept_mean + 6.5 * part.intercept_sd
    row = np.arange(slope.size)
    nodes = log_density = np.empty(0)
    for size in (49, 33, 65):
        nodes = np.linspace(low, high, size, axis=1)
        log_density = log_posterior(nodes)
        # where the density is within e^-20 of its largest value, and one node more on either side
        near = log_density > log_density.max(axis=1, keepdims=True) - 20
        first = np.maximum(near.argmax(axis=1) - 1, 0)
        last = np.minimum(size - near[:, ::-1].argmax(axis=1), size - 1)
        low, high = nodes[row, first], nodes[row, last]
    top = log_density.max(axis=1)
    density = np.exp(log_density - top[:, None])
    step = nodes[:, 1] - nodes[:, 0]
    pieces = (density[:, 1:] + density[:, :-1]) / 2
    edges = np.cumsum(pieces, axis=1)
    target = rng.random(slope.size) * edges[:, -1]
    bin_ = np.minimum((edges < target[:, None]).sum(axis=1), pieces.shape[1] - 1)
    inside = (target - (edges[row, bin_] - pieces[row, bin_])) / pieces[row, bin_]
    intercept = nodes[row, bin_] + step * inside
    tau = np.ones(slope.size)
    if part.nu is not None:
        squares, _ = _residuals(column, series, intercept[:, None], slope[:, None])
        half = (part.nu + series.score.size) / 2
        tau = np.sqrt((part.nu + squares[:, 0]) / 2 / rng.gamma(half))
    return Conditioned(part, log_weight + top + np.log(edges[:, -1] * step), intercept, slope, tau)


def _residuals(
    part: Particles, series: Series, intercept: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of squared standardised residuals and sum of log sd over the points of `series`."""
    squares, log_sd = np.zeros(intercept.shape), np.zeros(intercept.shape)
    for i in range(series.score.size):
        mean, sd = _curve(part, series, i, intercept, slope, series.score_se[i])
        squares += ((series.score[i] - mean) / sd) ** 2
        log_sd += np.log(sd)
    return squares, log_sd


def _curve(
    part: Particles,
    series: Series,
    i: int,
    intercept: np.ndarray,
    slope: np.ndarray,
    score_se: float | np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Expected score and sd (before the noise scale) at point i; binomial where `score_se` is None."""
    x = series.log10_compute[i] - series.reference
    eta = intercept + slope * x - part.shift * float(series.non_thinking[i])
    mean = curves.expected_score(eta, series.floor, part.ceiling, part.form)
    if score_se is None:
        score_se = _binomial(mean, series.questions)
    variance = (part.share * score_se) ** 2 + part.sigma**2
    if series.log10_compute_se[i]:
        gradient = curves.score_gradient(eta, series.floor, part.ceiling, part.form) * slope
        variance = variance + (gradient * series.log10_compute_se[i]) ** 2
    return mean, np.sqrt(variance)


def _binomial(mean: np.ndarray, questions: int) -> np.ndarray:
    """Standard error of a share of `questions` whose expectation is `mean`; plus-four estimate."""
    share = (np.clip(mean, 0, 1) * questions + 2) / (questions + 4)
    return np.sqrt(share * (1 - share) / (questions + 4))


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
        targets: `score` is not looked at; where `score_se` is NaN, the noise is that of `questions`.

    Returns:
        Particles of all forms; noise and the expected score are those of the model.
    """
    weights, means, sds = [], [], []
    for share, draws in forms:
        rng = generator(seed, given.label, draws.form)
        size = max(LEAST, round(share * n))
        found = condition(particles(draws, given, size, rng), given, rng)
        columns = [
            _curve(found.part, targets, i, found.intercept, found.slope, None if np.isnan(se) else se)
            for i, se in enumerate(targets.score_se)
        ]
        weights.append(share * found.weight)
        means.append(np.stack([mean for mean, _ in columns], axis=1))
        sds.append(np.stack([sd for _, sd in columns], axis=1) * found.tau[:, None])
    return Forecast(np.concatenate(weights), np.concatenate(means), np.concatenate(sds))


def generator(seed: int, *labels: str) -> np.random.Generator:
    """Random numbers that belong to a series, whatever else is in its file."""
    return np.random.default_rng([seed, *(zlib.crc32(label.encode()) for label in labels)])
