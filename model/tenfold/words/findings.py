"""The report's findings: a card each, of a number and the sentences that say what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.words.numbers import (
    LAST_YEAR,
    Row,
    beside_essay,
    chance,
    fixed,
    interval,
    number,
    percent,
    quantile,
    share,
    spread,
    told,
    year,
)

Card = dict[str, str]


@dataclass(frozen=True)
class Basis:
    """What the findings are made from: plain numbers.

    answer, paid: `jump_answer` and `cost_answer` of the population; whole: cost rows when the whole
    run is scaled; curve, places: the jump by place, on the curve and log-linear; drivers: of RL
    OOMs; more: P(RL needs more OOMs than inference) and its MCSE; both: benchmarks with both
    regimes; series: their number by regime; narrowed: spread of the exchange rate, posterior over
    prior; weights: of the curve forms, weights_90 their intervals.
    """

    answer: Mapping[str, Any]
    paid: Mapping[str, Any]
    whole: Mapping[str, Row]
    curve: Sequence[Row]
    places: Sequence[Row]
    drivers: Sequence[Row]
    more: tuple[float, float]
    both: Sequence[str]
    series: Mapping[str, int]
    narrowed: float
    weights: Mapping[str, float]
    weights_90: Mapping[str, tuple[float, float]]


def headlines(basis: Basis) -> dict[str, Card]:
    """The findings by name: `label`, `value`, `interval`, `sentence`, `why`."""
    return {
        "rate": _rate(basis),
        "jump": _jump(basis),
        "multiplier": _multiplier(basis),
        "electricity": _electricity(basis),
        "dollars": _dollars(basis),
        "never": _never(basis),
    }


def _card(label: str, row: Row | tuple[str, str], sentence: str, why: str) -> Card:
    pair, essay = (row, "") if isinstance(row, tuple) else (spread(row), beside_essay(row))
    return {
        "label": label,
        "value": pair[0],
        "interval": "; ".join(filter(None, (pair[1], essay))),
        "sentence": sentence,
        "why": why,
    }


def _rate(basis: Basis) -> Card:
    row, new = (basis.answer["exchange_rates"][k] for k in ("population", "new benchmark"))
    middle, ends = spread(row)
    return _card(
        "RL OOMs per inference OOM",
        basis.answer["quantities"]["exchange_rate"],
        f"To match tenfold the inference compute, RL training compute has to grow by {middle} "
        f"orders of magnitude ({ends}). RL needs more orders of magnitude than inference with "
        f"probability {chance(*basis.more)}. On a benchmark not seen yet the rate is {told(new)}.",
        f"Rests on {basis.series['rl']} RL and {basis.series['inference']} inference series; "
        f"benchmarks with both: {', '.join(basis.both) or 'none'}. The evidence narrowed the "
        f"prior to {share(basis.narrowed)} of its standard deviation.",
    )


def _jump(basis: Basis) -> Card:
    q = basis.answer["quantities"]
    rl, inference = q["rl_jump_ooms"], q["inference_jump_ooms"]
    new = next(row for row in basis.places if row["place"] == "new benchmark")["rl_jump_ooms"]
    middle, ends = spread(rl)
    times = {**rl, "scale": "log10", "unit": "dimensionless"}
    by, between = _explained(basis.drivers), basis.answer["between_form_share"]
    forms = "" if between is None else f" {share(between)} of it lies between the curve forms."
    forms += f" {found}" if (found := untested(basis.answer["tested"])) else ""
    return _card(
        "RL OOMs for one GPT level",
        rl,
        f"One GPT level through RL alone takes {middle} OOMs of RL compute ({ends}), that is a "
        f"factor of {interval(times)}. Through inference alone it takes {told(inference)}. On a "
        f"benchmark not seen yet RL takes {told(new)}; costs are for the population of benchmarks.",
        f"Share of the variance that each input explains alone: {by}.{forms}" if by else forms,
    )


def untested(found: Mapping[str, Mapping[str, float]]) -> str:
    """How far ahead the curve forms were tested, and that nothing was beyond."""
    if not found:
        return ""
    rl, inference = found["rl"], found["inference"]
    return (
        f"Beyond {fixed(rl['tested_to'], 1)} OOMs of RL and {fixed(inference['tested_to'], 1)} of "
        "inference ahead of what was seen nothing has been tested; curve forms are weighed by what "
        f"they predicted from {fixed(rl['weighed_from'], 1)} and "
        f"{fixed(inference['weighed_from'], 1)} OOMs on."
    )


def _multiplier(basis: Basis) -> Card:
    paid, room = basis.paid["quantities"], basis.paid["room_left"]
    row, whole = (rows["training_multiplier"] for rows in (paid, basis.whole))
    return _card(
        "Training compute, multiplied by",
        row,
        f"If only the RL part of {basis.paid['baseline']} is scaled up, its total training compute "
        f"grows by a factor of {interval(row)}; if the whole run is, of {interval(whole)}.",
        f"RL is taken as {interval(paid['rl_share'])} times pre-training in that run, an "
        f"outside estimate. Total training compute doubles after {told(room['cheap_rl_ooms'])} "
        "of RL.",
    )


def _electricity(basis: Basis) -> Card:
    name, paid = "years_of_world_electricity", basis.paid["quantities"]
    row = paid[name]
    return _card(
        "World electricity",
        row,
        f"On the baseline's hardware that run uses {told(paid['training_energy'])}, as much as "
        f"the world generates in {told(row)}. Scaling the whole run: {told(basis.whole[name])}.",
        f"The interval spans {_factor(row)} because the uncertainty is in the exponent; a median "
        "alone says little.",
    )


def _factor(row: Row) -> str:
    """How far apart the ends of an interval are."""
    low, high = float(row["p05"]), float(row["p95"])
    return "every scale" if math.isinf(high) else f"a factor of {number(high - low)}"


def _dollars(basis: Basis) -> Card:
    row, ask = basis.paid["quantities"]["training_cost"], basis.paid["question"]
    return _card(
        "Training cost",
        row,
        f"At the baseline's prices the run costs {told(row)}. On trend, with a budget up to "
        f"{share(ask['budget_share'])} of world GDP and up to {share(ask['energy_share'])} of "
        f"world electricity, it becomes affordable {dates(basis.paid['dates'])}; that rests on "
        f"{budget_path(basis.paid)}. {shares(basis.paid['shares'])}",
        "Spread of the electricity and the cost: "
        + (f"{by} of its variance, each alone." if (by := _explained(basis.paid["drivers"]))
           else "see the drivers."),
    )  # fmt: skip


def dates(rows: Mapping[str, Row]) -> str:
    """When something becomes affordable, as probabilities: "by the end of 2030 3.2% ± 0.4%, …"."""
    return ", ".join(
        f"{row['title'][0].lower()}{row['title'][1:]} {chance(row['probability'], row['mcse'])}"
        for key, row in rows.items()
        if key != "never"  # a part of "later or never"
    )


def shares(rows: Mapping[str, Row]) -> str:
    """What a cost comes to, as probabilities that a person can hold."""
    listed = ", ".join(
        f"{row['title'][0].lower()}{row['title'][1:]} {chance(row['probability'], row['mcse'])}"
        for row in rows.values()
    )
    return f"Probabilities: {listed}."


def budget_path(paid: Mapping[str, Any]) -> str:
    """The budget that a date rests on, where it starts, how it grows, and what it then is."""
    cost, growth = (paid["budget"][name] for name in ("baseline_cost", "budget_growth"))
    path = (
        f"a budget of {quantile(cost, 'p50')} in {year(paid['budget']['year'])} that grows "
        f"{quantile(growth, 'p50')} times a year, up to {share(paid['question']['budget_share'])} "
        "of world GDP"
    )
    then = paid["budget"].get("then")
    late = float(paid["timing"]["first_year"]["p50"]) >= LAST_YEAR + 1
    return path if late or then is None else f"{path}: {told(then)} for one run at the median date"


def _never(basis: Basis) -> Card:
    rows = {row["place"]: row for row in basis.curve}
    here, new = rows["population"], rows["new benchmark"]
    alone = here["p_never_by_form"]
    weight = f"{share(sum(basis.weights[form] for form in alone))} of the weight"
    if len(alone) == 1 and set(alone) <= set(basis.weights_90):
        low, high = basis.weights_90[next(iter(alone))]
        weight += f" ({share(low)} to {share(high)}, by resampled publications)"
    each = ", ".join(f"{form} {chance(*found)}" for form, found in alone.items())
    return _card(
        "Probability that no amount of RL is enough",
        (percent(here["p_never"], here["mcse"]), f"Monte Carlo error {percent(here['mcse'])}"),
        f"From a score of {share(here['start'])}, RL never reaches what the inference jump "
        f"reaches, with probability {chance(here['p_never'], here['mcse'])} at the population's "
        f"slopes and median ceiling, and {chance(new['p_never'], new['mcse'])} on a new "
        "benchmark.",
        f"Only forms with ceilings can say never; they hold {weight}, which bounds this "
        "probability from above." + (f" Under such a form alone: {each}." if each else ""),
    )


def _explained(rows: Sequence[Row]) -> str:
    """The three strongest drivers, each with the share of the variance that it explains alone."""
    return ", ".join(
        f"{row['input']} {share(row['variance_explained'])}"
        for row in rows[:3]
        if row["variance_explained"] is not None
    )
