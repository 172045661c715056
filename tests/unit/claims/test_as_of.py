"""Claims by what was known on their day."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from tenfold.answers import rl_share
from tenfold.claims import as_of, verdicts
from tenfold.claims.records import ThenRecord
from tenfold.words import claims as words

ESSAY = datetime.date(2025, 10, 20)


@pytest.fixture(scope="module")
def claim():
    (found,) = [c for c in verdicts.load_claims().claim if c.id == "twice-the-ooms"]
    return found


def known(run, constants, day, tmp_path):
    return as_of.then(run, tmp_path, constants, day)


def test_a_later_source_is_left_out_and_takes_a_fit(prior_run, constants, claim, tmp_path):
    found = known(prior_run, constants, ESSAY, tmp_path)
    assert ("source", "justrl") in found.since
    assert ("source", "tan2025") not in found.since
    assert {key for key, _ in found.since} == {"source"}
    (result,) = verdicts.check_claims(None, [claim], constants)
    assert words.then(result, found) == (
        "as of 2025-10-20: not told, as what was known then has not been fitted"
    )


def test_years_of_trade_offs_count_and_without_curves_nothing_is_told(
    prior_run, constants, claim, tmp_path
):
    found = known(prior_run, constants, datetime.date(2023, 12, 31), tmp_path)
    assert ("tradeoff", "pruning") not in found.since
    assert any(key == "tradeoff" and "Qwen2.5" in label for key, label in found.since)
    assert "no curves of inference and rl had been published" in found.why
    assert as_of.as_record(claim, found)["evidence"] is None


def test_with_nothing_newer_the_verdict_is_todays(prior_run, constants, claim, tmp_path):
    found = known(prior_run, constants, datetime.date(2026, 11, 27), tmp_path)
    assert (found.since, found.shares, found.constants) == ((), 0, {})
    (result,) = verdicts.check_claims(found.draws, [claim], constants)
    record = as_of.as_record(claim, found)
    assert TypeAdapter(ThenRecord).validate_python(record, strict=True) == record
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["evidence"]
    assert result.evidence
    assert record["evidence"]["probability"] == result.evidence.probability
    assert "nothing that it rests on is newer" in words.then(result, found)
    before = replace(found, since=(("source", "x"),), shares=2)
    assert words.then(result, before).endswith("since then: 1 sources of curves, 2 RL shares")


def test_constants_and_shares_of_the_day(constants):
    before, differs = constants.at(ESSAY)
    assert differs == {"WE25": "earlier", "CO2_G4": "earlier", "C_F26": "later", "CHIPS": "later"}
    assert before.as_of == ESSAY
    assert before.constant["WE25"].central == constants.constant["WE25"].earlier[0].central
    assert before.constant["C_F26"] == constants.constant["C_F26"]
    assert constants.at(constants.as_of)[0] == constants
    rng = np.random.default_rng(1)
    few, all_of_them = rl_share.regression(until=ESSAY), rl_share.regression()
    assert few.bounds.size < all_of_them.bounds.size
    none = rl_share.regression(until=datetime.date(2021, 1, 1))
    line, _ = none.draw(20_000, rng)  # nothing was disclosed: the prior
    assert line.mean(axis=0) == pytest.approx(rl_share.PRIOR_MEAN, abs=0.03)
    assert line.std(axis=0) == pytest.approx(rl_share.PRIOR_SD, abs=0.03)
