"""The record of predictions in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.claims.ledger import Ledger
from tenfold.words.numbers import chance, count, fixed, percent, share

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def lines(scores: Mapping[str, Any]) -> list[str]:
    """How many predictions there are, and how good those that are resolved were."""
    told = (
        f"{count(scores['open'])} open, {count(scores['resolved'])} resolved, "
        f"{count(scores['void'])} void"
    )
    if scores["brier"] is None:
        return [f"{told}; nothing to score yet."]
    brier, log = (fixed(scores[name], 3) for name in ("brier", "log_score"))
    half, log_half = (fixed(scores[f"{name}_of_a_half"], 3) for name in ("brier", "log_score"))
    return [
        f"{told}.",
        f"Brier score {brier} (always a half: {half}; smaller is better), log score {log} (always "
        f"a half: {log_half}; larger is better).",
    ]


def tables(ledger: Ledger, scores: Mapping[str, Any]) -> list[Table]:
    """Open predictions by date, what became of the others, and calibration."""
    known, resolved = ledger.predictions, ledger.outcomes
    waiting = sorted(
        (entry for name, entry in known.items() if name not in resolved),
        key=lambda entry: (entry.resolves, entry.id),
    )
    made: list[Table] = []
    rows = [
        (e.question, chance(e.probability, e.mcse), str(e.registered), str(e.resolves), e.id)
        for e in waiting
    ]
    if rows:
        columns = ("prediction", "probability", "registered", "resolves", "id")
        made.append(("Open", columns, rows))
    done = [
        (known[name].question, chance(known[name].probability, known[name].mcse), found.outcome)
        + (str(found.on), found.source)
        for name, found in resolved.items()
    ]
    if done:
        columns = ("prediction", "probability", "outcome", "on", "source")
        made.append(("Resolved", columns, done))
    bins = [
        (f"{share(row['low'])} to {share(row['high'])}", count(row["count"]))
        + (percent(row["said"]), share(row["happened"]))
        for row in scores["calibration"]
    ]
    if bins:
        made.append(("Calibration", ("said", "predictions", "mean said", "happened"), bins))
    return made
