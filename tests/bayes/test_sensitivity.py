"""Scenarios fitted side by side: what is kept, what is fitted again, what is told."""

from __future__ import annotations

import json

import pytest

from tenfold.posterior.scenario import load_scenario
from tenfold.scenarios import sensitivity


@pytest.fixture
def told():
    return []


def test_a_scenario_is_fitted_once(tmp_path, told):
    first = sensitivity.fit_scenarios(("o1-chart",), tmp_path, told.append)
    row = first["scenarios"]["o1-chart"]["forms"]["logistic"]
    # the chart at face value: 0.49 RL slope over inference slope, so about 2
    assert row["status"] != "FAIL"
    assert 1.5 < row["exchange_rate"]["p50"] < 3
    again = sensitivity.fit_scenarios(("o1-chart",), tmp_path, told.append)
    assert again == first == json.loads((tmp_path / sensitivity.FILE).read_text())
    # between them, one more line where the gates wanted more draws
    assert told[0] == "o1-chart: fitting (1 of 1)"
    assert told[-1] == "o1-chart: kept (1 of 1)"
    assert sum("fitting" in line for line in told) == 1
    entry = first["scenarios"]["o1-chart"]
    assert sensitivity.current("o1-chart", entry)
    assert not sensitivity.current("slopes-only", entry)
    assert not sensitivity.current("gone", entry)


def test_a_failed_gate_asks_for_more_draws(tmp_path, told, monkeypatch):
    few = load_scenario("o1-chart")
    few = few.model_copy(update={"settings": few.settings.model_copy(update={"draws": 20})})
    monkeypatch.setattr(sensitivity, "load_scenario", lambda name: few)
    monkeypatch.setattr(sensitivity, "MORE_DRAWS", 30)
    for _ in range(2):
        found = sensitivity.fit_scenarios(("o1-chart",), tmp_path, told.append)
        assert found["scenarios"]["o1-chart"]["forms"]["logistic"]["status"] == "FAIL"
    assert told.count("o1-chart: fitting (1 of 1)") == 2
    assert told.count("o1-chart, logistic: a gate failed, so once more with 30 draws") == 2
