"""The ledger: it only grows, and its scores are those of the textbook."""

from __future__ import annotations

import datetime
import json
import math

import pytest

from tenfold.answers.headline import of_run
from tenfold.claims import ledger, verdicts
from tenfold.files import SpecError, data_path
from tenfold.words import ledger as words

TODAY = datetime.date(2026, 11, 27)


def prediction(name: str, probability: float, **changes) -> dict:
    made = {
        "kind": "prediction", "id": name, "question": f"{name}?", "reason": "r",
        "registered": "2026-11-27", "resolves": "2027-06-30", "quantity": "exchange_rate",
        "arguments": {}, "relation": "at least", "value": 2.0, "upper": None, "date": None,
        "unit": "OOM/OOM", "scale": "log10", "probability": probability, "mcse": 0.01,
        "p05": 0.1, "p50": 0.3, "p95": "inf", "run": "baseline-0", "rests_on": "a run",
    }  # fmt: skip
    return made | changes


def outcome(name: str, found: str) -> dict:
    told = {"kind": "outcome", "id": name, "outcome": found, "on": "2027-07-01"}
    return told | {"source": "https://example.org"}


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "ledger.jsonl"
    ledger.append(found, [prediction("a", 0.9), prediction("b", 0.7), prediction("c", 0.2)])
    return found


def test_it_grows_and_earlier_lines_stay(path):
    before = path.read_text(encoding="utf-8")
    grown = ledger.append(path, [outcome("a", "yes"), prediction("d", 0.5)])
    assert path.read_text(encoding="utf-8").startswith(before)
    assert list(grown.predictions) == ["a", "b", "c", "d"]
    assert grown == ledger.read(path)


@pytest.mark.parametrize("damage", ["edited", "removed", "swapped"])
def test_a_line_that_was_touched_is_named(path, damage):
    lines = path.read_text(encoding="utf-8").splitlines()
    if damage == "edited":
        lines[0] = lines[0].replace('"probability": 0.9', '"probability": 0.99')
    elif damage == "removed":
        del lines[1]
    else:
        lines[0], lines[1] = lines[1], lines[0]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"line \d: does not follow the line before"):
        ledger.read(path)
    with pytest.raises(SpecError):
        ledger.append(path, [prediction("e", 0.5)])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (prediction("a", 0.5), "'a': prediction is there; a ledger only grows"),
        (outcome("aa", "yes"), "'aa': not predicted; did you mean 'a'"),
        (outcome("a", "maybe"), "outcome: got 'maybe'"),
        (prediction("d", 1.5), "probability: got 1.5"),
        (prediction("d", 0.5, resolves="soon"), "resolves: got 'soon'"),
        ({"kind": "guess", "id": "d"}, "neither a prediction nor an outcome"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(path, entry, said):
    before = path.read_bytes()
    with pytest.raises(SpecError, match=said):
        ledger.append(path, [prediction("z", 0.5), entry])
    assert path.read_bytes() == before


def test_scores_of_what_was_resolved(path):
    empty = ledger.scores(ledger.read(path))
    assert (empty["open"], empty["resolved"], empty["brier"]) == (3, 0, None)
    assert words.lines(empty) == ["3 open, 0 resolved, 0 void; nothing to score yet."]
    found = ledger.append(path, [prediction("d", 0.5), outcome("a", "yes"), outcome("b", "no"),
                                 outcome("d", "void")])  # fmt: skip
    scores = ledger.scores(found)
    assert (scores["open"], scores["resolved"], scores["void"]) == (1, 2, 1)
    assert scores["brier"] == pytest.approx((0.1**2 + 0.7**2) / 2)
    assert scores["log_score"] == pytest.approx((math.log(0.9) + math.log(0.3)) / 2)
    rows = {row["low"]: row for row in scores["calibration"]}
    assert rows[0.8] == {"low": 0.8, "high": 1.0, "count": 1, "said": 0.9, "happened": 1.0}
    assert rows[0.6]["happened"] == 0.0
    titles = [title for title, *_ in words.tables(found, scores)]
    assert titles == ["Open", "Resolved", "Calibration"]
    assert "Brier score 0.250" in words.lines(scores)[1]


def test_certainty_that_failed_is_finite(path):
    ledger.append(path, [prediction("sure", 1.0, mcse=0.0), outcome("sure", "no")])
    assert math.isfinite(ledger.scores(ledger.read(path))["log_score"])


def test_predictions_are_computed_and_need_a_day(prior_run, constants):
    file = verdicts.load_claims(data_path("claims", "predictions-2027.toml"))
    draws = of_run(prior_run)
    chosen = [claim for claim in file.claim if not claim.given.get("series")]
    results = verdicts.check_claims(draws, chosen, constants)
    about = {"run": "r", "rests_on": "it"}
    entries = ledger.predictions(file, results, about, TODAY)
    by_id = {entry["id"]: entry for entry in entries}
    for result in results:
        assert result.evidence is not None
        assert by_id[result.claim.id]["probability"] == result.evidence.probability
    late = datetime.date(2028, 1, 1)
    with pytest.raises(SpecError, match="resolves: expected a day after 2028-01-01"):
        ledger.predictions(file, results, about, late)


def test_the_products_own_record():
    found = ledger.read()
    claims = verdicts.load_claims(data_path("claims", "predictions-2027.toml")).claim
    assert {claim.id for claim in claims} <= set(found.predictions)
    in_2027 = [p for p in found.predictions.values() if p.resolves.year == 2027]
    assert len(in_2027) >= 10
    for claim in claims:
        kept = found.predictions[claim.id]
        assert (kept.question, kept.value, kept.relation) == (
            claim.quote, claim.value, claim.relation
        )  # fmt: skip
    for line in found.text.splitlines():
        assert json.loads(line)["previous"]
