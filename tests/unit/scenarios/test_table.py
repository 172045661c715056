"""The table of scenarios: what a row says, that rows are kept, and that none is lost."""

import json
import shutil

import pytest

from tenfold.files import SpecError
from tenfold.runs import store
from tenfold.scenarios import table
from tenfold.words import scenarios as words

NAMES = ("essay-numbers", "saturating", "no-drift", "wide-slopes")


@pytest.fixture
def run(prior_run, tmp_path):
    return store.load(shutil.copytree(prior_run.path, tmp_path / "runs" / prior_run.path.name))


def test_rows_say_what_moves_and_how(run):
    found = table.rows(run, run.path.parent, NAMES)
    assert list(found) == ["baseline", *NAMES]
    essay = found["essay-numbers"]
    assert essay["gear"] == "propagate"
    assert essay["quantities"]["rl_jump_ooms"]["p50"] == pytest.approx(6.0, rel=1e-4)
    base = found["baseline"]["quantities"]["rl_jump_ooms"]
    assert essay["shift_ooms"] == pytest.approx(6.0 - base["p50"], abs=1e-3)
    assert found["saturating"]["weights"] == {"saturating": 1.0}
    alone = base["forms"]["saturating"]["p50"]
    assert found["saturating"]["quantities"]["rl_jump_ooms"]["p50"] == alone
    assert found["no-drift"] | {"status": "not fitted", "gear": "rebuild"} == found["no-drift"]
    assert found["wide-slopes"]["status"] == "not fitted"  # too few draws are left of 300
    title, columns, rows = words.table(found)
    assert len(rows) == 5
    assert {len(row) for row in rows} == {len(columns)}
    records = words.records(found)
    assert {len(row) for row in records} == {len(records[0])}
    assert {row[7] for row in records[1:]} == {"mixture", "logistic", "saturating"}


def test_a_row_of_a_run_of_its_own_says_that_it_was_fitted(run, tmp_path, monkeypatch):
    own = store.load(shutil.copytree(run.path, tmp_path / "own" / run.path.name))
    monkeypatch.setattr(table, "fitted", lambda said, runs: own if said.one else None)
    assert table.rows(run, run.path.parent, ("essay-numbers",))["essay-numbers"]["gear"] == "refit"


def test_rows_that_are_current_are_read_and_others_made_anew(run):
    runs = run.path.parent
    told: list[str] = []
    first = table.rows(run, runs, NAMES[:2], say=told.append)
    assert len(told) == 3
    assert table.rows(run, runs, NAMES[:2], say=told.append) == first
    assert len(told) == 3
    path = runs / table.FILE
    content = json.loads(path.read_text())
    content["scenarios"]["saturating"]["key"] = "0"
    path.write_text(json.dumps(content))
    assert table.rows(run, runs, NAMES[:2], say=told.append) == first
    assert told[3:] == ["scenario saturating"]
    path.write_text("{")
    assert table.rows(run, runs, NAMES[:2], say=told.append) == first


def test_an_unknown_name_is_refused_before_any_row_is_made(run):
    told: list[str] = []
    with pytest.raises(SpecError, match="no scenario 'one-modl'"):
        table.rows(run, run.path.parent, ("essay-numbers", "one-modl"), say=told.append)
    assert told == []
