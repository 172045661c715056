"""A stored run says so when what it rests on has changed since; commands answer all the same."""

from __future__ import annotations

import json
import sys
import time

import pytest

from tenfold import fit, scenarios
from tenfold.cli import main
from tenfold.spec import Settings, load_scenario


@pytest.fixture(scope="module")
def current(tmp_path_factory):
    """A run of the baseline as it is now, with other draws; what was sampled does not matter."""
    settings = Settings(draws=40)
    scenario = load_scenario("baseline").model_copy(update={"settings": settings})
    plan = fit.prepare("baseline", scenario)
    path = fit.directory(plan, tmp_path_factory.mktemp("runs"))
    path.mkdir()
    (path / "posterior-logistic.nc").touch()
    record = {"forms": ["logistic"], "weights": {"logistic": 1.0}, "gates": [], "timings_s": {}}
    return fit.finish(plan, path, record | {"status": "PASS"})


def changed(run, **info):
    return fit.Run(run.path, run.info | info)


def test_a_run_is_current_until_something_changes_and_it_costs_nothing_to_know(current):
    assert scenarios.outdated(current) == ()
    start = time.process_time()
    scenarios.outdated(current)
    assert time.process_time() - start < 0.3


@pytest.mark.parametrize(
    ("name", "value"),
    [("shifts.csv", "0" * 64), ("points/s1.csv", None), ("points/gone.csv", "0" * 64)],
)
def test_evidence_that_is_changed_new_or_gone(current, name, value, monkeypatch):
    files = {key: own for key, own in current.info["evidence"].items() if key != name}
    if value is not None:
        files[name] = value
    monkeypatch.setattr(fit.Plan, "key", current.info["key"])
    assert scenarios.outdated(changed(current, evidence=files)) == ("evidence",)


def test_evidence_of_the_users_own_is_taken_as_recorded(current, monkeypatch):
    files = current.info["evidence"] | {"1:mine/mine.csv": "0" * 64}
    monkeypatch.setattr(fit.Plan, "key", current.info["key"])
    assert scenarios.outdated(changed(current, evidence=files)) == ()


def test_priors_scenario_and_code(current, monkeypatch):
    def earlier(**info):
        """The run as it would have been recorded with other inputs, under the key they give."""
        spec, priors = current.info["spec"] | info.get("spec", {}), current.info["priors"]
        run = changed(current, spec=spec, priors=priors | info.get("priors", {}))
        scenario = scenarios.validate(spec, scenarios.Scenario, "spec")
        tables = {
            k: scenarios.validate(v, scenarios.Prior, k) for k, v in run.info["priors"].items()
        }
        return changed(run, key=scenarios._plan_of(run.info, scenario, tables).key)

    assert scenarios.outdated(earlier()) == ()
    other = {"gpt_level_mean": current.info["priors"]["gpt_level_mean"] | {"shift": 1.0}}
    assert scenarios.outdated(earlier(priors=other)) == ("priors",)
    model = current.info["spec"]["model"] | {"noise": "normal"}
    assert scenarios.outdated(earlier(spec={"model": model})) == ("scenario",)
    monkeypatch.setattr(fit, "CODE", fit.CODE[:-1])
    assert scenarios.outdated(current) == ("code",)


@pytest.mark.parametrize("damage", [{"spec": {"new": 1}}, {"priors": None}, {"scenario": "gone"}])
def test_a_record_that_cannot_be_compared_counts_as_changed(current, damage):
    assert scenarios.outdated(changed(current, **damage)) == ("its inputs or code",)


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["tenfold", *map(str, arguments)])
    return main(), *capsys.readouterr()


def test_the_gates_say_whether_their_run_is_stale(current, monkeypatch, capsys):
    arguments = ("check", "--runs", current.path.parent, "--json")
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert (status, json.loads(out)["stale"], err) == (0, False, "")
    monkeypatch.setattr(fit, "CODE", fit.CODE[:-1])
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
