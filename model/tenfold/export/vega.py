"""A quantity's distribution as a Vega-Lite chart with its data inside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def chart(
    row: Mapping[str, Any],
    bins: Sequence[Mapping[str, float]],
    cdf: Sequence[tuple[float, float]],
) -> str:
    """Histogram above, distribution function below, on one axis.

    Args:
        row: `quantiles.record` of the quantity.
        bins: `ask.histogram` of its draws.
        cdf: `ask.cdf` of them.
    """
    log = "log10 of " if row["scale"] == "log10" else ""
    unit = "" if row["unit"] in ("dimensionless", "OOM/OOM") else row["unit"]
    title = f"{row['title']} ({log}{unit or 'the value'})" if log or unit else row["title"]
    x = {"type": "quantitative", "title": title, "scale": {"zero": False}}
    share = {"type": "quantitative", "title": "share of the draws"}
    layers = [
        {
            "data": {"values": [dict(each) for each in bins]},
            "mark": {"type": "bar", "tooltip": True},
            "encoding": {
                "x": x | {"field": "low", "bin": {"binned": True}},
                "x2": {"field": "high"},
                "y": share | {"field": "share"},
            },
        },
        {
            "data": {"values": [{"value": value, "at_most": p} for value, p in cdf]},
            "mark": {"type": "line", "tooltip": True},
            "encoding": {
                "x": x | {"field": "value"},
                "y": share | {"field": "at_most", "title": "probability of at most that"},
            },
        },
    ]
    found = {
        "$schema": SCHEMA,
        "title": row["title"],
        "resolve": {"scale": {"x": "shared"}},
        "vconcat": [{"width": 480, "height": 160} | layer for layer in layers],
    }
    return json.dumps(found, indent=1, allow_nan=False) + "\n"
