"""What commands on a stored run open and import: little, nothing before a mistake is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

PROBE = """
import json, sys
opened = []
def hear(event, given):
    if event == "open" and isinstance(given[0], str) and "r" in str(given[1] or "r"):
        opened.append(given[0])
sys.addaudithook(hear)
from tenfold.cli.app import main
status = main()
print(json.dumps({"status": status, "opened": opened, "modules": sorted(sys.modules)}))
"""

NEVER = ("pymc", "pytensor", "nutpie", "numba", "arviz_stats", "matplotlib", "scipy.stats")
NEVER += ("scipy.optimize", "jinja2", "h5netcdf", "dask.array")
LARGE = ("xarray", "pandas", "scipy", "h5py", "pint", "rich")
MOST_MODULES = 1300
"""An answer imports some 1,270: the standard library, numpy, pandas, xarray and scipy.special."""


def probed(*arguments, runs: Path) -> dict:
    command = [sys.executable, "-c", PROBE, *arguments]
    command += ["--runs", str(runs)] if arguments[0] != "points" else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def runs(prior_run, tmp_path_factory) -> Path:
    """The run with its posteriors overwritten: what answers all the same has not read them."""
    folder = tmp_path_factory.mktemp("light") / "runs"
    shutil.copytree(prior_run.path.parent, folder)
    for path in folder.rglob("posterior-*.nc"):
        path.write_bytes(bytes(path.stat().st_size))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("jump",),
        ("jump", "--set", "inference_per_training=1.0,1.2,1.5"),
        ("cost",),
        ("claims", str(EXAMPLES / "my-claims.toml")),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_an_answer_reads_the_sample_and_imports_little(runs, command):
    found = probed(*command, runs=runs)
    assert found["status"] == 0
    ours = [Path(path).name for path in found["opened"] if str(runs) in path]
    assert set(ours) == {"LATEST-baseline", "headline.nc", "run.json"}
    assert len(ours) <= 5  # Python tells of each file that it opens once or twice
    loaded = set(found["modules"])
    assert not loaded & set(NEVER)
    assert len(loaded) < MOST_MODULES


@pytest.mark.parametrize(
    "mistake",
    [
        ("jump", "--benchmark", "AIME 2042"),
        ("cost", "--benchmark", "AIME 2042"),
        ("jump", "--scenario", "basline"),
        ("jump", "--run", "no-folder"),
        ("claims", "no-file.toml"),
        ("predict", "--at", "1e4", "--points", "no-file.csv"),
        ("score", "--points", "no-file.csv"),
        ("points", "check", "no-file.csv"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_told_before_anything_heavy_is_imported(runs, mistake):
    found = probed(*mistake, runs=runs)
    assert found["status"] == 2
    assert not set(found["modules"]) & {*LARGE, *NEVER}
    assert not [path for path in found["opened"] if path.endswith(".nc")]
