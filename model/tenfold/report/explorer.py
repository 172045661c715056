"""The explorer's data: what its page computes answers from, packed so that it travels with it.

The page repeats what `answers` does to the same draws (`explorer.js`), so everything that is drawn
at random comes from here: the headline sample, the constants' draws of every baseline run, and
trends. Each array is stored as 24-bit integers between its extremes, which is as fine as single
precision, byte by byte (all first bytes, then all second, ...), and all of them deflated.
"""

from __future__ import annotations

import base64
import functools
import json
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from tenfold import mixture, units
from tenfold.answers import jump, timing
from tenfold.answers.baseline import WORLD_ELECTRICITY, Trends, baseline_run, draw
from tenfold.answers.constants import Constants
from tenfold.answers.quantities import QUANTITIES
from tenfold.answers.question import Asked, Question
from tenfold.answers.scale import MOST_OOMS
from tenfold.report.svg import INK, RL
from tenfold.words import explored, numbers

STEPS = 2**24 - 1
LN10 = np.log(10.0)
GROWTH = {"efficiency": "GR_EFF", "price": "GR_PP"}
"""Trends that may be fixed, and their constants: rates a year."""
QUANTITIES_SHOWN = (
    "exchange_rate",
    "inference_jump_ooms",
    "rl_jump_ooms",
    "training_multiplier",
    "training_energy",
    "years_of_world_electricity",
    "training_cost",
    "first_year",
)
FOLLOWS = {
    "flop": "pretraining_flop",
    "hours": "gpu_throughput",
    "gpus": "duration",
    "power": "gpu_power",
    "price": "gpu_hour_price",
}
"""What the explorer has to know of a baseline: which of its quantities follow from others."""


