"""A stored run whose "posterior" is the prior: all of a real one, without sampling."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import xarray as xr

    from tenfold.runs.store import Run

FIGURES = Path(__file__).parent / "figures.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--figures`: slow tests keep what they counted, and how they ended, in `figures.json`."""
    parser.addoption("--figures", action="store_true", help="keep figures in tests/figures.json")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep how many tests of each file passed, failed or were skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not session.config.getoption("--figures"):
        return
    files: dict[str, dict[str, float]] = {}
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in reporter.stats.get(outcome, []):
            counts = files.setdefault(report.nodeid.split("::")[0], {})
            counts[outcome] = counts.get(outcome, 0) + 1
    for name, counts in files.items():
        keep(f"tests of {Path(name).name}", counts)


def keep(name: str, found: Mapping[str, float]) -> None:
    """Write what was counted, with the day, into `figures.json`."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    known[name] = {"date": str(datetime.date.today()), **found}
    FIGURES.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[str, Mapping[str, float]], None]:
    """Prints what a slow test counted, and keeps it where that is asked for."""

    def told(name: str, found: Mapping[str, float]) -> None:
        print(name, dict(found))
        if request.config.getoption("--figures"):
            keep(name, found)

    return told


SOURCES = ["o1_train", "o1_test", "s1", "justrl", "arc_agi_o1", "gpt5_launch", "tan2025"]


HOSTILE = {
    "MATH500": "$5 to $\\frac{ <script>alert(1)</script>",
    "o1": '=HYPERLINK("https://example.org")',
    "s1": "<img src=x onerror=alert(2)> & </svg>",
}
"""Labels of the evidence -> what a label may hold, too."""


def store_prior_run(folder: Path, names: Mapping[str, str] | None = None) -> Run:
    """Write a run of some of the shipped evidence, two curve forms, 2 chains of 150 draws.

    Args:
        names: labels -> what stands in their place.
    """
    import numpy as np
    import xarray as xr

    from tenfold.fit import checks, draws
    from tenfold.posterior import simulate
    from tenfold.posterior.plan import prepare
    from tenfold.posterior.scenario import Scenario
    from tenfold.runs import build, headline, netcdf, series, store

    scenario = Scenario.model_validate(
        {
            "reason": "prior draws in place of a posterior",
            "points": {"include": {"source": SOURCES}},
            "model": {"forms": ["logistic", "saturating"]},
        }
    )
    plan = prepare("baseline", scenario)
    plan = replace(plan, points=renamed(plan.points, names or {}))
    plan.points.attrs["doubts"] = json.dumps(["mine.csv: 3 of 3 points of '<b>a' equal 'b'"])
    weights, trees = {"logistic": 0.3, "saturating": 0.7}, {}
    for seed, form in enumerate(plan.choice.forms):
        rng = np.random.default_rng(seed)
        flat = simulate.prior(plan.points, plan.priors, form, plan.choice, 300, rng)
        posterior = xr.concat(
            [flat.isel(draw=slice(0, 150)), flat.isel(draw=slice(150, None))], "chain"
        ).assign_coords(chain=[0, 1], draw=range(150))
        posterior = posterior.transpose("chain", "draw", ...)
        tree = xr.DataTree.from_dict({"posterior": posterior})
        trees[form] = draws.posterior(plan, form, tree)
    gate = checks.Gate("made up", "PASS", 1.0, 1.01, "a check for tests")
    record = {
        "forms": list(plan.choice.forms),
        "weights": weights,
        "leave_future_out": {},
        "loo": {},
        "status": "PASS",
        "gates": [gate.record()],
        "timings_s": {"none": 0.0},
    }
    with build.building(plan, folder) as new:
        for form, tree in trees.items():
            new.save(store.posterior_file(form), tree, form=form)
        sample = headline.headline(trees, weights, seed=1)
        new.save(netcdf.HEADLINE, headline.single(sample))
        posteriors = {form: tree["posterior"].to_dataset() for form, tree in trees.items()}
        new.save(series.FILE, series.curves(posteriors, plan.points))
        return new.finish(record)


def renamed(points: xr.Dataset, names: Mapping[str, str]) -> xr.Dataset:
    """Points with other labels."""
    import numpy as np

    found = points.copy()
    for name, values in points.variables.items():
        if values.dtype.kind in "UO":
            labels = [names.get(str(label), str(label)) for label in values.values.ravel()]
            found[name] = (values.dims, np.array(labels).reshape(values.shape))
    return found


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run whose labels are `HOSTILE`, its figures as files too."""
    from tenfold import report

    run = store_prior_run(tmp_path_factory.mktemp("hostile-runs"), HOSTILE)
    return report.build(run, tmp_path_factory.mktemp("hostile"), figures=True)


@pytest.fixture(scope="session")
def prior_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run of `store_prior_run`, shared: not to be changed."""
    return store_prior_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def moved_run(prior_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`prior_run` with an exchange rate that is twice as high."""
    import numpy as np

    from tenfold.runs import build, netcdf, store

    path = tmp_path_factory.mktemp("moved") / prior_run.path.name
    shutil.copytree(prior_run.path, path)
    sample = prior_run.group(netcdf.HEADLINE)
    sample["steepness"] = sample["steepness"] + np.log(2).astype("float32")
    return build.amend(store.load(path), {netcdf.HEADLINE: sample}, {})


@pytest.fixture(scope="session")
def editions(prior_run: Run, moved_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two editions, 2026-11 and 2026-12: of `prior_run`, and of `moved_run`, moved by the model."""
    from tenfold.editions import make

    folder = tmp_path_factory.mktemp("editions")
    make.new(prior_run, "2026-11", folder)
    make.new(moved_run, "2026-12", folder, {"evidence": prior_run, "model": moved_run})
    return folder


@pytest.fixture(scope="session")
def failed_run(prior_run: Run) -> Run:
    """The same with a gate that failed."""
    from tenfold.runs.store import Run

    gates = [gate | {"status": "FAIL"} for gate in prior_run.info["gates"]]
    return Run(prior_run.path, prior_run.info | {"status": "FAIL", "gates": gates})


@pytest.fixture(scope="session")
def report_page(prior_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of `prior_run`, its figures as files too."""
    from tenfold import report

    return report.build(prior_run, tmp_path_factory.mktemp("report"), figures=True)


@pytest.fixture(scope="session")
def failed_page(failed_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of `failed_run`."""
    from tenfold import report

    return report.build(failed_run, tmp_path_factory.mktemp("failed-report"))
