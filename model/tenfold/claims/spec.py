"""What a claims file may say: sources, and sentences as statements about one quantity each."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tenfold.files import data_path, did_you_mean
from tenfold.spec import Strict, load_toml


class ClaimSource(Strict):
    """Where the quotes of a claims file come from."""

    title: str = Field(min_length=1)
    author: str = Field(min_length=1)
    published: datetime.date
    url: str = Field(pattern=r"^https://")


class Claim(Strict):
    """A published sentence as a statement about one positive quantity.

    The quantity is an `estimand` (a posterior quantity) or a `function` of inputs; `given` holds
    the inputs that the text states. It is compared with `value` as `relation` says, up to a factor
    `tolerance`: "about" is within the factor either way, "at most" up to value * tolerance, "at
    least" from value / tolerance. An arithmetic claim recomputes `function` from `given` alone;
    `evidence_tolerance`, where set, replaces `tolerance` when the same function is then evaluated
    with what the evidence says of its inputs.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    quote: str = Field(min_length=1)
    source: str
    kind: Literal["arithmetic", "evidence", "assumption"]
    estimand: str | None = None
    function: str | None = None
    given: dict[str, float | str] = Field(default_factory=dict)
    relation: Literal["about", "at least", "at most"]
    value: float = Field(gt=0)
    unit: str
    tolerance: float = Field(ge=1)
    evidence_tolerance: float | None = Field(default=None, ge=1)
    as_of: datetime.date
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_quantity(self) -> Claim:
        if (self.estimand is None) == (self.function is None):
            raise ValueError("exactly one of `estimand` and `function` is required")
        if self.kind == "arithmetic" and self.function is None:
            raise ValueError("an arithmetic claim needs a `function`")
        if self.kind != "arithmetic" and self.evidence_tolerance is not None:
            raise ValueError("`evidence_tolerance` belongs to arithmetic claims")
        return self


class ClaimsFile(Strict):
    """A claims file: its sources by name, and the claims in the order in which they are printed."""

    version: Literal[1]
    source: dict[str, ClaimSource]
    claim: Annotated[tuple[Claim, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> ClaimsFile:
        times = Counter(claim.id for claim in self.claim)
        wrong = [f"claim id {name!r} is used twice" for name, n in times.items() if n > 1]
        for claim in self.claim:
            if claim.source not in self.source:
                known = did_you_mean(claim.source, sorted(self.source))
                wrong.append(f"claim {claim.id!r}: unknown source {claim.source!r}{known}")
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
