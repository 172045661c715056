"""What a change of the input must do to the output, whatever the input: properties, not values."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.answers.headline import complete
from tenfold.evidence import dataset
from tenfold.files import data_path
from tenfold.fit import compare
from tenfold.posterior import forward
from tenfold.runs import netcdf
from tenfold.runs.store import posterior_file

FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FORMS = ("logistic", "saturating")


def some(prior_run, form):
    """A few draws of a form's posterior, and the evidence."""
    posterior = prior_run.group(posterior_file(form), "posterior")
    return posterior.isel(draw=slice(0, 5)), prior_run.points


@pytest.mark.parametrize("form", FORMS)
@FEW
@given(shift=st.floats(-20, 20))
def test_the_zero_of_log_compute_does_not_matter(prior_run, form, shift):
    posterior, points = some(prior_run, form)
    moved = points.copy()
    moved["log10_compute"] = points["log10_compute"] + shift
    moved["reference"] = points["reference"] + shift
    before, after = (compare.series_log_density(posterior, p, form) for p in (points, moved))
    assert after.values == pytest.approx(before.values, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("form", FORMS)
@FEW
@given(factor=st.floats(1, 10))
def test_larger_errors_never_make_a_score_surer(prior_run, form, factor):
    posterior, points = some(prior_run, form)
    doubted = points.assign(score_se=points["score_se"] * factor)
    before, after = (forward.expected(posterior, p, form) for p in (points, doubted))
    assert (after["score_sd"] >= before["score_sd"] * (1 - 1e-12)).all()
    assert after["expected_score"].equals(before["expected_score"])


def test_regimes_swapped_invert_the_exchange_rate(prior_run):
    sample = prior_run.group(netcdf.HEADLINE)
    swapped = sample.assign_coords(regime=sample["regime"].values[::-1])
    swapped["steepness"] = -sample["steepness"]  # inference over RL
    before, after = complete(sample), complete(swapped)
    for name in ("exchange_rate", "exchange_rate_new_benchmark", "exchange_rate_benchmark"):
        assert after[name].values == pytest.approx(1 / before[name].values, rel=1e-5)


def written(folder: Path, factor: float, rng: random.Random) -> Path:
    """A shipped file under other names, computes times a factor, its rows shuffled."""
    with data_path("points", "o1_test.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row |= {"series": f"my {row['series']}", "compute_unit": "tokens"}
        row["compute"] = repr(float(row["compute"]) * factor)
    rng.shuffle(rows)
    folder.mkdir(exist_ok=True)
    with (folder / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    keys = ("title", "publisher", "figure", "terms")
    lines = [f'{key} = "x"' for key in keys] + ['url = "https://example.org"', 'date = "2026"']
    (folder / "sources.toml").write_text("[mine]\n" + "\n".join([*lines, 'method = "tabulated"']))
    return folder


@pytest.mark.filterwarnings("ignore::tenfold.evidence.dataset.PointsWarning")
@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(power=st.integers(-6, 6), rng=st.randoms(use_true_random=False))
def test_the_unit_of_compute_and_the_order_of_rows_do_not_matter(tmp_path, power, rng):
    def own(folder):
        points = dataset.load(extra=folder)
        labels = points["series"].values[points["series_index"].values]
        mine = np.char.startswith(labels.astype(str), "my ")
        reference = points["reference"].values[points["series_index"].values]
        x = (points["log10_compute"].values - reference)[mine]
        order = np.lexsort((x, labels[mine]))
        return x[order], points["score"].values[mine][order]

    first = own(written(tmp_path / "a", 1.0, random.Random(0)))
    second = own(written(tmp_path / "b", 10.0**power, rng))
    assert second[0] == pytest.approx(first[0], abs=1e-9)
    assert (second[1] == first[1]).all()
