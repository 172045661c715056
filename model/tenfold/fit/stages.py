"""A scenario from evidence to gates, stage by stage; or found as it was fitted before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from tenfold.curves import Form
from tenfold.evidence.rows import read_folder
from tenfold.files import SpecError
from tenfold.posterior.plan import Plan, prepare
from tenfold.posterior.scenario import Scenario, Settings, load_scenario
from tenfold.runs import build, headline, keys, netcdf, series, store
from tenfold.spec import validate

if TYPE_CHECKING:  # a stored run needs none of them, nor their libraries
    from tenfold.fit.compare import Given
    from tenfold.fit.draws import Job
    from tenfold.fit.judge import Verdict

Say = Callable[[str], None]
Sampled = Iterator[tuple["Job", xr.DataTree]]


def run(
    name: str = store.BASE,
    runs: Path = Path("runs"),
    folders: tuple[Path, ...] = (),
    changes: dict[str, Any] | None = None,
    say: Say = lambda text: None,
) -> store.Run:
    """The fitted run of a scenario; nothing is sampled if it is already there.

    It is the newest of its scenario from then on. Gates that other code judged are judged again,
    and a damaged run is fitted anew.

    Args:
        folders: the user's own evidence folders.
        changes: sampler settings that replace the scenario's (`draws`, `seed`, ...).
        say: told what is being done, one line at a time.

    Raises:
        SpecError: unknown scenario, bad evidence or settings, no room or no permission to write.
    """
    plan = prepare(name, with_settings(load_scenario(name), changes or {}), folders)
    for line in unheard(plan, folders):
        say(line)
    return run_of(plan, runs, say)


WARM = {"tune": 100, "draws": 1000}
"""Sampler settings of a fit that starts at another's typical values: enough for every gate."""


def warm_run(
    name: str, scenario: Scenario, like: store.Run, runs: Path, say: Say = lambda text: None
) -> store.Run:
    """The fitted run of a scenario whose chains start at the typical values of another run.

    Settings that are not those of that run are kept: the scenario states them.

    Raises:
        SpecError: as `run`.
    """
    before = like.info["spec"]["settings"]
    own = {k: value for k, value in scenario.settings if before.get(k) != value}
    plan = prepare(name, with_settings(scenario, WARM | own))
    return run_of(plan, runs, say, like)


def run_of(plan: Plan, runs: Path, say: Say, like: store.Run | None = None) -> store.Run:
    """The run of a plan: found, or fitted, from the typical values of `like` where there is one."""
    found = _found(plan, runs, say)
    if found is None:
        from tenfold.fit import draws

        starts: dict[Form, draws.Typical] = {}
        if like is not None:
            starts = {form: typical(like, form, plan) for form in plan.choice.forms}
        jobs = draws.jobs(plan, starts)
        with build.building(plan, runs, draws.room(plan), say) as new:
            # another process may have made it while this one waited
            found = _found(plan, runs, say) or fit(plan, jobs, new, say)
    return found


def typical(run: store.Run, form: Form, plan: Plan) -> dict[str, xr.DataArray]:
    """Posterior medians of a run's parameters with a prior of their own.

    None of a form that was not fitted.
    """
    if form not in run.forms:
        return {}
    found = run.group(store.posterior_file(form), "posterior")
    return {name: found[name].median(("chain", "draw")) for name in plan.priors if name in found}


