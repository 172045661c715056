"""Published sentences held against the posterior: does the arithmetic follow, is it supported?

A claim names one quantity of the registry, or a function in `arithmetic`; nothing in a claims file
is evaluated.
An arithmetic claim gets two answers that are kept apart: whether the printed number follows from
the inputs that the text states, and how probable the number is when every input that the evidence
speaks to is replaced by what the evidence says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import Constants
from tenfold.answers.question import Asked, Question
from tenfold.claims import spec
from tenfold.claims.arithmetic import FUNCTIONS, INPUTS
from tenfold.claims.spec import Claim, ClaimsFile
from tenfold.files import Mistakes, SpecError, did_you_mean

if TYPE_CHECKING:
    import xarray as xr

LIKELIHOOD = (
    (0.01, "exceptionally unlikely"),
    (0.10, "very unlikely"),
    (0.33, "unlikely"),
    (0.66, "about as likely as not"),
    (0.90, "likely"),
    (0.99, "very likely"),
    (1.00, "virtually certain"),
)
"""Upper ends of the IPCC likelihood scale (Mastrandrea et al. 2010), cut so that words do not
overlap: "likely" is 66 to 90%."""

CONTRADICTED_BELOW = 0.10
"""An evidence claim counts as contradicted when it is very unlikely beyond Monte Carlo error."""


@dataclass(frozen=True)
class Evidence:
    """What the evidence says of a claim: probabilities, their Monte Carlo error, and quantiles.

    `p05`, `p50`, `p95` are log10 of the quantity in the claim's unit (equal-tailed 90%), +inf for
    "never"; `quantile_mcse` the Monte Carlo error of each.
    """

    probability: float
    mcse: float
    p_below: float
    p_above: float
    p05: float
    p50: float
    p95: float
    quantile_mcse: tuple[float, ...] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Result:
    """A claim and its answers; `recomputed` is log10 in the claim's unit."""

    claim: Claim
    recomputed: float | None
    follows: bool | None
    evidence: Evidence | None

    @property
    def contradicted(self) -> bool:
        """The arithmetic does not follow, or an evidence claim is very unlikely beyond error."""
        if self.follows is not None:
            return not self.follows
        if self.evidence is None or self.claim.kind == "assumption":
            return False
        return self.evidence.probability + 2 * self.evidence.mcse < CONTRADICTED_BELOW


def likelihood(probability: float) -> str:
    """The IPCC likelihood term for a probability (clamped to [0, 1])."""
    for upper, word in LIKELIHOOD:
        if probability < upper:
            return word
    return LIKELIHOOD[-1][1]


def load_claims(path: Path | None = None) -> ClaimsFile:
    """A claims file, by default the shipped `claims/ord-2025.toml`, checked against the registry.

    Raises:
        SpecError: for every mistake a line with file, claim and what was expected.
    """
    claims = spec.read(path)
    mistakes = Mistakes()
    for claim in claims.claim:
        try:
            _check_registry(claim)
        except ValueError as error:
            mistakes.lines.append(f"{path or spec.shipped()}: claim {claim.id!r}: {error}")
    mistakes.tell()
    return claims


def check_claims(
    draws: xr.Dataset | None, claims: Sequence[Claim], constants: Constants
) -> list[Result]:
    """Each claim with its answers, in order.

    Args:
        draws: headline draws with `weight(form)`; None answers the arithmetic alone.

    Raises:
        SpecError: a claim asks for a benchmark or regime that the run does not have.
    """
    return [_check(draws, claim, constants) for claim in claims]


def as_record(result: Result) -> dict[str, Any]:
    """A result as plain JSON; quantities as log10, with "inf" for never."""
    claim, evidence = result.claim, result.evidence
    record: dict[str, Any] = {
        "id": claim.id,
        "kind": claim.kind,
        "quote": claim.quote,
        "source": claim.source,
        "quantity": claim.function or claim.estimand,
        "given": dict(claim.given),
        "relation": claim.relation,
        "value": claim.value,
        "unit": claim.unit,
        "tolerance": claim.tolerance,
        "as_of": claim.as_of.isoformat(),
        "contradicted": result.contradicted,
        "arithmetic": None,
        "evidence": None,
    }
    if result.recomputed is not None:
        record["arithmetic"] = {
            "follows": result.follows,
            "log10_recomputed": mixture.plain(result.recomputed),
        }
    if evidence is not None:
        record["evidence"] = {
            "probability": evidence.probability,
            "mcse": evidence.mcse,
            "likelihood": likelihood(evidence.probability),
            "tolerance": claim.evidence_tolerance or claim.tolerance,
            "p_below": evidence.p_below,
            "p_above": evidence.p_above,
            "level": mixture.LEVEL,
            "interval_kind": mixture.KIND,
            "log10_p05": mixture.plain(evidence.p05),
            "log10_p50": mixture.plain(evidence.p50),
            "log10_p95": mixture.plain(evidence.p95),
        }
    return record


