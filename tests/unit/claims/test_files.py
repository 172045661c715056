"""Claims files: quotes in their text, new ones, the template, stored answers held to today's."""

from __future__ import annotations

import copy
import csv
import datetime
import hashlib
import io
import json
import tomllib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tenfold.answers.headline import of_run
from tenfold.answers.question import Asked, Question
from tenfold.claims import against, new, robust, text, verdicts
from tenfold.claims.records import ClaimRecord
from tenfold.claims.spec import Claim, ClaimsFile
from tenfold.files import SpecError, data_path
from tenfold.spec import validate
from tenfold.words import claim_files, claims

DAY = datetime.date(2026, 1, 1)
SHIPPED = sorted(data_path("claims").glob("*.toml"))

FOREIGN = """
version = 1

[source.jones]
title = "Scaling Scaling Laws with Board Games"
author = "Andy Jones"
published = 2021-04-07
url = "https://arxiv.org/abs/2104.03113"

[source.epoch]
title = "What did it take to train Grok 4?"
author = "Epoch AI"
published = 2025-09-12
url = "https://epoch.ai/data-insights/grok-4-training-resources"

[[claim]]
id = "fifteen-for-ten"
quote = "for each additional 10x of train-time compute, about 15x of test-time compute"
source = "jones"
kind = "evidence"
estimand = "inference_per_training"
value = 1.176
reason = "log10 of 15 over log10 of 10"

[[claim]]
id = "energy"
quote = "310 GWh"
source = "epoch"
kind = "evidence"
estimand = "baseline_energy"
value = 310.0
reason = "the energy of one run"

[[claim]]
id = "one-more"
quote = "one more tenfold of RL"
source = "epoch"
kind = "arithmetic"
function = "total_training_multiplier"
baseline = "grok-4"
value = 5.5
given = { rl_multiplier = 10.0, rl_share = 1.0 }
reason = "eleven halves"
"""


@pytest.fixture(scope="module")
def asked(prior_run, constants) -> Asked:
    return Asked(of_run(prior_run), constants, Question())


@pytest.fixture(scope="module")
def results(asked):
    found = verdicts.load_claims()
    return verdicts.check_claims(asked.draws, found.claim, asked.constants), found


def test_three_foreign_sentences_from_the_documentation_alone(asked, tmp_path):
    path = tmp_path / "foreign.toml"
    path.write_text(FOREIGN, encoding="utf-8")
    file = verdicts.load_claims(path)
    assert [str(claim.as_of) for claim in file.claim] == ["2021-04-07", "2025-09-12", "2025-09-12"]
    first, second, third = verdicts.check_claims(asked.draws, file.claim, asked.constants)
    assert first.word
    assert second.word in ("likely", "very likely", "virtually certain")
    assert third.follows


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_fits_the_registry(path):
    file = verdicts.load_claims(path)
    assert {claim.source for claim in file.claim} == set(file.source)
    for claim in file.claim:
        assert claim.reason
        if claim.start is not None and claim.end is not None:
            assert len(text.fold(claim.quote)) == claim.end - claim.start, claim.id


def test_the_essay_has_its_54_sentences_in_order_and_the_critics_twenty():
    essay = verdicts.load_claims()
    places = [claim.start or 0 for claim in essay.claim]
    assert places == sorted(places)
    assert len({(claim.start, claim.end) for claim in essay.claim}) >= 45
    assert len(essay.claim) >= 54
    source = essay.source["ord-2025"]
    assert source.characters is not None
    assert max(claim.end or 0 for claim in essay.claim) < source.characters
    # what is quoted is a part of the text, which is not republished
    whole = sum({c.start: len(c.quote) for c in essay.claim}.values())
    assert whole < 0.7 * source.characters
    assert len(verdicts.load_claims(data_path("claims", "critics.toml")).claim) >= 20


