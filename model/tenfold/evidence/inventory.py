"""What a dataset of evidence holds, for people: series, counts, sources, and the way back to the
pixel. Everything is read off the dataset itself, so that a stored run can answer too."""

from __future__ import annotations

import difflib
import json
from typing import Any

import numpy as np
import xarray as xr

from tenfold.evidence.rows import OBS
from tenfold.files import SpecError


def unusable(points: xr.Dataset) -> dict[str, str]:
    """Series that carry no slope, with the reason: fewer than two distinct compute values, or
    every point flagged as an outlier."""
    reasons = {}
    for number, name in enumerate(points["series"].values):
        own = np.flatnonzero(points["series_index"].values == number)
        distinct = len(np.unique(points["log10_compute"].values[own]))
        if distinct < 2:
            reasons[str(name)] = f"{distinct} distinct compute value: no slope"
        elif points["outlier"].values[own].all():
            reasons[str(name)] = f"every point is flagged: {points['reason'].values[own[0]]}"
    return reasons


def table(points: xr.Dataset) -> list[dict[str, Any]]:
    """One row per series, by regime, benchmark and name; `left_out` says why one is not fitted."""
    reasons = unusable(points)
    rows = []
    for number, name in enumerate(points["series"].values):
        own = np.flatnonzero(points["series_index"].values == number)
        x, y = points["log10_compute"].values[own], points["score"].values[own]
        about = {
            key: str(points[f"series_{key}"].values[number])
            for key in ("regime", "benchmark", "family", "unit", "source")
        }
        rows.append(
            {"series": str(name)}
            | about
            | {
                "points": len(own),
                "non_thinking": int(points["non_thinking"].values[own].sum()),
                "outliers": int(points["outlier"].values[own].sum()),
                "compute": (float(10 ** x.min()), float(10 ** x.max())),
                "ooms": float(x.max() - x.min()),
                "score": (float(y.min()), float(y.max())),
                "left_out": reasons.get(str(name), ""),
            }
        )
    return sorted(rows, key=lambda row: (row["regime"] != "rl", row["benchmark"], row["series"]))


def counts(points: xr.Dataset) -> dict[str, Any]:
    """How much evidence there is, as plain numbers for JSON."""
    rows = table(points)

    def by(key: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            entry = found.setdefault(row[key], {"series": 0, "points": 0})
            entry["series"] += 1
            entry["points"] += row["points"]
        return dict(sorted(found.items()))

    fitted = [row for row in rows if not row["left_out"]]
    return {
        "points": sum(row["points"] for row in rows),
        "series": len(rows),
        "fitted": {"points": sum(row["points"] for row in fitted), "series": len(fitted)},
        "left_out": {row["series"]: row["left_out"] for row in rows if row["left_out"]},
        "outliers": sum(row["outliers"] for row in rows),
        "non_thinking": sum(row["non_thinking"] for row in rows),
        "regime": by("regime"),
        "benchmark": by("benchmark"),
        "family": by("family"),
        "unit": by("unit"),
        "source": by("source"),
        "shifts": points.sizes["shift"],
        "tradeoff": points.sizes["tradeoff"],
        "gpt_levels": points.sizes["gpt"],
    }


def sources(points: xr.Dataset) -> list[dict[str, Any]]:
    """The table of sources, each with its number of series and points."""
    number = counts(points)["source"]
    known = json.loads(points.attrs["sources"])
    none = {"series": 0, "points": 0}
    return [{"source": name} | number.get(name, none) | about for name, about in known.items()]


def chain(points: xr.Dataset, series: str) -> dict[str, Any]:
    """The way back from a series: its points, their source, figure, pixels and calibration.

    Raises:
        SpecError: no such series.
    """
    names = [str(name) for name in points["series"].values]
    if series not in names:
        near = [name for name in names if series.casefold() in name.casefold()][:3]
        near = near or difflib.get_close_matches(series, names, n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise SpecError(f"points: no series {series!r}{hint}")
    number = names.index(series)
    own = points.isel(obs=np.flatnonzero(points["series_index"].values == number))
    listed = []
    for i in range(own.sizes["obs"]):
        point = {name: own[name].values[i].item() for name in OBS if name != "source"}
        point["compute"] = 10 ** point["log10_compute"]
        listed.append({k: None if v != v else v for k, v in point.items()})
    about = {
        key: str(points[f"series_{key}"].values[number])
        for key in ("benchmark", "family", "regime", "unit", "source")
    }
    source = json.loads(points.attrs["sources"])[about["source"]]
    return {"series": series, **about, "source_table": source, "points": listed}
