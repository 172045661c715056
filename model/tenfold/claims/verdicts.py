"""Published sentences held against the posterior: does the arithmetic follow, is it supported?

A claim names one quantity of the registry, or a function of `arithmetic`; nothing in a claims file
is evaluated. A claim gets answers that are kept apart: whether the printed number follows from the
inputs that the text states or borrows, and what the evidence says of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.answers import registry
from tenfold.answers.baseline import once
from tenfold.answers.constants import Constants
from tenfold.answers.quantity import Untold
from tenfold.answers.question import Asked, Question
from tenfold.claims import spec, sums
from tenfold.claims.arithmetic import FUNCTIONS, INPUTS
from tenfold.claims.measure import DECISIVE, Evidence, evidence, measure
from tenfold.claims.spec import NEAR, Claim, ClaimsFile
from tenfold.claims.sums import Sum
from tenfold.files import Mistakes, SpecError, did_you_mean
from tenfold.mixture import REPEAT

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

CONTRADICTED_BELOW = 0.05
"""The evidence contradicts a claim whose side of the median it puts below this, beyond error."""

UNLIKELY = 0.33
MIDDLE = 1 / 6
"""Between this percentile and its mirror a value lies in the middle two thirds of the posterior."""

OPEN = "the evidence cannot tell at this tolerance"
CONTRADICTED = "contradicted"
OWN = "its own number"
UNTESTABLE = "untestable"


@dataclass(frozen=True)
class Result:
    """A claim and its answers.

    sum: what its function gives. evidence: None where there is none, and `why` not. repeats: the
    claim that it says in other words, whose evidence this is.
    """

    claim: Claim
    sum: Sum | None = None
    evidence: Evidence | None = None
    why: str = ""
    repeats: Claim | None = None

    @property
    def follows(self) -> bool | None:
        """Whether the sum comes out, at least within the range of what is borrowed."""
        return None if self.sum is None else self.sum.follows or self.sum.within_range

    @property
    def word(self) -> str:
        """What the evidence says, in a word; empty where there is none."""
        if self.claim.kind == UNTESTABLE:
            return UNTESTABLE
        return "" if self.evidence is None else judged(self.repeats or self.claim, self.evidence)

    @property
    def contradicted(self) -> bool:
        """The arithmetic does not follow; or where there is none, the evidence is against it."""
        if self.follows is not None:
            return not self.follows
        return self.word == CONTRADICTED


def likelihood(probability: float) -> str:
    """The IPCC likelihood term for a probability (clamped to [0, 1])."""
    for upper, word in LIKELIHOOD:
        if probability < upper:
            return word
    return LIKELIHOOD[-1][1]


def judged(claim: Claim, found: Evidence) -> str:
    """`CONTRADICTED` (what is held against the evidence alone), `OPEN`, `OWN` or an IPCC word.

    A narrow band contradicts nothing: what counts is the whole side on which the claim lies. Where
    no value could have `DECISIVE` at the claim's tolerance, or where a value from the middle of the
    posterior would be called unlikely, it is the tolerance that speaks, and the evidence cannot
    tell.
    """
    if found.side + 2 * found.side_mcse < CONTRADICTED_BELOW:
        return CONTRADICTED if claim.kind == "evidence" else likelihood(found.side)
    if claim.relation in NEAR:
        central = MIDDLE <= found.percentile <= 1 - MIDDLE
        best = 0.0 if found.best is None else found.best
        if best < DECISIVE or (central and found.probability < UNLIKELY):
            return OPEN
    if claim.own_number and found.probability >= DECISIVE:
        return OWN
    return likelihood(found.probability)


def load_claims(path: Path | None = None) -> ClaimsFile:
    """A claims file, by default the shipped `claims/ord-2025.toml`, checked against the registry.

    Raises:
        SpecError: for every mistake a line with file, claim and what was expected.
    """
    claims = spec.read(path)
    mistakes = Mistakes()
    by_id = {claim.id: claim for claim in claims.claim}
    for claim in claims.claim:
        try:
            check(claim)
            if claim.says:
                _check_link(claim, by_id[claim.says])
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
        SpecError: a line for each claim that asks for what there is not: a benchmark, a baseline.
    """
    found: dict[str, Result] = {}
    asked = None if draws is None else Asked(draws, constants, Question())
    mistakes = Mistakes()
    for claim in sorted(claims, key=lambda each: each.says is not None):
        with mistakes.gather():
            found[claim.id] = _answered(claim, asked, found)
    mistakes.tell()
    return [found[claim.id] for claim in claims]


def _answered(claim: Claim, asked: Asked | None, before: dict[str, Result]) -> Result:
    result = Result(claim, None if claim.kind != "arithmetic" else sums.summed(claim))
    if claim.kind == UNTESTABLE:
        return replace(result, why=f"it would take {claim.needs}")
    if asked is None:
        return replace(result, why="no run was asked")
    if claim.says in before:
        other = before[claim.says]
        return replace(result, evidence=other.evidence, why=other.why, repeats=other.claim)
    return _held(result, asked)


