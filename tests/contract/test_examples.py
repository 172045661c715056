"""Every example of the README and of `--help` runs, on the files in examples/ and a small run.

Scenarios here have the shipped names, a little evidence and few draws; their gates may fail.
"""

from __future__ import annotations

import doctest
import importlib
import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from tenfold.cli.app import app, main

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "model" / "tenfold"
if not (ROOT / "examples").exists():
    pytest.skip("an installed wheel carries no examples", allow_module_level=True)

SMALL = """
reason = "as in the shipped file, in little"
points = { include = { benchmark = ["AIME 2024"], family = ["[oR]*"] } }
model = { forms = ["logistic"] }
settings = { chains = 2, tune = 100, draws = 100 }
"""
TABLES = {
    "gpqa_diamond.csv": "Model version,Score,Tokens per task\nm_low,0.4,5000\nm_high,0.6,50000\n",
    "aider_polyglot_external.csv": "Model version,Percent correct,Total cost (USD)\n"
    "n_low,40,20\nn_high,50,90\n",
    "table.csv": "Model version,Score,stderr,Spend\nk_low,0.4,0.05,2\nk_high,0.5,0.05,3\n",
}
"""Files of others, in the format of their publishers."""
ENDS = {0, 3, 4}
"""Fine; a gate that failed; a claim that is contradicted."""


def helped(group=None):
    """Every example of every command, as it is printed."""
    group = get_command(app) if group is None else group
    found = [line.strip() for line in (group.help or "").splitlines()]
    found = [line for line in found if line.startswith("tenfold ")]
    for command in getattr(group, "commands", {}).values():
        found += helped(command)
    return found


def blocks(page, language):
    """Code blocks of a page of ours."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def written():
    """Every command line of the README, without `uv run` and its options, and of tutorials."""
    lines = "\n".join(blocks("README.md", "sh")).splitlines()
    found = [re.search(r"uv run (?:--\S+ )?(tenfold [^#]*)", line) for line in lines]
    pages = sorted((ROOT / "docs").glob("*.md"))
    taught = [code for page in pages for code in blocks(page.relative_to(ROOT), "sh run")]
    return [match[1].strip() for match in found if match] + "".join(taught).splitlines()


SHIPS = "tenfold edition new"
"""Makes what ships, of a run whose gates hold: `tests/unit/editions` runs it."""
EXAMPLES = [line for line in {*helped(), *written()} if not line.startswith(SHIPS)]
EXAMPLES.sort(key=lambda line: ("--then" not in line, " fit" not in line, line))
"""Fits first: the others read what they store. Before them what fits without evidence that came
since, which cannot be done beside evidence of one's own."""


@pytest.fixture(scope="module")
def place(tmp_path_factory, editions):
    """A folder with the example files, and data with small scenarios, until the module's end."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True)
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    (folder / "records").mkdir()
    for effort, score, tokens in (("low", 0.4, 2000.0), ("high", 0.6, 9000.0)):
        text = json.dumps(record(effort, score, tokens))
        (folder / "records" / f"{effort}.json").write_text(text)
    (folder / "image").mkdir()
    image(folder / "image")
    data = Path(shutil.copytree(ROOT / "data", folder / "data"))
    names = {match for line in EXAMPLES for match in re.findall(r"--(?:scenario|only) (\S+)", line)}
    names |= {"baseline", "jones"}
    tables = [f"[scenario.{name}]{SMALL}" for name in sorted(names)]
    (data / "scenarios.toml").write_text("\n".join(["version = 1", *tables]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenfold.posterior.scenario.data_path", data.joinpath)
        patch.setattr("tenfold.editions.shelf.home", lambda: editions)
        patch.setattr("webbrowser.open", lambda _: True)
        patch.chdir(folder)
        yield folder


def record(effort, score, tokens):
    """A record of Every Eval Ever of one model at one effort."""
    return {
        "schema_version": "0.2.1",
        "evaluation_id": f"quiz/lab/model/{effort}",
        "retrieved_timestamp": "1",
        "source_metadata": {
            "source_name": "Quiz board",
            "source_type": "documentation",
            "source_organization_name": "Quiz lab",
            "source_organization_url": "https://example.org",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": "unknown", "version": "unknown"},
        "model_info": {"name": "model", "id": f"lab/model-{effort}"},
        "evaluation_results": [
            {
                "evaluation_name": "Quiz",
                "source_data": {"dataset_name": "quiz", "source_type": "other"},
                "metric_config": {"lower_is_better": False},
                "score_details": {
                    "score": score,
                    "details": {"mean_output_tokens": str(tokens)},
                    "uncertainty": {"standard_error": {"value": 0.05}},
                },
            }
        ],
    }


def image(folder):
    """A chart as an image, with the table that says how to read it."""
    import numpy as np

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        import digitise_charts
    rng = np.random.default_rng(3)
    style = digitise_charts.draw_style(rng)
    axes, _ = digitise_charts.draw_chart(style, rng, folder / "chart.png")
    (folder / "axes.toml").write_text(axes)


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_runs(line, place, monkeypatch, capsys):
    shutil.rmtree(place / "my-evidence")  # another example may have written there
    shutil.copytree(ROOT / "examples" / "my-evidence", place / "my-evidence")
    if "chart.png" in line:
        monkeypatch.chdir(place / "image")
    monkeypatch.setattr(sys, "argv", shlex.split(line))
    status = main()
    told = capsys.readouterr()
    assert status in ENDS, told.err
    assert told.out


def test_the_readme_speaks_python(place):
    (program,) = blocks("README.md", "python")
    found = {}
    exec(program, found)  # noqa: S102 - the page's own text
    assert found["jump"].median > 0
    assert 0 <= found["dear"] <= 1
    assert found["draws"].attrs["unit"] == "OOM"
    assert found["verdicts"]


def test_the_script_goes_from_evidence_to_a_verdict(place, capsys):
    program = (place / "verdict.py").read_text()
    assert len(program.splitlines()) < 20
    exec(program, {})  # noqa: S102 - the example's own text
    out = capsys.readouterr().out
    assert "P(more than the essay's 6 OOMs) = " in out
    assert out.count("evidence:") == 2


def test_the_scenarios_of_the_examples_are_read(place):
    from tenfold.posterior.plan import prepare
    from tenfold.posterior.scenario import load_scenarios

    found = load_scenarios(place / "my-scenarios.toml")
    benchmarks = prepare("mathematics", found["mathematics"]).points["benchmark"].values
    assert all(name.startswith("AIME") for name in benchmarks)
    assert found["sceptical"].points == found["mathematics"].points
    assert found["sceptical"].priors["series_sd"].sigma == 0.2


DOCUMENTED = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_a_docstring_keeps_its_word(path):
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    found = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "examples/README.md",
        "model/README.md",
        "data/README.md",
        "reports/README.md",
    ],
)
def test_files_that_a_page_names_are_there(page):
    text = (ROOT / page).read_text()
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text) + re.findall(r"\]\(([^):#]+)\)", text)
    tops = {path.name for path in ROOT.iterdir()} - {"runs"} | {"tenfold"}
    near = {(ROOT / page).parent, ROOT, PACKAGE, PACKAGE.parent}
    named = {name for name in named if name.split("/")[0] in tops or "](" + name in text}
    assert named
    for name in named:
        assert any((folder / name).exists() for folder in near), f"{page}: {name}"
