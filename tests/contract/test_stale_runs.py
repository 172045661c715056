"""A stored run says so when what it rests on has changed since; commands answer all the same."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tenfold.cli.app import main
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import Settings, load_scenario
from tenfold.runs import build, keys, stale, store


@pytest.fixture(scope="module")
def current(tmp_path_factory):
    """A run of the baseline as it is now, with other draws; what was sampled does not matter."""
    settings = Settings(draws=40)
    scenario = load_scenario("baseline").model_copy(update={"settings": settings})
    plan = prepare("baseline", scenario)
    record = {"forms": ["logistic"], "weights": {"logistic": 1.0}, "timings_s": {}}
    record |= {
        "gates": [
            {"name": "a check", "status": "PASS", "value": 1.0, "threshold": 1.0, "detail": ""}
        ]
    }
    with build.building(plan, tmp_path_factory.mktemp("runs")) as new:
        return new.finish(record | {"status": "PASS"})


def changed(run, **info):
    return store.Run(run.path, run.info | info)


def test_a_run_is_current_until_something_changes_and_it_costs_nothing_to_know(current):
    assert stale.outdated(current) == ()
    keys._same.cache_clear()
    start = time.process_time()
    stale.outdated(current)
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize(
    ("name", "value"),
    [("shifts.csv", "0" * 64), ("points/s1.csv", None), ("points/gone.csv", "0" * 64)],
)
def test_evidence_that_is_changed_new_or_gone(current, name, value):
    files = {key: own for key, own in current.info["evidence"].items() if key != name}
    if value is not None:
        files[name] = value
    assert stale.changes(changed(current, evidence=files)) == {"evidence": [name]}


def test_evidence_of_the_users_own_is_taken_as_recorded(current):
    files = current.info["evidence"] | {"1:mine/mine.csv": "0" * 64}
    assert stale.outdated(changed(current, evidence=files)) == ()


def test_a_scenario_that_does_not_ship_is_taken_as_recorded(current):
    model = current.info["spec"]["model"] | {"noise": "normal"}
    own = changed(current, scenario="what-if", spec=current.info["spec"] | {"model": model})
    assert stale.outdated(own) == ()
    files = own.info["evidence"] | {"shifts.csv": "0" * 64}
    assert stale.changes(changed(own, evidence=files)) == {"evidence": ["shifts.csv"]}


def test_priors_scenario_and_code(current):
    priors = current.info["priors"]
    other = priors | {"gpt_level_mean": priors["gpt_level_mean"] | {"shift": 1.0}}
    assert stale.changes(changed(current, priors=other)) == {"priors": ["gpt_level_mean"]}
    model = current.info["spec"]["model"] | {"noise": "normal"}
    spec = current.info["spec"] | {"model": model}
    assert stale.changes(changed(current, spec=spec)) == {"scenario": ["model.noise"]}
    other = ["0" * 64, "0" * 64]
    wanted = {"fit": {"code": ["tenfold.curves"]}, "sample": {"sample": ["tenfold.mixture"]}}
    wanted |= {"series": {"sample": ["tenfold.runs.series"]}}
    wanted |= {"gates": {"checks": ["tenfold.fit.checks"]}}
    for part, found in wanted.items():
        ((module,),) = found.values()
        code = current.info["code"]
        code = code | {part: code[part] | {module: other}}
        assert stale.changes(changed(current, code=code)) == found


@pytest.mark.parametrize("damage", [{"spec": {"new": 1}}, {"priors": None}, {"scenario": []}])
def test_a_record_that_cannot_be_compared_counts_as_changed(current, damage):
    assert stale.outdated(changed(current, **damage)) == ("its inputs or code",)


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["tenfold", *map(str, arguments)])
    return main(), *capsys.readouterr()


def test_the_gates_say_whether_their_run_is_stale(current, monkeypatch, capsys):
    arguments = ("check", "--runs", current.path.parent, "--json")
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, json.loads(out)["stale"], err) == (0, False, "")
    monkeypatch.setattr(keys, "changed", lambda code: ["tenfold.curves"])
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, json.loads(out)["stale"]) == (0, True)
    name = current.path.name
    assert err == f"run {name} was fitted before code changed: `tenfold fit` refits\n"


@pytest.mark.parametrize("command", ["jump", "claims"])
def test_answers_from_a_stale_run_are_given_with_one_warning(
    prior_run, monkeypatch, capsys, command
):
    arguments = (command, "--runs", prior_run.path.parent, "--json")
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, json.loads(out)["stale"]) == (0, True)
    name = prior_run.path.name
    assert err == f"run {name} was fitted before scenario changed: `tenfold fit` refits\n"