def values_of(claim: Claim, asked: Asked) -> xr.DataArray:
    """Draws of a claim's quantity, with all dims, on the scale on which it is measured.

    Raises:
        SpecError: as the registry's; a function whose inputs no known run has.
    """
    return _values(claim, asked).broadcast_like(asked.like).transpose(*asked.like.dims)


def _values(claim: Claim, asked: Asked) -> xr.DataArray:
    """The same; repeats only where what is predicted differs between them."""
    measured = measure(claim)
    if claim.function:
        stated = sums.stated(claim)
        values = FUNCTIONS[claim.function].compute(**(stated | _spoken(claim, asked)))
    else:
        values = _drawn(claim.estimand or "", claim.given, asked, claim.unit, measured.factor)
        if claim.than is not None:
            values = values - _drawn(
                claim.than.estimand, claim.than.given, asked, None, measured.factor
            )
    like = asked.like if REPEAT in values.dims else once(asked.like)
    return values.broadcast_like(like).transpose(*like.dims)


def _drawn(
    name: str, given: dict[str, Any], asked: Asked, unit: str | None, factor: bool
) -> xr.DataArray:
    entry = registry.named(name)
    own = asked.put(registry.question(name, given))
    return entry.log10(own, unit or entry.unit) if factor else entry.draws(own)


def _held(result: Result, asked: Asked) -> Result:
    claim = result.claim
    if lacking := _unknown(claim):
        named = " and ".join(lacking)
        return replace(result, why=f"the text names no known run whose {named} it could be")
    if unheard := _unheard(claim):
        return replace(result, why=f"no evidence that is fitted speaks to its {unheard}")
    try:
        values = _values(claim, asked)
    except Untold as error:
        return replace(result, why=f"the run that answers does not tell it ({error})")
    except SpecError as error:
        raise SpecError(f"claim {claim.id!r}: {error}") from None
    return replace(result, evidence=evidence(claim, measure(claim), values, asked.draws["weight"]))


def _unknown(claim: Claim) -> list[str]:
    """Inputs of an arithmetic claim that are a run's, where the claim names none."""
    if claim.function is None or claim.kind != "arithmetic" or claim.baseline:
        return []
    of_run = [n for n in FUNCTIONS[claim.function].inputs if INPUTS[n].of_run]
    return [name.replace("_", " ") for name in of_run]


def _spoken(claim: Claim, asked: Asked) -> dict[str, xr.DataArray]:
    """Draws of the inputs that the evidence speaks to.

    An arithmetic claim's stated inputs have had their turn and are replaced; what another claim
    states is a condition of the claim and stays.
    """
    own = asked.put(Question(baseline=claim.baseline or Question().baseline))
    return {name: INPUTS[name].draws(own) for name in _spoken_of(claim)}


def _unheard(claim: Claim) -> str:
    """Inputs that nothing is known of: all, or one that is not even the text's own."""
    if claim.function is None:
        return ""
    silent = [name for name in claim.borrowed if INPUTS[name].quantity is None]
    if not silent and not _spoken_of(claim):
        silent = list(FUNCTIONS[claim.function].inputs)
    return " and ".join(name.replace("_", " ") for name in silent)


def _spoken_of(claim: Claim) -> list[str]:
    return [
        name
        for name in FUNCTIONS[claim.function or ""].inputs
        if INPUTS[name].quantity and (claim.kind == "arithmetic" or name not in claim.given)
    ]


def check(claim: Claim) -> None:
    """Whether a claim fits the registry of quantities and functions.

    Raises:
        ValueError: it does not; what was expected.
    """
    if claim.kind == UNTESTABLE:
        return
    if claim.estimand:
        entry = registry.named(claim.estimand)
        if claim.unit and claim.than is None:
            registry.conversion(entry, claim.unit)
        _check_given(claim.estimand, claim.given, "given")
        if claim.than:
            _check_given(claim.than.estimand, claim.than.given, "than.given")
            registry.conversion(registry.named(claim.than.estimand), entry.unit)
    else:
        _check_function(claim)
    measure(claim)


def _check_given(name: str, given: dict[str, Any], where: str) -> None:
    try:
        registry.question(name, given)
    except SpecError as error:
        unknown = str(error).startswith("unknown quantity")
        raise SpecError(str(error) if unknown else f"{where}.{error}") from None


def _check_function(claim: Claim) -> None:
    name = claim.function or ""
    if name not in FUNCTIONS:
        raise ValueError(f"unknown function {name!r}{did_you_mean(name, sorted(FUNCTIONS))}")
    function = FUNCTIONS[name]
    if claim.unit not in (None, function.unit):
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


def _check_link(claim: Claim, other: Claim) -> None:
    """What a claim repeats must be about the uncertain quantity that it is made of."""
    if claim.function is None:
        same = claim.estimand == other.estimand
    else:
        spoken = {INPUTS[name].quantity for name in FUNCTIONS[claim.function].inputs}
        same = other.estimand in spoken or other.function == claim.function
    if not same:
        raise ValueError(f"says: {other.id!r} is about another quantity")
