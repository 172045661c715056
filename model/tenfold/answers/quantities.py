"""The closed registry of quantities that a claim may speak of.

`ESTIMANDS` are read from the posterior; `FUNCTIONS` are computed from `INPUTS`, each of which a
text states or the evidence speaks to. Every quantity is positive and handled as log10 of its value
in the unit named, so that a multiplier of any size, and "never" (+inf), keep their place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold import units
from tenfold.answers import baseline, cost, jump
from tenfold.answers.constants import Constants
from tenfold.files import SpecError

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Input:
    """An input of a function: what it means, and what the evidence would put in its place.

    `log10` inputs reach the function as their log10 (OOMs, for a growth); the others as they are.
    `draws(headline draws, constants)` gives the evidence's values in the form that the function
    takes; None where the evidence does not speak to the input, which a claim then has to state.
    """

    unit: str
    about: str
    log10: bool = False
    draws: Callable[[xr.Dataset, Constants], xr.DataArray] | None = None


@dataclass(frozen=True)
class Function:
    """A quantity computed from named inputs: `compute(**inputs)` gives its log10 in `unit`."""

    unit: str
    about: str
    inputs: tuple[str, ...]
    compute: Callable[..., Any]


@dataclass(frozen=True)
class Estimand:
    """A posterior quantity: `compute(draws, constants, **given)` gives log10 draws in `unit`.

    `given` holds the arguments that a claim has to state, and their types.
    """

    unit: str
    about: str
    given: dict[str, type]
    compute: Callable[..., xr.DataArray]


def _variable(name: str) -> Callable[[xr.Dataset, Constants], xr.DataArray]:
    return lambda draws, constants: draws[name]


def _grok_4(field: str, unit: str) -> Callable[[xr.Dataset, Constants], xr.DataArray]:
    """log10 of a quantity of the run that the essay multiplies: the draws of the cost tables."""

    def read(draws: xr.Dataset, constants: Constants) -> xr.DataArray:
        run = baseline.baseline_run(constants, "grok-4", draws["gpt_level_ooms"], seed=0)
        return run[field].to(unit).log10

    return read


def _world_electricity(draws: xr.Dataset, constants: Constants) -> xr.DataArray:
    name, _ = baseline.WORLD_ELECTRICITY
    return baseline.draw(constants, name, "TWh/year", draws["gpt_level_ooms"], seed=0).log10


INPUTS: dict[str, Input] = {
    "exchange_rate": Input(
        "dimensionless", "RL OOMs per inference OOM", draws=_variable("exchange_rate")
    ),
    "inference_per_training": Input(
        "dimensionless",
        "inference OOMs per pre-training OOM",
        draws=_variable("inference_per_training"),
    ),
    "gpt_level_ooms": Input(
        "OOM", "pre-training OOMs in one GPT level", draws=_variable("gpt_level_ooms")
    ),
    "rl_multiplier": Input("dimensionless", "growth of RL compute", log10=True),
    "training_multiplier": Input("dimensionless", "growth of training compute", log10=True),
    "run_multiplier": Input(
        "dimensionless",
        "growth of a training run's compute; for the evidence, one GPT level through RL alone",
        log10=True,
        draws=lambda draws, constants: jump.exchange(draws)["rl_jump_ooms"],
    ),
    "rl_share": Input(
        "dimensionless",
        "RL over pre-training compute of the run; for the evidence, Grok 4's",
        log10=True,
        draws=_grok_4("rl_share", "dimensionless"),
    ),
    "gpu_count": Input("GPU", "GPUs of the run", log10=True, draws=_grok_4("gpus", "GPU")),
    "run_energy": Input(
        "GWh", "electricity of the run", log10=True, draws=_grok_4("energy", "GWh")
    ),
    "world_electricity": Input(
        "TWh/year",
        "world electricity generation; for the evidence, that of the cost tables",
        log10=True,
        draws=_world_electricity,
    ),
}

_GWH_IN_TWH = -3.0


def _inference_equal_to_rl(rl_multiplier: Any, exchange_rate: Any) -> Any:
    return rl_multiplier / exchange_rate


def _inference_equal_to_training(training_multiplier: Any, inference_per_training: Any) -> Any:
    return training_multiplier * inference_per_training


def _rl_per_gpt_level(gpt_level_ooms: Any, inference_per_training: Any, exchange_rate: Any) -> Any:
    return gpt_level_ooms * inference_per_training * exchange_rate


def _total_growth(rl_multiplier: Any, rl_share: Any) -> Any:
    return cost.log10_training_multiplier(rl_multiplier, rl_share)


def _datacentres(run_multiplier: Any, gpu_count: Any) -> Any:
    return run_multiplier - gpu_count


def _years(run_multiplier: Any, run_energy: Any, world_electricity: Any) -> Any:
    return run_multiplier + run_energy + _GWH_IN_TWH - world_electricity


def _years_rl_part(
    run_multiplier: Any, rl_share: Any, run_energy: Any, world_electricity: Any
) -> Any:
    whole = units.log10_sum(0.0 * rl_share, rl_share)
    return _years(run_multiplier, run_energy + rl_share - whole, world_electricity)


FUNCTIONS: dict[str, Function] = {
    "inference_multiplier_equal_to_rl": Function(
        "dimensionless",
        "growth of inference compute worth the same as `rl_multiplier`",
        ("rl_multiplier", "exchange_rate"),
        _inference_equal_to_rl,
    ),
    "inference_multiplier_equal_to_training": Function(
        "dimensionless",
        "growth of inference compute worth the same as `training_multiplier`",
        ("training_multiplier", "inference_per_training"),
        _inference_equal_to_training,
    ),
    "rl_multiplier_per_gpt_level": Function(
        "dimensionless",
        "growth of RL compute worth one GPT level, on curves without a ceiling",
        ("gpt_level_ooms", "inference_per_training", "exchange_rate"),
        _rl_per_gpt_level,
    ),
    "total_training_multiplier": Function(
        "dimensionless",
        "growth of a run's total training compute when its RL part grows by `rl_multiplier`",
        ("rl_multiplier", "rl_share"),
        _total_growth,
    ),
    "datacentres_per_gpu": Function(
        "datacentre/GPU",
        "datacentres of the run's size in place of each GPU, at equal duration",
        ("run_multiplier", "gpu_count"),
        _datacentres,
    ),
    "years_of_world_electricity": Function(
        "year",
        "electricity of the whole run multiplied, over a year's world generation, same hardware",
        ("run_multiplier", "run_energy", "world_electricity"),
        _years,
    ),
    "years_of_world_electricity_rl_part": Function(
        "year",
        "the same where only the RL part of the run is multiplied",
        ("run_multiplier", "rl_share", "run_energy", "world_electricity"),
        _years_rl_part,
    ),
}


def _exchange_rate(
    draws: xr.Dataset, constants: Constants, benchmark: str = jump.POPULATION
) -> xr.DataArray:
    return _log10(jump.exchange(draws, benchmark)["exchange_rate"])


def _between(
    draws: xr.Dataset,
    constants: Constants,
    regime: str,
    start: float,
    target: float,
    benchmark: str,
) -> xr.DataArray:
    if regime not in ("rl", "inference"):
        raise SpecError(f"given.regime: got {regime!r}; expected 'rl' or 'inference'")
    return jump.between_scores(draws, start, target, benchmark)[f"{regime}_ooms"]


def _input(name: str) -> Callable[..., xr.DataArray]:
    """An input that is a quantity of interest by itself."""

    def compute(draws: xr.Dataset, constants: Constants) -> xr.DataArray:
        entry = INPUTS[name]
        if entry.draws is None:
            raise ValueError(f"input {name!r} has no draws")
        values = entry.draws(draws, constants)
        return values if entry.log10 else _log10(values)

    return compute


def _log10(values: Any) -> Any:
    """log10; -inf at or below zero (a slope may be allowed to fall)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(values.where(values > 0, 0.0))


ESTIMANDS: dict[str, Estimand] = {
    "exchange_rate": Estimand(
        "dimensionless", "RL OOMs per inference OOM, population", {}, _exchange_rate
    ),
    "exchange_rate_benchmark": Estimand(
        "dimensionless",
        'the same on one benchmark with evidence in both regimes, or on a "new benchmark"',
        {"benchmark": str},
        _exchange_rate,
    ),
    "compute_multiplier_between": Estimand(
        "dimensionless",
        "growth of compute in one regime that takes a typical series from score `start` to "
        '`target`, on a named benchmark, the "population" or a "new benchmark"',
        {"regime": str, "start": float, "target": float, "benchmark": str},
        _between,
    ),
    "inference_per_training": Estimand(
        "dimensionless",
        INPUTS["inference_per_training"].about,
        {},
        _input("inference_per_training"),
    ),
    "gpt_level_ooms": Estimand("OOM", INPUTS["gpt_level_ooms"].about, {}, _input("gpt_level_ooms")),
    "rl_share": Estimand("dimensionless", INPUTS["rl_share"].about, {}, _input("rl_share")),
}
