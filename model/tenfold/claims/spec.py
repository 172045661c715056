"""What a claims file may say: sources, and sentences as statements about one quantity each."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tenfold.files import data_path, did_you_mean
from tenfold.spec import Strict, load_toml

Kind = Literal["arithmetic", "evidence", "assumption", "untestable"]
Relation = Literal[
    "about", "equals", "between", "at least", "at most", "more than", "less than", "before", "after"
]
TWO_SIDED: tuple[Relation, ...] = ("about", "equals", "between")
NEAR: tuple[Relation, ...] = ("about", "equals")
"""Relations whose room is the tolerance alone."""
Positive = Annotated[float, Field(gt=0)]
Range = Annotated[tuple[Positive, Positive], Field(strict=False)]


class ClaimSource(Strict):
    """Where the quotes of a claims file come from.

    `url` may be empty where they stand nowhere else. `published` is `approximate` where the day is
    known by its week or month alone.
    `characters` and `sha256` are of the whole text, folded (`claims.text.fold`), where claims say
    at which of its characters they stand.
    """

    title: str = Field(min_length=1)
    author: str = Field(min_length=1)
    published: datetime.date
    approximate: bool = False
    url: str = Field(pattern=r"^(https://|$)")
    characters: int | None = Field(default=None, gt=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class Other(Strict):
    """A second quantity, which the first is compared with."""

    estimand: str
    given: dict[str, float | str] = Field(default_factory=dict)


class Claim(Strict):
    """A published sentence as a statement about one positive quantity.

    The quantity is an `estimand` of the registry or a `function` of inputs; `given` holds the
    arguments or inputs that the text states. With `than`, it is the quantity as a multiple of
    another (or its distance from it, where it is measured by differences).

    It is compared with `value` (and `upper`, for "between"), or with `date` for "before" and
    "after", as `relation` says, with some room:
    `tolerance` is a factor or, for OOMs, scores, shares and dates, a difference;
    `measure.TOLERANCE` has the defaults. An arithmetic claim recomputes `function` from `given`
    alone; `evidence_tolerance`, where set, replaces `tolerance` when the same function is then
    evaluated with what the evidence says of its inputs, for the run `baseline`.

    borrowed: inputs among `given` that the text does not state, each with the range published for
        it. says: id of a claim that this one repeats in other words: they share one probability.
    as_of: by default the day on which the source was published. paraphrased: the quote gives the
        sense, not the words. own_number: the evidence is what the text or its source says, with an
        error: it can disagree and not confirm. needs: for an untestable claim, the evidence that
        would decide it. resolves: the day on which a prediction is known, for the ledger. start,
        end: characters of the source's folded text.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    quote: str = Field(min_length=1)
    source: str
    kind: Kind
    estimand: str | None = None
    function: str | None = None
    given: dict[str, float | str] = Field(default_factory=dict)
    borrowed: dict[str, Range] = Field(default_factory=dict)
    baseline: str | None = None
    than: Other | None = None
    says: str | None = None
    relation: Relation = "about"
    value: Positive | None = None
    upper: Positive | None = None
    date: datetime.date | None = None
    unit: str | None = None
    tolerance: float | None = Field(default=None, ge=0)
    evidence_tolerance: float | None = Field(default=None, ge=0)
    as_of: datetime.date
    paraphrased: bool = False
    own_number: bool = False
    resolves: datetime.date | None = None
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, gt=0)
    needs: str | None = Field(default=None, min_length=1)
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Claim:
        for wrong, message in self._mistakes():
            if wrong:
                raise ValueError(message)
        return self

    def _mistakes(self) -> list[tuple[bool, str]]:
        named, dated = self.function or self.estimand, self.relation in ("before", "after")
        if self.kind == "untestable":
            stray = ("estimand", "function", "value", "date", "than", "says", "given", "borrowed")
            found = [name for name in stray if getattr(self, name)]
            told = f"an untestable claim has no `{found[0]}`" if found else ""
            lacking = "an untestable claim says in `needs` what evidence would decide it"
            return [(bool(found), told), (self.needs is None, lacking)]
        both = (self.estimand is None) == (self.function is None)
        spread = self.relation == "between"
        return [
            (both or not named, "exactly one of `estimand` and `function` is required"),
            (self.needs is not None, "`needs` belongs to untestable claims"),
            (dated and self.date is None, f"{self.relation!r} needs a `date`"),
            (not dated and self.value is None, "`value` is required"),
            (not dated and self.date is not None, "`date` belongs to 'before' and 'after'"),
            (dated and self.value is not None, f"{self.relation!r} takes a `date`, no `value`"),
            (spread and self.upper is None, "'between' needs `upper` as well as `value`"),
            (not spread and self.upper is not None, "`upper` belongs to the relation 'between'"),
            (
                self.kind == "arithmetic" and self.function is None,
                "an arithmetic claim needs a `function`",
            ),
            (
                self.kind != "arithmetic" and self.evidence_tolerance is not None,
                "`evidence_tolerance` belongs to arithmetic claims",
            ),
            (
                bool(set(self.borrowed) - set(self.given)),
                "`borrowed` holds ranges of inputs that stand in `given`",
            ),
            (
                self.function is not None and self.than is not None,
                "`than` belongs to claims with an `estimand`",
            ),
            (
                (self.start is None) != (self.end is None),
                "`start` and `end` come together",
            ),
        ]


class ClaimsFile(Strict):
    """A claims file: its sources by name, and the claims in the order in which they are printed."""

    version: Literal[1]
    source: dict[str, ClaimSource]
    claim: Annotated[tuple[Claim, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _dated(cls, table: Any) -> Any:
        """Claims that state no `as_of` are as of the day of their source."""
        try:
            days = {name: source["published"] for name, source in table["source"].items()}
            claims = [{"as_of": days[claim["source"]]} | claim for claim in table["claim"]]
        except (KeyError, TypeError, AttributeError):
            return table  # what is wrong with it is told by the rest
        return table | {"claim": claims}

    @model_validator(mode="after")
    def _consistent(self) -> ClaimsFile:
        times = Counter(claim.id for claim in self.claim)
        wrong = [f"claim id {name!r} is used twice" for name, n in times.items() if n > 1]
        by_id: dict[str, Any] = {claim.id: claim for claim in self.claim}
        for claim in self.claim:
            if claim.source not in self.source:
                known = did_you_mean(claim.source, sorted(self.source))
                wrong.append(f"claim {claim.id!r}: unknown source {claim.source!r}{known}")
            if claim.says is None:
                continue
            if claim.says not in by_id:
                known = did_you_mean(claim.says, sorted(by_id))
                wrong.append(f"claim {claim.id!r}: `says` names {claim.says!r}{known}")
            elif by_id[claim.says].says is not None or claim.says == claim.id:
                wrong.append(f"claim {claim.id!r}: `says` names {claim.says!r}, which repeats one")
        if wrong:
            raise ValueError("; and ".join(wrong[:5]))
        return self


def shipped() -> Path:
    """The essay's claims."""
    return data_path("claims", "ord-2025.toml")


def read(path: Path | None = None) -> ClaimsFile:
    """A claims file, by default the essay's, as far as it can be checked by itself.

    Raises:
        SpecError: one line with file, key path, value and what was expected.
    """
    return load_toml(path or shipped(), ClaimsFile)
