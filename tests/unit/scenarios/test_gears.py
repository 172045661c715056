"""Which gear answers what, what it says of itself, and what is refused."""

import json

import numpy as np
import pytest

from tenfold.answers import registry
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.runs import netcdf
from tenfold.scenarios import changes, gears
from tenfold.scenarios.answering import answering, of_file, scenario_of
from tenfold.scenarios.said import Said


@pytest.fixture
def put(prior_run, tmp_path):
    def call(said, quantity=None):
        def depends(draws, constants):
            return {quantity: registry.draws_of(quantity, Asked(draws, constants, Question()))}

        return answering(said, prior_run, tmp_path, depends if quantity else None)

    return call


@pytest.fixture
def no_fit(monkeypatch):
    """Fits are only noted."""
    asked = []

    def noted(run, scenario, runs, name, gear, say):
        asked.append((name, gear, scenario))
        return run

    monkeypatch.setattr(gears, "_refitted", noted)
    return asked


@pytest.mark.parametrize(
    ("said", "gear"),
    [
        (Said(), "none"),
        (Said(sets=("WE25=3e4",)), "propagate"),
        (Said(sets=("inference_per_training=1,1.2,1.5",)), "propagate"),
        (Said(forms=("saturating",)), "propagate"),
        (Said(sets=("gpt_level_mean=1.5,2,2.5",)), "block"),
        (Said(drops=("tradeoff=pruning",)), "block"),
        (Said(sets=("priors.cell_sd.sigma=0.35",)), "reweight"),
        (Said(drops=("source=tan2025",)), "reweight"),
        (Said(("heavy-noise",)), "refit"),  # no stored draw is where this prior alone allows it
        (Said(sets=("points.reading_error_scale=2",)), "refit"),
        (Said(sets=("model.drift=false",)), "rebuild"),
        (Said(forms=("earlier",)), "rebuild"),
        (Said(sets=("WE25=3e4", "gpt_level_mean=1.5,2,2.5")), "block"),
    ],
    ids=str,
)
def test_the_cheapest_gear_is_found(prior_run, said, gear):
    fitted = changes.Fitted.of_run(prior_run)
    assert changes.changes(fitted, scenario_of(said, prior_run)).gear == gear


def test_a_part_of_a_series_or_its_first_axis_cannot_be_weighed_out(prior_run):
    points = prior_run.points
    every = np.ones(points.sizes["obs"], dtype=bool)
    one = points["series_index"].values == 0
    assert changes.whole(points, every & ~one)
    part = every.copy()
    part[0] = False
    assert not changes.whole(points, part)
    twin = points["twin_index"].values.copy()
    twin[1] = 0  # the second series is the first on another axis
    assert not changes.whole(points.assign(twin_index=("series", twin)), every & ~one)


def test_a_form_of_the_run_answers_alone(put, prior_run):
    found = put(Said(forms=("saturating",)))
    assert found.gear == "propagate"
    assert found.draws["form"].values.tolist() == ["saturating"]
    own = complete(prior_run.group(netcdf.HEADLINE)).sel(form=["saturating"])
    assert np.array_equal(found.draws["exchange_rate"], own["exchange_rate"])


def test_poor_weights_are_fitted_anew(put, no_fit):
    found = put(Said(drops=("source=tan2025",)), "exchange_rate")
    assert (found.gear, no_fit[0][:2]) == ("refit", (gears.AD_HOC, "refit"))
    assert no_fit[0][2].points.exclude == {"source": ["tan2025"]}
    assert found.fell_short
    assert found.effective < 400


def test_what_does_not_depend_on_curves_is_not_fitted(put, no_fit):
    found = put(Said(drops=("source=tan2025",)), "gpt_level_ooms")
    assert (found.gear, no_fit) == ("none", [])
    assert found.notes == ("what is asked does not depend on without source tan2025",)
    both = put(Said(sets=("WE25=3e4", "model.drift=false")), "world_electricity")
    assert (both.gear, no_fit) == ("propagate", [])


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        (Said(sets=("inference_per_training=1",)), "exchange_rate"),
        (Said(sets=("baseline.grok-4.rl_share=1",)), "rl_jump_ooms"),
        (Said(sets=("gpt_level_mean=1.5,2,2.5",)), "world_electricity"),
    ],
)
def test_a_change_that_nothing_asked_depends_on_says_so(put, prior_run, said, quantity):
    found = put(said, quantity)
    assert found.gear == "none"
    assert found.notes[0].endswith("this is the base's answer")
    base = complete(prior_run.group(netcdf.HEADLINE))
    here, there = (
        registry.draws_of(quantity, Asked(draws, found.constants, Question()))
        for draws in (found.draws, base)
    )
    assert np.array_equal(here, there)


