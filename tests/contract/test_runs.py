"""Commands on stored runs, on one real but far too short fit: its gates fail, and it says so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tenfold.claims.records import ClaimRecord
from tenfold.cli.app import main
from tenfold.editions import shelf

SHORT = ("--scenario", "logistic", "--draws", "40", "--tune", "40", "--chains", "2")
EXAMPLES = Path(__file__).parents[2] / "examples"
CHOSEN = ("--scenario", "logistic")


def shell(*arguments, cwd):
    program = "import sys; from tenfold.cli.app import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder in which `tenfold fit` was run once, and what that printed."""
    folder = tmp_path_factory.mktemp("home")
    return folder, shell("fit", *SHORT, cwd=folder)


@pytest.fixture
def run(home, monkeypatch, capsys):
    """Runs a command in this process, in the folder that has the run."""

    def call(*arguments, cwd=None):
        monkeypatch.chdir(cwd or home[0])
        monkeypatch.setattr(sys, "argv", ["tenfold", *map(str, arguments)])
        status = main()
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def copy(home, tmp_path):
    """A copy of the runs that a test may damage, and the run's own folder in it."""
    shutil.copytree(home[0] / "runs", tmp_path / "runs")
    (path,) = (tmp_path / "runs").glob("logistic-*")
    return tmp_path, path


