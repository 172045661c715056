"""The record: predictions with a date, what became of them, and how good they were.

A ledger is a file of JSON lines that only grows: each line holds the SHA-256 of the one before, so
that none can be changed, left out or put in between without it being seen. A prediction is a
claim with a day on which it is resolved; its probability is computed from a posterior when it is
registered. An outcome is a line of its own: yes, no, or void where nothing was measured.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tenfold import mixture
from tenfold.claims.spec import ClaimsFile
from tenfold.claims.verdicts import Result
from tenfold.files import Mistakes, SpecError, data_path, did_you_mean, read_text, write_atomic
from tenfold.spec import Strict, validate

FIRST = "0" * 64
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Edges of the calibration table."""

Outcome = Literal["yes", "no", "void"]
Previous = Field(pattern=r"^[0-9a-f]{64}$")


class Prediction(Strict):
    """A line that registers: what is predicted, from what, and when it will be known."""

    kind: Literal["prediction"]
    id: str
    question: str
    reason: str
    registered: datetime.date
    resolves: datetime.date
    quantity: str
    arguments: dict[str, float | str]
    relation: str
    value: float | None
    upper: float | None
    date: datetime.date | None
    unit: str
    scale: str
    probability: float = Field(ge=0, le=1)
    mcse: float = Field(ge=0)
    p05: float | str
    p50: float | str
    p95: float | str
    run: str
    rests_on: str
    previous: str = Previous


class Resolution(Strict):
    """A line that resolves: what became of a prediction, and where that can be read."""

    kind: Literal["outcome"]
    id: str
    outcome: Outcome
    on: datetime.date
    source: str = Field(min_length=1)
    previous: str = Previous


Entry = Prediction | Resolution


@dataclass(frozen=True)
class Ledger:
    """Entries of a ledger in their order, and the text that they stand in."""

    entries: tuple[Entry, ...]
    text: str

    @property
    def last(self) -> str:
        """The hash that the next line has to hold."""
        lines = self.text.splitlines()
        return _hash(lines[-1]) if lines else FIRST

    @property
    def predictions(self) -> dict[str, Prediction]:
        """Predictions by id."""
        return {entry.id: entry for entry in self.entries if isinstance(entry, Prediction)}

    @property
    def outcomes(self) -> dict[str, Resolution]:
        """Outcomes by id."""
        return {entry.id: entry for entry in self.entries if isinstance(entry, Resolution)}


def shipped() -> Path:
    """The product's own record."""
    return data_path("ledger.jsonl")


def read(path: Path | None = None) -> Ledger:
    """A ledger, by default the product's own; an empty one where there is no file yet.

    Raises:
        SpecError: a line for each that is none, or does not follow the one before.
    """
    path = path or shipped()
    text = read_text(path) if path.is_file() else ""
    mistakes, entries, previous = Mistakes(), [], FIRST
    known: set[str] = set()
    resolved: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}: line {number}"
        with mistakes.gather():
            entry = _entry(line, where)
            if entry.previous != previous:
                raise SpecError(f"{where}: does not follow the line before: a ledger only grows")
            seen = resolved if isinstance(entry, Resolution) else known
            if entry.id in seen or (isinstance(entry, Resolution) and entry.id not in known):
                raise SpecError(f"{where}: {entry.kind} {entry.id!r} is there twice, or of nothing")
            seen.add(entry.id)
            entries.append(entry)
        previous = _hash(line)
    mistakes.tell()
    return Ledger(tuple(entries), text)


def predictions(
    file: ClaimsFile, results: Sequence[Result], about: dict[str, Any], today: datetime.date
) -> list[dict[str, Any]]:
    """What a claims file predicts, as entries without their place in a ledger.

    Args:
        about: `run`, and what it `rests_on`, a sentence.

    Raises:
        SpecError: a line for each claim without a day in the future, or without evidence.
    """
    mistakes, found = Mistakes(), []
    for result in results:
        claim, evidence = result.claim, result.evidence
        if claim.resolves is None or claim.resolves <= today:
            mistakes.lines.append(f"claim {claim.id!r}: resolves: expected a day after {today}")
        elif evidence is None:
            mistakes.lines.append(f"claim {claim.id!r}: nothing to register, as {result.why}")
        else:
            ends = {key: mixture.plain(getattr(evidence, key)) for key in ("p05", "p50", "p95")}
            found.append(
                {
                    "kind": "prediction", "id": claim.id, "question": claim.quote,
                    "reason": claim.reason, "registered": str(today),
                    "resolves": str(claim.resolves), "quantity": claim.estimand or claim.function,
                    "arguments": dict(claim.given), "relation": claim.relation,
                    "value": claim.value, "upper": claim.upper,
                    "date": claim.date and str(claim.date), "unit": evidence.measure.unit,
                    "scale": evidence.measure.scale, "probability": evidence.probability,
                    "mcse": evidence.mcse, **ends, **about,
                }
            )  # fmt: skip
    mistakes.tell()
    return found


