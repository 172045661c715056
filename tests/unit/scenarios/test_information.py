"""Value of information: against closed forms, and on a small run."""

import numpy as np
import pytest

from tenfold.answers.constants import load_constants
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.runs import netcdf
from tenfold.scenarios import information
from tenfold.words import scenarios as words


@pytest.mark.parametrize("error", [0.1, 1.0, 10.0])
def test_a_measured_normal_loses_what_conjugacy_says(error):
    """Of x ~ N(0, 1) seen with an error e, the variance that is left is e^2 / (1 + e^2)."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal(20_000)
    found, se = information.share_explained(x + error * rng.standard_normal(x.size), x)
    assert found == pytest.approx(1 / (1 + error**2), abs=4 * se + 0.005)


def test_never_keeps_its_place_and_what_says_nothing_takes_nothing_away():
    rng = np.random.default_rng(2)
    x = rng.standard_normal(20_000)
    seen = x + rng.standard_normal(x.size)
    far = np.where(x > 1.5, np.inf, np.exp(x))
    plain, _ = information.share_explained(seen, x)
    assert information.share_explained(seen, far)[0] == pytest.approx(plain, abs=0.05)
    assert information.share_explained(rng.standard_normal(x.size), x)[0] < 0.002
    with pytest.raises(ValueError, match="does not vary"):
        information.share_explained(x, np.ones(x.size))


@pytest.fixture(scope="module")
def asked(prior_run):
    return Asked(complete(prior_run.group(netcdf.HEADLINE)), load_constants(), Question())


def test_studies_are_ranked_and_told_in_sentences(asked):
    found = information.ranked(asked, "exchange_rate")
    explained = [row["explained"] for row in found["studies"]]
    assert explained == sorted(explained, reverse=True)
    by_name = {row["name"]: row for row in found["studies"]}
    both, one = by_name["rl-run-and-sweep"], by_name["rl-run"]
    assert both["explained"] > one["explained"] > by_name["trade-off"]["explained"]
    assert by_name["rl-share"]["narrower"] < 0.01
    lines = words.next_lines(found)
    assert len(lines) == len(found["studies"]) + 1
    assert "would narrow it by about" in lines[1]
    assert lines[-1].endswith("would hardly narrow it.")


def test_what_a_number_is_made_of_is_what_narrows_it(asked):
    found = information.ranked(asked, "rl_share")["studies"][0]
    assert found["name"] == "rl-share"
    assert found["explained"] > 0.9
