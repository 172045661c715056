"""Claims in words: what a text says, whether it follows, and what the evidence says of it."""

from __future__ import annotations

import math
from typing import Any

from tenfold.claims.arithmetic import INPUTS
from tenfold.claims.as_of import Then, answered
from tenfold.claims.as_of import as_record as then_record
from tenfold.claims.measure import Evidence, Measure, measure
from tenfold.claims.records import ClaimRecord, as_record
from tenfold.claims.spec import NEAR, TWO_SIDED, Claim
from tenfold.claims.verdicts import (
    CONTRADICTED,
    CONTRADICTED_BELOW,
    OPEN,
    OWN,
    UNLIKELY,
    Result,
    likelihood,
)
from tenfold.words.numbers import (
    UNITS,
    chance,
    interval,
    money,
    ordinal,
    percent,
    plain,
    quantile,
    share,
    stated,
    unit,
)

NEARLY_ALL = 0.99
"""A probability beyond which it says nothing that no value has more."""

ALIKE = 0.05
"""Probabilities of curve forms that differ by less are not told apart."""

BARS = "▁▂▃▄▅▆▇█"


def row(measured: Measure, **values: float) -> dict[str, Any]:
    """Values on the scale of a claim's quantity, as a row that `numbers` prints."""
    return {"scale": measured.scale, "unit": measured.unit} | values


def quantity(measured: Measure, value: float) -> str:
    """One value of a claim's quantity with its unit: "10 years", "never"."""
    found = row(measured, value=value)
    return f"{quantile(found, 'value')} {unit(found)}".rstrip()


def claimed(claim: Claim) -> str:
    """What the text says: "about 1,000,000", "at least 5 years", "between 20% and 80%"."""
    if claim.kind == "untestable":
        return ""
    found = measure(claim)

    def said(value: float) -> str:
        if found.scale == "share":
            return share(value)
        return money(math.log10(value)) if found.unit == "USD" else stated(value)

    if claim.date is not None:
        return f"{claim.relation} {claim.date.isoformat()}"

    ends = " and ".join(said(end) for end in (claim.value, claim.upper) if end is not None)
    named = UNITS.get(found.unit, found.unit) if found.scale in ("log10", "linear") else ""
    named = "" if found.unit == "USD" else named
    times = " times the other" if claim.than is not None and found.factor else ""
    return f"{claim.relation} {ends} {named}".rstrip() + times


def given(claim: Claim) -> str:
    """What the text takes as given: "rl multiplier 10, exchange rate 2"."""
    return ", ".join(
        f"{name.replace('_', ' ')} {stated(value) if isinstance(value, float) else value}"
        + (" (borrowed)" if name in claim.borrowed else "")
        for name, value in claim.given.items()
    )


def room(measured: Measure, tolerance: float) -> str:
    """A tolerance: "a factor 1.33", "0.5 OOMs", "5 percentage points"."""
    if math.isinf(tolerance):
        return "none"
    if measured.factor:
        return f"a factor {stated(float(f'{tolerance:.3g}'))}"
    if measured.scale == "share":
        return f"{stated(round(100 * tolerance, 2))} percentage points"
    return f"{stated(float(f'{tolerance:.2g}'))} {UNITS.get(measured.unit, measured.unit)}".rstrip()


def within(claim: Claim) -> str:
    """How near the evidence has to come: "within a factor 1.2"; empty for a bare bound."""
    found = measure(claim)
    tolerance = 10**found.slack if found.factor else found.slack
    return f"within {room(found, tolerance)}" if found.slack > 0 else ""


def likely(result: Result) -> str:
    """What the evidence says, in a word; both where a boundary is within 2 MCSE."""
    found = result.evidence
    if found is None or result.word in (CONTRADICTED, OPEN, OWN):
        return result.word
    if found.side < CONTRADICTED_BELOW:
        return result.word
    p, error = found.probability, 2 * found.mcse
    low, word, high = likelihood(p - error), likelihood(p), likelihood(p + error)
    if low == high:
        return word
    return f"{word} (boundary with {low if low != word else high!r} within 2 MCSE)"


def spread(claim: Claim, evidence: Evidence) -> str:
    """Median and 90% interval of the claim's quantity, with its unit."""
    ends = ("p05", "p50", "p95")
    errors = zip(ends, evidence.quantile_mcse, strict=True)
    found = row(evidence.measure, **{key: getattr(evidence, key) for key in ends})
    found |= {f"{key}_mcse": error for key, error in errors}
    return f"{interval(found)} {unit(found)}".rstrip()


