"""Hold what `tenfold next` expects of a study against posteriors of simulated outcomes.

    python scripts/next_check.py --runs runs
    python scripts/next_check.py --runs runs --refits 16

Outcomes are simulated from draws of the run, and the run is put to each: a trade-off measured for
one more technique is a further row, with which that part of the posterior is sampled anew (no curve
enters it, `scenarios.block`); an RL share that is disclosed is stated, with its error, as `--set`
has it; a pair of generations whose RL step is known is a further shift, with which the curve form
of the largest weight is fitted anew (`--refits`, half a minute each). By the law of total variance,
a study takes off the variance of an answer the variance of its mean over outcomes. Written to
reports/scenarios/next.json, where what is not asked for stays if it is of the same run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from scipy import special

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import load_constants
from tenfold.answers.question import Asked, Question
from tenfold.files import read_json, write_atomic
from tenfold.fit import stages
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.runs import store
from tenfold.sampler import sample
from tenfold.scenarios import block, information
from tenfold.scenarios.answering import answering
from tenfold.scenarios.material import material
from tenfold.scenarios.said import Said

OUT = Path(__file__).parents[1] / "reports" / "scenarios" / "next.json"
TRADE_OFF, SHARE = ("trade-off", "inference_per_training"), ("rl-share", "training_cost")
PAIR = ("generation-pair", "exchange_rate")
"""Studies, and answers that they narrow."""
KNOWN_STEP = 1.0
"""OOMs of RL between the generations of the pair, known but for `STEP_SE`."""
STEP_SE = 0.01
SETTINGS = {"tune": 150, "draws": 600}
"""Of the refits, whose chains start at what is typical of the run."""


def with_row(points: xr.Dataset, log_ratio: float) -> xr.Dataset:
    """The rows of trade-offs and one more."""
    rows = points[["inference_per_training", "inference_per_training_se_log"]]
    more = rows.isel(tradeoff=[0]).copy(deep=True)
    more["inference_per_training"][:] = np.exp(log_ratio)
    more["inference_per_training_se_log"][:] = information.TRADE_ERROR
    return xr.concat([rows, more], "tradeoff")


def after_trade_off(run: store.Run, asked: Asked, outcomes: np.ndarray) -> Iterator[np.ndarray]:
    """Draws of the next technique's log ratio: without a further row, and with each outcome's."""
    one = material(run).sample.isel(form=[0])
    priors, seed = material(run).fitted.priors, run.info["seed"]
    for k, outcome in enumerate([None, *outcomes]):
        points = run.points if outcome is None else with_row(run.points, float(outcome))
        found = block.resampled(one, block.TRADEOFF, points, priors, seed + k)
        yield np.log(found[TRADE_OFF[1]].values.ravel())


def with_pair(points: xr.Dataset, log_rate: float) -> xr.Dataset:
    """The evidence and one more pair of generations, which shows this log exchange rate."""
    names = [name for name, values in points.data_vars.items() if "shift" in values.dims]
    more = points[names].isel(shift=[0]).copy(deep=True).assign_coords(shift=["simulated"])
    saved = KNOWN_STEP * np.exp(-log_rate)
    told = {"rl_ooms": KNOWN_STEP, "rl_ooms_se": STEP_SE}
    told |= {"shift_ooms": saved, "shift_ooms_se": information.PAIR_ERROR * saved}
    for name, value in told.items():
        more[name][:] = value
    rows = xr.concat([points[names], more], "shift")
    return xr.merge([points.drop_dims("shift"), rows], combine_attrs="override")


def after_pair(run: store.Run, asked: Asked, outcomes: np.ndarray) -> Iterator[np.ndarray]:
    """Draws of the exchange rate under the one form that was asked: as it is, and by refits."""
    (form,) = asked.draws["form"].values.tolist()
    yield registry.draws_of(PAIR[1], asked).values.ravel()
    plan = prepare("baseline", load_scenario("baseline"))
    settings = plan.settings.model_copy(update=SETTINGS)
    scenario = plan.scenario.model_copy(update={"settings": settings})
    typical = stages.typical(run, form, plan)
    for k, outcome in enumerate(outcomes):
        points = with_pair(plan.points, float(outcome))
        compiled = sample.compile_plan(replace(plan, points=points, scenario=scenario))
        tree = sample.sample(compiled, form, typical=typical)
        print(f"pair of generations: {k + 1} of {outcomes.size} refits", flush=True)
        yield tree["posterior"].to_dataset()["exchange_rate"].values


def after_share(run: store.Run, asked: Asked, outcomes: np.ndarray) -> Iterator[np.ndarray]:
    """Draws of log10 cost, resampled from all forms: as it is, and with each share stated."""
    width = special.ndtri(0.95) * information.SHARE_ERROR
    name = f"baseline.{asked.question.baseline}.rl_share"
    for outcome in [None, *outcomes]:
        ends = [] if outcome is None else [outcome - width, outcome, outcome + width]
        value = ",".join(str(10.0**end) for end in ends)
        said = Said(sets=(f"{name}={value}",) if ends else ())
        found = answering(said, run, Path("."))
        values = registry.draws_of(SHARE[1], Asked(found.draws, found.constants, asked.question))
        drawn = {"value": values.broadcast_like(asked.like)}
        yield mixture.sample(drawn, found.draws["weight"], information.DRAWS, 0)["value"]


def explained(scores: list[np.ndarray], base: np.ndarray) -> tuple[float, float]:
    """Share of the variance that lies between the means of outcomes, and its error.

    The error of the means themselves is taken off: of as many draws as they have, or of as many as
    are effective where they come in chains.
    """
    between = np.var([values.mean() for values in scores], ddof=1) / np.var(base)
    sizes = [values.size if values.ndim == 1 else float(az.ess(values)) for values in scores]
    error = between * np.sqrt(2 / (len(scores) - 1))
    return float(between - np.mean([1 / size for size in sizes])), float(error)


def checked(
    run: store.Run,
    asked: Asked,
    which: tuple[str, str],
    after: Callable[[store.Run, Asked, np.ndarray], Iterator[np.ndarray]],
    outcomes: int,
) -> dict[str, Any]:
    """What is explained, as expected by regression and as the posteriors of outcomes have it."""
    name, quantity = which
    listed = information.ranked(asked, quantity)["studies"]
    (row,) = (study for study in listed if study["name"] == name)
    (study,) = (one for one in information.studies(asked) if one.name == name)
    rng = np.random.default_rng([run.info["seed"], 31])
    like = {"outcome": study.outcome.broadcast_like(asked.like)}
    drawn = mixture.sample(like, asked.draws["weight"], outcomes, run.info["seed"])["outcome"]
    base, *found = after(run, asked, drawn + study.error * rng.standard_normal(outcomes))
    cut = np.sort(base.ravel())

    def scores(values: np.ndarray) -> np.ndarray:
        """Draws as normal scores among the base's."""
        place = np.searchsorted(cut, values, side="right").clip(1, cut.size - 1)
        return special.ndtri((place - 0.5) / cut.size)

    share, error = explained([scores(values) for values in found], scores(base))
    return {
        "study": name,
        "quantity": quantity,
        "forms": asked.draws["form"].values.tolist(),
        "by_regression": {key: row[key] for key in ("explained", "explained_se")},
        "by_outcomes": {"explained": share, "explained_se": error, "outcomes": outcomes},
    }


def alone(asked: Asked) -> Asked:
    """The question put to the curve form of the largest weight."""
    best = asked.draws.isel(form=[int(asked.draws["weight"].values.argmax())])
    return replace(asked, draws=best.assign(weight=best["weight"] * 0 + 1), known={})


def main() -> None:
    """Check, and keep what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--outcomes", type=int, default=200)
    parser.add_argument("--refits", type=int, default=0, help="outcomes that are fitted")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    run = store.latest(given.runs)
    asked = Asked(material(run).draws, load_constants(), Question())
    stored = read_json(given.out) if given.out.is_file() else {}
    stored = stored if stored.get("run") == run.info["key"] else {"studies": []}
    studies = {row["study"]: row for row in stored["studies"]}
    studies |= {
        which[0]: checked(run, asked, which, after, given.outcomes)
        for which, after in ((TRADE_OFF, after_trade_off), (SHARE, after_share))
    }
    if given.refits:
        row = checked(run, alone(asked), PAIR, after_pair, given.refits)
        studies[PAIR[0]] = row
    found = {"run": run.info["key"], "studies": list(studies.values())}
    write_atomic(given.out, json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
