"""What a fit samples, as it is stored: each form's posterior, and refits without the future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.files import SpecError
from tenfold.fit import compare, weights
from tenfold.posterior import forward, simulate, structure
from tenfold.posterior.plan import Plan
from tenfold.sampler import sample

KEPT_DRAWS = 1000
"""Draws per chain that are stored. Gates see every draw; neighbours in a chain say little more."""

PREDICTIVE_DRAWS = 500
"""Draws kept of prior and posterior predictive scores: for plots, not for tail probabilities."""

DENSITY = (
    "log density of all scores of a series given the parameters, the noise scale that its points "
    "share integrated out; these are the factors of the likelihood"
)


Typical = Mapping[str, xr.DataArray]
"""Values of parameters with a prior of their own."""


@dataclass(frozen=True)
class Job:
    """One form to be sampled, without the `held` scores (mask over `obs`) if there are any.

    Chains start at `typical` values of parameters, where an earlier fit has them.
    """

    form: Form
    held: np.ndarray
    typical: Typical

    def __str__(self) -> str:
        return f"{self.form}, its future left out" if self.held.any() else self.form


def jobs(plan: Plan, typical: Mapping[Form, Typical] | None = None) -> list[Job]:
    """What is to be sampled for a plan, in order; refits weigh forms, where there are several.

    Args:
        typical: of each form, where chains start.

    Raises:
        SpecError: several forms, and no series that has a future to be held out.
    """
    forms = plan.choice.forms
    known = typical or {}
    none = np.zeros(plan.points.sizes["obs"], dtype=bool)
    wanted = [Job(form, none, known.get(form, {})) for form in forms]
    if len(forms) > 1 and plan.choice.series_evidence:
        held = weights.future(plan.points)
        if not held.any():
            raise SpecError(
                f"scenario.{plan.name}: no series has three distinct compute values, so curve "
                "forms cannot be weighed by what they predict; choose one form"
            )
        wanted += [Job(form, held, known.get(form, {})) for form in forms]
    return wanted


def drawn(job: Job, compiled: sample.Compiled, stop: Event) -> xr.DataTree:
    """All draws of a job, as `sample.sample` has them; refits make half as many."""
    data, settings = None, compiled.plan.settings
    if job.held.any():
        data = {"seen": 1.0 - job.held}
        settings = settings.model_copy(update={"draws": max(250, settings.draws // 2)})
    return sample.sample(compiled, job.form, data, settings, stop=stop, typical=job.typical)


def posterior(plan: Plan, form: Form, tree: xr.DataTree) -> xr.DataTree:
    """A form's draws as they are stored: thinned, with what they predict and what was observed.

    Returns:
        Groups `posterior`, `sample_stats`, `prior_predictive` and `posterior_predictive`
        (`expected_score`, `score`; dims `chain`, `draw`, `obs`), `observed_data` (`score`),
        `log_likelihood` (`series`: see its attribute `density`) and `constant_data` (the evidence).
    """
    points, seed = plan.points, plan.settings.seed
    stored = sample.thinned(tree, KEPT_DRAWS)
    found = stored["posterior"].to_dataset()
    density = compare.series_log_density(found, points, form).assign_attrs(density=DENSITY)
    told = np.bincount(points["series_index"].values, ~structure.given(points)) > 0
    density = density.assign_coords(series=points["series"])[..., told]
    groups = {
        "prior_predictive": prior_predictive(plan, form),
        "posterior_predictive": predictive(found, points, form, seed),
        "log_likelihood": xr.Dataset({"series_scores": density.astype("float32")}),
        "observed_data": points[["score"]].reset_coords(drop=True),
        "constant_data": points,
    }
    for name, group in groups.items():
        stored[name] = xr.DataTree(group)
    return stored


def predictive(found: xr.Dataset, points: xr.Dataset, form: Form, seed: int) -> xr.Dataset:
    """`expected_score` and `score` of the observed points, from some of the posterior draws."""
    step = max(1, found.sizes["chain"] * found.sizes["draw"] // PREDICTIVE_DRAWS)
    some = found.isel(draw=slice(None, None, step))
    return _scores(some, points, form, np.random.default_rng([seed, 2]))


def prior_predictive(plan: Plan, form: Form, draws: int = PREDICTIVE_DRAWS) -> xr.Dataset:
    """`expected_score` and `score` of the observed points, from the prior; one chain."""
    rng = np.random.default_rng([plan.settings.seed, 1])
    found = simulate.prior(plan.points, plan.priors, form, plan.choice, draws, rng)
    return _scores(found.expand_dims("chain"), plan.points, form, rng)


def _scores(
    parameters: xr.Dataset, points: xr.Dataset, form: Form, rng: np.random.Generator
) -> xr.Dataset:
    found = forward.expected(parameters, points, form)[["expected_score"]]
    found["score"] = forward.scores(parameters, points, form, rng)
    return found.transpose("chain", "draw", "obs").astype("float32")


FUTURE_DRAWS = 500
"""Draws per chain that are stored of a refit without the future."""


def held_out(given: compare.Given, held: np.ndarray) -> xr.Dataset:
    """What a refit says of each held-out score, dim `obs` (numbered as in the evidence).

    Returns:
        `log_density` of the score, and `below`: P(a new score <= it).
    """
    values = {
        "log_density": ("obs", compare.log_pointwise(given.log_density())),
        "below": ("obs", given.below().mean(axis=(0, 1))),
    }
    return xr.Dataset(values, coords={"obs": np.flatnonzero(held)})


def weighable(given: compare.Given, posterior: xr.Dataset, plan: Plan, job: Job) -> xr.Dataset:
    """What the draws of a refit are weighed by where a prior changes or a series goes.

    Returns:
        Of some draws every parameter with a prior of its own, `shift_exchange_rate`, and in single
        precision `series_scores` (log density of the scores that were seen, by series) and
        `draw_log_density` of the held-out ones.
    """
    density = given.log_density()
    size = density.shape[1]
    keep = np.linspace(0, size - 1, min(FUTURE_DRAWS, size)).round().astype(int)
    some = posterior.isel(draw=keep).drop_vars(("chain", "draw"), errors="ignore")
    names = (*plan.priors, "shift_exchange_rate")
    found = some[[name for name in names if name in some]]
    scores = compare.series_log_density(some, plan.points, job.form, ~job.held).astype("float32")
    found["series_scores"] = scores.assign_coords(series=plan.points["series"])
    found["draw_log_density"] = (("chain", "draw", "obs"), density[:, keep].astype("float32"))
    return found


def room(plan: Plan) -> int:
    """Bytes that a run will take on disk, and a tenth more; compression gains a few per cent."""
    sizes, settings = plan.points.sizes, plan.settings
    draws = settings.chains * min(settings.draws, KEPT_DRAWS)
    numbers = 5 * sizes["series"] + 8 * sizes["benchmark"] + 200
    each = 8 * draws * numbers + 16 * PREDICTIVE_DRAWS * sizes["obs"]
    return int(1.1 * each * (len(plan.choice.forms) + 0.5))
