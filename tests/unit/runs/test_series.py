"""Series' own parameters, stored once for all forms."""

from __future__ import annotations

import numpy as np

from tenfold.fit import stages
from tenfold.runs import series
from tenfold.runs.store import posterior_file


def test_each_curve_is_that_of_its_posterior(prior_run):
    found = prior_run.group(series.FILE)
    for form in prior_run.forms:
        posterior = prior_run.group(posterior_file(form), "posterior")
        for name in series.LABELS:
            stored = found[name].sel(form=form).transpose("chain", "draw", "series")
            assert np.array_equal(stored, posterior[name].astype("float32"))


def test_pairs_have_no_curve(prior_run):
    posteriors = {
        form: prior_run.group(posterior_file(form), "posterior") for form in prior_run.forms
    }
    points = prior_run.points.copy(deep=True)
    points["is_pair"][2] = True
    found = series.curves(posteriors, points)
    assert found.equals(prior_run.group(series.FILE).drop_isel(series=2))


def test_they_are_made_of_the_posteriors_again(prior_run):
    assert stages.curves_of(prior_run).equals(prior_run.group(series.FILE))
