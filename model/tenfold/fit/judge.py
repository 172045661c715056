"""Gates of a run from what is stored of it, so that it can be judged again without sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold.curves import Form
from tenfold.fit import checks, compare, diagnose, weights
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import Prior
from tenfold.runs import store
from tenfold.sampler import sample
from tenfold.spec import validate

FUTURE = "future.nc"
"""What the refits without the future say of it: a group per form."""

NEAR = 0.4
"""OOMs beyond what was seen, up to which the coverage of forecasts is a gate; farther ahead, where
few series go, it is reported."""

LOO_DRAWS = 500
"""Draws per chain that points are left out of: its cost grows with points times draws."""


@dataclass(frozen=True)
class Verdict:
    """Gates of one form, its PSIS-LOO, and its diagnostics (both JSON-ready)."""

    gates: list[checks.Gate]
    loo: dict[str, Any]
    diagnostics: dict[str, Any]


def judge(run: store.Run, ready: dict[Form, Verdict] | None = None) -> dict[str, Any]:
    """Everything in a run's record that its gates rest on.

    Args:
        ready: verdicts that are there already.

    Returns:
        `status`, `gates`, `loo`, `diagnostics`, `future_coverage` and `far_coverage` (of the
        mixture; beyond `NEAR`).

    Raises:
        SpecError: a damaged file.
    """
    verdicts = {form: (ready or {}).get(form) or form_of(run, form) for form in run.forms}
    gates, diagnostics = checks.evidence(run.points), {}
    for form in run.forms:
        gates += verdicts[form].gates
        diagnostics[form] = dict(verdicts[form].diagnostics)
    mixed = far = None
    if FUTURE in run.info["files"]:
        mixed, far = _future(run, gates, diagnostics)
    return {
        "status": checks.worst(gates),
        "gates": [gate.record() for gate in gates],
        "loo": {form: verdict.loo for form, verdict in verdicts.items()},
        "diagnostics": diagnostics,
        "future_coverage": mixed,
        "far_coverage": far,
    }


def form_of(run: store.Run, form: Form) -> Verdict:
    """Gates, PSIS-LOO and diagnostics of one form.

    Raises:
        SpecError: a damaged file.
    """
    points, seed, priors = run.points, run.info["seed"], _priors(run)
    tree = run.tree(form)
    posterior = tree["posterior"].to_dataset()
    gates = checks.converged(run.info["convergence"][form], form)
    gates += checks.prior_predictive(tree["prior_predictive"].to_dataset(), points, form)
    some = sample.thinned(tree, LOO_DRAWS)["posterior"].to_dataset()
    left_out = compare.leave_one_out(some, points, form)
    loo = compare.psis_loo(left_out)
    gates.append(checks.leave_one_out(loo, form))
    diagnostics = {
        "loo_coverage": diagnose.coverage(diagnose.loo_pit(left_out, some, points, form), points),
        "power_scaling": diagnose.power_scaling(posterior, priors, points, form),
        "serial_correlation": diagnose.serial_correlation(some, points, form, seed),
    }
    gates.append(checks.prior_conflict(diagnostics["power_scaling"], form))
    gates += checks.serial(diagnostics["serial_correlation"], form)
    return Verdict(gates, loo, diagnostics)


def _future(
    run: store.Run, gates: list[checks.Gate], diagnostics: dict[Form, dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Adds gates and coverage of the future, form by form; returns the mixture's, in all and far
    ahead."""
    points = run.points
    mixed, near = np.zeros(points.sizes["obs"]), np.zeros(points.sizes["obs"], dtype=bool)

    def judged(pit: np.ndarray, label: str) -> dict[str, Any]:
        found = diagnose.coverage(np.where(near, pit, np.nan), points)
        gates.extend(checks.calibration(found, f"{label}: 90% coverage of the future"))
        return diagnose.coverage(pit, points)

    for form in run.forms:
        told = run.group(FUTURE, form, ("log_density", "below"))
        pit = np.full(points.sizes["obs"], np.nan)
        pit[told["obs"].values] = told["below"].values
        held = np.isfinite(pit)
        near[held] = weights.ahead(points, held) <= NEAR
        mixed += run.info["weights"][form] * pit
        label = f"{form}: future left out"
        gates.append(checks.refit(run.info["refits"][form], label))
        diagnostics[form]["future_coverage"] = judged(pit, form)
    return judged(mixed, "mixture"), diagnose.coverage(np.where(near, np.nan, mixed), points)


def _priors(run: store.Run) -> Priors:
    return {name: validate(table, Prior, name) for name, table in run.info["priors"].items()}
