"""Sentences of the first screen and of the limits."""

from tenfold.words import summary


def rate(low, middle, high, **about):
    return {"unit": "", "scale": "linear", "p05": low, "p50": middle, "p95": high} | about


def test_the_limit_quotes_the_scenarios_that_keep_some_runs():
    scenarios = [
        rate(0.7, 1.4, 3.0, scenario="one-model-rl", status="FAIL"),
        rate(0.6, 1.2, 1.8, scenario="frontier-rl", status="PASS"),
        rate(9.0, 9.0, 9.0, scenario="no-drift", status="PASS"),
    ]
    (text,) = summary.whose(rate(1.1, 1.9, 3.1), scenarios)
    assert text.index("1.9 (1.1 to 3.1) from all RL runs") < text.index("1.2 (0.60 to 1.8)")
    assert "1.4 (0.70 to 3.0) from DeepSeek-R1-Zero alone (its fit failed a check)" in text
    assert "9.0" not in text


def test_no_limit_is_made_of_other_scenarios():
    assert summary.whose(rate(1, 2, 3), [rate(1, 1, 1, scenario="no-drift", status="PASS")]) == []
