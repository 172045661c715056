"""Sentences of the findings, from rows made up for them."""

from __future__ import annotations

from tenfold.words import findings


def paid(first_year):
    dollars = {"scale": "log10", "unit": "USD"}
    return {
        "question": {"budget_share": 0.01},
        "budget": {
            "baseline_cost": dollars | {"p50": 8.690196},
            "budget_growth": {"scale": "log10", "unit": "dimensionless", "p50": 0.380211},
            "year": 2025.5,
            "then": dollars | {"p05": 10.9, "p50": 11.18, "p95": 11.4},
        },
        "timing": {"first_year": {"scale": "calendar", "unit": "year", "p50": first_year}},
    }


PATH = "a budget of $490 million in 2025 that grows 2.4 times a year, up to 1% of world GDP"


def test_a_date_says_what_budget_it_rests_on():
    assert findings.budget_path(paid(2032.0)) == (
        f"{PATH}: $150 billion ($79 billion to $250 billion) for one run at the median date"
    )


def test_no_budget_after_2100():
    for year in (2140.0, "inf"):
        assert findings.budget_path(paid(year)) == PATH


def test_dates_and_shares_are_probabilities():
    rows = {
        "by_2030": {"title": "By the end of 2030", "probability": 0.032, "mcse": 0.002},
        "never": {"title": "Never on trend", "probability": 0.5, "mcse": 0.004},
    }
    assert findings.dates(rows) == "by the end of 2030 3.2% ± 0.2%"
    rows = {"gdp": {"title": "More than a year of world GDP", "probability": 0.36, "mcse": 0.01}}
    assert findings.shares(rows) == "Probabilities: more than a year of world GDP 36% ± 1.0%."
