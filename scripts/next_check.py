"""Hold what `tenfold next` expects of a study against posteriors of simulated outcomes.

    python scripts/next_check.py --runs runs

Outcomes are simulated from draws of the run, and the run is put to each: a trade-off measured for
one more technique is a further row, with which that part of the posterior is sampled anew (no curve
enters it, `scenarios.block`); an RL share that is disclosed is stated, with its error, as `--set`
has it. What a study takes off the variance of an answer is the variance of its mean over outcomes
(the law of total variance). Written to reports/scenarios/next.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import load_constants
from tenfold.answers.question import Asked, Question
from tenfold.files import write_atomic
from tenfold.runs import store
from tenfold.scenarios import block, information
from tenfold.scenarios.answering import answering
from tenfold.scenarios.material import material
from tenfold.scenarios.said import Said

OUT = Path(__file__).parents[1] / "reports" / "scenarios" / "next.json"
TRADE_OFF, SHARE = ("trade-off", "inference_per_training"), ("rl-share", "training_cost")
"""Studies, and answers that they narrow."""


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
    cut = np.sort(base)

    def scores(values: np.ndarray) -> np.ndarray:
        """Draws as normal scores among the base's."""
        place = np.searchsorted(cut, values, side="right").clip(1, cut.size - 1)
        return special.ndtri((place - 0.5) / cut.size)

    variance = np.var(scores(base))
    means = [scores(values).mean() for values in found]
    # means of so many draws each: their own error is taken off
    explained = np.var(means, ddof=1) / variance - 1 / base.size
    return {
        "study": name,
        "quantity": quantity,
        "by_regression": {key: row[key] for key in ("explained", "explained_se")},
        "by_outcomes": {
            "explained": float(explained),
            "explained_se": float(explained * np.sqrt(2 / (outcomes - 1))),
            "outcomes": outcomes,
        },
    }


def main() -> None:
    """Check, and keep what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--outcomes", type=int, default=200)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    run = store.latest(given.runs)
    asked = Asked(material(run).draws, load_constants(), Question())
    studies = [
        checked(run, asked, TRADE_OFF, after_trade_off, given.outcomes),
        checked(run, asked, SHARE, after_share, given.outcomes),
    ]
    found = {"run": run.info["key"], "studies": studies}
    write_atomic(given.out, json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
