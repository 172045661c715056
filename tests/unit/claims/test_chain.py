"""The essay's chain: its links, where each stands, and its conclusion."""

from __future__ import annotations

import json

import pytest

from tenfold.answers.headline import of_run
from tenfold.answers.question import Asked, Question
from tenfold.claims import chain
from tenfold.claims.verdicts import OPEN
from tenfold.words import claim_chain


@pytest.fixture(scope="module")
def found(prior_run, constants):
    return chain.chain(Asked(of_run(prior_run), constants, Question()))


def test_the_chain_is_plain_data_in_the_essays_order(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [row["id"] for row in found["links"]] == list(chain.LINKS)
    known = [row for row in found["links"] if not row["why"]]
    assert len(known) == len(chain.LINKS)
    values = {row["id"]: 10 ** row["essay"] for row in known if row["scale"] == "log10"}
    assert values["twice-the-ooms"] == pytest.approx(2)
    assert values["rl-1000000x-per-gpt-level"] == pytest.approx(1e6)
    for row in known:
        assert float(row["p05"]) <= float(row["p50"]) <= float(row["p95"])
        below = row["essay"] < float(row["p50"])
        assert (row["percentile"] <= 0.5) is below or row["percentile"] == 0.5


@pytest.mark.parametrize(
    ("percentile", "word", "expected"),
    [
        (0.5, "likely", chain.HOLDS),
        (0.5, OPEN, chain.OPEN_LINK),
        (0.17, "likely", chain.HOLDS),
        (0.16, "likely", chain.EDGE),
        (0.94, OPEN, chain.EDGE),
        (0.96, OPEN, chain.OUT),
        (0.01, "unlikely", chain.OUT),
    ],
)
def test_where_a_link_stands(percentile, word, expected):
    assert chain.standing(percentile, word) == expected


def test_more_budget_and_electricity_never_make_it_later(found):
    rows = {(r["budget_share"], r["energy_share"]): r for r in found["conclusion"]["conditions"]}
    assert len(rows) == 4
    for date in chain.DATES:
        p = {key: row[f"by_{date}"]["probability"] for key, row in rows.items()}
        assert p[0.001, 0.01] <= p[0.01, 0.01] <= p[0.01, 0.05]
        assert p[0.001, 0.01] <= p[0.001, 0.05] <= p[0.01, 0.05]


def test_each_link_and_the_whole_have_their_sentence(found):
    for row in found["links"]:
        said = claim_chain.link(row)
        assert said.startswith(row["title"])
        assert row["standing"] in said
        assert "percentile" in said
    whole = claim_chain.whole(found)
    assert sum(int(line.split()[0]) for line in whole[:-1]) == len(chain.LINKS)
    assert found["conclusion"]["word"] in whole[-1]
    columns, rows = claim_chain.conditions(found)
    assert all(len(row) == len(columns) for row in rows)
