"""Every mistake in a file is one line: the file, the key, the value and what was expected."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

from tenfold.claims.spec import ClaimsFile
from tenfold.files import (
    MAX_FILE_BYTES,
    MAX_LINES,
    SpecError,
    data_path,
    did_you_mean,
    read_text,
    read_toml,
    write_atomic,
)
from tenfold.spec import describe, load_toml, validate

CLAIM = {
    "id": "slope-ratio",
    "quote": "twice as many",
    "source": "essay",
    "kind": "evidence",
    "estimand": "exchange_rate",
    "relation": "about",
    "value": 2.0,
    "unit": "dimensionless",
    "tolerance": 1.25,
    "as_of": datetime.date(2025, 10, 20),
    "reason": "one significant digit",
}
SOURCE = {
    "title": "T",
    "author": "A",
    "published": datetime.date(2025, 10, 20),
    "url": "https://example.org",
}


def claims_file(**changes):
    claim = {**CLAIM, **changes}
    return {"version": 1, "source": {"essay": SOURCE}, "claim": [claim]}


def test_a_good_file_is_read_and_frozen():
    file = validate(claims_file(), ClaimsFile, "mine.toml")
    assert file.claim[0].value == 2.0
    with pytest.raises(ValueError, match="frozen"):
        file.claim[0].value = 3.0  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"valu": 2.0}, "claim.0.valu: unknown key; did you mean 'value'?"),
        ({"value": "2"}, "claim.0.value: got '2'; Input should be a valid number"),
        ({"value": True}, "claim.0.value: got True; Input should be a valid number"),
        ({"value": float("nan")}, "claim.0.value: got nan; Input should be a finite number"),
        ({"value": -1.0}, "claim.0.value: got -1.0; Input should be greater than 0"),
        (
            {"tolerance": -0.5},
            "claim.0.tolerance: got -0.5; Input should be greater than or equal to 0",
        ),
        ({"kind": "opinion"}, "claim.0.kind: got 'opinion'; Input should be 'arithmetic'"),
        ({"relation": ">"}, "claim.0.relation: got '>'; Input should be 'about'"),
        ({"id": "Slope Ratio"}, "claim.0.id: got 'Slope Ratio'; String should match pattern"),
        (
            {"kind": "evidense"},
            "claim.0.kind: got 'evidense'; Input should be 'arithmetic', 'evidence"
            "', 'assumption' or 'untestable'; did you mean 'evidence'?",
        ),
        (
            {"relation": "atleast"},
            "claim.0.relation: got 'atleast'; Input should be 'about', 'equa"
            "ls', 'between', 'at least', 'at most', 'more than', 'less than"
            "', 'before' or 'after'; did you mean 'at least'?",
        ),
        ({"as_of": "2025"}, "claim.0.as_of: got '2025'; Input should be a valid date"),
        ({"given": {"x": [1]}}, "claim.0.given.x: got [1]; Input should be a valid number"),
        ({"estimand": None}, "claim.0: exactly one of `estimand` and `function` is required"),
        ({"function": "f"}, "claim.0: exactly one of `estimand` and `function` is required"),
        ({"kind": "arithmetic"}, "claim.0: an arithmetic claim needs a `function`"),
        ({"evidence_tolerance": 2.0}, "claim.0: `evidence_tolerance` belongs to arithmetic claims"),
        ({"relation": "between"}, "claim.0: 'between' needs `upper` as well as `value`"),
        ({"upper": 3.0}, "claim.0: `upper` belongs to the relation 'between'"),
        ({"relation": "before"}, "claim.0: 'before' needs a `date`"),
        ({"value": None}, "claim.0: `value` is required"),
        ({"kind": "untestable"}, "claim.0: an untestable claim has no `estimand`"),
        ({"needs": "a chart"}, "claim.0: `needs` belongs to untestable claims"),
        ({"start": 3}, "claim.0: `start` and `end` come together"),
        ({"borrowed": {"x": [1.0, 2.0]}}, "claim.0: `borrowed` holds ranges of inputs that stand"),
        ({"says": "twice"}, "(file): claim 'slope-ratio': `says` names 'twice'"),
        ({"says": "slope-ratio"}, "(file): claim 'slope-ratio': `says` names 'slope-ratio', which"),
        ({"source": "esay"}, "(file): claim 'slope-ratio': unknown source 'esay'; did you mean"),
    ],
)
def test_each_mistake_fails_for_its_own_reason(changes, expected):
    with pytest.raises(SpecError) as caught:
        validate(claims_file(**changes), ClaimsFile, "mine.toml")
    message = str(caught.value)
    assert message.startswith(f"mine.toml: {expected}")
    assert "\n" not in message


def test_a_missing_key_is_named():
    raw = claims_file()
    del raw["claim"][0]["quote"]
    with pytest.raises(SpecError, match=r"^mine\.toml: claim\.0\.quote: missing; it is required$"):
        validate(raw, ClaimsFile, "mine.toml")


@pytest.mark.parametrize(
    ("renamed", "expected"),
    [
        ({"quote": "qoute"}, ["qoute: unknown key; did you mean 'quote'?"]),
        (
            {"quote": "qoute", "id": "name"},
            [
                "id: missing; it is required",
                "name: unknown key; known: ",
                "qoute: unknown key; did you mean 'quote'?",
            ],
        ),
        ({"quote": "words"}, ["quote: missing; it is required", "words: unknown key; known: "]),
    ],
)
def test_a_misspelled_key_is_told_instead_of_the_missing_one(renamed, expected):
    claim = {renamed.get(key, key): value for key, value in CLAIM.items()}
    with pytest.raises(SpecError) as caught:
        validate(claims_file() | {"claim": [claim]}, ClaimsFile, "mine.toml")
    assert len(caught.value.lines) == len(expected)
    for line, start in zip(sorted(caught.value.lines), expected, strict=True):
        assert line.startswith(f"mine.toml: claim.0.{start}")


def test_all_mistakes_of_a_file_are_told_at_once():
    raw = claims_file(value=-1.0, kind="opinion", relation=">")
    raw["source"]["essay"] = SOURCE | {"url": "ftp://example.org"}
    with pytest.raises(SpecError) as caught:
        validate(raw, ClaimsFile, "mine.toml")
    keys = [line.split(": ")[1] for line in caught.value.lines]
    assert keys == ["source.essay.url", "claim.0.kind", "claim.0.relation", "claim.0.value"]


def test_hundreds_of_mistakes_are_counted():
    raw = claims_file() | {"claim": [CLAIM | {"value": -1.0}] * 500}
    with pytest.raises(SpecError) as caught:
        validate(raw, ClaimsFile, "mine.toml")
    assert len(caught.value.lines) == MAX_LINES + 1
    assert caught.value.lines[-1].endswith("and 480 more mistakes")


def test_a_missing_key_of_another_table_is_no_hint():
    raw = claims_file(titel="T")
    raw["source"] = {"essay": {key: value for key, value in SOURCE.items() if key != "title"}}
    with pytest.raises(SpecError, match=r"^mine\.toml: source\.essay\.title: missing"):
        validate(raw, ClaimsFile, "mine.toml")


def test_a_repeated_id_is_named():
    raw = claims_file()
    raw["claim"].append(CLAIM)
    with pytest.raises(SpecError, match="claim id 'slope-ratio' is used twice"):
        validate(raw, ClaimsFile, "mine.toml")


def test_long_values_are_cut():
    with pytest.raises(SpecError) as caught:
        validate(claims_file(kind="x" * 500), ClaimsFile, "mine.toml")
    assert len(str(caught.value)) < 250


def test_did_you_mean_lists_what_is_known_when_nothing_is_near():
    assert did_you_mean("zzz", ["value", "unit"]) == "; known: value, unit"
    assert did_you_mean("vale", ["value", "unit"]) == "; did you mean 'value'?"
    assert did_you_mean("zzz", []) == ""


def test_describe_is_the_function_behind_the_messages():
    from pydantic import ValidationError

    with pytest.raises(ValidationError) as caught:
        ClaimsFile.model_validate({"version": 2, "source": {}, "claim": []})
    assert describe(caught.value, ClaimsFile) == [
        "version: got 2; Input should be 1",
        "claim: got []; Tuple should have at least 1 item after validation, not 0",
    ]


def test_unreadable_files(tmp_path):
    missing = tmp_path / "missing.toml"
    with pytest.raises(SpecError, match=r"missing\.toml: cannot be read \(No such file"):
        read_text(missing)
    with pytest.raises(SpecError, match=r"cannot be read \(Is a directory\)"):
        read_text(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"abc\xff")
    with pytest.raises(SpecError, match=r"binary\.toml: not UTF-8 text at byte 3"):
        read_text(binary)
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(SpecError, match="expected at most"):
        read_text(large)


def test_broken_toml_names_the_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("a = 1\nb = = 2\n")
    with pytest.raises(SpecError, match=r"broken\.toml: not valid TOML: .*line 2"):
        read_toml(path)
    with pytest.raises(SpecError, match="not valid TOML"):
        load_toml(path, ClaimsFile)


def test_a_half_written_file_never_replaces_a_whole_one(tmp_path, monkeypatch):
    path = tmp_path / "sub" / "run.json"
    write_atomic(path, "old")
    assert path.read_text() == "old"

    def full_disk(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(SpecError, match=r"run\.json: cannot be written \(disk full\)"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [part.name for part in path.parent.iterdir()] == ["run.json"]


def test_shipped_data_is_found_from_any_folder(tmp_path):
    program = "from tenfold.files import data_path; print(data_path('sources.toml'))"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(data_path("sources.toml"))
    with pytest.raises(SpecError, match="not part of this installation"):
        data_path("nothing.toml")
