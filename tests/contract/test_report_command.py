"""`tenfold report` on a stored run: what it writes, what it prints, and its exit status."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tenfold.cli.app import main
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.runs import build, netcdf, store


@pytest.fixture(scope="module")
def runs(prior_run, tmp_path_factory):
    """A folder in which the scenario `logistic` looks fitted, so that nothing is sampled."""
    folder = tmp_path_factory.mktemp("home") / "runs"
    plan = prepare("logistic", load_scenario("logistic"))
    with build.building(plan, folder) as new:
        for form in prior_run.forms:
            new.save(store.posterior_file(form), prior_run.tree(form), form=form)
        new.save(netcdf.HEADLINE, prior_run.group(netcdf.HEADLINE))
        known = ("forms", "weights", "leave_future_out", "loo", "status", "gates", "timings_s")
        new.finish({name: prior_run.info[name] for name in known})
    return folder


@pytest.fixture
def call(runs, monkeypatch, capsys):
    """Runs `tenfold report` with further arguments: status, output, errors."""

    def report(*arguments):
        told = ["tenfold", "report", "--scenario", "logistic", "--runs", runs, *arguments]
        monkeypatch.setattr(sys, "argv", [str(word) for word in told])
        return main(), *capsys.readouterr()

    return report


def test_it_writes_where_it_says(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, printed, told = call()
    assert status == 0
    written, answer, following = printed.splitlines()
    assert written == "PASS: tenfold-report/index.html"
    assert answer.startswith("One GPT level takes ")
    assert following == (
        "Next: `tenfold claims --scenario logistic`, `tenfold export --scenario logistic`."
    )
    assert told == "writing the report\n"
    written = {path.name for path in (tmp_path / "tenfold-report").iterdir()}
    assert written == {"index.html", "data", "inputs.sha256"}
    assert not list(tmp_path.rglob("*.part"))


def test_a_page_of_what_if_says_what_was_changed_and_answers_that(call, tmp_path):
    """The essay's numbers by hand: 2 OOMs of training, 1.5 of inference for each, 2 of RL."""
    sets = ("exchange_rate=2", "inference_per_training=1.5", "gpt_level_ooms=2")
    options = [word for text in sets for word in ("--set", text)]
    status, printed, _ = call("--out", tmp_path, "--form", "saturating", *options)
    assert status == 0
    assert printed.splitlines()[1].startswith("One GPT level takes 3.0 (3.0 to 3.0) OOMs of inf")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "What if: logistic --set exchange_rate=2" in page
    assert "Gear: propagate (draw by draw, no refit)" in page
    assert '<p class="big">6.0 OOMs</p>' in page
    assert not (tmp_path / "inputs.sha256").exists()  # a page of the run is made anew


def test_a_failed_gate_is_written_first_and_then_exits_with_3(call, runs, tmp_path):
    (path,) = runs.glob("logistic-*")
    run = store.load(path)
    failed = [gate | {"status": "FAIL"} for gate in run.info["gates"]]
    try:
        build.amend(run, {}, {"status": "FAIL", "gates": failed})
        status, printed, told = call("--out", tmp_path / "out")
    finally:
        build.amend(run, {}, {})
    assert status == 3, told
    assert printed.splitlines()[0] == f"FAIL: {tmp_path / 'out' / 'index.html'}"
    assert "gate failed" in told
    assert 'class="banner"' in (tmp_path / "out" / "index.html").read_text()


def test_a_folder_that_cannot_be_made_is_one_line(call, tmp_path):
    (tmp_path / "file").write_text("")
    status, printed, told = call("--out", tmp_path / "file" / "out")
    assert (status, printed) == (2, ""), told
    assert told.splitlines()[-1].startswith("error: ")
    assert "cannot be written" in told


def test_reading_moves_nothing_and_the_run_that_was_fitted_last_speaks(call, runs, tmp_path):
    """With its own points and settings, whatever a fit of the scenario would find today."""
    (path,) = runs.glob("logistic-*")
    mine = Path(shutil.copytree(path, runs / "logistic-mine"))
    pointer = runs / "LATEST-logistic"
    pointer.write_text("logistic-mine\n")
    before = {file: file.stat().st_mtime_ns for file in runs.rglob("*")}
    status, printed, _ = call("--out", tmp_path / "out")
    assert status == 0
    assert printed.splitlines()[0] == f"PASS: {tmp_path / 'out' / 'index.html'}"
    assert {file: file.stat().st_mtime_ns for file in runs.rglob("*")} == before
    status, _, told = call("--out", tmp_path / "other", "--run", path)
    assert (status, told) == (0, "writing the report\n")
    shutil.rmtree(mine)
    pointer.write_text(f"{path.name}\n")


def test_a_run_of_another_scenario_is_refused(prior_run, call, tmp_path):
    status, _, told = call("--run", prior_run.path, "--out", tmp_path / "out")
    assert status == 2
    assert told == f"error: {prior_run.path}: a run of baseline; expected one of logistic\n"


def test_an_unknown_scenario_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tenfold", "report", "--scenario", "logistics"])
    assert main() == 2
    assert "did you mean 'logistic'?" in capsys.readouterr().err
