"""Editions: made small, they say what their run says; which one speaks; what moved and why."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest

from tenfold.answers import headline, registry
from tenfold.answers.answer import jump_answer
from tenfold.answers.constants import load_constants
from tenfold.answers.question import Asked, Question
from tenfold.cli.app import main
from tenfold.editions import make, shelf, tables
from tenfold.files import SpecError
from tenfold.posterior import structure
from tenfold.runs import build, netcdf, store
from tenfold.unseen import predict


@pytest.fixture
def moved(moved_run):
    return moved_run


@pytest.fixture
def home(editions):
    return editions


@pytest.fixture
def shipped(home, monkeypatch):
    monkeypatch.setattr(shelf, "home", lambda: home)
    return home


def tenfold(monkeypatch, capsys, folder, *arguments):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["tenfold", *arguments])
    return main(), *capsys.readouterr()


def test_an_edition_says_what_its_run_says(home, moved):
    edition, constants = shelf.newest(home), load_constants()
    one, other = (
        jump_answer(headline.of_run(run), constants, Question()) for run in (edition, moved)
    )
    assert one == other
    assert edition.info["edition"]["name"] == "2026-12"


def test_an_edition_is_held_against_what_it_said(shipped, tmp_path, monkeypatch, capsys):
    """Its tables are what is left of an old one, and what the sample of a new one has to say."""
    own = str(shipped / "2026-12" / shelf.TABLES)
    status, out, _ = tenfold(monkeypatch, capsys, tmp_path, "compare", own, "2026-12", "--check")
    assert (status, out.splitlines()[-1]) == (
        0,
        "0 of 27 quantities differ beyond Monte Carlo error.",
    )
    told = tenfold(monkeypatch, capsys, tmp_path, "compare", "2026-11", own, "--check", "--json")
    rows = {row["quantity"]: row for row in json.loads(told[1])["quantities"]}
    assert told[0] == 3
    assert rows["exchange_rate"]["shift"] == pytest.approx(np.log10(2), abs=1e-6)


def test_a_sample_that_is_too_large_is_thinned(prior_run, tmp_path, monkeypatch):
    monkeypatch.setattr(make, "MOST_BYTES", 150_000)
    small = build.Build(store.Run(tmp_path, prior_run.info | {"files": {}}), tmp_path)
    make.keep_sample(small, prior_run)
    assert small.run.info["files"][netcdf.HEADLINE]["bytes"] <= 150_000
    assert 40 <= small.run.group(netcdf.HEADLINE).sizes["draw"] < 150


def test_an_edition_predicts_with_the_weights_of_its_run(home, moved):
    ours = predict.hierarchies(shelf.newest(home))
    theirs = predict.hierarchies(moved)
    assert [w for w, _ in ours] == pytest.approx([w for w, _ in theirs])
    for (_, one), (_, other) in zip(ours, theirs, strict=True):
        assert one.labels == other.labels
        assert set(one.values) == set(other.values)
        for key, values in one.values.items():
            assert values == pytest.approx(other.values[key], rel=1.3e-4)


def test_an_edition_knows_the_curves_of_its_series(home, moved):
    label = str(moved.points["series"].values[structure.curves(moved.points)][0])
    constants = load_constants()
    for name, given in (
        ("chart_slope", {"series": label}),
        ("series_share", {"start": 0.2, "target": 0.5, "multiplier": 1e3}),
    ):
        question = registry.question(name, given)
        one, other = (
            registry.draws_of(name, Asked(headline.of_run(run), constants, question))
            for run in (shelf.newest(home), moved)
        )
        assert one.sizes == other.sizes
        # half the digits move a series across a bound now and then
        alike = np.isclose(one.values, other.values, rtol=1e-3, atol=0.02, equal_nan=True)
        assert alike.mean() > 0.99


def test_a_kept_draw_stands_for_its_neighbours(moved, home, tmp_path, monkeypatch):
    monkeypatch.setattr(make, "DRAWS", 60)
    small = build.Build(store.Run(tmp_path, moved.info | {"files": {}}), tmp_path)
    make.keep_posterior(small, moved, "logistic", 1)
    found = small.run.group("posterior-logistic.nc", "posterior")["sigma"]
    whole = moved.group("posterior-logistic.nc", "posterior")["sigma"]
    assert found.sizes == whole.sizes
    for draw in range(10):
        wanted = whole.isel(draw=draw // 5 * 5).values
        assert found.isel(draw=draw).values == pytest.approx(wanted, rel=1.3e-4)


def test_older_editions_keep_their_tables_alone(home):
    assert shelf.names(home) == ["2026-11", "2026-12"]
    assert [path.name for path in (home / "2026-11").iterdir()] == [shelf.TABLES]
    assert tables.of("2026-11", home)["quantities"]["rl_jump_ooms"]["quantiles"]["p50"] > 0


def test_what_speaks(shipped, prior_run, tmp_path):
    folder = prior_run.path.parent
    edition = shelf.newest()
    assert shelf.speaking(tmp_path).path == shipped / "2026-12"
    assert shelf.speaking(folder).path == prior_run.path
    assert shelf.speaking(tmp_path, run=prior_run.path).path == prior_run.path
    with pytest.raises(SpecError, match="no complete run of o1-chart"):
        shelf.speaking(tmp_path, "o1-chart")
    other = {"evidence": prior_run.info["evidence"] | {"points/s1.csv": "0"}}
    before, after = ({"created": year} for year in ("2020-01-01", "2090-01-01"))
    assert not shelf.older(replace(prior_run, info=prior_run.info | before), edition)
    assert shelf.older(replace(prior_run, info=prior_run.info | other | before), edition)
    assert not shelf.older(replace(prior_run, info=prior_run.info | other | after), edition)
    own = {"evidence": prior_run.info["evidence"] | {"0:mine/points/mine.csv": "0"}}
    assert not shelf.older(replace(prior_run, info=prior_run.info | own | before), edition)


def test_the_answer_says_which_edition_speaks(shipped, tmp_path, monkeypatch, capsys):
    status, out, err = tenfold(monkeypatch, capsys, tmp_path, "jump")
    assert status == 0
    assert "edition 2026-12, made by " in err
    assert "RL" in out
    status, out, _ = tenfold(monkeypatch, capsys, tmp_path, "claims", "--json")
    assert json.loads(out)["edition"].startswith("edition 2026-12, made by ")
    assert tenfold(monkeypatch, capsys, tmp_path, "check")[0] == 0


def test_a_run_of_ones_own_speaks_for_itself(shipped, prior_run, tmp_path, monkeypatch, capsys):
    arguments = ("jump", "--json", "--runs", str(prior_run.path.parent))
    _, out, err = tenfold(monkeypatch, capsys, tmp_path, *arguments)
    assert json.loads(out)["edition"] is None
    assert "edition" not in err


def test_without_editions_the_run_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "home", lambda: tmp_path)
    with pytest.raises(SpecError, match="no complete run; run `tenfold fit`"):
        shelf.speaking(tmp_path)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (shelf.TABLES, lambda folder: tables.of("2026-12", folder)),
        (store.RECORD, shelf.newest),
        (netcdf.HEADLINE, lambda folder: headline.of_run(shelf.newest(folder))),
    ],
)
def test_a_damaged_edition_is_refused(home, tmp_path, name, read):
    shutil.copytree(home / "2026-12", tmp_path / "2026-12")
    path = tmp_path / "2026-12" / name
    data = path.read_bytes()
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with pytest.raises(SpecError):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "changes", "refits", "told"),
    [
        ("../2027", {}, {}, "expected a month or a day"),
        ("2026-10", {}, {}, "later than 2026-12"),
        ("2027-01", {"scenario": "logistic"}, {}, "expected one of the baseline"),
        ("2027-01", {"status": "FAIL"}, {}, "a gate failed"),
        ("2027-01", {"edition": {}}, {}, "an edition itself"),
        ("2027-01", {}, {"evidense": None}, "did you mean 'evidence'"),
    ],
)
def test_what_makes_no_edition(home, prior_run, name, changes, refits, told):
    run = replace(prior_run, info=prior_run.info | changes)
    with pytest.raises(SpecError, match=told):
        make.new(run, name, home, refits)
    assert shelf.names(home) == ["2026-11", "2026-12"]


def test_what_moved_is_told_step_by_step(home):
    found = tables.diff(tables.of("2026-11", home), tables.of("2026-12", home))
    rate = next(row for row in found["through"] if row["quantity"] == "exchange_rate")
    moves = {step["what"]: step["shift"] for step in rate["steps"]}
    assert list(moves) == ["code of answers", "evidence", "model", "priors", "constants"]
    assert moves["model"] == pytest.approx(np.log10(2), abs=1e-3)
    assert all(abs(moves[what]) < 1e-6 for what in moves if what != "model")
    whole = next(row for row in found["quantities"] if row["quantity"] == "exchange_rate")
    assert whole["shift"] == pytest.approx(sum(moves.values()))
    assert not whole["alike"]
    assert found["inputs"]["evidence"] == []


def test_editions_apart_are_not_told_apart(home, shipped, tmp_path, monkeypatch, capsys):
    status, out, _ = tenfold(monkeypatch, capsys, tmp_path, "diff", "2026-12", "2026-11")
    assert status == 0
    assert "2026-11 keeps no refits since 2026-12" in out
    status, out, _ = tenfold(monkeypatch, capsys, tmp_path, "diff", "2026-11", "2026-12")
    assert "Shift of the median through each step" in out
    assert "files of evidence: as before" in out
    status, _, err = tenfold(monkeypatch, capsys, tmp_path, "diff", "2026-11", "2027-01")
    assert (status, err) == (2, "error: no edition '2027-01'; known: 2026-11, 2026-12\n")


def test_editions_are_listed(shipped, tmp_path, monkeypatch, capsys):
    _, out, _ = tenfold(monkeypatch, capsys, tmp_path, "edition")
    assert "2026-11" in out
    assert "2026-12" in out
