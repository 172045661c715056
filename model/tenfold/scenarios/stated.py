"""Numbers stated outright: of what a fit estimates, and of a training run. No refit, draw by draw.

A stated number is drawn from the distribution of a constant (`answers.constants.Constant`): exact,
or two half-log-normals (half-normals from zero down) that meet its quantiles.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
import xarray as xr

from tenfold.answers.constants import BASELINE_UNITS, Constant, Constants
from tenfold.answers.own import PAIRS, Amount
from tenfold.files import Mistakes, SpecError, did_you_mean
from tenfold.posterior.scenario import ConstantPatch
from tenfold.spec import validate

UNITS = {
    "inference_per_training": "dimensionless",
    "gpt_level_ooms": "dimensionless",
    "exchange_rate": "dimensionless",
}
VALUES = tuple(UNITS)
"""Estimates that may be stated instead."""

PREFIX = "STATED"
WHOLE = (*PAIRS, ("training_flop", "pretraining_flop"))
"""Fields of a baseline of which one is given and the other follows."""

Stated = Mapping[str, ConstantPatch]


def constant(name: str, stated: ConstantPatch, unit: str, year: float = 0.0) -> Constant:
    """A stated number as a row of constants.

    Raises:
        SpecError: quantiles out of order.
    """
    family = "lognormal" if stated.low > 0 else "normal"
    given = Amount(**stated.model_dump(), unit=unit, distribution=family)
    return validate(given.constant(name, year, "stated"), Constant, name)


def check(values: Stated) -> None:
    """Refuses what is not among `VALUES`, not positive or not in order.

    Raises:
        SpecError: every mistake, a line each.
    """
    mistakes = Mistakes()
    for name, stated in values.items():
        with mistakes.gather():
            if name not in VALUES:
                raise SpecError(f"values.{name}: unknown{did_you_mean(name, list(VALUES))}")
            if stated.low <= 0:
                raise SpecError(f"values.{name}: got {stated.low:g}; expected above 0")
            constant(f"values.{name}", stated, UNITS[name])
    mistakes.tell()


def in_sample(sample: xr.Dataset, values: Stated, seed: int) -> xr.Dataset:
    """A stored sample (`runs.headline`) in which `VALUES` are as stated.

    `exchange_rate` is that of a typical benchmark: RL slopes are scaled draw by draw, so that the
    rates of benchmarks keep their distance from it.

    Raises:
        SpecError: as `check`.
    """
    check(values)
    found = sample
    for name, stated in values.items():
        rng = np.random.default_rng([seed, zlib.crc32(f"{PREFIX} {name}".encode())])
        like = sample["gpt_level_ooms" if name != "exchange_rate" else "steepness"]
        row = constant(f"values.{name}", stated, UNITS[name])
        drawn = like.copy(data=row.draw(like.shape, rng))
        if name == "exchange_rate":
            found = with_rl_slopes(found, typical_rate(found) / drawn)
        else:
            attrs = {key: sample[key].attrs for key in (name, f"{name}_typical")}
            found = found.assign({key: drawn.assign_attrs(attrs[key]) for key in attrs})
    return found


def typical_rate(sample: xr.Dataset) -> xr.DataArray:
    """The exchange rate of the population, from a stored sample."""
    mean = sample["log_slope_mean"]
    difference = mean.sel(regime="inference", drop=True) - mean.sel(regime="rl", drop=True)
    return xr.ufuncs.exp(difference + sample["steepness"])


def with_rl_slopes(sample: xr.Dataset, factor: xr.DataArray) -> xr.Dataset:
    """A sample with every RL slope times `factor`, draw by draw."""
    rl = sample["regime"] == "rl"
    scale = xr.where(rl, factor, 1.0)
    found = {}
    for name, values in sample.data_vars.items():
        if "regime" in values.dims and str(name).startswith("slope_"):
            found[name] = (values * scale).assign_attrs(values.attrs)
    with np.errstate(divide="ignore"):
        mean = sample["log_slope_mean"] + np.log(scale)
    found["log_slope_mean"] = mean.assign_attrs(sample["log_slope_mean"].attrs)
    return sample.assign(found)


def at_fixed_tokens(sample: xr.Dataset) -> xr.Dataset:
    """A sample whose RL slopes are those at a fixed token budget.

    All are scaled as that of the series whose answer lengths are known; where longer answers
    explain all of its slope, RL gains nothing.

    Raises:
        SpecError: no such series was fitted.
    """
    if "rl_slope_fixed_tokens" not in sample:
        raise SpecError("fixed_tokens: no series that was fitted tells how long its answers were")
    left = sample["rl_slope_fixed_tokens"] / sample["rl_slope_tokens_free"]
    return with_rl_slopes(sample, left.clip(min=0.0))


def in_baselines(constants: Constants, baselines: Mapping[str, Stated]) -> Constants:
    """Constants in which fields of training runs are as stated.

    A field stands in for the one that it is computed from (`PAIRS`), and a stated RL share is not
    weighed against what others disclosed.

    Raises:
        SpecError: an unknown run or field, or quantiles out of order.
    """
    rows, mistakes = constants.model_dump(), Mistakes()
    for run, fields in baselines.items():
        with mistakes.gather():
            about = constants.run(run)
        for field, stated in fields.items() if run in constants.baseline else ():
            where = f"baselines.{run}.{field}"
            with mistakes.gather():
                if field not in BASELINE_UNITS:
                    raise SpecError(f"{where}: unknown{did_you_mean(field, [*BASELINE_UNITS])}")
                if stated.low <= 0:
                    raise SpecError(f"{where}: got {stated.low:g}; expected above 0")
                name = f"{PREFIX}_{run}_{field}"
                row = constant(where, stated, BASELINE_UNITS[field], about.year)
                rows["constant"][name] = row.model_dump()
                table = rows["baseline"][run]
                for one, other in WHOLE:
                    if field in (one, other) and (one if field == other else other) not in fields:
                        table[one if field == other else other] = None
                table[field] = name
                if field == "rl_share":
                    table["rl_share_weighed"] = False
    mistakes.tell()
    return validate(rows, Constants, "baselines")