def outside(evidence: Evidence) -> str:
    """Where the rest of the probability lies."""
    return f"{percent(evidence.p_below)} below, {percent(evidence.p_above)} above that range"


def falls(claim: Claim, evidence: Evidence) -> str:
    """Where the claimed value lies: "at the 81st percentile, 0.9 OOMs above the median"."""
    rank = 100 * evidence.percentile
    where = f"at the {ordinal(rank)} percentile"
    if not 0.5 <= rank < 99.5:
        where = f"{'below the 1st' if rank < 1 else 'above the 99th'} percentile"
    away = evidence.distance
    if not math.isfinite(away):
        return f"{where}; the median is never"
    if abs(away) < 5e-3:
        return f"{where}, at the median"
    measured = evidence.measure
    if measured.factor:
        size = f"{plain(abs(away))} OOMs"
    elif measured.scale == "share":
        size = f"{plain(100 * abs(away))} percentage points"
    else:
        size = f"{plain(abs(away))} {UNITS.get(measured.unit, measured.unit)}"
    return f"{where}, {size} {'above' if away > 0 else 'below'} the median"


def said_of_it(result: Result) -> str:
    """The verdict of the evidence with the probabilities that it rests on."""
    claim, found = result.repeats or result.claim, result.evidence
    if found is None:
        return result.why
    p = chance(found.probability, found.mcse)
    told = claimed(claim).replace("equals", "equal to")
    about = f"{p} that it is {told}" + (f", {within(claim)}" if within(claim) else "")
    if claim.relation not in TWO_SIDED:
        return f"{likely(result)}: {about}"
    best = percent(max(found.best or 0.0, found.probability))
    side = f"{'so high' if found.high else 'so low'} a value or one further out has"
    tail = f"{side} {chance(found.side, found.side_mcse)}"
    if found.side + 2 * found.side_mcse < CONTRADICTED_BELOW:
        return f"{result.word}: {tail} ({about})"
    told = f"{likely(result)}: {about}"
    told += f", where no value has more than {best}" if 0 < (found.best or 0) < NEARLY_ALL else ""
    if result.word != OPEN:
        return told
    beyond = f"; {tail}" if found.side < UNLIKELY else ""
    return f"{told}; it could within {room(found.measure, found.decisive or 0.0)}{beyond}"


def follows(result: Result) -> str:
    """Whether the sum comes out: "follows", "does not follow", or only with other inputs."""
    found = result.sum
    if found is None:
        return ""
    if found.follows:
        return "follows"
    within_range = "follows within the range of what is borrowed"
    return within_range if found.within_range else "does not follow"


def sums(result: Result) -> list[str]:
    """The arithmetic: what comes out of what, and what borrowed inputs would have to be."""
    claim, found = result.claim, result.sum
    if found is None:
        return []
    measured = measure(claim, summed=True)
    comes = quantity(measured, found.recomputed)
    told = [f"{follows(result)}: {comes} from {given(claim)}; claimed {claimed(claim)}"]
    if claim.borrowed:
        low, high = (quantity(measured, end) for end in (found.low, found.high))
        told.append(f"with what is published of what is borrowed: {low} to {high}")
    for name, value in found.needed:
        low, high = claim.borrowed[name]
        of = UNITS.get(INPUTS[name].unit, INPUTS[name].unit)
        needs = "nothing gives it" if value is None else f"needs {plain(value)} {of}".rstrip()
        told.append(f"{name.replace('_', ' ')}: {needs}; published {stated(low)} to {stated(high)}")
    return told


def density(evidence: Evidence) -> str:
    """A small density with the claimed range in brackets: "0.8 ▁▂[▅█▅]▂▁ 5.2"."""
    bins, measured = evidence.density, evidence.measure
    if len(bins) < 2:
        return ""
    most = max(mass for *_, mass in bins)
    low, high = measured.low - measured.slack, measured.high + measured.slack
    drawn = ""
    for start, end, mass in bins:
        opens = start <= low < end or (start == bins[0][0] and low < start <= high)
        drawn += "[" if opens else ""
        drawn += BARS[min(7, int(8 * mass / most))] if mass > 0 else " "
        closes = start < high <= end or (end == bins[-1][1] and high > end >= low)
        drawn += "]" if closes else ""
    ends = (quantity(measured, bins[0][0]), quantity(measured, bins[-1][1]))
    return f"{ends[0]} {drawn} {ends[1]}"