class Packed:
    """Arrays in one deflated block; equal ones are stored once."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.known: dict[bytes, dict[str, Any]] = {}

    def add(self, values: np.ndarray) -> dict[str, Any]:
        """Where an array lies and how to read it: `at` (byte), `n`, `low`, `step`."""
        flat = np.ascontiguousarray(values, dtype=float).ravel()
        key = flat.tobytes()
        if key not in self.known:
            low, high = float(flat.min()), float(flat.max())
            step = (high - low) / STEPS
            if step == 0:
                self.known[key] = {"at": 0, "n": flat.size, "low": low, "step": 0.0}
                return self.known[key]
            whole = np.round((flat - low) / step).astype("<u4")
            planes = whole.view(np.uint8).reshape(-1, 4)[:, :3].T
            self.known[key] = {"at": self.size, "n": flat.size, "low": low, "step": step}
            self.parts.append(planes.tobytes())
            self.size += 3 * flat.size
        return self.known[key]

    def text(self) -> str:
        """All arrays: zlib, base64."""
        return base64.b64encode(zlib.compress(b"".join(self.parts), 9)).decode()


def data(asked: Asked) -> tuple[dict[str, Any], str]:
    """What the explorer reads: a description as plain JSON, and the block of arrays."""
    draws, constants = asked.draws, asked.constants
    kept = [str(form) for form in draws["form"].values if float(draws["weight"].sel(form=form)) > 0]
    draws = draws.sel(form=kept)
    asked = Asked(draws, constants, asked.question)
    packed = Packed()

    def packing(values: Any) -> dict[str, Any]:
        return packed.add(_aligned(values, asked.like))

    found = {
        "forms": kept,
        "weights": [float(w) for w in draws["weight"].values],
        "shape": {dim: asked.like.sizes.get(dim, 1) for dim in ("chain", "draw", mixture.REPEAT)},
        "steepness": packing(draws["steepness"] / LN10),
        "gpt_level": packing(draws["gpt_level_ooms"]),
        "techniques": {
            name: packing(np.log10(draws[key]))
            for name, key in (
                ("next", "inference_per_training"),
                ("typical", "inference_per_training_typical"),
            )
        },
        "places": {name: _place(asked, name, packing) for name in _places(draws)},
        "trends": _trends(asked, packing),
        "baselines": {name: _baseline(asked, name, packing) for name in constants.baseline},
        "question": {
            key: getattr(Question(), key)
            for key in ("baseline", "energy_share", "budget_share", "chip_share")
        },
        "batches": mixture.BATCHES,
        "growth_constants": GROWTH,
        "quantities": {name: _quantity(asked, name) for name in QUANTITIES_SHOWN},
    }
    return found, packed.text()


def _quantity(asked: Asked, name: str) -> dict[str, Any]:
    """What the page has to know of a quantity to compute, print and ask for it."""
    entry = QUANTITIES[name]
    essay = entry.essay(asked.question)
    about = {"scale": entry.scale, "unit": entry.unit}
    return about | {
        "label": explored.LABELS.get(name) or entry.titled(asked),
        "shown": numbers.unit(about),
        "words": numbers.UNITS.get(entry.unit, entry.unit),
        "arguments": list(entry.arguments),
        "essay": np.log10(essay) if essay is not None and entry.scale == "log10" else essay,
        "bound": MOST_OOMS if entry.unit == "OOM" else None,
    }


def _aligned(values: Any, like: xr.DataArray) -> np.ndarray:
    """Draws in the order form, chain, draw and, where they have them, repeats."""
    dims = [dim for dim in like.dims if dim in values.dims or dim != mixture.REPEAT]
    wanted = like if mixture.REPEAT in values.dims else like.isel(repeat=0, missing_dims="ignore")
    return np.asarray(values.broadcast_like(wanted).transpose(*dims).values)


def _places(draws: xr.Dataset) -> Iterable[str]:
    shared = [str(name) for name in draws["shared_benchmark"].values]
    return (jump.POPULATION, *shared, jump.NEW_BENCHMARK)


def _place(asked: Asked, name: str, packing: Any) -> dict[str, Any]:
    """Curves on a benchmark: log10 slope and ceiling by regime, and floor."""
    slope, floor, ceiling = jump.curve(asked.draws, name)
    curves: dict[str, Any] = {"floor": floor}
    for regime in ("rl", "inference"):
        at = {"regime": regime}
        curves[regime] = {
            "slope": packing(np.log10(slope.sel(at, drop=True))),
            "ceiling": packing(ceiling.sel(at, drop=True)),
        }
    return curves


def _trends(asked: Asked, packing: Any) -> dict[str, Any]:
    """Yearly growth, what is stated for a year, and the years it is stated for."""
    constants, like, seed = asked.constants, asked.like, asked.question.seed
    trends = Trends.of(constants, like, seed)
    stated = {
        "world": (WORLD_ELECTRICITY[0], "TWh/year", WORLD_ELECTRICITY[1]),
        "money": ("GWP", "USD/year", timing.GDP_YEAR),
        "projected": ("POW30", "GW", timing.POWER_YEAR),
        "made": ("CHIPS", "GPU", timing.CHIPS_YEAR),
    }
    return {
        "growth": {name: packing(getattr(trends, name)) for name in Trends.__dataclass_fields__},
        "stated": {
            name: {"year": year, "draws": packing(draw(constants, key, unit, like, seed).log10)}
            for name, (key, unit, year) in stated.items()
        },
        "log10_twh_per_gw_year": units.log10_factor(units.parse("GW"), units.parse("TWh/year")),
    }


def _baseline(asked: Asked, name: str, packing: Any) -> dict[str, Any]:
    """A baseline run: its quantities, and which of them follow from others."""
    constants: Constants = asked.constants
    run = constants.run(name)
    found = baseline_run(constants, name, asked.like, asked.question.seed)
    wanted = {
        "rl_share": "dimensionless", "rl_utilisation": "dimensionless", "training_flop": "FLOP",
        "gpus": "GPU", "energy": "TWh", "cost": "USD", "duration": "day",
    }  # fmt: skip
    about = {
        key: packing(found[key].to(unit).log10) for key, unit in wanted.items() if key != "duration"
    }
    about["power"] = packing((found["energy"] / found["duration"]).to("GW").log10)
    return about | {
        "title": run.title,
        "year": run.year,
        "basis": run.rl_share_basis,
        "follows": [name for name, field in FOLLOWS.items() if getattr(run, field) is not None],
    }


def block(value: Any) -> str:
    """JSON that stands in a script element as data: no label of it can end the element."""
    return json.dumps(value).replace("<", "\\u003c")


def specs() -> dict[str, str]:
    """The explorer's two charts by name, as Vega; their data come from the page."""
    import altair as alt
    import vl_convert

    x = alt.X("from:Q", title=None, axis=alt.Axis(tickCount=6), scale=alt.Scale(zero=False))
    bins = alt.Chart(alt.NamedData("bins")).mark_rect(color=RL, opacity=0.75)
    essay = alt.Chart(alt.NamedData("essay")).mark_rule(color=INK, strokeDash=[4, 3])
    share = alt.Y("share:Q", title=None, axis=None)
    curve = alt.Chart(alt.NamedData("cdf")).mark_line(color=RL)
    at = alt.X("at:Q", title=None, axis=alt.Axis(tickCount=6), scale=alt.Scale(zero=False))
    p = alt.Y("p:Q", title=None, axis=alt.Axis(format="%", tickCount=4)).scale(domain=[0, 1])
    charts = {
        "density": bins.encode(x=x, x2="to:Q", y=share) + essay.encode(x="at:Q"),
        "cdf": alt.layer(curve.encode(x=at, y=p)),
    }
    empty = {name: [] for name in ("bins", "essay", "cdf")}
    found = {}
    for name, chart in charts.items():
        whole = (
            chart.properties(width="container", height=170)
            .configure_view(stroke=None)
            .configure(background="transparent")
        )
        vega = vl_convert.vegalite_to_vega(whole.to_dict() | {"datasets": empty})
        found[name] = block(vega)
    return found


@functools.cache
def library() -> str:
    """Vega, with the interpreter that needs no `eval`, as one script."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
