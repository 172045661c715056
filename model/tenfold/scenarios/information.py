"""What would narrow an answer most: the expected value of information of a further study.

For every draw of the posterior a study's outcome is simulated; the answer is regressed on it, and
what the regression explains of its variance is what the study is expected to take away (Strong,
Oakley, Brennan & Breeze 2015, doi:10.1177/0272989X15575286). Everything is done on the ranks of the
answer, as normal scores, so that "never" keeps its place. What each study is taken to measure, and
how well, is said with its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.question import Asked
from tenfold.files import SpecError

DRAWS = 8000
"""Draws of equal weight that the regression rests on."""
DEGREE = 3
"""Of the polynomial in each outcome."""
RL_ERROR = 0.15
"""Standard error of the log slope of an RL run with 8 checkpoints. These errors are judged."""
SWEEP_ERROR = 0.2
"""The same of an inference sweep with 5 points."""
TRADE_ERROR = 0.2
"""Of the log ratio of a trade-off, as Jones's."""
PAIR_ERROR = 0.25
"""Of the log exchange rate that a pair of generations shows where its RL step is known."""
SHARE_ERROR = 0.05
"""Of the log10 RL share of a run whose compute is disclosed."""


@dataclass(frozen=True)
class Study:
    """A study that could be made, and its outcome under every draw, without error.

    what: in words. error: standard error of the outcome.
    """

    name: str
    what: str
    outcome: xr.DataArray
    error: float


def studies(asked: Asked) -> Iterator[Study]:
    """Studies that could be made, from a new run to a number disclosed."""
    draws = asked.draws
    new = xr.ufuncs.log(draws["slope_new_model"])
    inference = new.sel(regime="inference", drop=True)
    rl = new.sel(regime="rl", drop=True)
    yield Study(
        "rl-run",
        "one RL run of a new model, 8 checkpoints, on a benchmark not seen yet",
        rl,
        RL_ERROR,
    )
    yield Study(
        "rl-run-and-sweep",
        "one RL run of a new model and an inference sweep of it, both on one new benchmark",
        inference - rl,
        float(np.hypot(RL_ERROR, SWEEP_ERROR)),
    )
    yield Study(
        "inference-sweep",
        "one inference sweep of a new model, 5 points, on a benchmark not seen yet",
        inference,
        SWEEP_ERROR,
    )
    counts = draws["series_count"]
    slopes = xr.ufuncs.log(draws["slope_at_benchmark"])
    own = new - xr.ufuncs.log(draws["slope_new_benchmark"])  # of model, publication and run
    told = {
        "rl": "one RL run of a new model, 8 checkpoints,",
        "inference": "one inference sweep of a new model, 5 points,",
    }
    for regime in told:
        other = "inference" if regime == "rl" else "rl"
        at = counts.sel(regime=other)
        best = str(at["benchmark"].values[int(at.values.argmax())])
        typical = slopes.sel(regime=regime, benchmark=best, drop=True)
        error = RL_ERROR if regime == "rl" else SWEEP_ERROR
        outcome = typical + own.sel(regime=regime, drop=True)
        yield Study(f"{regime}-at-{best}", f"{told[regime]} on {best}", outcome, error)
    trade = xr.ufuncs.log(draws["inference_per_training_typical"])
    around = xr.ufuncs.log(draws["inference_per_training"]) - trade
    # the technique that is measured is another than the next one, which the answer is of
    measured = trade + around.roll(draw=1)
    yield Study(
        "trade-off",
        "how inference trades for training, measured for one more technique",
        measured,
        TRADE_ERROR,
    )
    rate = xr.ufuncs.log(draws["exchange_rate_new_model"])
    yield Study("generation-pair", "a pair of generations whose RL step is known", rate, PAIR_ERROR)
    run = asked.constants.run(asked.question.baseline).title
    share = asked.base["rl_share"].log10
    yield Study("rl-share", f"the RL share of {run}, disclosed", share, SHARE_ERROR)


def ranked(asked: Asked, quantity: str) -> dict[str, Any]:
    """Studies by how much each is expected to narrow a quantity, most first.

    Returns:
        `quantity`, `title`, and `studies`: rows of `name`, `what`, `error` (of its outcome),
        `explained` (share of the variance that it is expected to take away), `explained_se` and
        `narrower` (by which share the interval shrinks: 1 - sqrt(1 - explained)).

    Raises:
        SpecError: unknown quantity, one that the run does not tell, or that does not vary.
    """
    entry = registry.named(quantity)
    values = registry.draws_of(quantity, asked).broadcast_like(asked.like)
    if np.unique(values.values).size < 2:
        raise SpecError(f"{quantity}: does not vary; nothing narrows it")
    rows = []
    for study in studies(asked):
        outcome = study.outcome.broadcast_like(asked.like)
        drawn = mixture.sample(
            {"answer": values, "outcome": outcome},
            asked.draws["weight"],
            DRAWS,
            asked.question.seed,
        )
        rng = np.random.default_rng([asked.question.seed, 29])
        seen = drawn["outcome"] + study.error * rng.standard_normal(DRAWS)
        explained, error = share_explained(seen, drawn["answer"])
        rows.append(
            {
                "name": study.name,
                "what": study.what,
                "error": study.error,
                "explained": explained,
                "explained_se": error,
                "narrower": 1 - float(np.sqrt(1 - explained)),
            }
        )
    rows.sort(key=lambda row: -row["explained"])
    return {"quantity": quantity, "title": entry.titled(asked), "studies": rows}


def share_explained(outcome: np.ndarray, answer: np.ndarray) -> tuple[float, float]:
    """Share of the variance of the answer's normal scores that an outcome explains, and its error.

    By least squares on a polynomial, corrected for its degrees of freedom; never below 0. The
    error is the standard deviation over ten parts of the draws, over the root of ten.
    """
    if np.unique(answer).size < 2:
        raise ValueError("the answer does not vary: nothing narrows it")
    order = np.argsort(np.argsort(answer, kind="stable"), kind="stable")
    score = special.ndtri((order + 0.5) / answer.size)
    x = np.argsort(np.argsort(outcome, kind="stable"), kind="stable")
    x = special.ndtri((x + 0.5) / outcome.size)
    parts = [_explained(a, b) for a, b in zip(np.array_split(x, 10), np.array_split(score, 10),
                                              strict=True)]  # fmt: skip
    return max(_explained(x, score), 0.0), float(np.std(parts, ddof=1) / np.sqrt(10))


def _explained(x: np.ndarray, y: np.ndarray) -> float:
    design = np.vander(x, DEGREE + 1)
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    n = y.size
    return 1 - float(left @ left) / (n - DEGREE - 1) / float(np.var(y, ddof=1))
