"""A loaded run says what commands say, briefly as text and in tables as HTML."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import tenfold
from tenfold.cli.app import main
from tenfold.editions import shelf
from tenfold.files import SpecError
from tenfold.notebook import LoadedRun


@pytest.fixture(scope="module")
def run(prior_run):
    return tenfold.load(prior_run.path)


def test_an_answer_is_that_of_the_command(run, monkeypatch, capsys):
    answer = run.ask("training_cost", over="1e12 USD", baseline="gpt-5", given="exchange_rate > 1")
    line = ["tenfold", "ask", "training_cost", "--over", "1e12 USD", "--baseline", "gpt-5"]
    line += ["--given", "exchange_rate > 1", "--json", "--run", str(run.stored.path)]
    monkeypatch.setattr(sys, "argv", line)
    assert main() == 0
    told = json.loads(capsys.readouterr().out)
    assert answer.record["median"] == told["median"]
    assert answer.probability == told["probabilities"][0]["probability"]
    assert answer.median == told["values"]["p50"]
    assert answer.interval(90) == (told["values"]["p05"], told["values"]["p95"])
    assert answer.unit == "USD"


def test_thresholds_are_numbers_or_text(run):
    assert (
        run.ask("rl_jump_ooms", over=6).probability
        == run.ask("rl_jump_ooms", over="1e6x").probability
    )
    between = run.ask("rl_jump_ooms", between=(3, 6)).probability
    outside = (
        run.ask("rl_jump_ooms", over=6).probability + run.ask("rl_jump_ooms", under=3).probability
    )
    assert between + outside == pytest.approx(1, abs=1e-9)
    assert (
        run.ask("first_year", by="2030").probability <= run.ask("first_year", by="2035").probability
    )
    with pytest.raises(SpecError, match="did you mean 'rl_jump_ooms'"):
        run.ask("rl_jump_oms")
    with pytest.raises(SpecError, match="takes no arguments"):
        run.ask("gpt_level_ooms", start=0.2)


def test_draws_are_labelled_with_units(run):
    assert all(values.attrs["units"] for values in run.draws.data_vars.values())
    draws = run.quantity("rl_jump_ooms", start=0.2)
    assert draws.attrs["unit"] == "OOM"
    assert set(draws.dims) == {"form", "chain", "draw", "repeat"}
    dated = run.quantity("world_electricity", date="2030-06-30")
    assert np.isfinite(dated).all()


def test_it_is_brief_as_text_and_has_tables_as_html(run):
    held = run.claims()
    for thing in (run, run.ask("rl_jump_ooms", over=6), run.ask("first_year", by="2030"), *held):
        assert 20 < len(repr(thing)) < 500
        assert "\n" not in repr(thing)
    assert "P(over 6.0 OOMs) = " in repr(run.ask("rl_jump_ooms", over=6))
    assert "<td>RL OOMs per inference OOM</td>" in run._repr_html_()
    assert "<caption>Intervals</caption>" in run.ask("rl_jump_ooms")._repr_html_()


def test_hostile_text_is_text_in_html(run):
    info = run.stored.info | {"created": "<script>"}
    assert "<script>" not in LoadedRun(replace(run.stored, info=info))._repr_html_()


def test_verdicts_are_those_of_the_command(run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tenfold", "claims", "--json", "--run", str(run.stored.path)])
    assert main() == 0
    told = json.loads(capsys.readouterr().out)["claims"]
    assert json.loads(json.dumps([verdict.record for verdict in run.claims()])) == told


def test_an_edition_speaks_where_nothing_was_fitted(editions, tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "home", lambda: editions)
    run = tenfold.load(runs=tmp_path)
    assert "edition 2026-12, made by" in repr(run)
    assert run.evidence.sizes["obs"] > 0
