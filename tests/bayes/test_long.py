"""Minutes-long checks of the whole machinery: `pytest -m slow`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from arviz_stats.sampling_diagnostics import mcse

from tenfold.posterior.plan import prepare
from tenfold.posterior.scenario import load_scenario
from tenfold.sampler import sample

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "scripts" / "calibrate.py").exists():
    pytest.skip("an installed wheel carries no scripts", allow_module_level=True)

SIMULATIONS = 30
WATCHED = ("exchange_rate", "log_slope_mean[rl]", "series_sd", "sigma[inference]", "log_likelihood")


@pytest.mark.slow
def test_ranks_of_true_values_are_uniform():
    """A short simulation-based calibration; the long one is in reports/calibration."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import calibrate
        import calibration_results
    base = calibrate.design()
    rows = [calibrate.rank_row(base, "logistic", 10_000 + i) for i in range(SIMULATIONS)]
    uniform = calibration_results.uniform_extremes(SIMULATIONS, 4000)
    for name in WATCHED:
        ranks = np.array([row[name] for row in rows])
        found = calibration_results.uniformity(ranks, uniform)
        assert found["p"] > 0.001, name


@pytest.mark.slow
def test_a_new_fit_agrees_with_the_committed_report():
    """Another seed gives the exchange rate of reports/baseline within Monte Carlo error."""
    with (ROOT / "reports/baseline/data/exchange_rate.csv").open(newline="") as file:
        stored = {row["place"]: row for row in csv.DictReader(file)}
    scenario = load_scenario("baseline")
    plan = prepare("baseline", scenario)
    settings = plan.settings.model_copy(update={"seed": 7})
    compiled = sample.compile_plan(plan)
    for form in plan.choice.forms:
        draws = sample.sample(compiled, form, settings=settings)["posterior"][
            "exchange_rate"
        ].values
        for key, p in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
            error = float(mcse(draws, method="quantile", prob=p))
            # both fits have such an error
            assert float(stored[f"{form} alone"][key]) == pytest.approx(
                float(np.quantile(draws, p)), abs=5 * np.sqrt(2) * error
            )
