"""What an arithmetic claim recomputes: functions of inputs that a text states.

Every quantity is positive and handled as log10 of its value in the unit named, so that a multiplier
of any size, and "never" (+inf), keep their place. Nothing in a claims file is evaluated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xarray as xr

from tenfold import units
from tenfold.answers import cost, registry
from tenfold.answers.question import Asked


@dataclass(frozen=True)
class Input:
    """An input of a function: what it means, and what the evidence would put in its place.

    `log10` inputs reach the function as their log10 (OOMs, for a growth); the others as they are.
    `quantity` is the entry of the registry that the evidence puts there, with the registry's
    default arguments; None where the evidence does not speak to the input, which a claim then has
    to state.
    """

    unit: str
    about: str
    log10: bool = False
    quantity: str | None = None

    @property
    def of_run(self) -> bool:
        """Whether it is a property of one training run."""
        taken = registry.named(self.quantity).arguments if self.quantity else ()
        return "baseline" in taken and "date" not in taken

    def draws(self, asked: Asked) -> xr.DataArray:
        """The evidence's values in the form that the function takes.

        Raises:
            ValueError: the evidence does not speak to the input.
        """
        if self.quantity is None:
            raise ValueError("an input without a quantity has no draws")
        entry = registry.named(self.quantity)
        return entry.log10(asked, self.unit) if self.log10 else entry.draws(asked)


@dataclass(frozen=True)
class Function:
    """A quantity computed from named inputs: `compute(**inputs)` gives its log10 in `unit`."""

    unit: str
    about: str
    inputs: tuple[str, ...]
    compute: Callable[..., Any]


INPUTS: dict[str, Input] = {
    "exchange_rate": Input("dimensionless", "RL OOMs per inference OOM", quantity="exchange_rate"),
    "inference_per_training": Input(
        "dimensionless",
        "inference OOMs per pre-training OOM",
        quantity="inference_per_training",
    ),
    "gpt_level_ooms": Input("OOM", "pre-training OOMs in one GPT level", quantity="gpt_level_ooms"),
    "rl_multiplier": Input("dimensionless", "growth of RL compute", log10=True),
    "inference_multiplier": Input(
        "dimensionless", "growth of inference compute per use", log10=True
    ),
    "training_multiplier": Input("dimensionless", "growth of training compute", log10=True),
    "run_multiplier": Input(
        "dimensionless",
        "growth of a training run's compute; for the evidence, one GPT level through RL alone",
        log10=True,
        quantity="jump_multiplier",
    ),
    "rl_share": Input(
        "dimensionless",
        "RL over pre-training compute of the run; for the evidence, Grok 4's",
        log10=True,
        quantity="rl_share",
    ),
    "last_rl_share": Input(
        "dimensionless",
        "RL over pre-training compute of the last run; for the evidence, the baseline's",
        log10=True,
        quantity="rl_share",
    ),
    "first_rl_share": Input(
        "dimensionless", "RL over pre-training compute of the first run", log10=True
    ),
    "episode_tokens": Input("token", "tokens of an answer that RL scores once", log10=True),
    "bits_per_token": Input("bit/token", "what pre-training learns from a token", log10=True),
    "gpu_count": Input("GPU", "GPUs of the run", log10=True, quantity="baseline_gpus"),
    "run_energy": Input("GWh", "electricity of the run", log10=True, quantity="baseline_energy"),
    "world_electricity": Input(
        "TWh/year",
        "world electricity generation; for the evidence, that of the cost tables",
        log10=True,
        quantity="world_electricity",
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


# Operations per parameter and token: RL writes an answer (2) and learns from it (6), for one bit.
_RL_PASSES, _PRETRAINING_PASSES = math.log10(8), math.log10(6)


def _rl_growth(first_rl_share: Any, last_rl_share: Any) -> Any:
    return last_rl_share - first_rl_share


def _added_cost(first_rl_share: Any, last_rl_share: Any) -> Any:
    return units.log10_sum(0.0, last_rl_share) - units.log10_sum(0.0, first_rl_share)


def _information(episode_tokens: Any, bits_per_token: Any) -> Any:
    return _PRETRAINING_PASSES - _RL_PASSES - episode_tokens - bits_per_token


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
    "rl_growth": Function(
        "dimensionless",
        "growth of RL compute from one share of pre-training to another, pre-training the same",
        ("first_rl_share", "last_rl_share"),
        _rl_growth,
    ),
    "training_growth": Function(
        "dimensionless",
        "growth of a run's total training compute between the same two shares",
        ("first_rl_share", "last_rl_share"),
        _added_cost,
    ),
    "deployment_multiplier": Function(
        "dimensionless",
        "growth of what serving costs when each use takes `inference_multiplier` the compute",
        ("inference_multiplier",),
        lambda inference_multiplier: inference_multiplier,
    ),
    "rl_information_per_flop": Function(
        "dimensionless",
        "bits per FLOP of RL with one bit an answer, over those of pre-training",
        ("episode_tokens", "bits_per_token"),
        _information,
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
