"""Exchange rates of other scenarios, and of curves against shifts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tenfold.posterior.scenario import load_scenarios
from tenfold.runs import store
from tenfold.scenarios import rates, table


def test_scenarios_that_take_no_fit_are_told_beside_the_run(prior_run, tmp_path):
    run = store.load(Path(shutil.copytree(prior_run.path, tmp_path / prior_run.path.name)))
    assert rates.others(run) == []
    names = ("essay", "essay-numbers", "no-drift")
    assert set(names) <= set(load_scenarios())
    rows = table.rows(run, tmp_path, names)
    found = {row["scenario"]: row for row in rates.others(run)}
    expected = {n for n in names if rows[n]["quantities"] and rows[n]["gear"] != "propagate"}
    assert set(found) == expected
    for name in expected:
        assert found[name]["p50"] == rows[name]["quantities"]["exchange_rate"]["p50"]
    kept = json.loads((tmp_path / table.FILE).read_text())
    for row in kept["scenarios"].values():
        row["key"] = "0" * 16
    (tmp_path / table.FILE).write_text(json.dumps(kept))
    assert rates.others(run) == []


def test_curves_and_shifts_that_say_the_same_agree(headline_draws):
    found = rates.agreement(headline_draws, headline_draws)
    assert found["probability"] == pytest.approx(0.5, abs=3 * found["mcse"])
    assert found["slopes"] == found["shifts"]


def test_curves_against_shifts_for_independent_draws():
    rng = np.random.default_rng(0)

    def drawn(mean):
        values = np.exp(mean + rng.standard_normal((1, 4, 500)))
        rate = xr.DataArray(values, dims=("form", "chain", "draw"), coords={"form": ["logistic"]})
        return xr.Dataset({"exchange_rate": rate, "weight": ("form", [1.0])})

    above, below = drawn(1.0), drawn(0.0)
    found, mirrored = rates.agreement(above, below), rates.agreement(below, above)
    assert found["probability"] == pytest.approx(0.760, abs=0.02)  # Phi(1 / sqrt 2)
    assert found["probability"] + mirrored["probability"] == pytest.approx(1, abs=1e-3)
    assert found["slopes"] == mirrored["shifts"]