def test_quotes_are_held_against_a_text_that_is_brought(tmp_path):
    words = "Before it.  “Twice as many” orders – of magnitude. After it."
    path = tmp_path / "text.txt"
    path.write_text(words, encoding="utf-8")
    folded = text.fold(words)
    start, end = text.place_of("“Twice as many” orders — of magnitude.", folded)
    source = {"title": "T", "author": "A", "published": DAY, "url": "https://example.org"}
    source |= {"characters": len(folded), "sha256": hashlib.sha256(folded.encode()).hexdigest()}
    claim = {"id": "c", "quote": '"Twice as many" orders - of magnitude.', "source": "s"}
    claim |= {"kind": "untestable", "needs": "n", "reason": "r", "start": start, "end": end}
    whole = {"version": 1, "source": {"s": source}, "claim": [claim]}
    file = validate(whole, ClaimsFile, "mine.toml")
    assert text.context(file.claim[0], text.held(file, path)) == ("Before it.", "After it.")
    moved = file.claim[0].model_copy(update={"start": start + 1, "end": end + 1})
    with pytest.raises(SpecError, match=f"characters {start + 1} to {end + 1}: not the quote"):
        text.held(file.model_copy(update={"claim": (moved,)}), path)
    path.write_text(words + " More.", encoding="utf-8")
    with pytest.raises(SpecError, match="not the text of s"):
        text.held(file, path)
    with pytest.raises(SpecError, match="stands 0 times"):
        text.place_of("elsewhere", folded)


NEW = (
    "quote=RL takes twice the orders", "author=A", "title=T", "url=https://example.org",
    "published=2026-01-02", "estimand=exchange_rate", "value=2", "reason=r",
)  # fmt: skip


def test_a_new_claim_is_a_file_that_runs(tmp_path):
    written = new.written(new.fields((*NEW, "given.benchmark=new benchmark")))
    path = tmp_path / "new.toml"
    path.write_text(written, encoding="utf-8")
    (claim,) = verdicts.load_claims(path).claim
    assert (claim.value, claim.given) == (2.0, {"benchmark": "new benchmark"})
    assert str(claim.as_of) == "2026-01-02"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (NEW[1:], "--with quote=...: missing"),
        ((*NEW, "valu=3"), "--with valu: no field of a claim; did you mean 'value'"),
        ((*NEW, "value"), "--with 'value': expected KEY=VALUE"),
        ((*NEW, "estimand=exchange_rat"), "did you mean 'exchange_rate'"),
        ((*NEW, "published=soon"), "source.mine.published: got 'soon'"),
        ((*NEW, "value=two"), "claim.0.value: got 'two'"),
    ],
)
def test_mistakes_of_a_new_claim_are_one_line_each(texts, said):
    with pytest.raises(SpecError, match=said.replace(".", r"\.")):
        new.written(new.fields(texts))


def test_the_template_explains_every_field_and_runs(asked):
    file = verdicts.load_claims(data_path("claims", "template.toml"))
    found = verdicts.check_claims(asked.draws, file.claim, asked.constants)
    assert {result.claim.kind for result in found} >= {"evidence", "arithmetic", "untestable"}
    told = new.template()
    assert tomllib.loads(told)["version"] == 1
    fields = {name for claim in file.claim for name in claim.model_fields_set}
    unused = {"upper", "date", "start", "end"}
    assert fields | unused == set(type(file.claim[0]).model_fields)
    assert all(name in told for name in ("`upper`", "`date`"))


def test_the_json_of_claims_has_the_declared_shape(results):
    found = json.loads(json.dumps([claims.record(result) for result in results[0]]))
    declared = TypeAdapter(ClaimRecord)
    for record in found:
        assert declared.validate_python(record, strict=True) == record
    with pytest.raises(ValueError, match="why"):
        declared.validate_python({k: v for k, v in found[0].items() if k != "why"})
    assert set(Claim.model_fields) <= set(ClaimRecord.__annotations__)
    assert all(any(record[key] for record in found) for key in ("arithmetic", "evidence", "why"))


def test_what_still_holds_is_told_and_a_planted_number_is_found(results, asked):
    now = json.loads(json.dumps([claims.record(result) for result in results[0]]))
    stored = {"claims": copy.deepcopy(now)}
    assert against.changed(stored, now, asked) == (len(now), [])
    place = next(i for i, record in enumerate(now) if record["id"] == "twice-the-ooms")
    stored["claims"][place]["evidence"]["p50"] += 0.5
    stored["claims"][place]["evidence"]["word"] = "likely as not"
    stored["claims"][0]["id"] = "gone"
    _, lines = against.changed(stored, now, asked)
    assert len(lines) == 3
    assert lines[0] == "claim 'gone': not among the claims any more"
    assert "claim 'twice-the-ooms': word was 'likely as not'" in lines[1]
    assert "p50 was" in lines[2]
    with pytest.raises(SpecError, match="nothing to compare"):
        against.changed({"status": "PASS"}, now, asked)


