"""A jump told by runs themselves: within one of them, or across them with their new bases.

Populations answer what RL does in general (`jump`). Within one run the curve of that run speaks,
from a compute that is named; across runs the steps from one generation of models to the next do, in
which base models and recipes changed as well. The three are apart: nothing of one is in another.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import special

from tenfold import mixture
from tenfold.answers import charts, jump
from tenfold.answers.question import Asked
from tenfold.files import SpecError


def within_run(asked: Asked) -> xr.DataArray:
    """RL OOMs from `compute` on the curve of `series` to what the inference jump reaches there.

    Both start from the score of that curve at that compute, inference on the curve of the same
    benchmark. +inf where the run levels off below.

    Raises:
        SpecError: a series that is no RL run; as `charts.score_at`.
    """
    label, draws = asked.need("series"), asked.draws
    one, known = charts.curve(asked, label), charts.series_of(asked)
    place = known.label.tolist().index(label)
    if known.regime[place] != "rl":
        raise SpecError(f"series {label!r}: {known.regime[place]}; expected an RL run")
    there = draws.sel(benchmark=known.benchmark[place], regime="inference", drop=True)
    regime = xr.DataArray(["rl", "inference"], dims="regime", name="regime")

    def both(own: str, shared: str) -> xr.DataArray:
        return xr.concat([one[own], there[shared]], regime, coords="minimal")

    slope, ceiling = both("slope", "slope_at_benchmark"), both("ceiling", "ceiling")
    start, ooms = charts.score_at(asked), draws["gpt_level_ooms"] * draws["inference_per_training"]
    found: list[xr.DataArray] = []
    for form in draws["form"].values:
        at, floor = {"form": form}, float(one["floor"])
        parts = (slope.sel(at), ceiling.sel(at), ooms.sel(at))
        found.append(jump.matched(start.sel(at), floor, *parts, form)[0])
    return xr.concat(found, draws["form"])


def across_runs(asked: Asked) -> xr.DataArray:
    """RL OOMs of a jump as generations of models take them: a step of one generation at random.

    A step is what RL it took over the tokens that it saved at equal score (rows of shifts.csv of
    one step averaged), each with its printed error; +inf where it saved none, and an error that
    makes the RL of a step less than none makes it none.
    """
    rows = charts.table(
        asked, "rl_ooms", "rl_step", "rl_step_se", "shift_ooms", "shift_ooms_se", "shift"
    )
    size = asked.like.shape
    rng = np.random.default_rng([asked.question.seed, 23])

    def even(mean: float, error: float) -> np.ndarray:
        uniform = mixture.stratified(size[0], int(np.prod(size[1:])), rng)
        return mean + error * special.ndtri(uniform).reshape(size)

    rates = []
    for step in np.unique(rows["rl_step"].values):
        own = rows.isel(shift=np.flatnonzero(rows["rl_step"].values == step))
        spent = even(float(own["rl_ooms"].mean()), float(own["rl_step_se"].mean()))
        each = zip(own["shift_ooms"].values, own["shift_ooms_se"].values, strict=True)
        saved = np.mean([even(float(mean), float(error)) for mean, error in each], axis=0)
        with np.errstate(divide="ignore"):
            rates.append(np.where(saved > 0, np.maximum(spent, 0.0) / saved, np.inf))
    chosen = rng.permutation(int(np.prod(size))).reshape(size) % len(rates)
    rate = np.choose(chosen, rates)
    like = xr.DataArray(rate, coords=asked.like.coords, dims=asked.like.dims)
    return asked.linear["inference_jump_ooms"] * like
