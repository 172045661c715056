"""The settings of a warm refit: short, but for what the scenario states otherwise than the run."""

from tenfold.fit import stages
from tenfold.posterior.scenario import Scenario


def test_a_warm_refit_is_short_unless_the_scenario_says_otherwise(prior_run, tmp_path, monkeypatch):
    plans = []
    monkeypatch.setattr(stages, "run_of", lambda plan, runs, say, like: plans.append(plan))
    spec = prior_run.info["spec"]
    for stated in ({}, {"draws": 4000, "target_accept": 0.98}):
        scenario = Scenario.model_validate(spec | {"settings": spec["settings"] | stated})
        stages.warm_run("what-if", scenario, prior_run, tmp_path)
    short, own = (plan.settings for plan in plans)
    assert {key: getattr(short, key) for key in stages.WARM} == stages.WARM
    assert (own.draws, own.tune, own.target_accept) == (4000, stages.WARM["tune"], 0.98)
