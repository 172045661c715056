"""Gates before and after fitting: PASS, REVIEW or FAIL, and they fail closed.

A value that is NaN, a group that is missing or a posterior without draws is FAIL: a check that
cannot be made has not been passed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from tenfold.curves import Form
from tenfold.fit.convergence import measured
from tenfold.runs import store
from tenfold.runs.store import Status

R_HAT, ESS, E_BFMI, DIVERGENT_SHARE = 1.01, 400.0, 0.3, 0.001
PARETO_K_SHARE = 0.10
"""Share of points with Pareto k above 0.7 from which leave-one-out figures need a look."""


@dataclass(frozen=True)
class Gate:
    """One check: what was found, what was asked for, and how it ended."""

    name: str
    status: Status
    value: float
    threshold: float
    detail: str

    def record(self) -> dict[str, Any]:
        """JSON-ready; a NaN value becomes null."""
        found = asdict(self)
        return found | {"value": None if math.isnan(self.value) else self.value}


def worst(gates: Iterable[Gate]) -> Status:
    """The status of all gates together; FAIL where there is none."""
    return store.worst(gate.status for gate in gates)


def _gate(
    name: str, value: float, threshold: float, ok: bool, detail: str, otherwise: Status = "FAIL"
) -> Gate:
    status: Status = "FAIL" if math.isnan(value) else ("PASS" if ok else otherwise)
    return Gate(name, status, float(value), threshold, detail)


def convergence(tree: Any, label: str = "") -> list[Gate]:
    """Gates of one posterior in memory: those of `converged`, from what is measured of it."""
    return converged(measured(tree), label)


def converged(found: Mapping[str, Any], label: str = "") -> list[Gate]:
    """R-hat, bulk and tail ESS of every parameter, divergences and E-BFMI of one posterior.

    Args:
        found: as `convergence.measured` has it.
        label: put in front of each gate's name, e.g. the curve form.

    Returns:
        One gate per check; a single FAIL where a group or its draws are missing.
    """
    prefix = f"{label}: " if label else ""
    if "missing" in found:
        return [_nothing(prefix, found)]
    gates = [
        _extreme(prefix + "R-hat", found["r_hat"], "max", R_HAT),
        _extreme(prefix + "ESS bulk", found["ess_bulk"], "min", ESS),
        _extreme(prefix + "ESS tail", found["ess_tail"], "min", ESS),
    ]
    count, draws = found["divergent"], found["draws"]
    share = count / draws
    status: Status = "PASS" if count == 0 else ("REVIEW" if share <= DIVERGENT_SHARE else "FAIL")
    gates.append(Gate(prefix + "divergences", status, share, 0.0, f"{count} of {draws} draws"))
    least = math.nan if found["e_bfmi"] is None else found["e_bfmi"]
    gates.append(_gate(prefix + "E-BFMI", least, E_BFMI, least >= E_BFMI, "smallest over chains"))
    return gates


def _nothing(prefix: str, found: Mapping[str, Any]) -> Gate:
    return Gate(f"{prefix}{found['missing']}", "FAIL", math.nan, 1.0, found["detail"])


def _extreme(
    name: str, table: Mapping[str, float | None], which: Literal["max", "min"], threshold: float
) -> Gate:
    """The worst value over every parameter, and where it is."""
    found, where = math.nan, ""
    for variable, value in table.items():
        if value is None:
            return Gate(name, "FAIL", math.nan, threshold, f"{variable} is NaN")
        if math.isnan(found) or (value > found if which == "max" else value < found):
            found, where = value, variable
    ok = found <= threshold if which == "max" else found >= threshold
    return _gate(name, found, threshold, ok, f"worst: {where}")


def evidence(points: xr.Dataset) -> list[Gate]:
    """Every series has a source. Hashes were held against the files when the points were read."""
    import json

    sources = json.loads(points.attrs.get("sources", "{}"))
    orphans = [name for name in np.unique(points["series_source"].values) if name not in sources]
    detail = f"without a source: {', '.join(orphans)}" if orphans else "every series has a source"
    return [_gate("sources", float(len(orphans)), 0.0, not orphans, detail)]


def prior_predictive(drawn: xr.Dataset, points: xr.Dataset, form: Form) -> list[Gate]:
    """Scores from the prior alone: they must cover the charts and not pile up at 0 or 1.

    Args:
        drawn: `expected_score`, dims `chain`, `draw`, `obs`, from the prior.
    """
    expected = drawn["expected_score"]
    low, high = expected.quantile([0.05, 0.95], ("chain", "draw")).values
    observed = points["score"].values
    covered = float(((observed >= low) & (observed <= high)).mean())
    edge = float(((expected < 0.02) | (expected > 0.98)).mean())
    return [
        _gate(
            f"{form}: prior covers scores", covered, 0.8, covered >= 0.8,
            "share of points inside the prior's 90% interval",
        ),
        _gate(
            f"{form}: prior piles up", edge, 0.5, edge <= 0.5,
            "share of prior expected scores below 0.02 or above 0.98", "REVIEW",
        ),
    ]  # fmt: skip


def leave_one_out(loo: Mapping[str, Any], form: str) -> Gate:
    """Pareto k of PSIS-LOO; many large ones mean its figures are optimistic."""
    share = loo["pareto_k_above_0.7"] / loo["points"]
    detail = f"{loo['pareto_k_above_0.7']} of {loo['points']} points above 0.7"
    return _gate(
        f"{form}: Pareto k", share, PARETO_K_SHARE, share <= PARETO_K_SHARE, detail, "REVIEW"
    )


def refit(found: Mapping[str, Any], label: str) -> Gate:
    """One gate for a refit whose draws only feed a comparison: R-hat up to 1.05 is enough there.

    Args:
        found: as `convergence.measured` has it; `r_hat` will do.
    """
    if "missing" in found:
        return _nothing(f"{label}: ", found)
    worst = _extreme(label, found["r_hat"], "max", 1.05)
    return _gate(label, worst.value, 1.05, worst.value <= 1.05, worst.detail, "REVIEW")


def calibration(found: Mapping[str, Any], label: str) -> list[Gate]:
    """Coverage of 90% predictive intervals, overall and per regime: 80% to 97% is fine."""
    groups = {"all": found["overall"], **found["regime"]}
    gates = []
    for name, group in groups.items():
        inside = math.nan if group["inside_90"] is None else group["inside_90"]
        error = group["inside_90_se"]
        detail = f"{group['points']} points of {group['series']} series; 0.80 to 0.97 is fine"
        detail += "" if error is None else f"; standard error {error:.2f}"
        fine = 0.80 <= inside <= 0.97
        gates.append(_gate(f"{label}, {name}", inside, 0.9, fine, detail, "REVIEW"))
    return gates


def serial(found: Mapping[str, Any], form: str) -> list[Gate]:
    """Residuals of neighbouring points that go together more than noise would have it."""
    return [
        _gate(
            f"{form}: neighbours err alike, {regime}", row["p"], 0.01, row["p"] >= 0.01,
            f"correlation {row['correlation']:.2f} in {row['series']} long series; value: "
            "predictive p", "REVIEW",
        )
        for regime, row in found.items()
    ]  # fmt: skip


def prior_conflict(found: Mapping[str, Any], form: str) -> Gate:
    """Top-level parameters whose posterior the data pull into the prior's tail."""
    flagged = [name for name, row in found.items() if row["diagnosis"] == "prior-data conflict"]
    detail = f"of {len(found)}: {', '.join(flagged) or 'none'}"
    return _gate(f"{form}: prior-data conflict", len(flagged), 0, not flagged, detail, "REVIEW")
