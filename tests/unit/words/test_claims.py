"""Claims in words."""

from __future__ import annotations

import pytest

from tenfold.claims.verdicts import Evidence, Result, load_claims
from tenfold.words import claims


@pytest.fixture(scope="module")
def shipped():
    return {claim.id: claim for claim in load_claims().claim}


def test_both_words_near_a_boundary():
    near = Evidence(0.664, 0.003, 0, 0.336, 0, 0, 0)
    assert claims.likely(near) == "likely (boundary with 'about as likely as not' within 2 MCSE)"
    assert claims.likely(Evidence(0.664, 0.001, 0, 0.336, 0, 0, 0)) == "likely"


def test_a_claim_says_what_is_claimed_given_and_found(shipped):
    claim = shipped["five-years-of-electricity"]
    found = Result(claim, 1.0, False, Evidence(0.02, 0.001, 0.9, 0.08, -1.6, 0.0, 3.26))
    text = "\n".join(claims.lines(found))
    assert "does not follow: 10 years from run multiplier 1,000,000, run energy 310" in text
    assert "claimed about 5 years" in text
    assert "9.2 days" in text
    assert "1,800 years), median and 90% interval; 90% below, 8.0% above" in text
    assert claims.record(found)["verdict"] == claims.verdict(found)
