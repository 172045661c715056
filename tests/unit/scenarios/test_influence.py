"""Evidence left out in turn, and inputs at their ends: what is known of a small run."""

import json

import numpy as np
import pytest

from tenfold import mixture
from tenfold.answers import registry
from tenfold.answers.constants import load_constants
from tenfold.answers.headline import complete
from tenfold.answers.question import Asked, Question
from tenfold.files import SpecError
from tenfold.runs import netcdf
from tenfold.scenarios import influence, lighter, tornado
from tenfold.words import page, summary
from tenfold.words import scenarios as words

REVIEWED = {"status": "REVIEW", "r_hat": None}


def test_what_leaves_a_publication_out(prior_run):
    assert influence.without(prior_run, "publication", "s1").scenarios == ("without-s1",)
    jones = influence.without(prior_run, "publication", "Jones")
    (drop,) = jones.drops
    assert drop.startswith("tradeoff=")
    assert influence.without(prior_run, "source", "s1").drops == ("source=s1",)
    listed = influence.labels(prior_run, "publication")
    assert {"s1", "Jones"} <= set(listed)


def test_publications_are_ranked_and_those_that_need_a_fit_come_last(
    prior_run, tmp_path, monkeypatch
):
    chosen = ["Jones", "Minerva and LLaMA", "Tan et al.", "s1"]
    assert set(chosen) <= set(influence.labels(prior_run, "publication"))
    monkeypatch.setattr(influence, "labels", lambda run, by: chosen)
    found = influence.influence(prior_run, tmp_path)
    by_label = {row["label"]: row for row in found["rows"]}
    jones = by_label["Jones"]
    assert (jones["gear"], jones["series"]) == ("block", 0)
    assert jones["shift"] == pytest.approx(jones["row"]["p50"] - found["base"]["p50"])
    assert by_label["Tan et al."]["status"] == "not fitted"
    assert by_label["Tan et al."]["series"] > 5
    known = [abs(row["shift"]) for row in found["rows"] if row["shift"] is not None]
    assert known == sorted(known, reverse=True)
    assert all(row["shift"] is None for row in found["rows"][len(known) :])
    _, columns, rows = words.influence(found)
    assert {len(row) for row in rows} == {len(columns)}
    middle = float(found["base"]["p25"]), float(found["base"]["p75"])
    inside = {row["label"]: row["inside"] for row in found["rows"] if row["row"]}
    assert inside["Jones"] is (middle[0] <= jones["row"]["p50"] <= middle[1])
    assert all(row["inside"] is None for row in found["rows"] if row["row"] is None)
    records = words.influence_records(found)
    assert {len(row) for row in records} == {len(records[0])}
    assert len(records) == len(found["rows"]) + 1


def test_what_the_evidence_disagrees_about_is_said(prior_run, tmp_path, monkeypatch):
    monkeypatch.setattr(influence, "labels", lambda run, by: ["Jones", "Tan et al.", "s1"])
    found = influence.influence(prior_run, tmp_path, quantity="exchange_rate")
    kept = {"influence:exchange_rate:publication": found}
    stays, left = words.influence_lines(found)
    assert stays.startswith("Without any one of 1 the median stays inside the 50% interval")
    assert left == "2 others take a fit, which has not been made."
    assert summary.disagreeing(kept) == summary.disagreeing({}) == ""
    (part,) = page.explored(kept)
    assert part["lines"] == [stays, left]
    assert [row[0] for row in part["tables"][0][2]] == ["Jones"]
    far = found["base"] | {"p50": float(found["base"]["p75"]) + 1}
    row = found["rows"][1]
    row |= {"row": far, "status": "PASS"} | influence._moved(found["base"], far)
    (leaves, left) = words.influence_lines(found)
    assert leaves.startswith(f"Without {row['label']} the median leaves the 50% interval")
    assert leaves.endswith("without any other of 2 it stays inside.")
    assert left.startswith("1 others")
    assert f"without {row['label']}." in summary.disagreeing(kept)
    assert [line[5] for line in words.influence(found)[2]] == ["yes", "NO", ""]