def test_a_gear_may_be_chosen_but_not_one_that_cannot(put, no_fit):
    assert put(Said(sets=("WE25=3e4",), gear="refit")).gear == "refit"
    forced = put(Said(drops=("source=s1",), gear="reweight"))
    assert forced.gear == "reweight"
    assert forced.effective < 300
    with pytest.raises(SpecError, match="--gear propagate: prior of cell_sd needs at least rew"):
        put(Said(sets=("priors.cell_sd.sigma=0.5",), gear="propagate"))
    with pytest.raises(SpecError, match="--gear fast: unknown"):
        put(Said(gear="fast"))


def test_an_edition_has_no_draws_to_weigh(prior_run, tmp_path, no_fit):
    run = type(prior_run)(prior_run.path, prior_run.info | {"edition": {"name": "2026-11"}})
    found = answering(Said(sets=("priors.cell_sd.sigma=0.31",)), run, tmp_path)
    assert found.gear == "refit"


def test_evidence_of_ones_own_cannot_be_fitted_from_here(prior_run, tmp_path):
    own = prior_run.info["evidence"] | {"1:mine/points.csv": "0"}
    run = type(prior_run)(prior_run.path, prior_run.info | {"evidence": own})
    with pytest.raises(SpecError, match=r"evidence of your own \(1:mine\)"):
        answering(Said(sets=("model.drift=false",)), run, tmp_path)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(drops=("regime=rl",)), "no rl evidence is left"),
        (Said(onlys=("regime=rl",)), "no inference evidence is left"),
        (Said(drops=("source=tan2024",)), "'tan2024' matches nothing; did you mean 'tan2025'?"),
        (Said(drops=("tradeoff=*",)), "no trade-off is left"),
        (Said(sets=("sigma=0.3,0.2,0.1",)), "quantiles out of order"),
        (Said(sets=("cell_sd=0.1,0.11,0.9",)), "no half_normal has p05 = 0.1"),
        (Said(("jonse",)), "no scenario 'jonse'"),
    ],
    ids=str,
)
def test_what_cannot_be_changed_is_one_line(put, said, told):
    with pytest.raises(SpecError, match=".*") as error:
        put(said)
    assert [told in line for line in error.value.lines] == [True]


def test_scenarios_combine(prior_run):
    said = Said(("open-rl", "no-drift"), drops=("source=tan2025",))
    found = scenario_of(said, prior_run)
    assert found.model.drift is False
    assert found.points.exclude["source"][-1] == "tan2025"
    assert len(found.points.exclude["source"]) > 1
    with pytest.raises(SpecError, match=r"points\.include\.source: chosen twice"):
        scenario_of(Said(("shifts-only",), onlys=("source=s1",)), prior_run)


def test_a_file_of_ones_own(tmp_path, prior_run):
    path = tmp_path / "mine.toml"
    path.write_text(
        'version = 1\n[scenario.cheap]\nextends = "no-drift"\nreason = "mine"\n'
        "constants.WE25 = { low = 3e4, central = 3e4, high = 3e4 }\n"
    )
    found = scenario_of(Said((str(path),)), prior_run)
    assert (found.model.drift, found.constants["WE25"].central) == (False, 3e4)
    path.write_text(path.read_text() + '[scenario.other]\nreason = "x"\n')
    with pytest.raises(SpecError, match=r"mine\.toml: 2 scenarios; expected one, or its name: "):
        of_file(str(path))
    assert of_file(f"{path}:other").reason == "x"
    with pytest.raises(SpecError, match="did you mean 'other'"):
        of_file(f"{path}:othr")
    path.write_text('version = 1\n[scenario.a]\nextends = "a"\nreason = "x"\n')
    with pytest.raises(SpecError, match="goes round in a circle"):
        of_file(str(path))


def test_arguments_of_a_scenario_are_the_question_s(prior_run, tmp_path):
    spec = json.loads(json.dumps(prior_run.info["spec"])) | {"question": {"reading": "whole"}}
    run = type(prior_run)(prior_run.path, prior_run.info | {"spec": spec})
    assert answering(Said(), run, tmp_path).question == {"reading": "whole"}
