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
from tenfold.posterior import forward, simulate
from tenfold.posterior.priors import Priors
from tenfold.posterior.scenario import ModelChoice
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
    """R-hat, bulk and tail ESS of every parameter, divergences and E-BFMI of one posterior.

    Args:
        tree: DataTree with groups `posterior` and `sample_stats`, dims `chain`, `draw`.
        label: put in front of each gate's name, e.g. the curve form.

    Returns:
        One gate per check; a single FAIL where a group or its draws are missing.
    """
    from arviz_stats.sampling_diagnostics import bfmi, ess, rhat

    prefix = f"{label}: " if label else ""
    broken = _missing(tree, prefix)
    if broken:
        return [broken]
    varying = _sampled(tree)
    gates = [
        _extreme(prefix + "R-hat", rhat(varying), "max", R_HAT),
        _extreme(prefix + "ESS bulk", ess(varying, method="bulk"), "min", ESS),
        _extreme(prefix + "ESS tail", ess(varying, method="tail"), "min", ESS),
    ]
    stats = tree["sample_stats"].to_dataset()
    diverging = stats["diverging"].values
    share, count = float(diverging.mean()), int(diverging.sum())
    status: Status = "PASS" if count == 0 else ("REVIEW" if share <= DIVERGENT_SHARE else "FAIL")
    detail = f"{count} of {diverging.size} draws"
    gates.append(Gate(prefix + "divergences", status, share, 0.0, detail))
    least = float(np.min(bfmi(tree)["energy"].values)) if "energy" in stats else math.nan
    gates.append(_gate(prefix + "E-BFMI", least, E_BFMI, least >= E_BFMI, "smallest over chains"))
    return gates


def _missing(tree: Any, prefix: str) -> Gate | None:
    """A FAIL where there is nothing to judge, else None."""
    for group, needed in (("posterior", None), ("sample_stats", "diverging")):
        dataset = tree[group].to_dataset() if group in getattr(tree, "children", {}) else None
        if dataset is None or (needed and needed not in dataset):
            return Gate(f"{prefix}{group}", "FAIL", math.nan, 1.0, f"group {group} is missing")
        if not all(dataset.sizes.get(dim, 0) for dim in ("chain", "draw")):
            return Gate(f"{prefix}{group}", "FAIL", 0.0, 1.0, f"group {group} has no draws")
    if not _sampled(tree).data_vars:
        return Gate(f"{prefix}posterior", "FAIL", math.nan, 1.0, "no parameter varies")
    return None


COPIES = {
    "slope": "log_slope", "ceiling": "ceiling_logit", "series_ceiling": "ceiling_logit",
    "thinking_rest": "thinking_rest_z", "early": "early_z", "family_effect": "family_z",
}  # fmt: skip
"""Functions of another parameter, monotone or nearly so, whose diagnostics are not repeated."""


def _sampled(tree: Any) -> xr.Dataset:
    """The parameters to judge: all that vary, but for copies."""
    posterior = tree["posterior"].to_dataset()
    names = [name for name in posterior if posterior[name].dtype.kind == "f"]
    names = [name for name in names if COPIES.get(str(name)) not in posterior]
    return posterior[[name for name in names if _varies(posterior[name])]]


def _varies(values: xr.DataArray) -> bool:
    """A constant (the ceiling 1 of a form without ceilings) has no R-hat; NaN counts as varying."""
    flat = values.values.reshape(-1)
    return not bool(np.all(flat == flat[0])) if flat.size else False


def _extreme(name: str, dataset: Any, which: Literal["max", "min"], threshold: float) -> Gate:
    """The worst value over every element of every parameter, and where it is."""
    found, where = math.nan, ""
    for variable, values in dataset.data_vars.items():
        array = np.asarray(values.values, dtype=float)
        constant = np.isnan(array) & (variable in ("ceiling", "cell_effect"))
        array = array[~constant]
        if not array.size:
            continue
        if np.isnan(array).any():
            return Gate(name, "FAIL", math.nan, threshold, f"{variable} is NaN")
        extreme = float(array.max() if which == "max" else array.min())
        if math.isnan(found) or (extreme > found if which == "max" else extreme < found):
            found, where = extreme, str(variable)
    ok = found <= threshold if which == "max" else found >= threshold
    return _gate(name, found, threshold, ok, f"worst: {where}")


def evidence(points: xr.Dataset) -> list[Gate]:
    """Every series has a source. Hashes were held against the files when the points were read."""
    import json

    sources = json.loads(points.attrs.get("sources", "{}"))
    orphans = [name for name in np.unique(points["series_source"].values) if name not in sources]
    detail = f"without a source: {', '.join(orphans)}" if orphans else "every series has a source"
    return [_gate("sources", float(len(orphans)), 0.0, not orphans, detail)]


def prior_predictive(
    points: xr.Dataset, priors: Priors, form: Form, choice: ModelChoice, seed: int, draws: int = 400
) -> tuple[list[Gate], xr.Dataset]:
    """Scores from the prior alone: they must cover the charts and not pile up at 0 or 1.

    Returns:
        Gates, and the draws (`expected_score`, `score`, dims `draw`, `obs`) for plots.
    """
    rng = np.random.default_rng([seed, 1])
    parameters = simulate.prior(points, priors, form, choice, draws, rng)
    curve = forward.expected(parameters, points, form)
    found = curve[["expected_score"]].copy()
    found["score"] = forward.scores(parameters, points, form, rng)
    expected = curve["expected_score"]
    low, high = expected.quantile([0.05, 0.95], "draw").values
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
    ], found  # fmt: skip


def leave_one_out(loo: Mapping[str, Any], form: str) -> Gate:
    """Pareto k of PSIS-LOO; many large ones mean its figures are optimistic."""
    share = loo["pareto_k_above_0.7"] / loo["points"]
    detail = f"{loo['pareto_k_above_0.7']} of {loo['points']} points above 0.7"
    return _gate(
        f"{form}: Pareto k", share, PARETO_K_SHARE, share <= PARETO_K_SHARE, detail, "REVIEW"
    )


def refit(tree: Any, label: str) -> Gate:
    """One gate for a refit whose draws only feed a comparison: R-hat up to 1.05 is enough there."""
    from arviz_stats.sampling_diagnostics import rhat

    broken = _missing(tree, f"{label}: ")
    if broken:
        return broken
    found = _extreme(label, rhat(_sampled(tree)), "max", 1.05)
    ok = found.value <= 1.05
    return _gate(label, found.value, 1.05, ok, found.detail, "REVIEW")


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
    """Top-level parameters whose prior and data pull apart (power scaling)."""
    flagged = [name for name, row in found.items() if row["diagnosis"] == "prior-data conflict"]
    detail = f"of {len(found)}: {', '.join(flagged) or 'none'}"
    return _gate(f"{form}: prior-data conflict", len(flagged), 0, not flagged, detail, "REVIEW")