def test_a_fit_is_made_where_it_is_wanted_and_kept(prior_run, tmp_path, monkeypatch):
    names = []

    def fitted(run, name, scenario, say):
        names.append(name)
        sample = run.group(netcdf.HEADLINE)
        return sample.assign(steepness=sample["steepness"] + np.log(2.0)), 1.0051

    monkeypatch.setattr(influence, "labels", lambda run, by: ["s1", "Tan et al."])
    monkeypatch.setattr(lighter, "fitted", fitted)
    found = influence.influence(prior_run, tmp_path, fit=True)
    assert names == ["without publication s1", "without publication Tan et al."]
    assert [row["gear"] for row in found["rows"]] == ["refit", "refit"]
    assert [row["status"] for row in found["rows"]] == ["short fit", "short fit"]
    _, _, cells = words.influence(found)
    assert [row[-1] for row in cells] == ["R-hat 1.005", "R-hat 1.005"]
    judged = {**found, "rows": [found["rows"][0], found["rows"][1] | REVIEWED]}
    head, *records = words.influence_records(judged)
    assert [row[head.index("status")] for row in records] == ["R-hat 1.005", "REVIEW"]
    again = influence.influence(prior_run, tmp_path)
    assert json.loads(json.dumps(again)) == json.loads(json.dumps(found))
    rate = influence.influence(prior_run, tmp_path, quantity="exchange_rate")
    assert rate["rows"][0]["row"]["p50"] == pytest.approx(2 * rate["base"]["p50"], rel=1e-5)
    assert len(names) == 2
    later = type(prior_run)(prior_run.path, prior_run.info | {"created": "later"})
    assert influence.influence(later, tmp_path)["rows"][0]["status"] == "not fitted"
    with pytest.raises(SpecError, match="--by publicatio: unknown; did you mean 'publication'"):
        influence.influence(prior_run, tmp_path, by="publicatio")


def test_inputs_at_their_ends_move_the_answer_as_by_hand(prior_run, tmp_path):
    kinds = ("constant", "estimate", "form")
    found = tornado.tornado(prior_run, tmp_path, "training_energy", kinds=kinds)
    rows = {row["input"]: row for row in found["inputs"]}
    energy = load_constants().constant["E_G4"]
    swing = np.log10(energy.high) - np.log10(energy.low)
    assert rows["E_G4"]["swing"] == pytest.approx(swing, abs=1e-4)
    assert rows["E_G4"]["direction"] == "up"
    assert "WE25" not in rows  # energy does not depend on it
    draws = complete(prior_run.group(netcdf.HEADLINE))
    one = draws.sel(form=["saturating"])
    weight = one["weight"].copy(data=[1.0])
    asked = Asked(one.assign(weight=weight), load_constants(), Question())
    alone = mixture.quantile(registry.draws_of("training_energy", asked), weight, [0.5])
    assert rows["saturating"]["high"] == pytest.approx(alone.item())
    swings = [float(row["swing"]) for row in found["inputs"]]
    assert swings == sorted(swings, reverse=True)
    for _, columns, listed in words.tornado(found):
        assert {len(row) for row in listed} == {len(columns)}
    assert len(words.tornado_records(found)) == len(found["inputs"]) + 1


def test_the_constants_that_an_answer_reads_are_found(prior_run):
    asked = Asked(complete(prior_run.group(netcdf.HEADLINE)), load_constants(), Question())
    assert tornado.constants_read(asked, "exchange_rate") == []
    found = tornado.constants_read(asked, "world_electricity")
    assert "WE25" in found
    assert "E_G4" not in found
    with pytest.raises(SpecError, match="--kind priors: unknown; did you mean 'prior'"):
        tornado.checked(("priors",))


def test_the_last_evidence_of_a_regime_is_told_and_not_left_out(prior_run, tmp_path, monkeypatch):
    points = prior_run.points
    alone = points.assign(
        series_benchmark=("series", np.where(points["series_regime"] == "rl", "one", "other"))
    )
    assert influence._last_of_regime(alone, "benchmark", "one")
    assert not influence._last_of_regime(points, "source", "s1")
    monkeypatch.setattr(influence, "labels", lambda run, by: ["s1"])
    monkeypatch.setattr(influence, "_last_of_regime", lambda points, by, label: True)
    (row,) = influence.influence(prior_run, tmp_path, by="source")["rows"]
    assert (row["status"], row["shift"]) == ("the last of a regime", None)
