"""Curves of single series, as a run's posteriors have them: what one chart says by itself.

Answers about benchmarks and populations read the headline sample; these read series' own parameters
beside it. A curve is one of thinking mode, along true compute: the error of an axis without numbers
is in its slope.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tenfold import curves
from tenfold.answers.quantity import Untold
from tenfold.answers.question import Asked
from tenfold.files import SpecError, did_you_mean
from tenfold.mixture import SAMPLE_DIMS
from tenfold.posterior import structure
from tenfold.runs import series, store

LABELS = (
    "series", "series_regime", "series_benchmark", "is_pair", "twin_index", "floor", "reference",
    "benchmark_index", "series_index",
)  # fmt: skip
LEAST_POINTS = 3
"""Series with fewer points are not counted in shares."""


@dataclass(frozen=True)
class Series:
    """What a run knows of its series without their draws; arrays of shape (series,).

    own: whether it has a curve of its own. Pairs of modes and second axes have none.
    """

    label: np.ndarray
    regime: np.ndarray
    benchmark: np.ndarray
    floor: np.ndarray
    reference: np.ndarray
    points: np.ndarray
    own: np.ndarray


def series_of(asked: Asked) -> Series:
    """The series of the run that answers.

    Raises:
        Untold: the draws are those of no stored run.
    """
    return _series(_folder(asked))


def curve(asked: Asked, label: str) -> xr.Dataset:
    """Draws of one series: `slope`, `intercept`, `ceiling`; scalars `floor`, `reference`.

    Raises:
        Untold: no such series, with the nearest label; one without a curve of its own.
    """
    known = series_of(asked)
    labels = known.label.tolist()
    if label not in labels:
        raise Untold(f"unknown series {label!r}{did_you_mean(label, sorted(labels))}")
    place = labels.index(label)
    if not known.own[place]:
        raise SpecError(f"series {label!r}: a pair of modes or a second axis; it has no curve")
    found = _drawn(_folder(asked), (label,), tuple(series.LABELS)).isel(series=0, drop=True)
    return found.astype(float).assign(floor=known.floor[place], reference=known.reference[place])


def table(asked: Asked, *names: str) -> xr.Dataset:
    """Columns of the evidence beside its points, as the run that answers was fitted to them."""
    return _table(_folder(asked), names)


def between(asked: Asked) -> xr.DataArray:
    """OOMs from the question's start to its target on the curve of its series; +inf for never."""
    start, target = asked.need("start"), asked.need("target")
    return _by_form(curve(asked, asked.need("series")), _ooms, start, target)


def slope(asked: Asked) -> xr.DataArray:
    """Slope of the question's series, link units per OOM."""
    return curve(asked, asked.need("series"))["slope"]


def slope_ratio(asked: Asked) -> xr.DataArray:
    """Slope of the question's series over that of `other`."""
    return slope(asked) / curve(asked, asked.need("other"))["slope"]


def ceiling(asked: Asked) -> xr.DataArray:
    """Score at which the curve of the question's series levels off."""
    return curve(asked, asked.need("series"))["ceiling"]


def reached(asked: Asked) -> xr.DataArray:
    """Score to which `multiplier` times the compute takes the question's series from `start`."""
    start, multiplier = asked.need("start"), asked.need("multiplier")
    return _by_form(curve(asked, asked.need("series")), _reached, start, np.log10(multiplier))


def score_at(asked: Asked) -> xr.DataArray:
    """Score of the question's series at `compute` on its own axis.

    Raises:
        SpecError: a compute that is not positive.
    """
    compute = asked.need("compute")
    if not 0 < compute < np.inf:
        raise SpecError(f"compute {compute:g}: expected above 0")
    return _by_form(curve(asked, asked.need("series")), _scored, np.log10(compute))


def seen(asked: Asked) -> str:
    """Where on its axis the question's series was seen."""
    label = asked.need("series")
    points = table(asked, "log10_compute", "series_index", "series", "series_unit")
    place = points["series"].values.tolist().index(label)
    x = points["log10_compute"].values[points["series_index"].values == place]
    low, high = (round(float(end), 1) for end in (x.min(), x.max()))
    return f"the series, seen from 10^{low} to 10^{high} {points['series_unit'].values[place]}"


def compute_ratio(asked: Asked) -> xr.DataArray:
    """log10 of the compute at which the series reaches score `start`, over that of `other`."""
    at = asked.need("start")
    first, second = (
        _by_form(curve(asked, asked.need(name)), _at_score, at) for name in ("series", "other")
    )
    return first - second


def share_within(asked: Asked) -> xr.DataArray:
    """Share of the series of a regime that climb from start to target within `multiplier`.

    Series with a curve of their own; on `benchmark` alone, where one is named.
    """
    ooms = _all_ooms(asked)
    return (ooms <= np.log10(asked.need("multiplier"))).mean("series")