def append(path: Path, entries: Iterable[dict[str, Any]]) -> Ledger:
    """A ledger with more lines, every earlier one as it was.

    Raises:
        SpecError: as `read`; an id that is there already; an outcome of what is not predicted.
    """
    ledger = read(path)
    text, previous = ledger.text, ledger.last
    known, resolved = set(ledger.predictions), set(ledger.outcomes)
    mistakes = Mistakes()
    for entry in entries:
        name, outcome = entry["id"], entry["kind"] == "outcome"
        if outcome and name not in known:
            mistakes.lines.append(f"{name!r}: not predicted{did_you_mean(name, sorted(known))}")
        if name in (resolved if outcome else known):
            mistakes.lines.append(f"{name!r}: {entry['kind']} is there; a ledger only grows")
        (resolved if outcome else known).add(name)
        line = json.dumps(entry | {"previous": previous}, ensure_ascii=False, allow_nan=False)
        _entry(line, str(path))
        text, previous = f"{text}{line}\n", _hash(line)
    mistakes.tell()
    write_atomic(path, text)
    return read(path)


def scores(ledger: Ledger) -> dict[str, Any]:
    """How good the resolved predictions were.

    Returns:
        `resolved`, `void` and `open` counts; of the resolved the mean `brier` score and
        `log_score` (natural logarithm of what was given to what happened), with those of one who
        always says a half; `calibration`: rows of `low`, `high`, `count`, `said` and `happened`.
    """
    pairs = [
        (ledger.predictions[name], outcome.outcome == "yes")
        for name, outcome in ledger.outcomes.items()
        if outcome.outcome != "void"
    ]
    void = sum(outcome.outcome == "void" for outcome in ledger.outcomes.values())
    found: dict[str, Any] = {"resolved": len(pairs), "void": void}
    found["open"] = len(ledger.predictions) - len(ledger.outcomes)
    if not pairs:
        return found | {"brier": None, "log_score": None, "calibration": []}
    given = [p.probability if happened else 1 - p.probability for p, happened in pairs]
    # what Monte Carlo cannot tell from never is not counted as certain
    least = [max(p, q.mcse, 1e-6) for p, (q, _) in zip(given, pairs, strict=True)]
    return found | {
        "brier": math.fsum((1 - p) ** 2 for p in given) / len(given),
        "log_score": math.fsum(math.log(p) for p in least) / len(least),
        "brier_of_a_half": 0.25,
        "log_score_of_a_half": math.log(0.5),
        "calibration": _calibration(pairs),
    }


def _calibration(pairs: Sequence[tuple[Prediction, bool]]) -> list[dict[str, Any]]:
    rows = []
    for low, high in zip(BINS[:-1], BINS[1:], strict=True):
        inside = [
            (p.probability, happened)
            for p, happened in pairs
            if low <= p.probability < high or p.probability == high == 1.0
        ]
        if inside:
            said = math.fsum(p for p, _ in inside) / len(inside)
            share = sum(happened for _, happened in inside) / len(inside)
            row = {"low": low, "high": high, "count": len(inside)}
            rows.append(row | {"said": said, "happened": share})
    return rows


def _entry(line: str, where: str) -> Entry:
    try:
        table = json.loads(line)
    except ValueError:
        raise SpecError(f"{where}: not JSON") from None
    kinds: dict[Any, Any] = {"prediction": Prediction, "outcome": Resolution}
    kind = kinds.get(table.get("kind")) if isinstance(table, dict) else None
    if kind is None:
        raise SpecError(f"{where}: neither a prediction nor an outcome")
    return validate(_dated(table), kind, where)


DATES = ("registered", "resolves", "date", "on")


def _dated(table: dict[str, Any]) -> dict[str, Any]:
    found = dict(table)
    for key in DATES:
        try:
            found[key] = datetime.date.fromisoformat(found[key])
        except (KeyError, TypeError, ValueError):
            continue  # what is wrong with it is told with the rest
    return found


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
