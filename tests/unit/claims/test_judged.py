"""From numbers to a word: each threshold of a verdict, one at a time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tenfold.claims import records, verdicts
from tenfold.claims.measure import Evidence, evidence, measure
from tenfold.claims.spec import Claim

CLAIM = Claim.model_validate(
    {
        "id": "a-claim", "quote": "q", "source": "s", "kind": "evidence", "reason": "r",
        "estimand": "exchange_rate", "relation": "about", "value": 2.0, "unit": "dimensionless",
        "tolerance": 1.25, "as_of": "2025-10-20",
    },
    strict=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> Evidence:
    """A value well inside a posterior that the tolerance could decide."""
    drawn = np.exp(np.random.default_rng(3).normal(math.log(2), 0.1, (1, 4, 500)))
    values = xr.DataArray(drawn, dims=("form", "chain", "draw"), coords={"form": ["a"]})
    weight = xr.DataArray([1.0], dims="form", coords={"form": ["a"]})
    return evidence(CLAIM, measure(CLAIM), values, weight)


@pytest.mark.parametrize(
    ("own", "changes", "word"),
    [
        (False, {"probability": 0.7}, "likely"),
        (True, {"probability": 0.7}, verdicts.OWN),
        (True, {"probability": 0.5}, "about as likely as not"),
        (False, {"probability": 0.3, "percentile": 0.5}, verdicts.OPEN),
        (False, {"probability": 0.3, "percentile": 0.95}, "unlikely"),
        (False, {"probability": 0.3, "percentile": 0.05}, "unlikely"),
        (False, {"probability": 0.5, "percentile": 0.5}, "about as likely as not"),
        (False, {"best": 0.6}, verdicts.OPEN),
        (False, {"side": 0.04, "side_mcse": 0.001}, verdicts.CONTRADICTED),
        (False, {"side": 0.04, "side_mcse": 0.01, "probability": 0.7}, "likely"),
        (False, {"side": 0.06, "side_mcse": 0.001, "probability": 0.7}, "likely"),
    ],
)
def test_each_threshold_of_a_verdict(plain, own, changes, word):
    usual = {"side": 0.4, "side_mcse": 0.001, "percentile": 0.4, "best": 0.9}
    found = replace(plain, **(usual | changes))
    assert verdicts.judged(CLAIM.model_copy(update={"own_number": own}), found) == word


def test_what_is_no_evidence_claim_is_unlikely_instead(plain):
    found = replace(plain, side=0.04, side_mcse=0.001)
    assumed = CLAIM.model_copy(update={"kind": "assumption"})
    assert verdicts.judged(assumed, found) == "very unlikely"


def test_a_record_leaves_out_what_the_claim_does_not_say(plain):
    record = records.as_record(verdicts.Result(CLAIM, evidence=plain))
    assert "upper" not in record
    assert "date" not in record
    assert record["evidence"]
    assert record["evidence"]["word"] == verdicts.judged(CLAIM, plain)
