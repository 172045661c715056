"""A scenario put to a stored run: the cheapest gear that is exact enough, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold.answers.constants import Constants, load_constants
from tenfold.answers.headline import complete
from tenfold.files import SpecError
from tenfold.mixture import NEGLIGIBLE, plain
from tenfold.posterior.scenario import Scenario
from tenfold.runs.store import Run
from tenfold.scenarios import block, changes, stated
from tenfold.scenarios.changes import FITTED, GEARS, Changes, Gear
from tenfold.scenarios.material import material

Say = Callable[[str], None]
Depends = Callable[[xr.Dataset, Constants], Mapping[str, xr.DataArray]]
"""What is asked, as draws by name, from headline draws and constants."""

AD_HOC = "what-if"
"""Name under which runs of changes without a name are kept."""


class NeedsFit(Exception):
    """A scenario that can only be answered by a fit, which was not wanted."""


@dataclass(frozen=True)
class Answering:
    """What answers a scenario.

    Attributes:
        draws: headline draws.
        gear: how they came about.
        changes: what was changed, in words, and the least gear of each.
        run: the run that they are of; a refit's own, where there was one.
        pareto_k, effective: of the worst form, where draws were weighed, or were to be and
            `fell_short`.
        notes: sentences that belong to the answer.
        question: arguments of the question that the scenario states.
    """

    draws: xr.Dataset
    constants: Constants
    gear: Gear
    changes: Mapping[str, Gear]
    run: Run
    pareto_k: float | None = None
    effective: float | None = None
    fell_short: bool = False
    notes: tuple[str, ...] = ()
    question: Mapping[str, Any] = field(default_factory=dict)

    def about(self) -> dict[str, Any]:
        """The same for programs, without draws."""
        return {
            "gear": self.gear,
            "changes": dict(self.changes),
            "pareto_k": None if self.pareto_k is None else plain(self.pareto_k),
            "fell_short": self.fell_short,
            "effective_draws": self.effective,
            "weights": {
                str(form): float(w)
                for form, w in zip(self.draws["form"].values, self.draws["weight"].values,
                                   strict=True)
            },
            "notes": list(self.notes),
        }  # fmt: skip


def apply(
    run: Run,
    scenario: Scenario,
    runs: Path,
    name: str = AD_HOC,
    gear: Gear | None = None,
    depends: Depends | None = None,
    say: Say = lambda text: None,
    fit: bool = True,
) -> Answering:
    """Answer a scenario from a stored run.

    Args:
        runs: where refits are kept.
        name: of the scenario, for the run of a refit.
        gear: the gear to take instead of the cheapest.
        depends: what is asked; where none of it depends on the curves they are left alone.
        fit: whether it may be fitted anew.

    Raises:
        NeedsFit: nothing less would do.
        SpecError: a change that cannot be made; a gear that cannot do it.
    """
    stored = material(run)
    found = changes.changes(stored.fitted, scenario)
    base, constants = stored.sample, _constants(scenario)
    if gear is not None and GEARS.index(gear) < GEARS.index(found.gear):
        needs = max(found.gears, key=lambda what: GEARS.index(found.gears[what]))
        raise SpecError(f"--gear {gear}: {needs} needs at least {found.gear}")
    wanted: Gear = gear or found.gear
    notes: list[str] = []
    if gear is None and wanted in FITTED and depends and not _on_curves(base, constants, depends):
        wanted = changes.heaviest(least for least in found.gears.values() if least not in FITTED)
        idle = [what for what, least in found.gears.items() if least in FITTED]
        notes.append(f"what is asked does not depend on {_listed(idle)}")
    sample, k, effective, answering, fell_short = base, None, None, run, False
    if wanted == "reweight":
        weighed, k, effective = _reweighted(run, found, scenario.model.forms, gear is not None)
        if weighed is None:
            if not fit:
                raise NeedsFit
            say("stored draws cannot be weighed well enough for this: fitting anew")
            wanted, fell_short = "refit", True
        else:
            sample = weighed
    if wanted in ("refit", "rebuild"):
        if not fit:
            raise NeedsFit
        answering = _refitted(run, scenario, runs, name, wanted, say)
        sample = material(answering).sample
    else:
        sample = _in_blocks(run, sample, found)
        sample = _of_forms(run, sample, scenario.model.forms)
    draws = stored.completed(_stated(sample, scenario, run.info["seed"]))
    if wanted != "reweight" and draws["form"].values.tolist() == list(answering.forms):
        # the run's own draws in their order: those of its series belong to them
        draws = draws.assign_attrs(run=str(answering.path))
    if depends and wanted in ("propagate", "block") and found.gears:
        then, now = depends(stored.draws, load_constants()), depends(draws, constants)
        if all(np.array_equal(then[what].values, now[what].values) for what in now):
            wanted = "none"
            notes = [f"what is asked does not depend on {_listed(list(found.gears))}: this is the "
                     "base's answer"]  # fmt: skip
    told = (answering, k, effective, fell_short, tuple(notes), scenario.question)
    return Answering(draws, constants, wanted, found.gears, *told)


def _in_blocks(run: Run, sample: xr.Dataset, found: Changes) -> xr.Dataset:
    """A sample whose changed blocks are drawn anew."""
    for one in found.blocks:
        points = run.points
        if found.less:
            points = points.isel(tradeoff=found.less.tradeoff)
        sample = block.resampled(sample, one, points, found.after, run.info["seed"])
    return sample


def _stated(sample: xr.Dataset, scenario: Scenario, seed: int) -> xr.Dataset:
    """A sample with the numbers that a scenario states."""
    sample = stated.in_sample(sample, scenario.values, seed)
    return stated.at_fixed_tokens(sample) if scenario.fixed_tokens else sample


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _constants(scenario: Scenario) -> Constants:
    """Constants as a scenario has them."""
    patch = {name: value.model_dump() for name, value in scenario.constants.items()}
    constants = load_constants()
    if patch:
        constants = constants.patched(patch, "constants")
    return stated.in_baselines(constants, scenario.baselines) if scenario.baselines else constants


def _on_curves(sample: xr.Dataset, constants: Constants, depends: Depends) -> bool:
    """Whether what is asked changes when the draws of curves are dealt out otherwise."""
    apart = {name for one in block.BLOCKS for name in (one.typical, one.next)}
    moved = {
        name: values.roll(draw=1)
        for name, values in sample.data_vars.items()
        if "draw" in values.dims and name not in apart
    }
    here, there = (depends(complete(s), constants) for s in (sample, sample.assign(moved)))
    return any(not np.array_equal(here[name].values, there[name].values) for name in here)


def _of_forms(run: Run, sample: xr.Dataset, forms: tuple[str, ...]) -> xr.Dataset:
    """A sample of some of its forms; several are weighed by what was stored of their futures."""
    kept = [form for form in run.forms if form in forms]
    if len(kept) == len(run.forms):
        return sample
    found = sample.sel(form=kept).copy()
    weights = np.ones((1, 3))
    if len(kept) > 1:
        from tenfold.fit import judge
        from tenfold.fit.weights import weigh

        told = {f: run.group(judge.FUTURE, f, ["log_density"])["log_density"] for f in kept}
        held = np.zeros(run.points.sizes["obs"], dtype=bool)
        held[told[kept[0]]["obs"].values] = True
        log_density = {form: values.values for form, values in told.items()}
        weighed = weigh(log_density, run.points, held, run.info["seed"])
        weights = np.array(list(weighed.values()))
    found["weight"] = found["weight"].copy(data=weights[:, 0])
    found["weight_interval"] = found["weight_interval"].copy(data=weights[:, 1:])
    return found


def _reweighted(
    run: Run, found: Changes, forms: tuple[str, ...], force: bool
) -> tuple[xr.Dataset | None, float, float]:
    """The sample by weights, with the worst k and effective draws; None where they fall short."""
    from tenfold.scenarios import reweigh

    if "edition" in run.info:  # made small: its draws are not those of its sample
        return None, np.inf, 0.0
    stored = material(run)
    less = found.less or changes.Less.nothing(run.points)
    series = changes.series_of(run.points, less.obs)
    change = reweigh.Change(found.before, found.after, series, less.shifts)
    weights = run.info["weights"]
    listed = [reweigh.weighed(stored, change)]
    if len(run.forms) > 1 and stored.future:
        listed.append(reweigh.weighed_future(stored, change))
        weights = reweigh.form_weights(stored, change, listed[-1])
    counted = [
        one
        for each in listed
        for form, one in each.items()
        if form in forms and (weights[form] >= NEGLIGIBLE or len(forms) == 1)
    ]
    k, effective = max(one.pareto_k for one in counted), min(one.effective for one in counted)
    if not force and not all(one.good for one in counted):
        return None, k, effective
    sample = reweigh.resampled(stored, listed[0], weights, change, run.info["seed"])
    return sample, k, effective


def _refitted(run: Run, scenario: Scenario, runs: Path, name: str, gear: Gear, say: Say) -> Run:
    """The run of a scenario, fitted from the typical values of another one or from the start.

    Raises:
        SpecError: as `fittable`.
    """
    from tenfold.fit import stages
    from tenfold.posterior.plan import prepare

    fittable(run)
    if gear == "refit":
        return stages.warm_run(name, scenario, run, runs, say)
    return stages.run_of(prepare(name, scenario), runs, say)


def fittable(run: Run) -> None:
    """Refuses a run whose evidence is not at hand.

    Raises:
        SpecError: it rests on evidence of the user's own.
    """
    own = sorted({key.split("/")[0] for key in run.info["evidence"] if key[0].isdigit()})
    if own:
        raise SpecError(
            f"{run.path.name} rests on evidence of your own ({', '.join(own)}), so this cannot be "
            "fitted from here; write the change as a scenario and use `tenfold fit --points`"
        )
