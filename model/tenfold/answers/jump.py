"""From slopes to a jump: OOMs of RL or of inference that one GPT level takes, draw by draw.

Three definitions, all on draws with dims `form, chain, draw`:

- `exchange`: log-linear, gpt_level_ooms * inference_per_training * exchange_rate;
- `on_curve`: from a stated score, the RL compute that reaches what the inference jump reaches,
  with ceilings: at or above the RL ceiling the answer is +inf, never;
- `between_scores`: from one score to another on a named benchmark.

`joint` mixes RL and inference at least cost. The draws are those of `headline`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import special

from tenfold import curves, units
from tenfold.answers.headline import slope_ratio
from tenfold.files import SpecError, did_you_mean
from tenfold.mixture import between_share, label, probability, quantile, summarise, table

__all__ = [
    "between_scores",
    "between_share",
    "exchange",
    "joint",
    "on_curve",
    "probability",
    "quantile",
    "summarise",
    "table",
]

POPULATION, NEW_BENCHMARK, NEW_MODEL = "population", "new benchmark", "new model"
"""Places that are no benchmark: typical of all, a new one, and a new model on a new one."""


def exchange(draws: xr.Dataset, benchmark: str | None = None) -> xr.Dataset:
    """The log-linear jump: `exchange_rate`, `inference_jump_ooms`, `rl_jump_ooms`.

    Args:
        benchmark: None for the population, "new benchmark", "new model" (on a new benchmark), or a
            benchmark. Where a benchmark has evidence in one regime only, the other slope is the
            hierarchy's prediction.

    Raises:
        SpecError: no such benchmark.
    """
    if benchmark is None or benchmark == POPULATION:
        rate = draws["exchange_rate"]
    elif benchmark == NEW_BENCHMARK:
        rate = draws["exchange_rate_new_benchmark"]
    elif benchmark == NEW_MODEL:
        rate = draws["exchange_rate_new_model"]
    elif benchmark in draws["shared_benchmark"].values:
        rate = draws["exchange_rate_benchmark"].sel(shared_benchmark=benchmark, drop=True)
    else:
        rate = slope_ratio(_curve(draws, benchmark)[0])
    inference = draws["gpt_level_ooms"] * draws["inference_per_training"]
    return _jump(rate, inference, inference * rate, draws["weight"])


def on_curve(draws: xr.Dataset, start: float, benchmark: str | None = None) -> xr.Dataset:
    """The jump on the curve: RL OOMs that reach the score which the inference jump reaches.

    Both curves start at score `start`. Under the logistic, linear and power forms, whose regimes
    share one ceiling, this equals `exchange`. Where the inference curve's ceiling lies at or below
    the start, inference gains nothing and RL has nothing to match: 0 OOMs, `reached_score` = start
    (`no_gain`). The linear form runs past its ceiling: the score reached is then the ceiling, and
    RL goes as far past it as inference does.

    Args:
        benchmark: a benchmark, "new benchmark", "new model", or None for a population slope under
            the median ceiling over benchmarks (floor 0; so for a new benchmark).

    Returns:
        As `exchange` (`exchange_rate` is the ratio of slopes), `reached_score` and `no_gain`
        (boolean). `rl_jump_ooms` is +inf where the score reached is at or above the RL ceiling.

    Raises:
        SpecError: unknown benchmark; a start outside (floor, 1).
    """
    slope, floor, ceiling = _curve(draws, benchmark)
    _check_scores(floor, start)
    inference = draws["gpt_level_ooms"] * draws["inference_per_training"]
    ooms, reached, idle = [], [], []
    for form in draws["form"].values:
        at = {"form": form}
        one = (slope.sel(at), ceiling.sel(at), inference.sel(at))
        found = _match(start, floor, *one, form)
        ooms.append(found[0])
        reached.append(found[1])
        idle.append(found[2])
    jump = _jump(slope_ratio(slope), inference, xr.concat(ooms, draws["form"]), draws["weight"])
    scores: Any = xr.concat(reached, draws["form"])
    jump["reached_score"] = label(scores, "Score that the inference jump reaches", "score")
    jump["no_gain"] = xr.concat(idle, draws["form"])
    return jump


def _match(
    start: float, floor: float, slope: Any, ceiling: Any, inference: Any, form: curves.Form
) -> tuple[Any, Any, Any]:
    """RL OOMs, the score reached from `start`, and whether inference is stuck there.

    All in shortfalls (1 - share), which keep their precision next to the ceiling where shares
    round to one."""
    top_i, top_r = (ceiling.sel(regime=r, drop=True) for r in ("inference", "rl"))
    slope_i, slope_r = (slope.sel(regime=r, drop=True) for r in ("inference", "rl"))
    with np.errstate(divide="ignore", invalid="ignore"):
        eta_i = curves.eta_at_score(start, floor, top_i, form)
        short_i = _shortfall(eta_i + slope_i * inference, form)
        short_r = ((top_r - top_i) + (top_i - floor) * short_i) / (top_r - floor)
        ooms = (_eta(short_r, form) - curves.eta_at_score(start, floor, top_r, form)) / slope_r
    reached = top_i - (top_i - floor) * np.maximum(short_i, 0.0)
    bounded = form != "linear"
    never = (slope_r <= 0) | ((short_r <= 0) & bounded) | ((start >= top_r) & bounded)
    ooms = xr.where(never, np.inf, ooms)
    stuck = (slope_i <= 0) | ((start >= top_i) & bounded)
    return xr.where(stuck, 0.0, ooms), xr.where(stuck, start, reached), stuck


def _shortfall(eta: Any, form: curves.Form) -> Any:
    """1 - `curves.expected_share`, exact where the share is near one."""
    if form == "linear":
        return 0.5 - 0.25 * eta
    if form == "power":
        return 0.5 * np.exp(-0.5 * eta)
    return xr.apply_ufunc(special.expit, -eta)


def _eta(shortfall: Any, form: curves.Form) -> Any:
    """Inverse of `_shortfall`."""
    if form == "linear":
        return 4.0 * (0.5 - shortfall)
    if form == "power":
        return -2.0 * np.log(2.0 * shortfall)
    return np.log1p(-shortfall) - np.log(shortfall)


def between_scores(
    draws: xr.Dataset, start: float, target: float, benchmark: str | None = None
) -> xr.Dataset:
    """`rl_ooms` and `inference_ooms` from one score to another; +inf where it is never reached.

    Benchmark and errors as `on_curve`; `target` must lie above `start` and be at most 1.
    """
    slope, floor, ceiling = _curve(draws, benchmark)
    _check_scores(floor, start, target)
    found = xr.Dataset({"weight": draws["weight"]})
    for regime, title in (("rl", "RL"), ("inference", "Inference")):
        parts = [
            curves.ooms_between(
                start,
                target,
                slope.sel(form=form, regime=regime, drop=True),
                floor,
                ceiling.sel(form=form, regime=regime, drop=True),
                form,
            )
            for form in draws["form"].values
        ]
        ooms: Any = xr.concat(parts, draws["form"])
        found[f"{regime}_ooms"] = label(ooms, f"{title} from {start:.0%} to {target:.0%}", "OOM")
    return found


def _curve(draws: xr.Dataset, benchmark: str | None) -> tuple[xr.DataArray, float, xr.DataArray]:
    """Slope and ceiling (form, chain, draw, regime) and floor of a benchmark."""
    if benchmark is None or benchmark == POPULATION:
        return xr.ufuncs.exp(draws["log_slope_mean"]), 0.0, draws["ceiling_typical"]
    if benchmark in (NEW_BENCHMARK, NEW_MODEL):
        slope = draws[f"slope_{benchmark}".replace(" ", "_")]
        return slope, 0.0, draws["ceiling_new_benchmark"]
    known = [str(name) for name in draws["benchmark"].values]
    if benchmark not in known:
        raise SpecError(f"unknown benchmark {benchmark!r}{did_you_mean(benchmark, known)}")
    one = draws[["slope_at_benchmark", "ceiling", "floor"]].sel(benchmark=benchmark, drop=True)
    floors = np.unique(one["floor"].values)
    return one["slope_at_benchmark"], float(floors[0]), one["ceiling"]


def _check_scores(floor: float, start: float, target: float = 1.0) -> None:
    if not floor < start < 1:
        raise SpecError(f"start score {start:g}: expected between the chance level {floor:g} and 1")
    if not start < target <= 1:
        raise SpecError(f"target score {target:g}: expected above the start {start:g}, at most 1")


def joint(
    jump: xr.Dataset, log10_rl_share: xr.DataArray, log10_deployment: xr.DataArray | float
) -> xr.Dataset:
    """The cheapest mix of RL and inference that makes the same jump, in closed form.

    With pre-training 1, RL r and deployment D = ratio * (1 + r), scaling RL by x and inference by
    y OOMs costs 1 + r 10^x + D 10^y and gains x / exchange_rate + y inference OOMs, which must be
    `inference_jump_ooms`. The cost is convex on that line; its minimum is where one more unit of
    gain costs the same either way, r 10^x exchange_rate = D 10^y, or the nearer end of the line.

    Args:
        jump: `exchange(...)`; the log-linear curve, since a mix has no meaning under two ceilings.
        log10_rl_share: log10 of r, RL over pre-training.
        log10_deployment: log10 of the ratio of deployment to training spending.

    Returns:
        `joint_rl_ooms`, `joint_inference_ooms`, `rl_gain_share` (of the gain), and
        `log10_joint_multiplier` (of training and deployment spending together), `weight`.
    """
    # A level of no OOMs, or fewer, asks for no compute.
    rate, gain = jump["exchange_rate"], jump["inference_jump_ooms"].clip(min=0.0)
    one_plus_r = units.log10_sum(0.0, log10_rl_share)
    deploy = one_plus_r + log10_deployment
    free = (gain - (log10_rl_share + np.log10(rate) - deploy)) / (1 + 1 / rate)
    rl_ooms = free.clip(0.0, gain * rate)
    inference_ooms = (gain - rl_ooms / rate).clip(min=0.0)
    spent = units.log10_sum(0.0, log10_rl_share + rl_ooms)
    after = units.log10_sum(spent, deploy + inference_ooms)
    found = xr.Dataset({"weight": jump["weight"]})
    found["joint_rl_ooms"] = label(rl_ooms, "RL, cheapest mix", "OOM")
    found["joint_inference_ooms"] = label(inference_ooms, "Inference, cheapest mix", "OOM")
    found["rl_gain_share"] = label(
        xr.where(gain > 0, rl_ooms / rate / gain.where(gain > 0, 1.0), 0.0),
        "Share of the gain that RL supplies",
        "dimensionless",
    )
    found["log10_joint_multiplier"] = label(
        after - units.log10_sum(one_plus_r, deploy),
        "Training and deployment spending, multiplied by",
        "dimensionless",
        "log10",
    )
    return found


def _jump(rate: Any, inference: Any, rl: Any, weight: Any) -> xr.Dataset:
    found = xr.Dataset({"weight": weight})
    found["exchange_rate"] = label(rate, "RL OOMs per inference OOM", "OOM/OOM")
    found["inference_jump_ooms"] = label(inference, "One GPT level by inference alone", "OOM")
    found["rl_jump_ooms"] = label(rl, "One GPT level by RL alone", "OOM")
    return found
