"""Gates fail closed: what cannot be checked has not passed."""

import numpy as np
import pytest
import xarray as xr

from tenfold.fit import checks


def tree(**changes):
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((4, 500))
    groups = {
        "posterior": xr.Dataset({"slope": (("chain", "draw"), draws)}),
        "sample_stats": xr.Dataset(
            {
                "diverging": (("chain", "draw"), np.zeros((4, 500), dtype=bool)),
                "energy": (("chain", "draw"), rng.standard_normal((4, 500))),
            }
        ),
    }
    groups.update(changes)
    return xr.DataTree.from_dict({k: v for k, v in groups.items() if v is not None})


def status(gates, name):
    return next(gate for gate in gates if gate.name == name).status


def test_a_good_posterior_passes_every_gate():
    gates = checks.convergence(tree())
    assert {gate.status for gate in gates} == {"PASS"}
    assert {gate.name for gate in gates} >= {"R-hat", "ESS bulk", "ESS tail", "divergences"}
    assert checks.worst(gates) == "PASS"


def test_nan_fails():
    values = tree()["posterior"].to_dataset()["slope"].values.copy()
    values[0, 0] = np.nan
    gates = checks.convergence(tree(posterior=xr.Dataset({"slope": (("chain", "draw"), values)})))
    assert status(gates, "R-hat") == "FAIL"
    assert checks.worst(gates) == "FAIL"


@pytest.mark.parametrize("group", ["posterior", "sample_stats"])
def test_a_missing_group_fails(group):
    gates = checks.convergence(tree(**{group: None}))
    assert checks.worst(gates) == "FAIL"
    assert group in gates[0].name


def test_no_draws_fail():
    empty = xr.Dataset({"slope": (("chain", "draw"), np.zeros((4, 0)))}, {"draw": np.arange(0)})
    gates = checks.convergence(tree(posterior=empty))
    assert checks.worst(gates) == "FAIL"


def test_no_gates_fail():
    assert checks.worst([]) == "FAIL"


def test_chains_that_disagree_fail():
    values = tree()["posterior"].to_dataset()["slope"].values.copy()
    values[0] += 3
    gates = checks.convergence(tree(posterior=xr.Dataset({"slope": (("chain", "draw"), values)})))
    assert status(gates, "R-hat") == "FAIL"
    assert status(gates, "ESS bulk") == "FAIL"


@pytest.mark.parametrize(("count", "expected"), [(0, "PASS"), (2, "REVIEW"), (3, "FAIL")])
def test_divergences_are_reviewed_up_to_one_in_a_thousand(count, expected):
    stats = tree()["sample_stats"].to_dataset().copy(deep=True)
    stats["diverging"].values.reshape(-1)[:count] = True
    assert status(checks.convergence(tree(sample_stats=stats)), "divergences") == expected


def test_low_energy_information_fails():
    stats = tree()["sample_stats"].to_dataset()
    walk = np.cumsum(np.random.default_rng(2).standard_normal((4, 500)), axis=1)
    stats = stats.assign(energy=(("chain", "draw"), walk))
    assert status(checks.convergence(tree(sample_stats=stats)), "E-BFMI") == "FAIL"


def test_missing_energy_fails():
    stats = tree()["sample_stats"].to_dataset().drop_vars("energy")
    assert status(checks.convergence(tree(sample_stats=stats)), "E-BFMI") == "FAIL"


def test_records_are_json_ready():
    gate = checks.Gate("x", "FAIL", float("nan"), 1.0, "")
    assert gate.record()["value"] is None


def test_series_without_a_source_fail():
    points = xr.Dataset({"series_source": ("series", ["a", "b"])}, attrs={"sources": '{"a": {}}'})
    [gate] = checks.evidence(points)
    assert gate.status == "FAIL"
    assert "b" in gate.detail


def test_coverage_outside_the_band_asks_for_review():
    group = {"points": 10, "series": 4, "inside_50": 0.5, "inside_90": 0.7, "inside_90_se": 0.1}
    gates = checks.calibration({"overall": group, "regime": {}}, "future")
    assert [gate.status for gate in gates] == ["REVIEW"]
    none = dict.fromkeys(("inside_50", "inside_90", "inside_90_se")) | {"points": 0, "series": 0}
    assert checks.calibration({"overall": none, "regime": {}}, "x")[0].status == "FAIL"
