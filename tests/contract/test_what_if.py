"""Changes on the command line: options, gears in the output, one line for what cannot be."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tenfold.cli.app import main


@pytest.fixture(scope="module")
def runs(prior_run, tmp_path_factory):
    """A folder of its own: the table of scenarios is kept beside the run."""
    return shutil.copytree(prior_run.path.parent, tmp_path_factory.mktemp("what_if") / "runs")


@pytest.fixture
def call(runs, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tenfold", *arguments, "--runs", str(runs)])
        return main(), *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    "command", [("jump",), ("cost",), ("quantities",), ("claims",), ("ask", "rl_jump_ooms")]
)
def test_every_answer_takes_changes_and_names_the_gear(call, command):
    change = ("--set", "exchange_rate=2", "--form", "saturating", "--json")
    status, out, _ = call(*command, *change)
    told = json.loads(out)
    assert status == 0
    assert told["what_if"]["gear"] == "propagate"
    assert told["what_if"]["weights"] == {"saturating": 1.0}
    assert set(told["what_if"]["changes"]) == {"exchange_rate", "curve forms"}
    assert told["scenario"] == "baseline --set exchange_rate=2 --form saturating"
    _, out, _ = call(*command, "--json")
    assert "what_if" not in json.loads(out)


def test_the_gear_is_told_in_words(call):
    _, out, _ = call("jump", "--set", "exchange_rate=2")
    assert "gear: propagate (draw by draw, no refit)" in out
    _, out, _ = call("ask", "exchange_rate", "--set", "gpt_level_ooms=2")
    assert "does not depend on gpt_level_ooms: this is the base's answer" in out


def test_a_changed_number_changes_the_answer(call):
    sets = ("--set", "exchange_rate=2", "--set", "inference_per_training=1.5")
    _, out, _ = call("ask", "rl_jump_ooms", *sets, "--set", "gpt_level_ooms=2", "--json")
    assert json.loads(out)["median"] == pytest.approx(6.0, rel=1e-4)


def test_all_mistakes_are_told_and_nothing_is_answered(call):
    status, out, err = call(
        "jump", "--scenario", "jonse", "--set", "WE25=x", "--drop", "sauce=a", "--form", "b"
    )
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1  # a name that there is not comes first
    status, out, err = call("jump", "--set", "WE25=x", "--drop", "sauce=a", "--form", "b")
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (status, out, len(lines)) == (2, "", 3)


def test_the_table_of_scenarios_in_words_csv_and_json(call):
    chosen = ("scenarios", "--only", "essay-numbers", "--only", "no-drift")
    status, out, _ = call(*chosen)
    assert status == 0
    assert "not fitted" in out
    assert "`tenfold scenarios --fit` fits those" in out
    _, out, _ = call(*chosen, "--json")
    found = json.loads(out)["scenarios"]
    assert found["essay-numbers"]["quantities"]["exchange_rate"]["p50"] == pytest.approx(2.0)
    _, out, _ = call(*chosen, "--csv")
    assert out.splitlines()[0].startswith("scenario,gear,pareto_k,status,quantity")
    status, out, err = call("scenarios", "--only", "essay-number")
    assert (status, out) == (2, "")
    assert err.endswith("error: no scenario 'essay-number'; did you mean 'essay-numbers'?\n")


def test_files_of_ones_own_on_the_command_line(tmp_path, monkeypatch, capsys):
    path = str(tmp_path / "mine.toml")

    def tenfold(*arguments):
        monkeypatch.setattr(sys, "argv", ["tenfold", "scenarios", *arguments])
        return main(), *capsys.readouterr()

    assert tenfold("new", path)[0] == 0
    status, out, _ = tenfold("check", path)
    assert (status, "no mistake" in out) == (0, True)
    status, out, err = tenfold("new", path)
    assert (status, out) == (2, "")
    assert "there is a file of that name already" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sweep", "--grid", "WE25=3e4", "--quantity", "rl_jump_oom"), "unknown quantity 'rl_jump"),
        (("tornado", "rl_jump_oom"), "unknown quantity 'rl_jump_oom'; did you mean"),
        (("next", "rl_jump_oom"), "unknown quantity 'rl_jump_oom'; did you mean"),
        (("influence", "rl_jump_oom"), "unknown quantity 'rl_jump_oom'; did you mean"),
        (("jump", "--set", "WE25=3 kg"), "got unit 'kg'; expected one such as TWh/year"),
        (("jump", "--drop", "regime=rl"), "no rl evidence is left"),
        (("jump", "--scenario", "round.toml"), "a -> b -> a goes round in a circle"),
        (("jump", "--set", "cell_sd=0.3,0.2,0.1"), "quantiles out of order"),
        (("sweep", "--grid", f"WE25={','.join(map(str, range(1, 10_002)))}"), "10,001 points"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line_and_leaves_nothing(
    call, runs, tmp_path, monkeypatch, arguments, told
):
    monkeypatch.chdir(tmp_path)
    Path("round.toml").write_text(
        'version = 1\n[scenario.a]\nextends = "b"\nreason = "x"\n'
        '[scenario.b]\nextends = "a"\nreason = "x"\n'
    )
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert told in lines[0]
    assert len(lines) == (2 if "round.toml" in arguments else 1)  # each of the circle's
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["round.toml"]