def with_settings(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """The scenario with some sampler settings replaced, validated again."""
    settings = validate(scenario.settings.model_dump() | changes, Settings, "settings")
    return scenario.model_copy(update={"settings": settings})


def unheard(plan: Plan, folders: tuple[Path, ...]) -> list[str]:
    """A line for each series of the user's that reaches no fitted one, with the reason."""
    fitted = set(plan.points["series"].values)
    reasons = json.loads(plan.points.attrs.get("excluded", "{}"))
    return [
        f"{folder}: series {name!r} is not fitted: "
        f"{reasons.get(name, f'scenario {plan.name} leaves it out')}"
        for folder in folders
        for name in dict.fromkeys(row["series"] for row in read_folder(folder).points)
        if name not in fitted
    ]


def fit(plan: Plan, jobs: list[Job], new: build.Build, say: Say) -> store.Run:
    """Every stage of a fit, from sampling to a run in its place."""
    from tenfold.fit import ahead, judge

    start, timings = time.perf_counter(), {}
    new.note(forms=list(plan.choice.forms))
    with ahead.sampled(plan, jobs, timings, say) as sampled:
        verdicts = posteriors(plan, new, sampled)
        predicted = refits(plan, new, sampled)
    weigh(plan, new, predicted)
    new.save(netcdf.HEADLINE, sample_of(new.run))
    new.save(series.FILE, curves_of(new.run))
    timings["all"] = time.perf_counter() - start
    new.note(timings_s={key: round(value, 2) for key, value in timings.items()})
    return new.finish(judge.judge(new.run, verdicts))


def posteriors(plan: Plan, new: build.Build, sampled: Sampled) -> dict[Form, Verdict]:
    """Stores each form's posterior, and judges it while the next one is sampled."""
    from tenfold.fit import convergence, draws, judge

    verdicts: dict[Form, Verdict] = {}
    new.note(convergence={})
    for form in plan.choice.forms:
        _, tree = next(sampled)
        new.run.info["convergence"][form] = convergence.measured(tree)
        new.save(store.posterior_file(form), draws.posterior(plan, form, tree), form=form)
        del tree
        verdicts[form] = judge.form_of(new.run, form)
    return verdicts


def refits(plan: Plan, new: build.Build, sampled: Sampled) -> dict[Form, Given]:
    """What each form says of the future when refitted without it; none where forms are not weighed.

    Stores it by score, with the draws from which it can be weighed anew.
    """
    from tenfold.fit import compare, convergence, draws, judge

    predicted: dict[Form, Given] = {}
    told: dict[str, xr.Dataset] = {}
    new.note(refits={})
    for job, tree in sampled:
        new.run.info["refits"][job.form] = convergence.measured(tree, ess=False)
        posterior = tree["posterior"].to_dataset()
        given = compare.given_others(posterior, plan.points, job.form, ~job.held)
        predicted[job.form] = given
        weighable = draws.weighable(given, posterior, plan, job)
        told[job.form] = draws.held_out(given, job.held).merge(weighable)
    if told:
        new.save(judge.FUTURE, xr.DataTree.from_dict(told))
    return predicted


def weigh(plan: Plan, new: build.Build, predicted: Mapping[Form, Given]) -> None:
    """Weights of the forms by what they predicted; the first form has it all otherwise."""
    from tenfold.fit import weights

    found = dict.fromkeys(plan.choice.forms[:1], 1.0)
    record: dict[str, Any] = {}
    if predicted:
        found, record = weights.leave_future_out(predicted, plan.points, plan.settings.seed)
    new.note(weights=found, leave_future_out=record)


def sample_of(run: store.Run) -> xr.Dataset:
    """The sample that answers read, from a run's posteriors and weights."""
    info = run.info
    parts = {
        form: headline.part(
            run.group(store.posterior_file(form), "posterior"), run.points, form, info["seed"]
        )
        for form in run.forms
    }
    return headline.single(
        headline.joined(parts, run.points, info["weights"], info["leave_future_out"])
    )


def curves_of(run: store.Run) -> xr.Dataset:
    """Series' own parameters, from a run's posteriors."""
    posteriors = {
        form: run.group(store.posterior_file(form), "posterior", series.LABELS)
        for form in run.forms
    }
    return series.curves(posteriors, run.points)


DERIVED = (netcdf.HEADLINE, series.FILE)
"""Files that are made of a run's posteriors."""


def _found(plan: Plan, runs: Path, say: Say) -> store.Run | None:
    """The run of a plan where it is on disk and whole, as the code of today derives it."""
    path = build.directory(plan, runs)
    if not path.is_dir():
        return None
    try:
        found = _derived(store.load(path, but=DERIVED), say)
        store.verify(found)
    except SpecError as damage:
        say(f"{damage}; fitting it anew")
        return None
    build.point_to(found)
    return found


def _derived(run: store.Run, say: Say) -> store.Run:
    """A run with its sample and its gates made anew where that is due; nothing is sampled."""
    files, info = {}, {}
    code = run.info["code"]
    if keys.changed(code["sample"]) or not store.sound(run, netcdf.HEADLINE):
        say(f"{run.path.name}: its sample is drawn again from its posteriors")
        files[netcdf.HEADLINE] = sample_of(run)
    if keys.changed(code.get("series", {})) or not store.sound(run, series.FILE):
        say(f"{run.path.name}: its series' curves are taken from its posteriors again")
        files[series.FILE] = curves_of(run)
    if keys.changed(code["gates"]):
        from tenfold.fit import judge

        say(f"{run.path.name}: its gates are judged again")
        info = judge.judge(run)
    if not (files or info):
        return run
    return build.amend(run, files, info | {"code": code | keys.derived()})
