"""Claims in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tenfold.claims.measure import evidence, measure
from tenfold.claims.verdicts import Result, check_claims, load_claims
from tenfold.words import claims

DIMS = ("form", "chain", "draw")


@pytest.fixture(scope="module")
def shipped():
    return {claim.id: claim for claim in load_claims().claim}


def even(low: float, high: float) -> tuple[xr.DataArray, xr.DataArray]:
    """Draws as even as can be from `low` to `high`, of one form, in no order."""
    steps = np.random.default_rng(1).permutation((np.arange(2000) + 0.5) / 2000)
    values = xr.DataArray(low + (high - low) * steps.reshape(1, 2, 1000), dims=DIMS)
    values = values.assign_coords(form=["logistic"])
    return values, xr.DataArray([1.0], {"form": ["logistic"]})


def held(claim, low: float, high: float) -> Result:
    """A claim held against `even`, without its sum."""
    values, weight = even(low, high)
    return Result(claim, evidence=evidence(claim, measure(claim), values, weight))


def test_both_words_near_a_boundary(shipped):
    bound = shipped["o1-inference-20-to-80-in-100x"]
    result = held(bound, 1.84, 3.84)  # 100x, half an order of magnitude of room: 33% of it
    assert result.evidence is not None
    near = replace(result, evidence=replace(result.evidence, probability=0.664, mcse=0.003))
    assert claims.likely(near) == "likely (boundary with 'about as likely as not' within 2 MCSE)"
    sure = replace(result, evidence=replace(result.evidence, probability=0.664, mcse=0.001))
    assert claims.likely(sure) == "likely"


def test_a_claim_says_what_is_claimed_given_and_found(shipped, constants):
    claim = shipped["five-years-of-electricity"]
    (alone,) = check_claims(None, [claim], constants)
    found = replace(held(claim, -2.0, 1.0), sum=alone.sum)
    text = "\n".join(claims.lines(found))
    assert "does not follow: 10 years from run multiplier 1,000,000, run energy 310" in text
    assert "claimed about 5 years" in text
    assert "100 days (5 days to 5 years), median and 90% interval" in text
    assert "at the 90th percentile, 1.2 OOMs above the median" in text
    assert claims.record(found)["verdict"] == claims.verdict(found)


def test_what_the_evidence_cannot_tell_says_at_which_tolerance_it_could(shipped):
    claim = shipped["rl-1000000x-per-gpt-level"].model_copy(update={"evidence_tolerance": 10.0})
    result = held(claim, 0.0, 12.0)
    assert claims.said_of_it(result) == (
        "the evidence cannot tell at this tolerance: 17% ± 0.8% that it is about 1,000,000, "
        "within a factor 10, where no value has more than 17%; it could within a factor 9,060"
    )
