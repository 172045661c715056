"""Fitting a scenario: what is refused before anything is sampled."""

import pytest

from tenfold.files import SpecError
from tenfold.fit import draws
from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import PointsChoice, Scenario


def test_forms_that_cannot_be_weighed_are_refused_before_sampling():
    short = PointsChoice(include={"source": ["o3_launch", "arc_agi_o3_preview"]})
    plan = prepare("short", Scenario(reason="two points a series", points=short))
    with pytest.raises(SpecError, match=r"scenario\.short: no series has three distinct compute"):
        draws.jobs(plan)
