"""Uniformity of ranks: what scripts/calibration_report.py says of known samples."""

import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
N = 300
if not (ROOT / "scripts" / "calibration_report.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)


@pytest.fixture(scope="module")
def report():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import calibration_report
    return calibration_report


@pytest.fixture(scope="module")
def results(report):
    import calibration_results

    return calibration_results


@pytest.fixture(scope="module")
def uniform(results):
    return results.uniform_extremes(N, 4000)


def test_data_sets_that_cannot_be_scores_are_drawn_again(report, monkeypatch):
    design = report.calibration_design
    plan = design.prepare("calibration", design.Scenario(reason="t", settings=design.SETTINGS))

    def highest(farthest):
        monkeypatch.setitem(design.FARTHEST, "power", farthest)
        _, points = design.data_set(plan, "power", np.random.default_rng(1))
        return np.abs(points["score"].values - 0.5).max()

    assert highest(np.inf) > 20.5
    assert highest(20.0) <= 20.5


def test_uniform_ranks_pass_as_often_as_they_should(results, uniform):
    rng = np.random.default_rng(1)
    p = np.array(
        [results.uniformity(rng.integers(0, results.LEVELS, N), uniform)["p"] for _ in range(400)]
    )
    assert 0.025 < (p < 0.05).mean() < 0.08  # 4 standard errors are 0.044
    assert 0.4 < (p < 0.5).mean() < 0.6


@pytest.mark.parametrize(
    ("a", "b", "sign", "wide"),
    [(1.5, 1.0, 1, False), (1.0, 1.5, -1, False), (0.5, 0.5, 0, True), (2.5, 2.5, 0, False)],
    ids=["biased low", "biased high", "too narrow", "too wide"],
)
def test_skewed_ranks_fail_and_it_shows_how(results, uniform, a, b, sign, wide):
    share = np.random.default_rng(2).beta(a, b, N)
    found = results.uniformity((results.LEVELS * share).astype(int), uniform)
    assert found["p"] < 0.01
    if sign:
        assert np.sign(found["shift_z"]) == sign
        assert abs(found["shift_z"]) > 3
    else:
        assert (found["spread_ratio"] > 1) == wide
        assert (found["covered_90"] < 0.9 * N) == wide


def test_coverage_counts_central_ranks(results, uniform):
    found = results.uniformity(np.arange(N) % results.LEVELS, uniform)
    assert found["p"] > 0.99
    assert found["covered_90"] == 0.9 * N
    assert found["covered_50"] == 0.5 * N
    assert found["spread_ratio"] == 1.0


def test_bands_hold_the_whole_ecdf_95_percent_of_the_time(results, uniform):
    low, high = results.bands(N, uniform)
    rng = np.random.default_rng(3)
    ranks = rng.integers(0, results.LEVELS, (2000, N))
    ecdf = np.array([results.steps(row) for row in ranks]) / N
    inside = ((low <= ecdf) & (ecdf <= high)).all(axis=1).mean()
    assert 0.93 < inside < 0.98


def test_holm_by_hand(results):
    found = results.holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert found == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_a_partial_table_says_so(report, results, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "current_design", lambda: "abc")
    monkeypatch.setattr(report, "ecdf_figure", lambda *_: None)
    names = [*results.NOT_PARAMETERS, "sigma[rl]", "nu"]
    lines = [
        ["logistic 0", "abc", "", 3, 1000, 2, 20.5, "nu", 1.01, 2.0, 4, 19],
        ["logistic 1", "abc", report.calibrate.code(), 0, 1000, 1, 90.0, "nu", 1.00, 1.0, 0, 7],
    ]
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    report.stored_tables.write(tmp_path / "ranks-logistic.csv.xz", rows)
    report.main(["--folder", str(tmp_path)])
    found = json.loads((tmp_path / "results.json").read_text())["ranks"]["logistic"]
    assert (found["data_sets"], found["repeated_with_more_draws"]) == (2, 1)
    assert (found["below_least_ess"], found["divergences"], found["clean_fits"]) == (1, 3, 1)
    page = (tmp_path / "README.md").read_text()
    assert found["today"]["data_sets"] == 1
    assert "Rows fitted by the code as it is now: ranks-logistic 1 of 2." in page
    assert "The table is partial: 2 of 300 data sets" in page
    assert "Not run yet: recovery, ceiling" in page
    assert "other evidence or priors" not in page
