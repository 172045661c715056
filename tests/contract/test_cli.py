"""The command line as a stranger meets it: exit codes, one-line errors, JSON, and quick help."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer import core as typer_core
from typer.main import get_command

from tenfold import __version__
from tenfold.cli.app import app, main

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "pymc",
    "pytensor",
    "nutpie",
    "arviz",
    "numpy",
    "pandas",
    "xarray",
    "matplotlib",
)


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the entry point in this process: `run("points", "--json")`."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["tenfold", *map(str, arguments)])
        status = main()
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return call


def commands(group=None, path=()):
    """Every command as a tuple of words, groups included."""
    group = get_command(app) if group is None else group
    found = [path]
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*path, name))
    return found


COMMANDS = commands()


def one_line_error(done, expected):
    assert done.returncode == 2, done
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr), done.stderr
    assert expected in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_there_and_imports_nothing_heavy(command):
    program = (
        "import sys\n"
        "from tenfold.cli.app import main\n"
        "status = main()\n"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "print('LOADED', loaded)\n"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(" ".join(("Usage: tenfold", *command)))
    assert done.stdout.rstrip().endswith("LOADED []")
    if command:
        assert f"Examples:\n    tenfold {' '.join(command)}" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_and_argument_has_help(command):
    found = get_command(app)
    for name in command:
        assert isinstance(found, typer_core.TyperGroup)
        found = found.commands[name]
    for parameter in found.params:
        assert getattr(parameter, "help", None), parameter.name


def test_importing_the_package_imports_nothing_heavy():
    program = f"import sys, tenfold; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_answers_from_a_stored_run_load_no_plots_and_no_sampler(prior_run):
    heavy = ("matplotlib", "arviz", "pymc", "nutpie", "numba")
    program = (
        "import sys; from tenfold.cli.app import main; status = main(); "
        f"print([n for n in {heavy} if n in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    command = [sys.executable, "-c", program, "jump", "--json", "--runs", prior_run.path.parent]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("[]\n")


def test_public_names_exist_and_unknown_ones_do_not():
    import tenfold

    for name in tenfold.__all__:
        assert getattr(tenfold, name) is not None
    assert set(tenfold.__all__) == {*tenfold._HOME, "__version__"}
    submodules = {path.stem for path in (ROOT / "model" / "tenfold").iterdir()}
    assert not submodules & set(tenfold.__all__), "a public name would hide a module"
    assert dir(tenfold) == sorted(tenfold.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tenfold.nothing


def test_version(run):
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"tenfold {__version__}\n")


def test_versions_agree():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("arguments", [("bogus",), ("points", "--bogus"), ("points", "show")])
def test_usage_errors_exit_with_2(run, arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_points_counts_as_json(run):
    done = run("points", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    counts = json.loads(done.stdout)
    assert counts["version"] == 1
    assert set(counts["regime"]) == {"rl", "inference"}
    assert counts["points"] == sum(entry["points"] for entry in counts["source"].values())
    assert counts["series"] == sum(entry["series"] for entry in counts["benchmark"].values())
    assert counts["fitted"]["series"] == counts["series"] - len(counts["left_out"])


def test_points_lists_every_series(run):
    counts = json.loads(run("points", "--json").stdout)
    done = run("points")
    assert done.returncode == 0
    rows = [line for line in done.stdout.splitlines() if re.search(r"% to [\d.]+%", line)]
    assert len(rows) == counts["series"]
    assert done.stdout.rstrip().endswith("can be fitted")
    assert f"{counts['points']:,} points in {counts['series']} series" in done.stdout


def test_a_series_is_walked_back_to_its_pixels(run):
    done = run("points", "show", "o1/AIME 2024/training compute", "--json")
    chain = json.loads(done.stdout)
    assert chain["regime"] == "rl"
    assert chain["source_table"]["publisher"] == "OpenAI"
    assert all(point["pixel_x"] > 0 and point["score_se"] > 0 for point in chain["points"])
    readable = run("points", "show", "o1/AIME 2024/training compute").stdout
    assert "minor ticks" in readable
    assert f"{chain['points'][0]['pixel_x']:.1f}" in readable


def test_an_unknown_series_is_one_line_with_the_nearest_name(run):
    one_line_error(run("points", "show", "o1/AIME 2024/traning compute"), "did you mean 'o1/AIME")


CSV = (
    "series,family,model,setting,mode,benchmark,regime,compute_unit,compute,score,n_questions\n"
    "mine,Mine,mine-1,low,thinking,AIME 2024,inference,tokens,1000,0.2,30\n"
    "mine,Mine,mine-1,high,thinking,AIME 2024,inference,tokens,{compute},{score},30\n"
)


def test_a_good_file_of_points_is_accepted(run, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(CSV.format(compute=10000, score=0.5))
    done = run("points", "check", path, "--json")
    assert done.returncode == 0, done
    report = json.loads(done.stdout)
    assert report["errors"] == []
    assert (report["series"], report["points"]) == (["mine"], 2)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"score": 1.2}, "score"),
        ({"compute": 0}, "compute"),
        ({"compute": "many"}, "compute"),
    ],
)
def test_a_bad_file_of_points_exits_with_2(run, tmp_path, change, expected):
    path = tmp_path / "mine.csv"
    path.write_text(CSV.format(**({"compute": 10000, "score": 0.5} | change)))
    done = run("points", "check", path)
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert f"row 3: {expected}: got" in errors[0]
    assert str(path) in errors[0]


def test_a_missing_column_is_named(run, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(CSV.format(compute=1, score=0.5).replace("score,", "", 1))
    done = run("points", "check", path)
    assert done.returncode == 2
    assert "score" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_one_line(run, tmp_path):
    one_line_error(run("points", "check", tmp_path / "nothing.csv"), "No such file")


def test_a_bad_evidence_folder_stops_the_list(run, tmp_path):
    (tmp_path / "mine.csv").write_text(CSV.format(compute=10000, score=0.5))
    one_line_error(run("points", "--points", tmp_path), "sources.toml")


BROKEN = """
import sys
from tenfold.cli import app