def by_tolerance(evidence: Evidence) -> list[tuple[str, ...]]:
    """Rows of a table: tolerance, probability, a bar, the most that any value has there."""
    return [
        (
            room(evidence.measure, at.tolerance),
            percent(at.probability),
            "█" * round(20 * at.probability),
            "" if at.best is None else percent(at.best),
        )
        for at in evidence.by_tolerance
    ]


def tolerances(evidence: Evidence) -> str:
    """The probability as a function of the tolerance, in one line."""
    told = [
        f"{room(evidence.measure, at.tolerance)} {percent(at.probability)}"
        + ("" if at.best is None else f" of {percent(at.best)}")
        for at in evidence.by_tolerance
    ]
    return "; ".join(told)


def verdict(result: Result) -> str:
    """One line: arithmetic first, then the evidence with its probability and MCSE."""
    parts = []
    if result.sum is not None:
        measured = measure(result.claim, summed=True)
        parts.append(f"{follows(result)} (recomputed {quantity(measured, result.sum.recomputed)})")
    if result.evidence is not None:
        parts.append(said_of_it(result))
    elif result.claim.kind == "untestable":
        return f"untestable: {result.why}"
    elif result.sum is not None and result.why:
        parts.append(f"none, as {result.why}")
    return "; evidence: ".join(parts) if parts else result.why


def lines(result: Result, known: Then | None = None) -> list[str]:
    """A result for people: the quote, what was asked of it, and its answers, also by what was
    `known` on its day."""
    claim, found = result.claim, result.evidence
    quote = f"in other words: {claim.quote}" if claim.paraphrased else f'"{claim.quote}"'
    told = [f"{claim.id} ({claim.kind})", f"  {quote}"]
    if claim.kind == "untestable":
        return [*told, f"  untestable: {claim.reason}", f"  it would take {claim.needs}"]
    told += [f"  arithmetic: {line}" for line in sums(result)]
    if result.repeats is not None:
        told.append(f"  evidence: says what {result.repeats.id} says, and shares its probability")
    if found is None:
        return [*told, f"  evidence: none, as {result.why}"]
    asked = result.repeats or claim
    told.append(f"  evidence: {spread(asked, found)}, median and 90% interval")
    told.append(f"  claimed: {claimed(asked)}, {falls(asked, found)}")
    if drawn := density(found):
        told.append(f"  density: {drawn}")
    told.append(f"  verdict: {said_of_it(result)}")
    if asked.relation in NEAR:
        told.append(f"  by tolerance: {tolerances(found)}")
    if across := by_form(found):
        told.append(f"  robust: {across}")
    return told if known is None else [*told, f"  {then(result, known)}"]


def then(result: Result, known: Then) -> str:
    """The verdict by what was known on the claim's day, and what has been published since."""
    asked = result.repeats or result.claim
    before = answered(asked, known)
    day = known.day.isoformat()
    if before is None or before.evidence is None:
        return f"as of {day}: not told, as {known.why or (before and before.why)}"
    since = [f"{count} {what}" for what, count in _since(known) if count]
    if not since:
        return f"as of {day}: the same, for nothing that it rests on is newer"
    return f"as of {day}: {said_of_it(before)}; since then: {', '.join(since)}"


def _since(known: Then) -> list[tuple[str, int]]:
    """What is known today and was not then, counted."""
    kinds = [kind for kind, _ in known.since]
    constants = list(known.constants.values())
    return [
        ("sources of curves", kinds.count("source")),
        ("trade-offs", kinds.count("tradeoff")),
        ("generation shifts", kinds.count("shift")),
        ("RL shares", known.shares),
        ("newer constants", constants.count("earlier")),
        ("constants that nothing stood for", constants.count("later")),
    ]


def by_form(evidence: Evidence) -> str:
    """The range over curve forms, where they differ: "48% (power) to 65% (saturating)"."""
    least, most = (end(evidence.forms, key=lambda form: form[2]) for end in (min, max))
    if most[2] - least[2] < ALIKE:
        return ""
    return f"{percent(least[2])} ({least[0]}) to {percent(most[2])} ({most[0]}) by curve form"


def record(result: Result, known: Then | None = None) -> ClaimRecord:
    """A result as plain JSON, with its `verdict` in words, and `then`, by what was `known`."""
    told = as_record(result)
    told["verdict"] = verdict(result)
    if known is not None:
        told["then"] = then_record(result.repeats or result.claim, known)
    return told
