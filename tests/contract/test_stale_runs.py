"""A stored run says so when what it rests on has changed since; commands answer all the same."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tenfold.cli.app import main
from tenfold.fit import stages
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import Prior, Scenario, Settings, load_scenario
from tenfold.runs import keys, store
from tenfold.spec import validate


@pytest.fixture(scope="module")
def current(tmp_path_factory):
    """A run of the baseline as it is now, with other draws; what was sampled does not matter."""
    settings = Settings(draws=40)
    scenario = load_scenario("baseline").model_copy(update={"settings": settings})
    plan = prepare("baseline", scenario)
    path = store.directory(plan, tmp_path_factory.mktemp("runs"))
    path.mkdir()
    (path / "posterior-logistic.nc").touch()
    record = {"forms": ["logistic"], "weights": {"logistic": 1.0}, "gates": [], "timings_s": {}}
    return store.finish(plan, path, record | {"status": "PASS"})


def changed(run, **info):
    return store.Run(run.path, run.info | info)


def test_a_run_is_current_until_something_changes_and_it_costs_nothing_to_know(current):
    assert stages.outdated(current) == ()
    start = time.process_time()
    stages.outdated(current)
    assert time.process_time() - start < 0.3


@pytest.mark.parametrize(
    ("name", "value"),
    [("shifts.csv", "0" * 64), ("points/s1.csv", None), ("points/gone.csv", "0" * 64)],
)
def test_evidence_that_is_changed_new_or_gone(current, name, value, monkeypatch):
    files = {key: own for key, own in current.info["evidence"].items() if key != name}
    if value is not None:
        files[name] = value
    monkeypatch.setattr(keys, "fit_key", lambda plan: current.info["key"])
    assert stages.outdated(changed(current, evidence=files)) == ("evidence",)


def test_evidence_of_the_users_own_is_taken_as_recorded(current, monkeypatch):
    files = current.info["evidence"] | {"1:mine/mine.csv": "0" * 64}
    monkeypatch.setattr(keys, "fit_key", lambda plan: current.info["key"])
    assert stages.outdated(changed(current, evidence=files)) == ()


def test_priors_scenario_and_code(current, monkeypatch):
    def earlier(**info):
        """The run as it would have been recorded with other inputs, under the key they give."""
        spec, priors = current.info["spec"] | info.get("spec", {}), current.info["priors"]
        run = changed(current, spec=spec, priors=priors | info.get("priors", {}))
        scenario = validate(spec, Scenario, "spec")
        tables = {k: validate(v, Prior, k) for k, v in run.info["priors"].items()}
        return changed(run, key=keys.fit_key(stages._plan_of(run.info, scenario, tables)))

    assert stages.outdated(earlier()) == ()
    other = {"gpt_level_mean": current.info["priors"]["gpt_level_mean"] | {"shift": 1.0}}
    assert stages.outdated(earlier(priors=other)) == ("priors",)
    model = current.info["spec"]["model"] | {"noise": "normal"}
    assert stages.outdated(earlier(spec={"model": model})) == ("scenario",)
    monkeypatch.setattr(keys, "FITTED_BY", keys.FITTED_BY[:-1])
    assert stages.outdated(current) == ("code",)


@pytest.mark.parametrize("damage", [{"spec": {"new": 1}}, {"priors": None}, {"scenario": "gone"}])
def test_a_record_that_cannot_be_compared_counts_as_changed(current, damage):
    assert stages.outdated(changed(current, **damage)) == ("its inputs or code",)


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["tenfold", *map(str, arguments)])
    return main(), *capsys.readouterr()


def test_the_gates_say_whether_their_run_is_stale(current, monkeypatch, capsys):
    arguments = ("check", "--runs", current.path.parent, "--json")
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, json.loads(out)["stale"], err) == (0, False, "")
    monkeypatch.setattr(keys, "FITTED_BY", keys.FITTED_BY[:-1])
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
