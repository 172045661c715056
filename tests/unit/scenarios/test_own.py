"""Files of scenarios: the one to begin with runs, and every mistake is told at once."""

import pytest

from tenfold.files import SpecError
from tenfold.posterior.scenario import load_scenarios
from tenfold.scenarios import own


def test_a_new_file_is_without_mistakes_and_stays(tmp_path):
    path = tmp_path / "mine.toml"
    own.new(path)
    (name,) = own.check(path)
    found = own.check(path)[name]
    assert found.changes.gear == "propagate"
    with pytest.raises(SpecError, match="there is a file of that name already"):
        own.new(path)
    with pytest.raises(SpecError, match=r"expected a name that ends in \.toml"):
        own.new(tmp_path / "mine.txt")


def test_what_is_commented_out_in_it_runs_too(tmp_path):
    """Every example line of the file, with its mark taken away."""
    path = tmp_path / "mine.toml"
    own.new(path)
    lines = path.read_text().splitlines()
    shown = [i for i, line in enumerate(lines) if line.startswith(("# [", "# extends", "# fixed"))]
    shown += [i for i, line in enumerate(lines) if line.startswith("# ") and " = " in line]
    for i in shown:
        lines[i] = lines[i].removeprefix("# ")
    path.write_text("\n".join(lines))
    ((_, found),) = own.check(path).items()
    assert found.scenario.model.forms == ("saturating",)
    assert found.scenario.fixed_tokens
    assert found.changes.gear == "rebuild"


def test_every_mistake_of_every_scenario_is_one_line(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("""version = 1
[scenario.one]
reason = "x"
values.exchange_rat = { low = 1, central = 1, high = 1 }
values.exchange_rate = { low = 3, central = 1, high = 2 }
constants = { WE2 = { low = 1, central = 1, high = 1 } }
points = { exclude = { source = ["tan2024"] } }
[scenario.two]
reason = "y"
baselines = { grok-5 = { rl_share = { low = 1, central = 1, high = 1 } } }
question = { reading = 3.0, dates = 2030.0 }
""")
    with pytest.raises(SpecError) as error:
        own.check(path)
    told = list(error.value.lines)
    assert all(line.startswith(f"{path}: scenario.") for line in told)
    for part in ("exchange_rat: unknown", "low <= central <= high", "unknown constant 'WE2'",
                 "'tan2024' matches nothing", "unknown baseline 'grok-5'",
                 "question."):  # fmt: skip
        assert sum(part in line for line in told) == 1, (part, told)


def test_thirty_scenarios_ship_with_reasons_and_without_mistakes():
    from tenfold.files import data_path

    found = own.check(data_path("scenarios.toml"))
    assert len(found) >= 30
    assert len({one.scenario.reason for one in found.values()}) == len(found)
    assert set(found) == set(load_scenarios())
    publications = set(found["baseline"].scenario.points.exclude)
    assert not publications


def test_each_publication_of_the_evidence_has_its_scenario():
    from tenfold.evidence import dataset

    points = dataset.usable(dataset.load())
    wanted = set(points["publication"].values.tolist())
    gone = [
        one.points.exclude["publication"]
        for name, one in load_scenarios().items()
        if name.startswith("without-")
    ]
    assert sorted(label for labels in gone for label in labels) == sorted(wanted)