def test_rows_of_any_stored_answer_are_held_to_todays(asked):
    from tenfold.answers import registry

    row = registry.table(asked, [("rl_jump_ooms", {"benchmark": "AIME 2024"})])["rl_jump_ooms"]
    stored = {"quantities": {"rl_jump_ooms": row}}
    assert against.changed(stored, [], asked) == (1, [])
    stored["quantities"]["rl_jump_ooms"] = row | {"p05": float(row["p05"]) + 3}
    compared, (line,) = against.changed(stored, [], asked)
    assert compared == 1
    assert line.startswith("rl_jump_ooms(benchmark=AIME 2024): p05 was")


def test_what_flips_a_verdict_does(results, asked):
    (result,) = [r for r in results[0] if r.claim.id == "infeasible-for-one-level"]
    same, tenth = (asked.draws, asked.constants), asked.draws.isel(draw=slice(15))
    others = {"again": same, "far": same, "near": (tenth, asked.constants)}
    found = robust.robust(result, asked, others, {"far": "Far & Co.", "near": "Near & Co."})
    record = json.loads(json.dumps(robust.as_record(found)))
    assert TypeAdapter(robust.RobustRecord).validate_python(record, strict=True) == record
    assert found.drivers
    assert [name for name, *_ in found.publications] == ["Near & Co.", "Far & Co."]
    assert found.scenarios[0][:2] == ("again", result.evidence.probability)
    values = verdicts.values_of(result.claim, asked)
    event = verdicts.measure(result.claim).holds(values)
    for flip in found.flips:
        inside = robust.registry.draws_of(flip.quantity, asked).broadcast_like(event)
        if flip.quantity == "slope":
            continue  # of either regime
        held = inside > flip.value if flip.side == "above" else inside < flip.value
        p = float(
            ((event & held) * asked.draws["weight"]).sum() / (held * asked.draws["weight"]).sum()
        )
        assert p == pytest.approx(flip.probability, abs=1e-6)
        assert (p >= 0.66) is (flip.word == "likely")
    assert claim_files.flips(found)
    assert claim_files.tables(result, found)


def test_formats_hold_the_same_verdicts_and_are_harmless(results):
    found, file = results
    rows = claim_files.rows(found, file)
    assert len(rows) == len(found) + 1
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    again = list(csv.DictReader(io.StringIO(buffer.getvalue())))
    assert [row["id"] for row in again] == [result.claim.id for result in found]
    hostile = found[0].claim.model_copy(update={"quote": "=1+1 <script>alert(1)</script> [a](b)"})
    bad = [type(found[0])(hostile, why="x")]
    assert claim_files.rows(bad, file)[1][10].startswith("'=")
    assert "<script>" not in claim_files.html(bad, file)
    assert r"\<script\>" in claim_files.markdown(bad, file)
    for written in (claim_files.markdown(found, file), claim_files.html(found, file)):
        assert all(result.claim.id in written for result in found)


def test_a_link_has_to_be_about_the_same_quantity():
    table = tomllib.loads(FOREIGN)
    table["claim"][1]["says"] = "fifteen-for-ten"
    file = validate(table, ClaimsFile, "mine.toml")
    with pytest.raises(ValueError, match="says: 'fifteen-for-ten' is about another quantity"):
        verdicts._check_link(file.claim[1], file.claim[0])


def test_borrowed_inputs_say_what_they_would_have_to_be(constants):
    shipped = {claim.id: claim for claim in verdicts.load_claims().claim}
    (result,) = verdicts.check_claims(None, [shipped["five-years-of-electricity"]], constants)
    assert result.sum is not None
    assert not result.follows
    assert dict(result.sum.needed)["run_energy"] == pytest.approx(154.65)
    (result,) = verdicts.check_claims(None, [shipped["epoch-1000x-for-100x"]], constants)
    assert result.sum is not None
    assert result.follows
    assert 10**result.sum.low == pytest.approx(100)


def test_the_text_itself_is_not_in_the_repository():
    essay = verdicts.load_claims().source["ord-2025"]
    for path in Path(__file__).parents[3].glob("data/**/*.txt"):
        folded = text.fold(path.read_text(encoding="utf-8"))
        assert hashlib.sha256(folded.encode()).hexdigest() != essay.sha256


def test_the_o1_charts_sentence_is_likely_on_its_own_chart(constants):
    """Held against the edition that ships: a fitted run."""
    from tenfold.editions import shelf

    edition = shelf.newest()
    if edition is None:
        pytest.skip("no edition ships")
    file = {claim.id: claim for claim in verdicts.load_claims().claim}
    chosen = [file["o1-inference-20-to-80-in-100x"]]
    (result,) = verdicts.check_claims(of_run(edition), chosen, constants)
    assert result.evidence is not None, result.why
    assert result.evidence.probability >= 0.8
