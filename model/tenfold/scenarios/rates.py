"""Exchange rates of other scenarios beside a run's, and whether kinds of evidence agree on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers import headline
from tenfold.files import SpecError
from tenfold.runs import stale, store
from tenfold.runs.store import Run
from tenfold.scenarios import table


def others(base: Run) -> list[dict[str, Any]]:
    """Exchange rate under every other scenario that is known in the folder of a run.

    From the newest stored run, marked where it is stale; else from the rows of `tenfold scenarios`
    that are current, where the scenario changes more than constants. All forms are mixed.
    """
    rows: list[dict[str, Any]] = []
    for run in _runs(base):
        about = {"scenario": run.info["scenario"], "status": run.info["status"], "scale": "linear"}
        about["reason"] = run.info["spec"]["reason"]
        rate = _summary(*_rate(headline.of_run(run)))
        rows.append(_marked(about, not stale.outdated(run)) | rate)
    known = {base.info["scenario"], *(row["scenario"] for row in rows)}
    for name, kept in table.current(base, base.path.parent).items():
        if name not in known and kept["gear"] != "propagate":
            about = {"scenario": name, "status": kept["status"], "scale": "linear"}
            about["reason"] = f"{kept['reason']} ({kept['gear']})"
            rows.append(about | kept["quantities"]["exchange_rate"])
    return rows


def conflict(base: Run) -> dict[str, Any] | None:
    """Whether curves alone and generation shifts alone agree on the exchange rate.

    As `agreement`; None unless the scenarios `slopes-only` and `shifts-only` are stored beside the
    run.
    """
    runs = {run.info["scenario"]: run for run in _runs(base)}
    if not {"slopes-only", "shifts-only"} <= set(runs):
        return None
    return agreement(*(headline.of_run(runs[name]) for name in ("slopes-only", "shifts-only")))


def agreement(of_slopes: xr.Dataset, of_shifts: xr.Dataset) -> dict[str, Any]:
    """Two independent sets of headline draws on the exchange rate.

    Returns:
        `slopes`, `shifts`: summaries; `probability`: that the first rate is the larger, and `mcse`.
    """
    (slopes, w), (shifts, v) = (_rate(draws) for draws in (of_slopes, of_shifts))
    p, first = mixture.probability(_below(slopes, shifts, v), w)
    _, second = mixture.probability(_below(shifts, slopes, w), v)
    return {
        "slopes": _summary(slopes, w) | {"scale": "linear"},
        "shifts": _summary(shifts, v) | {"scale": "linear"},
        "probability": p,
        "mcse": float(np.hypot(first, second)),
    }


def _runs(base: Run) -> list[Run]:
    """The newest run of every other scenario, in the folder of a run."""
    folder, found = base.path.parent, []
    for pointer in sorted(folder.glob("LATEST-*")):
        name = pointer.name.removeprefix("LATEST-")
        if name != base.info["scenario"]:
            try:
                found.append(store.latest(folder, name))
            except SpecError:
                continue  # An unfinished or deleted run of another scenario is none of ours.
    return found


def _rate(draws: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Draws of the exchange rate, and the weights of forms."""
    return draws["exchange_rate"], draws["weight"]


def _summary(rate: xr.DataArray, weight: xr.DataArray) -> dict[str, Any]:
    return mixture.summarise(rate, weight, "OOM/OOM")


def _marked(about: dict[str, Any], current: bool) -> dict[str, Any]:
    """A row that says so where evidence, priors, scenario or code changed since its fit."""
    if current:
        return about
    reason = f"Stale: fitted before its inputs or code changed. {about['reason']}"
    return about | {"scenario": f"{about['scenario']} (stale)", "reason": reason}


def _below(values: xr.DataArray, other: xr.DataArray, weight: xr.DataArray) -> xr.DataArray:
    """P(a draw of `other` <= value) at every draw of `values`."""
    drawn = mixture.sample({"other": other}, weight, 8000, 0)["other"]
    share = np.searchsorted(np.sort(drawn), values.values) / drawn.size
    return values.copy(data=share)