def share_never(asked: Asked) -> xr.DataArray:
    """Share of the same series whose curve levels off below the target."""
    return (_all_ooms(asked) == np.inf).mean("series")


def _all_ooms(asked: Asked) -> xr.DataArray:
    """OOMs from start to target of all series that count; those below the start at chance."""
    start, target = asked.need("start"), asked.need("target")
    known, asks = series_of(asked), asked.question
    chosen = (known.regime == asks.regime) & known.own & (known.points >= LEAST_POINTS)
    chosen &= known.floor < start
    if asks.benchmark is not None:
        chosen &= known.benchmark == asks.benchmark
    if not chosen.any():
        raise Untold(f"benchmark {asks.benchmark!r}: no {asks.regime} series with a curve there")
    labels = tuple(known.label[chosen].tolist())
    found = _drawn(_folder(asked), labels, ("slope", "series_ceiling"))
    floor = known.floor[chosen].astype(found["slope"].dtype)[:, None, None, None]
    whole = np.broadcast_to(floor, found["slope"].shape)
    return _by_form(found.assign(floor=(found["slope"].dims, whole)), _ooms, start, target)


def _by_form(parts: xr.Dataset, function: Any, *given: float) -> xr.DataArray:
    """A function of the curves of each form, as arrays: their labels would take longer."""
    found = parts["slope"].copy(data=np.empty_like(parts["slope"].values))
    for form in parts["form"].values.tolist():
        own = {name: part.values for name, part in parts.sel(form=form).items()}
        found.loc[{"form": form}] = function(own, form, *given)
    return found


Parts = Mapping[Any, np.ndarray]


def _ooms(parts: Parts, form: curves.Form, start: float, target: float) -> np.ndarray:
    top = parts["ceiling"]
    return curves.ooms_between(start, target, parts["slope"], parts["floor"], top, form)


def _reached(parts: Parts, form: curves.Form, start: float, ooms: float) -> np.ndarray:
    floor, top = parts["floor"], parts["ceiling"]
    eta = curves.eta_at_score(start, floor, top, form) + parts["slope"] * ooms
    return np.where(top > start, curves.expected_score(eta, floor, top, form), start)


def _scored(parts: Parts, form: curves.Form, x: float) -> np.ndarray:
    eta = parts["intercept"] + parts["slope"] * (x - parts["reference"])
    return curves.expected_score(eta, parts["floor"], parts["ceiling"], form)


def _at_score(parts: Parts, form: curves.Form, score: float) -> np.ndarray:
    eta = curves.eta_at_score(score, parts["floor"], parts["ceiling"], form)
    return parts["reference"] + (eta - parts["intercept"]) / parts["slope"]


def _folder(asked: Asked) -> Path:
    stored = asked.draws.attrs.get("run")
    if stored is None:
        raise Untold("these draws are those of no stored run: they have no series of their own")
    return Path(stored)


@lru_cache(maxsize=2)
def _run(folder: Path) -> store.Run:
    return store.load(folder)


@lru_cache(maxsize=2)
def _series(folder: Path) -> Series:
    run = _run(folder)
    file = store.posterior_file(run.forms[0])
    points = run.group(
        file, "constant_data", (*LABELS, "series", "benchmark_index", "series_index")
    )
    counts = np.bincount(points["series_index"].values, minlength=points.sizes["series"])
    return Series(
        label=points["series"].values,
        regime=points["series_regime"].values,
        benchmark=points["series_benchmark"].values,
        floor=points["floor"].values[points["benchmark_index"].values],
        reference=points["reference"].values,
        points=counts,
        own=structure.curves(points),
    )


@lru_cache(maxsize=8)
def _table(folder: Path, names: tuple[str, ...]) -> xr.Dataset:
    run = _run(folder)
    return run.group(store.posterior_file(run.forms[0]), "constant_data", names)


@lru_cache(maxsize=64)
def _drawn(folder: Path, labels: tuple[str, ...], parts: tuple[str, ...]) -> xr.Dataset:
    """Draws of some series: `series.FILE`, the ceiling under that name, in single precision.

    Raises:
        Untold: a run of before there was such a file.
    """
    import h5py

    run = _run(folder)
    if series.FILE not in run.info["files"]:
        raise Untold(f"{run.path} has no {series.FILE}, which `tenfold fit` adds")
    found = {}
    with h5py.File(run.file(series.FILE), "r") as file:
        stored: Any = file
        known = stored["series"].asstr()[()].tolist()
        places = sorted(known.index(label) for label in labels)
        for name in parts:
            values = stored[name][places]
            found[name.removeprefix("series_")] = (("series", *SAMPLE_DIMS), values)
    return xr.Dataset(found, coords={"form": list(run.forms)})
