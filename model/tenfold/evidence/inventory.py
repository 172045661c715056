"""What a dataset of evidence holds, for people: series, counts, sources, and the way back to the
pixel. Everything is read off the dataset itself, so that a stored run can answer too."""

from __future__ import annotations

import difflib
import json
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import xarray as xr

from tenfold.evidence.columns import OBS
from tenfold.files import SpecError

ABOUT = ("regime", "benchmark", "family", "unit", "source", "publication", "axis_start")
"""What is told of a series in every listing."""


def unusable(points: xr.Dataset) -> dict[str, str]:
    """Series that are not fitted, with the reason: fewer than two distinct compute values, every
    point flagged as an outlier, or a reviewed overlap with a series that counts instead."""
    reasons = _counted_elsewhere(points)
    x, outlier, why = (points[key].values for key in ("log10_compute", "outlier", "reason"))
    for name, own in _members(points):
        distinct = len(np.unique(x[own]))
        if distinct < 2:
            reasons[name] = f"{distinct} distinct compute value: no slope"
        elif outlier[own].all():
            reasons[name] = f"every point is flagged: {why[own[0]]}"
    return reasons


def _members(points: xr.Dataset) -> list[tuple[str, np.ndarray]]:
    """Label and places of the points of every series, in the order of the labels."""
    index = points["series_index"].values
    return [
        (str(name), np.flatnonzero(index == i)) for i, name in enumerate(points["series"].values)
    ]


def _counted_elsewhere(points: xr.Dataset) -> dict[str, str]:
    """Series whose runs another series holds that is there too, by the list of overlaps."""
    labels = [str(name) for name in points["series"].values]
    reasons = {}
    for row in json.loads(points.attrs.get("overlaps", "[]")):
        others = [name for name in labels if fnmatchcase(name, row["other"])]
        if row["counts"] == "other" and others:
            for name in labels:
                if fnmatchcase(name, row["series"]):
                    reasons[name] = f"counted in {others[0]}: {row['reason']}"
    return reasons


def table(points: xr.Dataset) -> list[dict[str, Any]]:
    """One row per series, by regime, benchmark and name; `left_out` says why one is not fitted."""
    reasons = unusable(points)
    labels = {key: points[f"series_{key}"].values for key in ABOUT}
    labels["model"] = points["llm"].values[points["llm_index"].values]
    names = ("log10_compute", "score", "non_thinking", "outlier")
    all_x, all_y, non_thinking, outlier = (points[key].values for key in names)
    rows = []
    for number, (name, own) in enumerate(_members(points)):
        x, y = all_x[own], all_y[own]
        rows.append(
            {"series": name}
            | {key: str(values[number]) for key, values in labels.items()}
            | {
                "points": len(own),
                "non_thinking": int(non_thinking[own].sum()),
                "outliers": int(outlier[own].sum()),
                "compute": (float(10 ** x.min()), float(10 ** x.max())),
                "ooms": float(x.max() - x.min()),
                "score": (float(y.min()), float(y.max())),
                "left_out": reasons.get(name, ""),
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

    def independent(regime: str) -> dict[str, int]:
        own = [row for row in rows if row["regime"] == regime]
        return {f"{key}s": len({row[key] for row in own}) for key in ("model", "publication")}

    fitted = [row for row in rows if not row["left_out"]]
    return {
        "points": sum(row["points"] for row in rows),
        "series": len(rows),
        "fitted": {"points": sum(row["points"] for row in fitted), "series": len(fitted)},
        "left_out": {row["series"]: row["left_out"] for row in rows if row["left_out"]},
        "outliers": sum(row["outliers"] for row in rows),
        "non_thinking": sum(row["non_thinking"] for row in rows),
        "regime": {name: entry | independent(name) for name, entry in by("regime").items()},
        "benchmark": by("benchmark"),
        "family": by("family"),
        "publication": by("publication"),
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
    about = {key: str(points[f"series_{key}"].values[number]) for key in ABOUT}
    source = json.loads(points.attrs["sources"])[about["source"]]
    return {"series": series, **about, "source_table": source, "points": listed}