def _check_registry(claim: Claim) -> None:
    if claim.estimand:
        entry = registry.named(claim.estimand)
        registry.conversion(entry, claim.unit)
        try:
            registry.question(claim.estimand, claim.given)
        except SpecError as error:
            raise SpecError(f"given.{error}") from None
        return
    name = claim.function or ""
    if name not in FUNCTIONS:
        raise ValueError(f"unknown function {name!r}{did_you_mean(name, sorted(FUNCTIONS))}")
    function = FUNCTIONS[name]
    if claim.unit != function.unit:
        raise ValueError(f"unit: got {claim.unit!r}; {name!r} is in {function.unit!r}")
    unspoken = {name for name in function.inputs if INPUTS[name].quantity is None}
    required = set(function.inputs) if claim.kind == "arithmetic" else unspoken
    for key, value in claim.given.items():
        if key not in function.inputs:
            raise ValueError(f"given.{key}: unknown{did_you_mean(key, sorted(function.inputs))}")
        if not isinstance(value, float):
            raise ValueError(f"given.{key}: got {value!r}; expected a number")
        if value <= 0:
            raise ValueError(f"given.{key}: got {value!r}; expected a positive number")
    missing = required.difference(claim.given)
    if missing:
        raise ValueError(f"given.{min(missing)}: missing; {name!r} needs it")


def _check(draws: xr.Dataset | None, claim: Claim, constants: Constants) -> Result:
    recomputed = follows = None
    if claim.kind == "arithmetic":
        recomputed = float(_function(claim, {}))
        follows = bool(_holds(claim, recomputed, claim.tolerance))
    if draws is None:
        return Result(claim, recomputed, follows, None)
    try:
        if claim.estimand:
            asked = Asked(draws, constants, registry.question(claim.estimand, claim.given))
            values = registry.named(claim.estimand).log10(asked, claim.unit)
        else:
            values = _function(claim, _spoken(claim, Asked(draws, constants, Question())))
    except SpecError as error:
        raise SpecError(f"claim {claim.id!r}: {error}") from None
    tolerance = claim.evidence_tolerance or claim.tolerance
    return Result(claim, recomputed, follows, _evidence(claim, values, draws["weight"], tolerance))


def _function(claim: Claim, replaced: dict[str, Any]) -> Any:
    """The claim's function at the stated inputs, those in `replaced` exchanged; log10."""
    stated = {
        name: math.log10(float(value)) if INPUTS[name].log10 else float(value)
        for name, value in claim.given.items()
    }
    return FUNCTIONS[claim.function or ""].compute(**(stated | replaced))


def _spoken(claim: Claim, asked: Asked) -> dict[str, xr.DataArray]:
    """Draws of the inputs that the evidence speaks to.

    An arithmetic claim's stated inputs have had their turn and are replaced; what another claim
    states is a condition of the claim and stays.
    """
    found = {}
    for name in FUNCTIONS[claim.function or ""].inputs:
        spoken = INPUTS[name].quantity is not None
        if spoken and (claim.kind == "arithmetic" or name not in claim.given):
            found[name] = INPUTS[name].draws(asked)
    return found


def _evidence(
    claim: Claim, values: xr.DataArray, weight: xr.DataArray, tolerance: float
) -> Evidence:
    probability, mcse = mixture.probability(_holds(claim, values, tolerance), weight)
    low, high = _range(claim, tolerance)
    row, ends = mixture.summarise(values, weight, claim.unit), ("p05", "p50", "p95")
    return Evidence(
        probability,
        mcse,
        mixture.probability(values < low, weight)[0],
        mixture.probability(values > high, weight)[0],
        *(float(row[key]) for key in ends),
        quantile_mcse=tuple(float(row[f"{key}_mcse"]) for key in ends),
    )


def _range(claim: Claim, tolerance: float) -> tuple[float, float]:
    value, slack = math.log10(claim.value), math.log10(tolerance) + 1e-12
    low = -math.inf if claim.relation == "at most" else value - slack
    high = math.inf if claim.relation == "at least" else value + slack
    return low, high


def _holds(claim: Claim, log10: Any, tolerance: float) -> Any:
    low, high = _range(claim, tolerance)
    return (log10 >= low) & (log10 <= high)
