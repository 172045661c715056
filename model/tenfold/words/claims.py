"""Claims in words: what a text says, whether it follows, and what the evidence says of it."""

from __future__ import annotations

import math
from typing import Any

from tenfold.claims.spec import Claim
from tenfold.claims.verdicts import Evidence, Result, as_record, likelihood
from tenfold.words.numbers import (
    UNITS,
    chance,
    interval,
    money,
    percent,
    quantile,
    stated,
    unit,
)


def row(claim: Claim, **log10: float) -> dict[str, Any]:
    """Quantities of a claim, given as log10 in its unit, as a row that `numbers` prints."""
    return {"scale": "log10", "unit": claim.unit} | log10


def quantity(claim: Claim, log10: float) -> str:
    """One quantity of a claim with its unit: "10 years", "never"."""
    found = row(claim, value=log10)
    return f"{quantile(found, 'value')} {unit(found)}".rstrip()


def claimed(claim: Claim) -> str:
    """What the text says: "about 1,000,000", "at least 5 years"."""
    if claim.unit == "USD":
        return f"{claim.relation} {money(math.log10(claim.value))}"
    named = UNITS.get(claim.unit, claim.unit)
    return f"{claim.relation} {stated(claim.value)} {named}".rstrip()


def given(claim: Claim) -> str:
    """What the text takes as given: "rl multiplier 10, exchange rate 2"."""
    return ", ".join(
        f"{name.replace('_', ' ')} {stated(value) if isinstance(value, float) else value}"
        for name, value in claim.given.items()
    )


def within(claim: Claim) -> str:
    """How near the evidence has to come: "within a factor 1.2"."""
    return f"within a factor {stated(claim.evidence_tolerance or claim.tolerance)}"


def likely(evidence: Evidence) -> str:
    """IPCC words for the probability; both words when the boundary is within 2 MCSE."""
    p, error = evidence.probability, 2 * evidence.mcse
    low, word, high = likelihood(p - error), likelihood(p), likelihood(p + error)
    if low == high:
        return word
    return f"{word} (boundary with {low if low != word else high!r} within 2 MCSE)"


def spread(claim: Claim, evidence: Evidence) -> str:
    """Median and 90% interval of the claim's quantity, with its unit."""
    ends = ("p05", "p50", "p95")
    errors = zip(ends, evidence.quantile_mcse, strict=True)
    found = row(claim, **{key: getattr(evidence, key) for key in ends})
    found |= {f"{key}_mcse": error for key, error in errors}
    return f"{interval(found)} {unit(found)}".rstrip()


def outside(evidence: Evidence) -> str:
    """Where the rest of the probability lies."""
    return f"{percent(evidence.p_below)} below, {percent(evidence.p_above)} above that range"


def verdict(result: Result) -> str:
    """One line: arithmetic first, then the evidence with its probability and MCSE."""
    parts = []
    if result.recomputed is not None:
        found = quantity(result.claim, result.recomputed)
        parts.append(f"{'follows' if result.follows else 'does not follow'} (recomputed {found})")
    if result.evidence is not None:
        p, e = result.evidence.probability, result.evidence.mcse
        parts.append(f"{likely(result.evidence)}: {chance(p, e)}")
    return "; evidence: ".join(parts) if parts else "no run"


def lines(result: Result) -> list[str]:
    """A result for people: the quote, what was asked of it, and its answers."""
    claim, evidence = result.claim, result.evidence
    told = [f"{claim.id} ({claim.kind})", f'  "{claim.quote}"']
    if result.recomputed is not None:
        follows = "follows" if result.follows else "does not follow"
        found = quantity(claim, result.recomputed)
        told.append(
            f"  arithmetic: {follows}: {found} from {given(claim)}; claimed {claimed(claim)}"
        )
    if evidence is not None:
        p = chance(evidence.probability, evidence.mcse)
        told.append(
            f"  evidence: {likely(evidence)}: {p} that it is {claimed(claim)}, {within(claim)}"
        )
        told.append(
            f"  evidence: {spread(claim, evidence)}, median and 90% interval; {outside(evidence)}"
        )
    return told


def record(result: Result) -> dict[str, Any]:
    """A result as plain JSON, with its `verdict` in words."""
    return as_record(result) | {"verdict": verdict(result)}
