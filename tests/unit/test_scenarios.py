"""Fitting a scenario: what is refused before anything is sampled."""

import pytest

from tenfold import fit, scenarios
from tenfold.spec import PointsChoice, Scenario, SpecError


def test_forms_that_cannot_be_weighed_are_refused_before_sampling(tmp_path):
    short = PointsChoice(include={"source": ["o3_launch", "arc_agi_o3_preview"]})
    plan = fit.prepare("short", Scenario(reason="two points a series", points=short))
    said = []
    with pytest.raises(SpecError, match=r"scenario\.short: no series has three distinct compute"):
        scenarios._fit(plan, tmp_path / "run", said.append, False)
    assert said == []
    assert not (tmp_path / "run").exists()
