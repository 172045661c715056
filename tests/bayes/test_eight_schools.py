"""A posterior that others have published: eight schools, non-centred, through sampler and gates.

Data and model are those of Rubin (1981) as posteriordb states them (mu ~ N(0, 5), tau ~ half-
Cauchy(5)). The means are posteriordb's, from 10,000 reference draws:
https://github.com/stan-dev/posteriordb/blob/master/posterior_database/reference_posteriors/summary_statistics/mean_value/mean_value/eight_schools-eight_schools_noncentered.json
(Magnusson et al. 2025, posteriordb: Testing, Benchmarking and Developing Bayesian Inference
Algorithms, AISTATS).
"""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest

from tenfold.fit import checks

EFFECT = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0]
STANDARD_ERROR = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]
MEAN = {
    "theta": [6.15050, 4.93958, 3.90591, 4.79602, 3.61444, 4.05115, 6.31717, 4.88400],
    "mu": 4.41052,
    "tau": 3.60206,
}
MCSE = {
    "theta": [0.05574, 0.04623, 0.05423, 0.04749, 0.04615, 0.04852, 0.04988, 0.05425],
    "mu": 0.03304,
    "tau": 0.03186,
}


@pytest.fixture(scope="module")
def tree():
    import nutpie
    import pymc as pm

    with pm.Model(coords={"school": range(8)}) as model:
        mu = pm.Normal("mu", 0, 5)
        tau = pm.HalfCauchy("tau", 5)
        z = pm.Normal("z", dims="school")
        theta = pm.Deterministic("theta", mu + tau * z, dims="school")
        pm.Normal("effect", theta, STANDARD_ERROR, observed=EFFECT)
    return nutpie.sample(
        nutpie.compile_pymc_model(model),
        draws=2500, tune=1000, chains=4, cores=2, seed=1981, target_accept=0.95,
        progress_bar=False,
    )  # fmt: skip


def test_means_agree_with_the_reference(tree):
    found = tree["posterior"].to_dataset()[list(MEAN)]
    error = az.mcse(found)
    for name, wanted in MEAN.items():
        mean = found[name].mean(("chain", "draw")).values
        both = np.hypot(np.asarray(error[name]), MCSE[name])
        assert np.all(np.abs(mean - wanted) < 3 * both), name


def test_the_gates_pass(tree):
    gates = {gate.name: gate for gate in checks.convergence(tree)}
    for name in ("R-hat", "ESS bulk", "ESS tail", "E-BFMI"):
        assert gates[name].status == "PASS", gates[name]
    assert gates["divergences"].status in ("PASS", "REVIEW")


def test_the_gates_see_a_chain_that_went_elsewhere(tree):
    broken = tree.copy(deep=True)
    broken["posterior"]["tau"][0] += 5
    gates = {gate.name: gate for gate in checks.convergence(broken)}
    assert gates["R-hat"].status == "FAIL"
    assert "tau" in gates["R-hat"].detail