@app.app.command("score")
def broken() -> None:
    raise RuntimeError("a bug")

sys.exit(app.main())
"""


@pytest.mark.parametrize("debug", [False, True])
def test_an_unexpected_error_is_one_line_unless_debugging(debug):
    command = [sys.executable, "-c", BROKEN, *(["--debug"] if debug else []), "score"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("unexpected error: RuntimeError: a bug (--debug shows more)\n")
    assert ("Traceback" in done.stderr) is debug


def wpd_project(path, points):
    """A WebPlotDigitizer project, version 4.2: x is a log axis from 1 to 1000, y from 0 to 100%."""
    corners = [
        (100, 400, "1", "0"),
        (400, 400, "1000", "0"),
        (100, 400, "0", "0"),
        (100, 100, "0", "100"),
    ]
    project = {
        "version": [4, 2],
        "axesColl": [
            {
                "name": "XY",
                "type": "XYAxes",
                "isLogX": True,
                "isLogY": False,
                "calibrationPoints": [
                    {"px": x, "py": y, "dx": dx, "dy": dy} for x, y, dx, dy in corners
                ],
            }
        ],
        "datasetColl": [
            {
                "name": "mine",
                "axesName": "XY",
                "data": [{"x": x, "y": y} for x, y in points],
            }
        ],
    }
    path.write_text(json.dumps(project))


def test_a_project_becomes_a_points_file(run, tmp_path):
    import csv

    project, out = tmp_path / "chart.json", tmp_path / "out.csv"
    wpd_project(project, [(200, 300), (300, 160)])
    done = run("digitise", project, "--out", out)
    assert done.returncode == 0, done
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [round(float(row["compute"]), 6) for row in rows] == [10, 100]
    assert [float(row["score"]) for row in rows] == pytest.approx([1 / 3, 0.8])
    assert all(float(row["log10_compute_se"]) > 0 for row in rows)
    shared = json.loads(run("digitise", project, "--out", out, "--json").stdout)
    assert shared["points"] == 2
    assert shared["file"] == shared["charts"][0]["file"] == str(out)
    assert shared["charts"][0]["log10_axis_scale_se"] > 0


SOURCE = """
title = "Mine"
publisher = "Me"
date = "2026"
url = "https://example.org"
figure = "1"
terms = "mine"
method = "digitised"
"""


def test_a_project_of_several_charts_becomes_one_file_per_chart_and_source(run, tmp_path):
    project, folder = tmp_path / "project.json", tmp_path / "mine"
    wpd_project(project, [(200, 300), (300, 160)])
    body = json.loads(project.read_text())
    names = ("Figure 1 (left)", "Figure 1, left", "µ")
    body["axesColl"] = [body["axesColl"][0] | {"name": name} for name in names]
    body["datasetColl"] = [
        body["datasetColl"][0] | {"name": f"model {i}", "axesName": name}
        for i, name in enumerate(names)
    ]
    project.write_text(json.dumps(body))
    (tmp_path / "axes.toml").write_text(
        'version = 1\n[chart]\nbenchmark = "AIME 2024"\nregime = "inference"\n'
        'compute_unit = "tokens"\nn_questions = 30\n'
        + "".join(
            f'[[series]]\nname = "model {i}"\nfamily = "A"\nmodel = "A-{i}"\n' for i in range(3)
        )
    )
    folder.mkdir()
    options = ("--axes", tmp_path / "axes.toml", "--out", folder / "points.csv")
    done = run("digitise", project, *options)
    assert done.returncode == 0, done
    stems = ["points-figure-1-left", "points-figure-1-left-2", "points-chart"]
    assert {path.stem for path in folder.iterdir()} == set(stems)
    assert all(f"{folder / stem}.csv: 2 points" in done.stdout for stem in stems)
    shared = json.loads(run("digitise", project, *options, "--json").stdout)
    assert shared["points"] == 6
    assert [(row["chart"], Path(row["file"]).stem, row["points"]) for row in shared["charts"]] == [
        (name, stem, 2) for name, stem in zip(names, stems, strict=True)
    ]
    (folder / "sources.toml").write_text(
        "".join(
            f"[{stem}]{SOURCE}log10_axis_scale_se = {row['log10_axis_scale_se']}\n"
            for stem, row in zip(stems, shared["charts"], strict=True)
        )
    )
    checked = json.loads(run("points", "check", folder, "--json").stdout)
    assert (checked["errors"], checked["points"]) == ([], 6)


def test_an_image_needs_its_axes(run, tmp_path):
    (tmp_path / "chart.png").write_bytes(b"\x89PNG")
    one_line_error(run("digitise", tmp_path / "chart.png"), "--axes")


EPOCH = """Model version,Score,Mean output tokens,stderr
lab-1_low,0.20,1000,0.05
lab-1_high,0.60,9000,0.06
"""


def test_results_of_others_become_evidence_that_checks(run, tmp_path):
    table, folder = tmp_path / "gpqa.csv", tmp_path / "mine"
    table.write_text(EPOCH)
    arguments = ("points", "import", table, "--out", folder, "--benchmark", "GPQA Diamond")
    done = run(*arguments)
    assert done.returncode == 0, done
    assert "2 points in 1 series" in done.stdout
    assert run("points", "check", folder).returncode == 0
    assert "exists already" in run(*arguments).stderr


def readme_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    found = [re.search(r"uv run (?:--\S+ )?tenfold ([a-z][^#`]*)", line) for line in lines]
    return [shlex.split(match[1]) for match in found if match]


@pytest.mark.parametrize("words", readme_commands(), ids=" ".join)
def test_the_readme_speaks_of_commands_and_options_that_exist(words):
    command = get_command(app)
    while isinstance(command, typer_core.TyperGroup) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    assert command.name, f"no command {words[0]!r}"
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
def test_a_reader_that_has_gone_does_no_harm(options):
    reader, writer = os.pipe()
    os.close(reader)
    program = Path(sys.executable).with_name("tenfold")
    done = subprocess.run(
        [program, "points", *options], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([program, "jump", "--run", "none"], stderr=writer, check=False)
    assert done.returncode == 2
    os.close(writer)
