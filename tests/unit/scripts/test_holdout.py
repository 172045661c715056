"""Folds of whole groups of series, and means that take series as independent."""

from pathlib import Path

import numpy as np
import pytest

from tenfold.evidence import dataset
from tenfold.fit import diagnose

ROOT = Path(__file__).parents[3]
if not (ROOT / "scripts" / "holdout.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)


@pytest.fixture(scope="module")
def holdout():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import holdout
    return holdout


@pytest.fixture(scope="module")
def shipped():
    return dataset.usable(dataset.load())


@pytest.mark.parametrize("design", ["new-model", "new-benchmark"])
def test_folds_never_split_a_group_and_hold_both_regimes(holdout, shipped, design):
    fold, label = holdout.folds(shipped, design, 5), holdout.groups(shipped, design)
    regime = shipped["series_regime"].values
    for name in np.unique(regime):
        for group in np.unique(label[regime == name]):
            assert np.unique(fold[(regime == name) & (label == group)]).size == 1
        assert set(fold[regime == name]) == set(range(5))


def test_the_refit_does_not_hold_what_it_predicts(holdout, shipped):
    held = shipped["series"].values[holdout.folds(shipped, "new-benchmark", 5) == 0].tolist()
    plan = holdout.without(held)
    assert not set(plan.points["series"].values) & set(held)
    inference = shipped["series_regime"].values == "inference"
    gone = shipped["series_benchmark"].values[np.isin(shipped["series"].values, held) & inference]
    still = plan.points["series_regime"].values == "inference"
    assert not set(gone) & set(plan.points["series_benchmark"].values[still])


def test_error_of_a_mean_counts_series_not_points():
    rng = np.random.default_rng(1)
    series = np.repeat(np.arange(400), 10)
    values = np.repeat(rng.normal(2, 1, 400), 10)  # the points of a series say all the same
    mean, error = diagnose.mean_over_points(values, series)
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(1 / np.sqrt(400), rel=0.15)
    assert np.isnan(diagnose.mean_over_points(values[:10], series[:10])[1])


def test_page_and_summaries_come_from_the_committed_scores(holdout):
    import json

    folder = ROOT / "reports" / "holdout"
    rows = holdout.stored_tables.read(folder / "scores.csv.xz")
    results = holdout.stored_tables.few(holdout.summaries(rows))
    stored = json.loads((folder / "results.json").read_text())
    assert results.keys() == stored.keys()
    for design, item in results["designs"].items():
        for count, parts in item.items():
            for regime, group in parts.items():
                told = stored["designs"][design][count][regime]["pooled"]
                assert group["pooled"]["crps"] == told["crps"]
    assert holdout.holdout_page.page(stored) == (folder / "README.md").read_text()
