"""Claims on the day they were made: evidence and constants of that date, beside today's."""

from __future__ import annotations

import datetime
import glob
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from tenfold.answers import headline, rl_share
from tenfold.answers.constants import Constants
from tenfold.claims.records import ThenEvidence, ThenRecord
from tenfold.claims.spec import Claim
from tenfold.claims.verdicts import Result, check_claims
from tenfold.evidence import inventory
from tenfold.evidence.columns import RlShare, Shift, Tradeoff
from tenfold.evidence.rows import read_rows
from tenfold.files import data_path
from tenfold.runs import store
from tenfold.runs.store import Run
from tenfold.scenarios import answering, gears
from tenfold.scenarios.changes import labels_of
from tenfold.scenarios.said import Said

FILES = {"tradeoff": "tradeoff.csv", "shift": "shifts.csv"}
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class Then:
    """What was known on a day.

    since: what has been published since, keys of `--drop` and labels. shares: of models since, by
    count. constants: names of those that differ, "earlier" or "later" (`Constants.at`). draws:
    headline draws of the evidence of that day; None where there are none, and `why` not.
    """

    day: datetime.date
    since: tuple[tuple[str, str], ...]
    shares: int
    constants: dict[str, str]
    known: Constants
    draws: xr.Dataset | None
    why: str = ""


def name_of(day: datetime.date) -> str:
    """Name under which the fit to what was known on a day is kept."""
    return f"as-of-{day.isoformat()}"


def then(
    run: Run,
    runs: Path,
    today: Constants,
    day: datetime.date,
    fit: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Then:
    """What was known on a day, from the run that answers today.

    Args:
        runs: where the fit to the evidence of that day is kept.
        fit: whether it may be made (minutes, once), and anew where it is stale.
    """
    since = tuple(published_since(run.points, day))
    known, differs = today.at(day)
    shares = read_rows(data_path("rl_share.csv"), RlShare)
    later = sum(row.role != "not counted" and not rl_share.known(row, day) for row in shares)
    about = (day, since, later, differs, known)
    if lacking := _lacking(run.points, since):
        return Then(*about, None, f"no curves of {lacking} had been published")
    if not since:
        return Then(*about, answering.answering(Said(), run, runs).draws)
    name = name_of(day)
    if fit:
        drops = tuple(f"{key}={glob.escape(label)}" for key, label in since)
        scenario = answering.scenario_of(Said(drops=drops), run)
        scenario = scenario.model_copy(
            update={"reason": f"What was published by {day.isoformat()}"}
        )
        return Then(*about, gears.apply(run, scenario, runs, name, say=say).draws)
    if not store.pointer_of(runs, name).is_file():
        return Then(*about, None, "what was known then has not been fitted")
    return Then(*about, headline.of_run(store.latest(runs, name)))


def published_since(points: xr.Dataset, day: datetime.date) -> Iterable[tuple[str, str]]:
    """Evidence of a run that was published after a day: keys of `--drop`, and labels.

    A source counts from the day, month or year that is known of it; a trade-off or a generation
    shift from the last year that its source names.
    """
    there = set(labels_of(points, "source").tolist())
    for row in inventory.sources(points):
        if row["source"] in there and row["date"] > day.isoformat()[: len(row["date"])]:
            yield "source", row["source"]
    for key, kind in (("tradeoff", Tradeoff), ("shift", Shift)):
        there = set(labels_of(points, key).tolist())
        for row in read_rows(data_path(FILES[key]), kind):
            label, years = getattr(row, key), YEAR.findall(row.source)
            if label in there and years and int(max(years)) > day.year:
                yield key, label


def _lacking(points: xr.Dataset, since: Iterable[tuple[str, str]]) -> str:
    """The regimes of which nothing would be left."""
    gone = [label for key, label in since if key == "source"]
    regime = points["series_regime"].values[points["series_index"].values]
    left = set(regime[~np.isin(labels_of(points, "source"), gone)])
    return " and ".join(sorted(set(regime) - left))


def answered(claim: Claim, known: Then) -> Result | None:
    """A claim held against what was known; None where that is not known."""
    if known.draws is None:
        return None
    (found,) = check_claims(known.draws, [claim.model_copy(update={"says": None})], known.known)
    return found


def as_record(claim: Claim, known: Then) -> ThenRecord:
    """As plain JSON."""
    found = answered(claim, known)
    evidence = found and found.evidence
    told: ThenEvidence | None = None
    if found is not None and evidence is not None:
        told = {"word": found.word, "probability": evidence.probability, "mcse": evidence.mcse}
    return {
        "as_of": known.day.isoformat(),
        "published_since": [f"{key}={label}" for key, label in known.since],
        "rl_shares_since": known.shares,
        "constants": known.constants,
        "evidence": told,
        "why": known.why or (found.why if found else ""),
    }
