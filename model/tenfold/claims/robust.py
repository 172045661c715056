"""How robust a verdict is: by curve form, by scenario, and by the assumption that flips it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import xarray as xr

from tenfold import mixture
from tenfold.answers import drivers, registry
from tenfold.answers.constants import Constants
from tenfold.answers.question import Asked, Question
from tenfold.claims.arithmetic import FUNCTIONS, INPUTS
from tenfold.claims.measure import DECISIVE, measure
from tenfold.claims.spec import Claim
from tenfold.claims.verdicts import UNLIKELY, Result, check_claims, values_of

QUANTILES = tuple(np.linspace(0.1, 0.9, 17))
"""Where an input is cut to see what the claim would be on either side."""
LEAST = 0.02
"""PAWN by which an input has to exceed noise."""


@dataclass(frozen=True)
class Flip:
    """An assumption that changes the verdict.

    Where the input (`name` in words, `quantity` in the registry) is `side` ("above" or "below")
    `value` (on the scale of its draws), which has probability `share`, the claim has `probability`
    and is `word`.
    """

    name: str
    quantity: str
    unit: str
    scale: str
    side: str
    value: float
    share: float
    probability: float
    word: str


Case = tuple[str, float, float, str]


@dataclass(frozen=True)
class Robust:
    """What a claim's probability depends on.

    drivers: rows of `drivers.drivers`. scenarios: name, probability and its error, and the word.
    publications: the same without each, that first whose absence moves the probability most.
    """

    drivers: tuple[dict[str, Any], ...]
    flips: tuple[Flip, ...]
    scenarios: tuple[Case, ...]
    publications: tuple[Case, ...] = ()


def robust(
    result: Result,
    asked: Asked,
    others: Mapping[str, tuple[xr.Dataset, Constants]],
    without: Mapping[str, str],
) -> Robust:
    """How robust the evidence on a claim is.

    Args:
        others: headline draws and constants of other scenarios by name.
        without: of those, which leave a publication out, and which one.
    """
    claim = result.repeats or result.claim
    if result.evidence is None:
        return Robust((), (), ())
    values, weight = values_of(claim, asked), asked.draws["weight"]
    inputs = _inputs(claim, asked)
    found = {name: own.broadcast_like(values) for name, (own, _) in inputs.items()}
    rows = drivers.drivers(values, found, weight) if found and _varies(values) else []
    kept = [row for row in rows if row["pawn"] > row["pawn_noise"] + LEAST]
    event = measure(claim).holds(values)
    named = [row["input"] for row in kept]
    flips = [flip for name in named for flip in _flips(event, name, *inputs[name], weight)]
    cases = list(_elsewhere(claim, others))
    now = result.evidence.probability
    left_out = [(without[name], p, mcse, word) for name, p, mcse, word in cases if name in without]
    return Robust(
        tuple(kept),
        tuple(flips),
        tuple(case for case in cases if case[0] not in without),
        tuple(sorted(left_out, key=lambda case: -abs(case[1] - now))),
    )


def _elsewhere(claim: Claim, others: Mapping[str, tuple[xr.Dataset, Constants]]) -> Iterable[Case]:
    for name, (draws, constants) in others.items():
        (there,) = check_claims(draws, [claim.model_copy(update={"says": None})], constants)
        if there.evidence is not None:
            yield name, there.evidence.probability, there.evidence.mcse, there.word


def _varies(values: xr.DataArray) -> bool:
    flat = values.values.ravel()
    return bool((flat != flat[0]).any())


def _inputs(claim: Claim, asked: Asked) -> dict[str, tuple[xr.DataArray, registry.Quantity]]:
    """Draws of what a claim's quantity comes from, by label, each with its quantity."""
    if claim.function:
        own = asked.put(Question(baseline=claim.baseline or Question().baseline))
        stated = set() if claim.kind == "arithmetic" else set(claim.given)
        named = {
            name.replace("_", " "): (str(INPUTS[name].quantity), {})
            for name in FUNCTIONS[claim.function].inputs
            if INPUTS[name].quantity and name not in stated
        }
    else:
        entry = registry.named(claim.estimand or "")
        own = asked.put(registry.question(entry.name, claim.given))
        named = {
            label: (key, given)
            for label, (key, given) in drivers.inputs_of(entry.arguments).items()
            if key != entry.name
        }
    return {
        label: (registry.draws_of(key, own.but(**given)), registry.named(key))
        for label, (key, given) in named.items()
    }


def _flips(
    event: xr.DataArray,
    name: str,
    values: xr.DataArray,
    entry: registry.Quantity,
    weight: xr.DataArray,
) -> list[Flip]:
    """The least that has to be assumed of an input for the claim to be likely, or unlikely."""
    at = values.broadcast_like(event)
    now = _mean(event, weight)
    cuts = mixture.quantile(at.transpose(*event.dims), weight, QUANTILES).values
    found: dict[str, Flip] = {}
    for side in ("above", "below"):
        for cut in cuts:
            inside = at > cut if side == "above" else at < cut
            share = _mean(inside, weight)
            if share < min(QUANTILES) / 2:
                continue
            p = _mean(event & inside, weight) / share
            likely, unlikely = now < DECISIVE <= p, now >= UNLIKELY > p
            if not (likely or unlikely):
                continue
            word = "likely" if likely else "unlikely"
            if word not in found or share > found[word].share:
                of = (name, entry.name, entry.unit, entry.scale)
                found[word] = Flip(*of, side, float(cut), share, p, word)
    return list(found.values())


def _mean(event: xr.DataArray, weight: xr.DataArray) -> float:
    inside = event.mean([dim for dim in event.dims if dim != "form"])
    return float((inside * weight).sum())


class CaseRecord(TypedDict):
    """A claim under another scenario."""

    probability: float
    mcse: float
    word: str


class FlipRecord(TypedDict):
    """A `Flip`."""

    name: str
    quantity: str
    unit: str
    scale: str
    side: str
    value: float
    share: float
    probability: float
    word: str


class RobustRecord(TypedDict):
    """What a claim's probability depends on; `drivers` as `answers.drivers` has them."""

    drivers: list[dict[str, Any]]
    flips: list[FlipRecord]
    scenarios: dict[str, CaseRecord]
    without_publication: dict[str, CaseRecord]


def as_record(found: Robust) -> RobustRecord:
    """As plain JSON."""
    flips: list[Any] = [vars(flip) for flip in found.flips]
    return {
        "drivers": [dict(row) for row in found.drivers],
        "flips": flips,
        "scenarios": _cases(found.scenarios),
        "without_publication": _cases(found.publications),
    }


def _cases(cases: Iterable[Case]) -> dict[str, CaseRecord]:
    return {name: {"probability": p, "mcse": mcse, "word": word} for name, p, mcse, word in cases}
