"""The equations of answers as model/README.md prints them, from the raw draws of a stored run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenfold.answers.constants import load_constants
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.answers.registry import draws_of
from tenfold.runs import netcdf

README = Path(__file__).parents[2] / "model" / "README.md"
if not README.exists():
    pytest.skip("an installed wheel carries no documentation", allow_module_level=True)

PRINTED = (
    "exchange_rate = exp(log_slope_mean[inference] + F[inference] - log_slope_mean[rl] - F[rl])",
    "rl_jump_ooms = gpt_level_ooms inference_per_training exchange_rate",
    "training_multiplier = (1 + rl_share 10^rl_jump_ooms) / (1 + rl_share)",
    "1 / (1 + exp(-eta))",
    "1 - exp(-eta / 2) / 2",
)
"""What is computed here a second time."""
STEP = 1e-4


def test_what_is_computed_here_is_what_is_printed():
    text = README.read_text(encoding="utf-8")
    assert [line for line in PRINTED if line not in text] == []


def way(eta: np.ndarray, form: str) -> np.ndarray:
    eta = np.clip(eta, -150, 150)
    return 1 - np.exp(-eta / 2) / 2 if form == "power" else 1 / (1 + np.exp(-eta))


def local(drawn, points, form: str, s: int) -> np.ndarray:
    """log of the local slope of a series over its slope, halfway along its compute."""
    x = points["log10_compute"].values[points["series_index"].values == s]
    x = (x.min() + x.max()) / 2 - float(points["reference"][s])
    floor = float(points["floor"][int(points["benchmark_index"][s])])
    slope, intercept, top = (
        drawn[name].isel(series=s).values for name in ("slope", "intercept", "series_ceiling")
    )

    def share(at: float) -> np.ndarray:
        return (top - floor) / (1 - floor) * way(intercept + slope * at, form)

    there = np.clip(share(x), 0.005, 0.995)
    steep = (share(x + STEP / slope) - share(x - STEP / slope)) / (2 * STEP / slope)
    return np.log(np.maximum(steep / (there * (1 - there)) / slope, 1e-3))


def typical(drawn, points, form: str, regime: str) -> np.ndarray:
    """F of a regime: the mean over publications of the mean over their series."""
    labels = points["series_publication"].values
    own = ~points["is_pair"].values & (points["twin_index"].values < 0)
    own &= points["series_regime"].values == regime
    each = [
        np.mean([local(drawn, points, form, s) for s in np.flatnonzero(own & (labels == name))], 0)
        for name in np.unique(labels[own])
    ]
    return np.mean(each, axis=0)


def test_answers_are_the_printed_equations(prior_run):
    draws = complete(prior_run.group(netcdf.HEADLINE))
    for form in prior_run.forms:
        drawn = prior_run.tree(form)["posterior"].to_dataset()
        mean, points = drawn["log_slope_mean"], prior_run.points
        inference, rl = (
            mean.sel(regime=regime).values + typical(drawn, points, form, regime)
            for regime in ("inference", "rl")
        )
        found = draws["exchange_rate"].sel(form=form).values
        np.testing.assert_allclose(found, np.exp(inference - rl), rtol=2e-4)
    asked = Asked(draws, load_constants(), Question())
    wanted = draws["gpt_level_ooms"] * draws["inference_per_training"] * draws["exchange_rate"]
    jump = draws_of("rl_jump_ooms", asked)
    np.testing.assert_allclose(jump, wanted.transpose(*jump.dims), rtol=1e-6)
    share = 10 ** draws_of("rl_share", asked.put(Question(split="flop")))
    found = draws_of("training_multiplier", asked.put(Question(split="flop")))
    multiplier = np.log10((1 + share * 10.0 ** np.minimum(jump, 250)) / (1 + share))
    np.testing.assert_allclose(
        np.minimum(found, 240), np.minimum(multiplier.transpose(*found.dims), 240), rtol=1e-6
    )