def contents(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_failed_gate_exits_with_3_and_keeps_the_run(home):
    folder, done = home
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    (path,) = (folder / "runs").glob("logistic-*")
    assert (folder / "runs" / "LATEST").read_text().strip() == path.name
    _, ending = done.stdout.split(f"FAIL: runs/{path.name}\n")
    assert ending.startswith("One GPT level takes ")
    assert "Next: `tenfold jump --scenario logistic`, " in " ".join(ending.split())
    assert "--target-accept" in done.stderr  # what to do about it
    made = {"run.json", "headline.nc", "series.nc", "posterior-logistic.nc"}
    assert {p.name for p in path.iterdir()} == made


def test_an_unchanged_fit_is_found_and_not_repeated(home):
    folder, first = home
    before = contents(folder)
    again = shell("fit", *SHORT, cwd=folder)
    assert (again.returncode, again.stdout) == (3, first.stdout)
    assert "sampling" not in again.stderr
    assert contents(folder) == before


def test_gates_as_json(run):
    status, out, _ = run("check", *CHOSEN, "--json")
    found = json.loads(out)
    assert (status, found["status"], found["version"]) == (3, "FAIL", 1)
    failed = {gate["name"] for gate in found["gates"] if gate["status"] == "FAIL"}
    assert "logistic: ESS bulk" in failed
    assert found["weights"] == {"logistic": 1.0}


def test_jump_as_json(run):
    status, out, err = run("jump", *CHOSEN, "--json")
    assert status == 0
    assert "gates: FAIL" in err
    found = json.loads(out)
    for name in ("exchange_rate", "inference_jump_ooms", "rl_jump_ooms"):
        row = found["quantities"][name]
        assert row["p05"] <= row["p25"] <= row["p50"] <= row["p75"] <= row["p95"]
        assert (row["level"], row["kind"]) == (0.9, "equal-tailed")
        assert row["unit"] in ("OOM", "OOM/OOM")
    assert set(found["exchange_rates"]) >= {"population", "new benchmark", "AIME 2024"}
    assert found["run"].startswith("logistic-")
    assert 0 <= found["p_never"]["probability"] <= 1


def test_the_same_question_has_the_same_answer(run):
    assert run("jump", *CHOSEN, "--json") == run("jump", *CHOSEN, "--json")


def test_jump_between_scores(run):
    scores = ("--benchmark", "AIME 2024", "--from", "0.2", "--to", "0.8")
    status, out, _ = run("jump", *CHOSEN, *scores, "--json")
    assert status == 0
    assert json.loads(out)["question"]["target"] == 0.8
    status, out, _ = run("jump", *CHOSEN, *scores)
    assert status == 0
    assert "20%" in out
    assert "80%" in out


def test_cost_as_json_and_text(run):
    status, out, _ = run("cost", *CHOSEN, "--json")
    assert status == 0
    units = {name: row["unit"] for name, row in json.loads(out)["quantities"].items()}
    assert units["training_flop"] == "FLOP"
    assert units["training_energy"] == "TWh"
    status, out, _ = run("cost", *CHOSEN, "--reading", "whole", "--date", "2030")
    assert status == 0
    assert "World electricity" in out


def test_claims_as_json(run):
    status, out, _ = run("claims", *CHOSEN, "--json")
    assert status == 0
    found = json.loads(out)
    assert found["sources"]["ord-2025"]["author"] == "Toby Ord"
    declared = TypeAdapter(ClaimRecord)
    for record in found["claims"]:
        assert declared.validate_python(record, strict=True) == record
        assert (record["arithmetic"] is not None) is (record["kind"] == "arithmetic")
        assert (record["relation"] is None) is (record["kind"] == "untestable")
        assert (record["evidence"] is None) is bool(record["why"])
        if record["evidence"]:
            assert 0 <= record["evidence"]["probability"] <= 1
            assert record["evidence"]["mcse"] > 0, record


def test_claims_as_text_keep_arithmetic_and_evidence_apart(run):
    status, out, _ = run("claims", *CHOSEN)
    assert status == 0
    blocks = {block.split(" (")[0]: block for block in out.split("\n\n")}
    assert "arithmetic: does not follow: 10 years" in blocks["five-years-of-electricity"]
    assert "verdict: " in blocks["five-years-of-electricity"]
    assert "arithmetic: " not in blocks["twice-the-ooms"]
    assert " ± " in blocks["twice-the-ooms"]


def test_strict_claims_exit_with_4(run):
    status, _, err = run("claims", "--arithmetic", "--strict")
    assert status == 4
    assert err == "contradicted: jones-1000x-for-100x, five-years-of-electricity\n"
    assert run("claims", "--arithmetic")[0] == 0


def test_a_stored_answer_no_longer_holds_once_a_number_is_planted(run, tmp_path):
    file = EXAMPLES / "my-claims.toml"
    status, out, _ = run("claims", file, *CHOSEN, "--json")
    assert status == 0
    path = tmp_path / "stored.json"
    path.write_text(out, encoding="utf-8")
    status, out, _ = run("claims", file, *CHOSEN, "--against", path)
    assert (status, "all hold" in out) == (0, True)
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["claims"][0]["evidence"]["p50"] += 0.4
    path.write_text(json.dumps(stored), encoding="utf-8")
    status, out, _ = run("claims", file, *CHOSEN, "--against", path)
    assert status == 4
    assert "claim 'twice-the-orders': p50 was" in out


def test_an_editions_tables_no_longer_hold_once_a_number_is_planted(run, tmp_path):
    file = EXAMPLES / "my-claims.toml"
    shipped = json.loads((shelf.home() / shelf.names()[-1] / shelf.TABLES).read_text("utf-8"))
    told = shipped["quantities"]
    shipped["quantities"] = {name: told[name] for name in ("exchange_rate", "rl_jump_ooms")}
    path = tmp_path / "edition.json"
    path.write_text(json.dumps(shipped), encoding="utf-8")
    status, out, _ = run("claims", file, "--against", path)
    assert (status, out) == (0, "2 verdicts and rows compared: all hold\n")
    shipped["quantities"]["rl_jump_ooms"]["quantiles"]["p50"] += 0.4
    path.write_text(json.dumps(shipped), encoding="utf-8")
    status, out, _ = run("claims", file, "--against", path)
    assert status == 4
    assert out.startswith("rl_jump_ooms: p50 was ")
    del shipped["quantities"]["rl_jump_ooms"]["quantiles"]
    path.write_text(json.dumps(shipped), encoding="utf-8")
    status, _, err = run("claims", file, "--against", path)
    assert (status, err) == (2, f"error: {path}: expected the tables of an edition\n")


def test_one_claim_is_explained_and_unknown_ones_are_not(run):
    file = EXAMPLES / "my-claims.toml"
    status, out, _ = run("claims", file, *CHOSEN, "--explain", "twice-the-orders")
    assert status == 0
    for part in ("read as: ", "By tolerance", "What bears on", "What would flip it:"):
        assert part in out, part
    status, _, err = run("claims", file, "--explain", "twice")
    assert status == 2
    assert err.startswith("error: --explain 'twice': no such claim")


CLAIM = """
version = 1
[source.mine]
title = "Mine"
author = "Me"
published = 2026-01-01
url = "https://example.org"
[[claim]]
id = "next-tenfold"
quote = "the next tenfold costs 5.5x"
source = "mine"
kind = "arithmetic"
function = "{function}"
relation = "about"
value = 5.5
unit = "dimensionless"
tolerance = 1.01
as_of = 2026-01-01
reason = "parity"
[claim.given]
rl_multiplier = 10.0
rl_share = 1.0
"""


def test_a_claims_file_of_ones_own(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CLAIM.format(function="total_training_multiplier"))
    status, out, _ = run("claims", path, "--arithmetic", "--strict")
    assert status == 0
    assert "follows: 5.5" in out
    path.write_text(CLAIM.format(function="total_trainig_multiplier"))
    status, _, err = run("claims", path, "--arithmetic")
    assert status == 2
    assert err == (
        f"error: {path}: claim 'next-tenfold': unknown function 'total_trainig_multiplier'; "
        "did you mean 'total_training_multiplier'?\n"
    )


def test_the_registry_is_printed(run):
    status, out, _ = run("quantities", *CHOSEN, "--json")
    assert status == 0
    listed = {row["name"]: row for row in json.loads(out)["quantities"]}
    assert {"exchange_rate", "years_of_world_electricity"} <= set(listed)
    assert all((row["row"] is None) == bool(row["why"]) for row in listed.values())
    status, out, _ = run("quantities", *CHOSEN)
    assert status == 0
    assert all(name in out for name in listed)


def test_functions_of_claims_are_printed(run):
    status, out, _ = run("claims", "--functions", "--json")
    assert status == 0
    found = json.loads(out)
    inputs = {row["name"] for row in found["inputs"]}
    assert {i for r in found["functions"] for i in r["given"].split(", ")} <= inputs
    assert run("claims", "--functions")[0] == 0


def test_scenarios_are_listed(run):
    status, out, _ = run("scenarios", "list", "--json")
    assert status == 0
    listed = json.loads(out)["scenarios"]
    assert {"baseline", "logistic"} <= set(listed)
    assert all(item["reason"] for item in listed.values())
    assert all(name in run("scenarios", "list")[1] for name in listed)


@pytest.mark.parametrize("command", ["jump", "cost", "claims", "check"])
def test_without_a_run_the_next_step_is_named(run, tmp_path, command, monkeypatch):
    monkeypatch.setattr(shelf, "home", lambda: tmp_path)  # nor an edition
    status, out, err = run(command, cwd=tmp_path)
    assert (status, out) == (2, "")
    assert err == "error: runs: no complete run; run `tenfold fit`\n"


def test_a_scenario_without_any_run_names_the_next_step(run, tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "home", lambda: tmp_path)
    status, _, err = run("jump", "--scenario", "o1-chart", cwd=tmp_path)
    assert (status, err) == (2, "error: runs: no complete run; run `tenfold fit`\n")


def test_an_unknown_scenario_is_one_line(run):
    status, _, err = run("jump", "--scenario", "logistc")
    assert status == 2
    assert err == "error: no scenario 'logistc'; did you mean 'logistic'?\n"


def test_scores_are_shares_or_per_cent(run):
    place = ("--benchmark", "AIME 2024", "--json")
    told = [run("jump", *CHOSEN, *place, "--from", a, "--to", b) for a, b in
            (("0.2", "0.8"), ("20%", "80 %"))]  # fmt: skip
    assert told[0] == told[1]
    assert told[0][0] in (0, 3)
    for text, expected in (("1,5", "decimal comma"), ("150%", "0 to 1"), ("half", "half")):
        status, out, err = run("jump", *CHOSEN, "--from", text)
        assert (status, out) == (2, "")
        assert expected in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--benchmark", "AIME 2042"), "AIME 2042"),
        (("--benchmark", "gpqa"), "did you mean 'GPQA Diamond'?"),
        (("--to", "0.8"), "start score"),
        (("--benchmark", "GPQA Diamond", "--from", "0.1"), "chance level"),
        (("--baseline", "grok-5"), "did you mean 'grok-4'?"),
    ],
)
def test_questions_without_an_answer_are_one_line(run, arguments, expected):
    status, out, err = run("jump", *CHOSEN, *arguments)
    assert (status, out) == (2, "")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert expected in errors[0]


@pytest.mark.parametrize("damage", ["cut sample", "no sample", "cut record", "no record"])
def test_a_damaged_run_is_one_line_and_left_alone(run, copy, damage):
    folder, path = copy
    what = path / ("headline.nc" if "sample" in damage else "run.json")
    if damage.startswith("cut"):
        what.write_bytes(what.read_bytes()[: what.stat().st_size // 2])
    else:
        what.unlink()
    before = contents(folder)
    status, out, err = run("jump", *CHOSEN, cwd=folder)
    assert (status, out) == (2, ""), err
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert path.name in errors[0]
    assert "tenfold fit" in errors[0]
    assert contents(folder) == before


def test_bad_evidence_leaves_earlier_runs_alone(run, copy):
    folder, _ = copy
    mine = folder / "mine"
    mine.mkdir()
    (mine / "mine.csv").write_text("series,score\na,1.2\n")
    before = contents(folder)
    status, out, err = run("fit", *SHORT, "--points", "mine", cwd=folder)
    assert (status, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) > 1, "all mistakes are told in one pass"
    assert all(line.startswith("error: mine") for line in lines)
    assert contents(folder) == before
