"""What `claims` says as JSON, in declared shapes: a claim with its arithmetic and its evidence."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from tenfold import mixture
from tenfold.answers.rows import Number
from tenfold.claims.measure import Evidence
from tenfold.claims.spec import Kind, Relation
from tenfold.claims.sums import SumRecord
from tenfold.claims.verdicts import UNTESTABLE, Result, likelihood


class AtRecord(TypedDict):
    """The claim's probability at one `tolerance`, and the most that any value could have there."""

    tolerance: float
    probability: float
    best: float | None


class FormRecord(TypedDict):
    """A curve form's weight, and the claim's probability under it alone."""

    weight: float
    probability: float


class EvidenceRecord(TypedDict):
    """`measure.Evidence`; quantiles and `distance` on the `scale` of the quantity, in `unit`.

    word: what the evidence says of the claim, likelihood: the IPCC word for `probability`. density:
    low end, high end and mass of bins over the middle 98%.
    """

    word: str
    probability: float
    mcse: float
    likelihood: str
    tolerance: float
    p_below: float
    p_above: float
    percentile: float
    percentile_mcse: float
    side: float
    side_mcse: float
    distance: Number
    best: float | None
    decisive_tolerance: Number | None
    by_tolerance: list[AtRecord]
    density: list[list[float]]
    forms: dict[str, FormRecord]
    unit: str
    scale: str
    level: float
    interval_kind: str
    p05: Number
    p50: Number
    p95: Number
    p05_mcse: Number
    p50_mcse: Number
    p95_mcse: Number


class ThenEvidence(TypedDict):
    """What the evidence of a claim's day said."""

    word: str
    probability: float
    mcse: float


class ThenRecord(TypedDict):
    """What was known on a claim's day, by what differs from today."""

    as_of: str
    published_since: list[str]
    rl_shares_since: int
    constants: dict[str, str]
    evidence: ThenEvidence | None
    why: str


class ClaimRecord(TypedDict):
    """A claim as its file has it (`spec.Claim`; what it does not state is left out), and answers.

    quantity: its estimand or function. repeats: the claim whose evidence this is. why: there is no
    evidence. verdict: all of it in words.
    """

    id: str
    quote: str
    source: str
    kind: Kind
    estimand: NotRequired[str]
    function: NotRequired[str]
    given: dict[str, float | str]
    borrowed: dict[str, list[float]]
    baseline: NotRequired[str]
    than: NotRequired[dict[str, Any]]
    says: NotRequired[str]
    upper: NotRequired[float]
    date: NotRequired[str]
    unit: NotRequired[str]
    tolerance: NotRequired[float]
    evidence_tolerance: NotRequired[float]
    as_of: str
    paraphrased: bool
    own_number: bool
    resolves: NotRequired[str]
    start: NotRequired[int]
    end: NotRequired[int]
    needs: NotRequired[str]
    reason: str
    quantity: str | None
    relation: Relation | None
    value: float | None
    contradicted: bool
    repeats: str | None
    arithmetic: SumRecord | None
    evidence: EvidenceRecord | None
    why: str
    verdict: NotRequired[str]
    then: NotRequired[ThenRecord]


def as_record(result: Result) -> ClaimRecord:
    """A result as plain JSON, with "inf" for never."""
    claim, found = result.claim, result.evidence
    kept: Any = claim.model_dump(mode="json", exclude_none=True, exclude={"relation", "value"})
    return kept | {
        "quantity": claim.function or claim.estimand,
        "relation": None if claim.kind == UNTESTABLE else claim.relation,
        "value": claim.value,
        "contradicted": result.contradicted,
        "repeats": result.repeats and result.repeats.id,
        "arithmetic": None if result.sum is None else result.sum.record(),
        "evidence": None if found is None else _evidence(found, result.word),
        "why": result.why,
    }


def _evidence(found: Evidence, word: str) -> EvidenceRecord:
    measured = found.measure
    low, middle, high = map(_number, found.quantile_mcse)
    return {
        "word": word,
        "probability": found.probability,
        "mcse": found.mcse,
        "likelihood": likelihood(found.probability),
        "tolerance": 10**measured.slack if measured.factor else measured.slack,
        "p_below": found.p_below,
        "p_above": found.p_above,
        "percentile": found.percentile,
        "percentile_mcse": found.percentile_mcse,
        "side": found.side,
        "side_mcse": found.side_mcse,
        "distance": _number(found.distance),
        "best": found.best,
        "decisive_tolerance": found.decisive and _number(found.decisive),
        "by_tolerance": [
            {"tolerance": at.tolerance, "probability": at.probability, "best": at.best}
            for at in found.by_tolerance
        ],
        "density": [list(each) for each in found.density],
        "forms": {form: {"weight": w, "probability": p} for form, w, p in found.forms},
        "unit": measured.unit,
        "scale": measured.scale,
        "level": mixture.LEVEL,
        "interval_kind": mixture.KIND,
        "p05": _number(found.p05),
        "p50": _number(found.p50),
        "p95": _number(found.p95),
        "p05_mcse": low,
        "p50_mcse": middle,
        "p95_mcse": high,
    }


def _number(value: float) -> Number:
    plain: Any = mixture.plain(value)
    return plain
