"""Fitting a scenario: what is refused before anything is sampled."""

import pytest

from tenfold.files import SpecError
from tenfold.fit import stages
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import PointsChoice, Scenario
from tenfold.runs import build


def test_forms_that_cannot_be_weighed_are_refused_before_sampling(tmp_path):
    short = PointsChoice(include={"source": ["o3_launch", "arc_agi_o3_preview"]})
    plan = prepare("short", Scenario(reason="two points a series", points=short))
    said = []
    with (
        pytest.raises(SpecError, match=r"scenario\.short: no series has three distinct compute"),
        build.building(plan, tmp_path) as new,
    ):
        stages._fit(plan, new, said.append)
    assert said == []
    assert not list(tmp_path.iterdir())
