"""What was found is kept: no entry is lost, none is told once what it rests on has changed."""

import json
from concurrent.futures import ThreadPoolExecutor

from tenfold.runs import keys
from tenfold.scenarios import explored, notes


def test_two_at_once_lose_no_entry(tmp_path):
    path, names = tmp_path / "rows.json", [f"scenario {i}" for i in range(12)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: notes.keep(path, "rows", name, {"key": "k"}), names))
    assert sorted(notes.entries(path, "rows")) == sorted(names)
    path.write_text("{")
    assert notes.entries(path, "rows") == {}


def test_an_entry_that_was_changed_is_none(tmp_path):
    path = tmp_path / "rows.json"
    for name, value in (("one", 1.25), ("two", 2.5)):
        notes.keep(path, "rows", name, {"key": name, "value": value, "by": {2: (value, None)}})
    assert notes.entries(path, "rows")["two"] == {
        "key": "two",
        "value": 2.5,
        "by": {"2": [2.5, None]},
    }
    path.write_text(path.read_text().replace('"value": 1.25', '"value": 1.26'))
    assert list(notes.entries(path, "rows")) == ["two"]


def test_what_was_explored_is_told_while_it_holds(prior_run, tmp_path):
    by = {"quantity": "rl_jump_ooms", "by": "source", "rows": []}
    explored.keep(prior_run, tmp_path, "influence", by)
    explored.keep(prior_run, tmp_path, "next", {"quantity": "exchange_rate", "studies": []})
    found = explored.current(prior_run, tmp_path)
    assert sorted(found) == ["influence:rl_jump_ooms:source", "next:exchange_rate"]
    assert found["influence:rl_jump_ooms:source"].items() > by.items()
    other = type(prior_run)(prior_run.path, prior_run.info | {"created": "later"})
    assert explored.current(other, tmp_path) == {}
    path = tmp_path / explored.FILE
    path.write_text(path.read_text().replace(found["next:exchange_rate"]["key"], "0"))
    assert list(explored.current(prior_run, tmp_path)) == ["influence:rl_jump_ooms:source"]
    assert json.loads(path.read_text())["version"] == 3


def test_an_entry_goes_with_the_code_that_made_it(prior_run, tmp_path, monkeypatch):
    path = tmp_path / explored.FILE
    explored.keep(prior_run, tmp_path, "next", {"quantity": "exchange_rate", "studies": []})
    with monkeypatch.context() as patch:
        patch.setattr(keys, "_read", None)  # nothing is parsed where the text is the same
        patch.setattr(keys, "_same", keys._same.__wrapped__)
        assert len(explored.current(prior_run, tmp_path)) == 1
    content = json.loads(path.read_text())
    (modules,) = content["code"].values()
    for text, meaning, left in (("0", None, 1), (None, "0", 1), ("0", "0", 0)):
        here = modules["tenfold.scenarios.tornado"]
        modules["tenfold.scenarios.tornado"] = [text or here[0], meaning or here[1]]
        path.write_text(json.dumps(content))
        assert len(explored.current(prior_run, tmp_path)) == left
        modules["tenfold.scenarios.tornado"] = here
    notes.keep(path, "explored", "other", {"key": "k"})
    assert list(json.loads(path.read_text())["explored"]) == ["other"]
